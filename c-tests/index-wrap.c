/* Description: ring positions run on through the end of the ring and through
 * 2^16 in batches of changing size without losing or repeating a request. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "test.h"

#define OPERATIONS 200000u

int main(void)
{
	struct io_uring_cqe *batch[16];
	uint64_t queued = 0, seen = 0;
	struct io_uring ring;
	unsigned int i, n, size = 1;

	T_RING(8, &ring, 0);
	while (seen < OPERATIONS) {
		size = size % 8 + 1;
		for (i = 0; i < size; i++)
			t_queue_nop(&ring, queued++);
		T_SUBMIT(&ring, size);
		while (seen < queued) {
			n = io_uring_peek_batch_cqe(&ring, batch, 16);
			if (!n) {
				T_EQ(io_uring_wait_cqe(&ring, &batch[0]), 0);
				continue;
			}
			for (i = 0; i < n; i++) {
				T_EQ(batch[i]->user_data, seen);
				seen++;
			}
			io_uring_cq_advance(&ring, n);
		}
	}
	T_EQ(ring.sq.sqe_tail, queued);
	T_EQ(*ring.cq.khead, queued);
	T_EQ(*ring.cq.koverflow, 0);
	T_EQ(*ring.sq.kdropped, 0);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
