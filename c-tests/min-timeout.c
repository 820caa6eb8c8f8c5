/* Description: waiting with a minimum time: until then for wait_nr
 * completions, after it for a single one, bounded by the timespec as a whole.
 * -EINVAL without IORING_FEAT_MIN_TIMEOUT, before anything is flushed. */
/* flavours: plain defer sqe128 cqe32 */
#include "test.h"

int main(void)
{
	struct __kernel_timespec ts = t_ms(40), far = t_ms(60000);
	struct io_uring_cqe *cqe = (void *)8;
	struct io_uring ring;
	long long start;

	T_RING(4, &ring, 0);
	if (!(ring.features & IORING_FEAT_MIN_TIMEOUT)) {
		T_EQ(io_uring_submit_and_wait_min_timeout(&ring, &cqe, 2, &ts,
							  1000, NULL), -EINVAL);
		T_NEEDS(6, 12, "IORING_FEAT_MIN_TIMEOUT",
			io_uring_wait_cqes_min_timeout(&ring, &cqe, 2, &ts,
						       1000, NULL), -EINVAL);
	}

	start = t_now_ms();
	T_EQ(io_uring_submit_and_wait_min_timeout(&ring, &cqe, 2, &ts, 10000,
						  NULL), -ETIME);
	T_PTR_EQ(cqe, NULL);
	T_GE(t_now_ms() - start, 39);
	cqe = (void *)8;
	start = t_now_ms();
	T_EQ(io_uring_wait_cqes_min_timeout(&ring, &cqe, 2, &ts, 10000, NULL),
	     -ETIME);
	T_PTR_EQ(cqe, NULL);
	T_GE(t_now_ms() - start, 39);

	/* One of three is there: the minimum time is enough. */
	t_queue_nop(&ring, 1);
	start = t_now_ms();
	T_EQ(io_uring_submit_and_wait_min_timeout(&ring, &cqe, 3, &far, 10000,
						  NULL), 1);
	T_GE(t_now_ms() - start, 9);
	T_EQ(cqe->user_data, 1);
	start = t_now_ms();
	T_EQ(io_uring_wait_cqes_min_timeout(&ring, &cqe, 3, &far, 10000, NULL), 0);
	T_GE(t_now_ms() - start, 9);
	T_EQ(cqe->user_data, 1);

	/* Without a timespec the minimum time is the only bound. */
	start = t_now_ms();
	T_EQ(io_uring_wait_cqes_min_timeout(&ring, &cqe, 3, NULL, 10000, NULL), 0);
	T_GE(t_now_ms() - start, 9);

	/* All are there: no waiting. */
	T_EQ(io_uring_submit_and_wait_min_timeout(&ring, &cqe, 1, &far, 60000000,
						  NULL), 0);
	T_EQ(io_uring_wait_cqes_min_timeout(&ring, &cqe, 1, &far, 60000000, NULL),
	     0);
	io_uring_cqe_seen(&ring, cqe);
	T_EQ(io_uring_wait_cqes_min_timeout(&ring, &cqe, 1, NULL, 1000, NULL),
	     -ETIME);
	T_PTR_EQ(cqe, NULL);

	ring.features &= ~IORING_FEAT_MIN_TIMEOUT;
	t_queue_nop(&ring, 2);
	T_EQ(io_uring_submit_and_wait_min_timeout(&ring, &cqe, 1, &far, 1, NULL),
	     -EINVAL);
	T_EQ(io_uring_wait_cqes_min_timeout(&ring, &cqe, 1, &far, 1, NULL),
	     -EINVAL);
	T_EQ(*ring.sq.ktail, 1);
	T_EQ(io_uring_submit(&ring), 1);
	T_EQ(t_reap(&ring).user_data, 2);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
