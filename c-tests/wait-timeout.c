/* Description: io_uring_wait_cqe_timeout() and io_uring_wait_cqes() with a
 * timeout: 0 as soon as a completion is visible, else -ETIME and NULL after
 * the time; -EAGAIN when none is waited for. Nothing is submitted and no CQE
 * of an internal timeout appears. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "test.h"

int main(void)
{
	struct __kernel_timespec ts = t_ms(30), zero = t_ms(0), far = t_ms(60000);
	struct io_uring_cqe *cqe = (void *)8;
	struct io_uring ring;
	long long start;

	T_RING(4, &ring, 0);

	start = t_now_ms();
	T_EQ(io_uring_wait_cqe_timeout(&ring, &cqe, &ts), -ETIME);
	T_PTR_EQ(cqe, NULL);
	T_GE(t_now_ms() - start, 29);
	cqe = (void *)8;
	start = t_now_ms();
	T_EQ(io_uring_wait_cqes(&ring, &cqe, 2, &ts, NULL), -ETIME);
	T_PTR_EQ(cqe, NULL);
	T_GE(t_now_ms() - start, 29);
	T_EQ(io_uring_wait_cqe_timeout(&ring, &cqe, &zero), -ETIME);

	cqe = (void *)8;
	T_EQ(io_uring_wait_cqes(&ring, &cqe, 0, &far, NULL), -EAGAIN);
	T_PTR_EQ(cqe, NULL);
	cqe = (void *)8;
	T_EQ(io_uring_wait_cqes(&ring, &cqe, 0, NULL, NULL), -EAGAIN);
	T_PTR_EQ(cqe, NULL);

	/* A queued entry is not submitted by waiting, since 5.11. */
	if (!(ring.features & IORING_FEAT_EXT_ARG)) {
		t_queue_nop(&ring, 1);
		T_EQ(io_uring_wait_cqes(&ring, &cqe, 1, &far, NULL), 0);
		T_EQ(cqe->user_data, 1);
		T_NEEDS(5, 11, "IORING_FEAT_EXT_ARG",
			ring.sq.sqe_tail - *ring.sq.ktail, 0);
	}
	t_queue_nop(&ring, 1);
	T_EQ(io_uring_wait_cqes(&ring, &cqe, 1, &zero, NULL), -ETIME);
	T_EQ(io_uring_wait_cqe_timeout(&ring, &cqe, &zero), -ETIME);
	T_EQ(io_uring_sq_ready(&ring), 1);
	T_SUBMIT(&ring, 1);

	T_EQ(io_uring_wait_cqe_timeout(&ring, &cqe, &far), 0);
	T_EQ(cqe->user_data, 1);
	T_EQ(io_uring_wait_cqes(&ring, &cqe, 1, &far, NULL), 0);
	T_EQ(cqe->user_data, 1);
	T_EQ(io_uring_wait_cqes(&ring, &cqe, 1, NULL, NULL), 0);
	/* Fewer than asked for: after the time, what there is. */
	cqe = NULL;
	start = t_now_ms();
	T_EQ(io_uring_wait_cqes(&ring, &cqe, 2, &ts, NULL), 0);
	T_CHECK(cqe != NULL);
	T_GE(t_now_ms() - start, 29);
	io_uring_cqe_seen(&ring, cqe);

	/* Without a timespec it waits like io_uring_wait_cqe(). */
	t_queue_nop(&ring, 2);
	T_SUBMIT(&ring, 1);
	T_EQ(io_uring_wait_cqe_timeout(&ring, &cqe, NULL), 0);
	T_EQ(cqe->user_data, 2);
	io_uring_cqe_seen(&ring, cqe);
	T_EQ(io_uring_cq_ready(&ring), 0);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
