/* Description: without IORING_FEAT_EXT_ARG io_uring_submit_and_wait_reg() is
 * -EINVAL before it publishes any entry to the kernel. */
/* flavours: plain defer sqe128 cqe32 */
/* upstream: differs: it moves the SQ tail first */
#include "test.h"

int main(void)
{
	struct io_uring_cqe *cqe = NULL;
	struct io_uring ring;

	T_RING(4, &ring, 0);
	ring.features &= ~IORING_FEAT_EXT_ARG;
	t_queue_nop(&ring, 1);
	T_EQ(io_uring_submit_and_wait_reg(&ring, &cqe, 1, 0), -EINVAL);
	T_EQ(*ring.sq.ktail, 0);
	T_EQ(ring.sq.sqe_head, 0);
	T_EQ(io_uring_submit(&ring), 1);
	T_EQ(t_reap(&ring).user_data, 1);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
