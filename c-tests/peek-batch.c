/* Description: io_uring_peek_batch_cqe() returns up to `count` completions in
 * order, across the end of the ring, and consumes nothing. */
/* flavours: plain defer sqe128 cqe32 */
#include "test.h"

int main(void)
{
	struct io_uring_cqe *batch[16], *none = (void *)8;
	unsigned int i, round;
	struct io_uring ring;

	T_RING(4, &ring, 0);
	T_EQ(io_uring_peek_batch_cqe(&ring, &none, 1), 0);
	T_PTR_EQ(none, (void *)8);
	for (round = 0; round < 20; round++) {
		for (i = 0; i < 3; i++)
			t_queue_nop(&ring, 10 * round + i);
		T_EQ(io_uring_submit(&ring), 3);
		T_EQ(io_uring_peek_batch_cqe(&ring, batch, 0), 0);
		T_EQ(io_uring_peek_batch_cqe(&ring, batch, 2), 2);
		T_EQ(batch[1]->user_data, 10 * round + 1);
		batch[3] = (void *)8;
		T_EQ(io_uring_peek_batch_cqe(&ring, batch, 16), 3);
		for (i = 0; i < 3; i++)
			T_EQ(batch[i]->user_data, 10 * round + i);
		T_PTR_EQ(batch[3], (void *)8);
		T_EQ(io_uring_cq_ready(&ring), 3);
		io_uring_cq_advance(&ring, 3);
		T_EQ(io_uring_peek_batch_cqe(&ring, batch, 16), 0);
	}
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
