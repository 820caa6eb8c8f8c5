/* Description: on an IORING_SETUP_IOPOLL ring completions are only found by
 * entering the kernel: submit with nothing to submit and peek with nothing
 * visible enter, while a ring without the flag does neither. */
/* flavours: plain defer sqe128 cqe32 */
#include "test.h"

static int ring_enters(void *arg)
{
	unsigned int flags = *(unsigned int *)arg;
	int wanted = flags ? -EXDEV : 0;
	struct io_uring_cqe *cqe = (void *)1;
	struct io_uring ring;

	T_RING(4, &ring, flags);
	t_seccomp_deny(__NR_io_uring_enter, EXDEV, NULL, 0);
	T_EQ(io_uring_submit(&ring), wanted);
	T_EQ(io_uring_peek_cqe(&ring, &cqe), flags ? -EXDEV : -EAGAIN);
	T_PTR_EQ(cqe, NULL);
	return T_EXIT_PASS;
}

int main(void)
{
	unsigned int flags = IORING_SETUP_IOPOLL, none = 0, i;
	struct io_uring_cqe *cqe;
	struct io_uring ring;

	T_EQ(t_fork_run(ring_enters, &flags), T_EXIT_PASS);
	T_EQ(t_fork_run(ring_enters, &none), T_EXIT_PASS);

	T_RING(4, &ring, IORING_SETUP_IOPOLL);
	T_EQ(io_uring_submit(&ring), 0);
	T_EQ(io_uring_peek_cqe(&ring, &cqe), -EAGAIN);
	for (i = 0; i < 10; i++) {
		t_queue_nop(&ring, i);
		T_EQ(io_uring_submit(&ring), 1);
		T_EQ(t_reap(&ring).user_data, i);
	}
	T_EQ(io_uring_peek_cqe(&ring, &cqe), -EAGAIN);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
