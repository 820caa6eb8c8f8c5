/* Description: io_uring_set_iowait(false) makes every enter carry
 * IORING_ENTER_NO_IOWAIT until it is switched on again; -EOPNOTSUPP where the
 * kernel lacks the feature. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "test.h"

static int enters(void *arg)
{
	const struct t_arg_match no_iowait = { 3, IORING_ENTER_NO_IOWAIT,
					       IORING_ENTER_NO_IOWAIT };
	struct io_uring ring;

	(void)arg;
	T_RING(4, &ring, 0);
	t_seccomp_deny(__NR_io_uring_enter, EXDEV, &no_iowait, 1);
	T_EQ(io_uring_get_events(&ring), 0);
	T_EQ(io_uring_set_iowait(&ring, false), 0);
	T_EQ(io_uring_get_events(&ring), -EXDEV);
	T_EQ(io_uring_submit_and_wait(&ring, 1), -EXDEV);
	T_EQ(io_uring_set_iowait(&ring, false), 0);
	T_EQ(io_uring_get_events(&ring), -EXDEV);
	T_EQ(io_uring_set_iowait(&ring, true), 0);
	T_EQ(io_uring_get_events(&ring), 0);
	return T_EXIT_PASS;
}

int main(void)
{
	struct io_uring ring;

	T_RING(4, &ring, 0);
	if (ring.features & IORING_FEAT_NO_IOWAIT) {
		T_EQ(io_uring_set_iowait(&ring, false), 0);
		t_queue_nop(&ring, 1);
		T_GE(io_uring_submit_and_wait(&ring, 1), 0);
		T_EQ(t_reap(&ring).user_data, 1);
		T_EQ(io_uring_set_iowait(&ring, true), 0);
		T_EQ(t_fork_run(enters, NULL), T_EXIT_PASS);
	}
	T_EQ_SINCE(6, 15, "IORING_FEAT_NO_IOWAIT",
		   io_uring_set_iowait(&ring, true), 0, -EOPNOTSUPP);
	ring.features &= ~IORING_FEAT_NO_IOWAIT;
	T_EQ(io_uring_set_iowait(&ring, false), -EOPNOTSUPP);
	T_EQ(io_uring_set_iowait(&ring, true), -EOPNOTSUPP);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
