/* Description: io_uring_submit_and_wait_min_timeout() without a timespec: the
 * minimum time alone ends the wait once there is any completion. */
/* flavours: plain defer sqe128 cqe32 */
/* upstream: differs: it drops min_wait when there is no timespec, and blocks */
#include "test.h"

int main(void)
{
	struct io_uring_cqe *cqe = NULL;
	struct io_uring ring;
	long long start;

	T_RING(4, &ring, 0);
	if (!(ring.features & IORING_FEAT_MIN_TIMEOUT))
		T_NEEDS(6, 12, "IORING_FEAT_MIN_TIMEOUT",
			io_uring_submit_and_wait_min_timeout(
				&ring, &cqe, 3, NULL, 10000, NULL),
			-EINVAL);
	t_queue_nop(&ring, 1);
	start = t_now_ms();
	T_EQ(io_uring_submit_and_wait_min_timeout(&ring, &cqe, 3, NULL, 10000,
						  NULL), 1);
	T_GE(t_now_ms() - start, 9);
	T_CHECK(cqe != NULL);
	T_EQ(cqe->user_data, 1);
	io_uring_cqe_seen(&ring, cqe);
	T_EQ(io_uring_submit_and_wait_min_timeout(&ring, &cqe, 1, NULL, 1000,
						  NULL), -ETIME);
	T_PTR_EQ(cqe, NULL);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
