/* Description: submit makes no system call when nothing is pending and the CQ
 * ring needs nothing; it enters for pending entries, for completions to wait
 * for, for events that were asked for, and when the kernel flagged overflow
 * or task work. Peeking and zero waits follow the same rule. */
/* flavours: plain defer sqe128 cqe32 */
#include "test.h"

int main(void)
{
	struct __kernel_timespec ts = t_ms(10);
	struct io_uring_cqe *cqe, *batch[4];
	struct io_uring ring;
	unsigned int old;

	T_RING(4, &ring, 0);
	t_queue_nop(&ring, 1);
	T_EQ(io_uring_submit_and_wait(&ring, 1), 1);

	/* From here on every enter is visible as -EXDEV. */
	t_seccomp_deny(__NR_io_uring_enter, EXDEV, NULL, 0);
	T_EQ(io_uring_submit(&ring), 0);
	T_EQ(io_uring_submit_and_wait(&ring, 0), 0);
	T_EQ(io_uring_submit_and_wait(&ring, 1), -EXDEV);
	T_EQ(io_uring_submit_and_get_events(&ring), -EXDEV);
	T_EQ(io_uring_get_events(&ring), -EXDEV);

	/* What is visible needs no enter. */
	T_EQ(io_uring_peek_cqe(&ring, &cqe), 0);
	T_EQ(io_uring_wait_cqe(&ring, &cqe), 0);
	T_EQ(io_uring_wait_cqe_nr(&ring, &cqe, 1), 0);
	/* Before 5.11 a time limit is a request, and the enter submits it. */
	if (ring.features & IORING_FEAT_EXT_ARG) {
		T_EQ(io_uring_wait_cqe_timeout(&ring, &cqe, &ts), 0);
		T_EQ(io_uring_wait_cqes(&ring, &cqe, 1, &ts, NULL), 0);
		T_EQ(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &ts,
						      NULL), 0);
	}
	T_EQ(io_uring_peek_batch_cqe(&ring, batch, 4), 1);
	T_EQ(io_uring_wait_cqe_nr(&ring, &cqe, 2), -EXDEV);
	io_uring_cqe_seen(&ring, cqe);

	T_EQ(io_uring_peek_cqe(&ring, &cqe), -EAGAIN);
	T_EQ(io_uring_peek_batch_cqe(&ring, batch, 4), 0);
	T_EQ(io_uring_wait_cqe(&ring, &cqe), -EXDEV);
	if (ring.features & IORING_FEAT_EXT_ARG)
		T_EQ(io_uring_wait_cqe_timeout(&ring, &cqe, &ts), -EXDEV);

	old = *ring.sq.kflags;
	*ring.sq.kflags = old | IORING_SQ_CQ_OVERFLOW;
	T_EQ(io_uring_submit(&ring), -EXDEV);
	T_EQ(io_uring_peek_cqe(&ring, &cqe), -EXDEV);
	*ring.sq.kflags = old | IORING_SQ_TASKRUN;
	T_EQ(io_uring_submit(&ring), -EXDEV);
	T_EQ(io_uring_peek_cqe(&ring, &cqe), -EXDEV);
	*ring.sq.kflags = old;
	T_EQ(io_uring_submit(&ring), 0);

	/* A failed submit keeps the entry for the next attempt. */
	t_queue_nop(&ring, 2);
	T_EQ(io_uring_submit(&ring), -EXDEV);
	T_EQ(io_uring_sq_ready(&ring), 1);
	T_EQ(io_uring_submit(&ring), -EXDEV);
	T_EQ(io_uring_sq_ready(&ring), 1);
	return T_EXIT_PASS;
}
