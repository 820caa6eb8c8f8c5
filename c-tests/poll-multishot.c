/* Description: a multishot poll posts a completion with F_MORE for every wake-up
 * and goes on until removed; poll_update changes the mask or the user_data of
 * a poll in flight, and with IORING_POLL_ADD_MULTI keeps it multishot. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "net.h"

static struct io_uring ring;

static void wake_up(int to, int from, uint64_t data, unsigned int more)
{
	struct t_result r;
	char byte;

	t_send_all(to, "x", 1);
	r = t_reap_as(&ring, data);
	T_EQ(r.res & POLLIN, POLLIN);
	T_EQ(r.flags & IORING_CQE_F_MORE, more);
	T_EQ(recv(from, &byte, 1, 0), 1);
}

static void update(uint64_t old, uint64_t new, unsigned int mask,
		   unsigned int flags, int wanted)
{
	struct io_uring_sqe *sqe = t_sqe(&ring);

	io_uring_prep_poll_update(sqe, old, new, mask, flags);
	T_EQ(t_do(&ring, sqe), wanted);
}

int main(void)
{
	struct io_uring_sqe *sqe;
	struct t_result r;
	int sv[2], i;

	t_socketpair(sv);
	T_RING(8, &ring, 0);
	sqe = t_sqe(&ring);
	io_uring_prep_poll_multishot(sqe, sv[1], POLLIN);
	io_uring_sqe_set_data64(sqe, 1);
	t_submit(&ring, 1);
	for (i = 0; i < 3; i++)
		wake_up(sv[0], sv[1], 1, IORING_CQE_F_MORE);

	update(1, 2, 0, IORING_POLL_UPDATE_USER_DATA | IORING_POLL_ADD_MULTI, 0);
	wake_up(sv[0], sv[1], 2, IORING_CQE_F_MORE);
	update(1, 3, 0, IORING_POLL_UPDATE_USER_DATA, -ENOENT);

	/* With other events POLLIN no longer wakes it, a hang-up does. */
	update(2, 0, POLLRDHUP, IORING_POLL_UPDATE_EVENTS |
	       IORING_POLL_ADD_MULTI, 0);
	t_send_all(sv[0], "x", 1);
	t_sleep_ms(10);
	t_no_completion(&ring);
	T_SYS(shutdown(sv[0], SHUT_WR));
	r = t_reap_as(&ring, 2);
	T_CHECK(r.res & POLLRDHUP);
	T_EQ(r.res & POLLIN, 0);

	sqe = t_sqe(&ring);
	io_uring_prep_poll_remove(sqe, 2);
	io_uring_sqe_set_data64(sqe, 4);
	t_submit(&ring, 1);
	for (i = 0; i < 2; i++) {
		do {
			r = t_reap(&ring);
		} while (r.user_data == 2 && r.res >= 0);
		T_EQ(r.res, r.user_data == 2 ? -ECANCELED : 0);
		T_EQ(r.flags & IORING_CQE_F_MORE, 0);
	}

	/* A single-shot poll: new data and new events at once. */
	close(sv[0]);
	close(sv[1]);
	t_socketpair(sv);
	sqe = t_sqe(&ring);
	io_uring_prep_poll_add(sqe, sv[1], POLLPRI);
	io_uring_sqe_set_data64(sqe, 5);
	t_submit(&ring, 1);
	update(5, 6, POLLIN, IORING_POLL_UPDATE_USER_DATA |
	       IORING_POLL_UPDATE_EVENTS, 0);
	t_no_completion(&ring);
	wake_up(sv[0], sv[1], 6, 0);
	t_no_completion(&ring);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
