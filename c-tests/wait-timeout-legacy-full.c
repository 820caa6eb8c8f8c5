/* Description: without IORING_FEAT_EXT_ARG a wait with a timeout needs a free
 * entry. When the ring stays full because submitting fails, that error is
 * returned, and -EAGAIN when it is full although submitting did not fail. */
/* flavours: plain */
#include "test.h"

static struct io_uring ring;

static int submit_fails(void *arg)
{
	struct __kernel_timespec ts = t_ms(20);
	struct io_uring_cqe *cqe;
	unsigned int i;

	(void)arg;
	T_RING(4, &ring, 0);
	ring.features &= ~IORING_FEAT_EXT_ARG;
	for (i = 0; i < 4; i++)
		t_queue_nop(&ring, i);
	t_seccomp_deny(__NR_io_uring_enter, EXDEV, NULL, 0);
	T_EQ(io_uring_wait_cqes(&ring, &cqe, 1, &ts, NULL), -EXDEV);
	T_EQ(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &ts, NULL), -EXDEV);
	T_EQ(io_uring_sq_ready(&ring), 4);
	return T_EXIT_PASS;
}

static int submit_does_nothing(void *arg)
{
	struct __kernel_timespec ts = t_ms(20);
	struct io_uring_cqe *cqe;
	unsigned int i;

	(void)arg;
	T_RING(4, &ring, 0);
	ring.features &= ~IORING_FEAT_EXT_ARG;
	for (i = 0; i < 4; i++)
		t_queue_nop(&ring, i);
	/* SECCOMP_RET_ERRNO with 0: an enter that takes no entry. */
	t_seccomp_deny(__NR_io_uring_enter, 0, NULL, 0);
	T_EQ(io_uring_wait_cqes(&ring, &cqe, 1, &ts, NULL), -EAGAIN);
	T_EQ(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &ts, NULL), -EAGAIN);
	return T_EXIT_PASS;
}

int main(void)
{
	T_EQ(t_fork_run(submit_fails, NULL), T_EXIT_PASS);
	T_EQ(t_fork_run(submit_does_nothing, NULL), T_EXIT_PASS);
	return T_EXIT_PASS;
}
