/* Description: io_uring_cq_advance() moves the kernel's head by exactly n, by
 * nothing for 0; io_uring_cqe_seen() by one, and by nothing for NULL. */
/* flavours: plain defer sqe128 cqe32 */
#include "test.h"

int main(void)
{
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	unsigned int i;

	T_RING(4, &ring, 0);
	for (i = 0; i < 4; i++)
		t_queue_nop(&ring, i);
	T_EQ(io_uring_submit(&ring), 4);
	T_EQ(io_uring_cq_ready(&ring), 4);
	io_uring_cq_advance(&ring, 0);
	T_EQ(*ring.cq.khead, 0);
	io_uring_cqe_seen(&ring, NULL);
	T_EQ(*ring.cq.khead, 0);
	io_uring_cq_advance(&ring, 2);
	T_EQ(*ring.cq.khead, 2);
	T_EQ(io_uring_cq_ready(&ring), 2);
	T_EQ(io_uring_peek_cqe(&ring, &cqe), 0);
	T_EQ(cqe->user_data, 2);
	io_uring_cqe_seen(&ring, cqe);
	T_EQ(*ring.cq.khead, 3);
	io_uring_cq_advance(&ring, 1);
	T_EQ(io_uring_cq_ready(&ring), 0);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
