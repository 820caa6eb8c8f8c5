/* Description: reads, writes, polls, timeouts and NOPs among slot sends
 * complete once, with their own results. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no notification slots */
#include "notif.h"

static struct io_uring ring;
static struct notif_box box;
static int sv[2];

static void others(void)
{
	struct __kernel_timespec soon = t_ms(5);
	static const char out[] = "through the pipe";
	static char in[32];
	struct io_uring_sqe *sqe;
	unsigned int round, i;
	int fds[2];

	T_SYS(pipe(fds));
	for (round = 0; round < 8; round++) {
		notif_send(&ring, sv[0], "a", 1, 3, 0, 60);
		sqe = notif_sqe(&ring);
		io_uring_prep_read(sqe, fds[0], in, sizeof(out), 0);
		io_uring_sqe_set_data64(sqe, 61);
		notif_send(&ring, sv[0], "b", 1, 3, 0, 62);
		sqe = notif_sqe(&ring);
		io_uring_prep_timeout(sqe, &soon, 0, 0);
		io_uring_sqe_set_data64(sqe, 63);
		notif_update(&ring, 0, 0, 4, 64);
		sqe = notif_sqe(&ring);
		io_uring_prep_poll_add(sqe, sv[1], POLLIN);
		io_uring_sqe_set_data64(sqe, 65);
		sqe = notif_sqe(&ring);
		io_uring_prep_write(sqe, fds[1], out, sizeof(out), 0);
		io_uring_sqe_set_data64(sqe, 66);
		notif_send(&ring, sv[0], "c", 1, 3, NOTIF_FLUSH, 67);
		notif_nop(&ring, 68);
		t_submit(&ring, 9);
		NOTIF_COLLECT_ALL(&ring, &box, 11);
		NOTIF_TAKE(&box, 60, 1, 0);
		NOTIF_TAKE(&box, 61, sizeof(out), 0);
		NOTIF_TAKE(&box, 62, 1, 0);
		NOTIF_TAKE(&box, 63, -ETIME, 0);
		NOTIF_TAKE(&box, 64, 0, 0);
		NOTIF_TAKE(&box, 65, POLLIN, 0);
		NOTIF_TAKE(&box, 66, sizeof(out), 0);
		NOTIF_TAKE(&box, 67, 1, 0);
		NOTIF_TAKE(&box, 68, 0, 0);
		for (i = 0; i < 2; i++)
			NOTIF_TAKE(&box, NOTIF_TAG(3), 0, 2 * round + i);
		NOTIF_EMPTY(&box);
		T_EQ(memcmp(in, out, sizeof(out)), 0);
		memset(in, 0, sizeof(in));
		t_expect(sv[1], "abc", 3);
	}
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	T_RING(32, &ring, 0);
	t_tcp_pair(sv);
	notif_register(&ring, 4);
	others();
	io_uring_queue_exit(&ring);
	notif_close(sv);
	return T_EXIT_PASS;
}
