/* Description: io_uring_submit_and_wait() submits and waits in one enter and
 * returns the number submitted; io_uring_submit_and_get_events() submits and
 * reaps without waiting. */
/* flavours: plain defer sqe128 cqe32 */
#include "test.h"

static int one_enter(void *arg)
{
	struct io_uring ring;
	const struct t_arg_match apart = { 1, ~0U, 0 };
	const struct t_arg_match no_wait = { 2, ~0U, 0 };

	(void)arg;
	T_RING(4, &ring, 0);
	t_seccomp_deny(__NR_io_uring_enter, EXDEV, &apart, 1);
	t_seccomp_deny(__NR_io_uring_enter, EXDEV, &no_wait, 1);
	t_queue_nop(&ring, 1);
	t_queue_nop(&ring, 2);
	T_EQ(io_uring_submit_and_wait(&ring, 2), 2);
	return T_EXIT_PASS;
}

int main(void)
{
	struct io_uring ring;
	unsigned int i;

	T_RING(4, &ring, 0);
	for (i = 0; i < 3; i++)
		t_queue_nop(&ring, i);
	T_EQ(io_uring_submit_and_wait(&ring, 3), 3);
	T_EQ(io_uring_cq_ready(&ring), 3);
	/* Three are there already. */
	T_EQ(io_uring_submit_and_wait(&ring, 1), 0);
	t_queue_nop(&ring, 3);
	T_EQ(io_uring_submit_and_wait(&ring, 1), 1);
	for (i = 0; i < 4; i++)
		T_EQ(t_reap(&ring).user_data, i);

	t_queue_nop(&ring, 9);
	T_EQ(io_uring_submit_and_wait(&ring, 0), 1);
	T_EQ(t_reap(&ring).user_data, 9);

	t_queue_nop(&ring, 10);
	T_EQ(io_uring_submit_and_get_events(&ring), 1);
	T_EQ(io_uring_cq_ready(&ring), 1);
	T_EQ(t_reap(&ring).user_data, 10);
	T_EQ(io_uring_submit_and_get_events(&ring), 0);
	io_uring_queue_exit(&ring);
	T_EQ(t_fork_run(one_enter, NULL), T_EXIT_PASS);
	return T_EXIT_PASS;
}
