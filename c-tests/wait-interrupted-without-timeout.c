/* Description: io_uring_submit_and_wait_timeout() without a timespec ends at
 * the first signal also when it submitted something, with that number. */
/* flavours: plain defer sqe128 cqe32 */
/* valgrind: off: it delivers no signal during io_uring_enter(2) */
/* upstream: differs: it enters again after the first signal and blocks on */
#include "test.h"

int main(void)
{
	struct io_uring_cqe *cqe = (void *)8;
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int sv[2];
	char byte;

	T_RING(4, &ring, 0);
	t_socketpair(sv);
	sqe = io_uring_get_sqe(&ring);
	T_CHECK(sqe != NULL);
	io_uring_prep_read(sqe, sv[0], &byte, 1, 0);
	t_signal_after(100, 0);
	T_EQ(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, NULL, NULL), 1);
	T_PTR_EQ(cqe, NULL);
	T_EQ(t_signals_seen, 1);
	T_EQ(write(sv[1], "x", 1), 1);
	T_EQ(t_reap(&ring).res, 1);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
