/* Description: poll_add completes with the ready events of its mask, once;
 * poll_remove ends one by its user_data. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "net.h"

static struct io_uring ring;

static void arm(int fd, unsigned int mask, uint64_t data)
{
	struct io_uring_sqe *sqe = t_sqe(&ring);

	io_uring_prep_poll_add(sqe, fd, mask);
	io_uring_sqe_set_data64(sqe, data);
	t_submit(&ring, 1);
}

int main(void)
{
	struct io_uring_sqe *sqe;
	struct t_result r;
	int fds[2], sv[2], i;

	T_SYS(pipe(fds));
	T_RING(8, &ring, 0);

	/* Ready at once, and only what was asked for. */
	sqe = t_sqe(&ring);
	io_uring_prep_poll_add(sqe, fds[1], POLLIN | POLLOUT);
	T_EQ(t_do(&ring, sqe), POLLOUT);

	arm(fds[0], POLLIN, 1);
	t_no_completion(&ring);
	T_EQ(write(fds[1], "x", 1), 1);
	r = t_reap_as(&ring, 1);
	T_EQ(r.res, POLLIN);
	T_EQ(r.flags & IORING_CQE_F_MORE, 0);
	T_EQ(write(fds[1], "y", 1), 1);
	t_no_completion(&ring);

	/* A bit of the upper half, which big-endian ABIs store differently. */
	t_tcp_pair(sv);
	arm(sv[0], POLLRDHUP, 2);
	T_SYS(shutdown(sv[1], SHUT_WR));
	T_EQ(t_reap_as(&ring, 2).res, POLLRDHUP);

	/* A pipe of its own: a wake-up, even for nothing in the mask, makes
	 * -EALREADY of the removal where it comes at the same time, and the
	 * answer to the FIN above is one for sv[1]. */
	T_SYS(pipe(fds));
	arm(fds[0], POLLIN, 3);
	sqe = t_sqe(&ring);
	io_uring_prep_poll_remove(sqe, 3);
	io_uring_sqe_set_data64(sqe, 4);
	t_submit(&ring, 1);
	for (i = 0; i < 2; i++) {
		r = t_reap(&ring);
		T_EQ(r.res, r.user_data == 3 ? -ECANCELED : 0);
	}
	sqe = t_sqe(&ring);
	io_uring_prep_poll_remove(sqe, 3);
	T_EQ(t_do(&ring, sqe), -ENOENT);
	sqe = t_sqe(&ring);
	io_uring_prep_poll_add(sqe, -1, POLLIN);
	T_EQ(t_do(&ring, sqe), -EBADF);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
