/* Description: completions beyond the CQ ring are kept by the kernel and
 * flagged: cq_has_overflow() says so, peek, peek_batch and submit flush them
 * as soon as there is room, in order and without loss. */
/* flavours: plain defer sqe128 cqe32 */
#include "test.h"

static void overflow(struct io_uring *ring, unsigned int nr)
{
	unsigned int i;

	T_EQ(io_uring_cq_has_overflow(ring), 0);
	for (i = 0; i < nr; i++) {
		t_queue_nop(ring, i);
		T_EQ(io_uring_submit(ring), 1);
	}
	T_EQ(io_uring_cq_has_overflow(ring), 1);
	T_EQ(io_uring_cq_ready(ring), 4);
}

int main(void)
{
	struct io_uring_cqe *cqe, *batch[8];
	unsigned int i, n, seen;
	struct io_uring ring;

	T_RING(2, &ring, 0);
	T_NE(ring.features & IORING_FEAT_NODROP, 0);
	T_EQ(ring.cq.ring_entries, 4);

	overflow(&ring, 9);
	for (i = 0; i < 9; i++) {
		T_EQ(io_uring_peek_cqe(&ring, &cqe), 0);
		T_EQ(cqe->user_data, i);
		io_uring_cqe_seen(&ring, cqe);
	}
	T_EQ(io_uring_peek_cqe(&ring, &cqe), -EAGAIN);

	overflow(&ring, 11);
	for (seen = 0; seen < 11; seen += n) {
		n = io_uring_peek_batch_cqe(&ring, batch, 8);
		T_NE(n, 0);
		for (i = 0; i < n; i++)
			T_EQ(batch[i]->user_data, seen + i);
		io_uring_cq_advance(&ring, n);
	}
	T_EQ(io_uring_peek_batch_cqe(&ring, batch, 8), 0);

	overflow(&ring, 6);
	io_uring_cq_advance(&ring, 4);
	T_EQ(io_uring_cq_ready(&ring), 0);
	T_EQ(io_uring_submit(&ring), 0);
	T_EQ(io_uring_cq_ready(&ring), 2);
	T_EQ(t_reap(&ring).user_data, 4);
	T_EQ(t_reap(&ring).user_data, 5);

	overflow(&ring, 6);
	io_uring_cq_advance(&ring, 4);
	T_EQ(io_uring_get_events(&ring), 0);
	T_EQ(io_uring_cq_ready(&ring), 2);
	T_EQ(io_uring_cq_has_overflow(&ring), 0);
	io_uring_cq_advance(&ring, 2);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
