/* Description: io_uring_peek_cqe() is 0 with the oldest completion, or -EAGAIN
 * with the pointer set to NULL. __io_uring_peek_cqe() is 0 in both cases and
 * also reports how many there are. */
/* flavours: plain defer sqe128 cqe32 */
#include "test.h"

int main(void)
{
	struct io_uring_cqe *cqe = (void *)8;
	unsigned int available = 77;
	struct io_uring ring;

	T_RING(4, &ring, 0);
	T_EQ(io_uring_peek_cqe(&ring, &cqe), -EAGAIN);
	T_PTR_EQ(cqe, NULL);
	cqe = (void *)8;
	T_EQ(__io_uring_peek_cqe(&ring, &cqe, &available), 0);
	T_PTR_EQ(cqe, NULL);
	T_EQ(available, 0);

	t_queue_nop(&ring, 1);
	t_queue_nop(&ring, 2);
	T_EQ(io_uring_submit(&ring), 2);
	T_EQ(io_uring_peek_cqe(&ring, &cqe), 0);
	T_PTR_EQ(cqe, ring.cq.cqes);
	T_EQ(cqe->user_data, 1);
	T_EQ(__io_uring_peek_cqe(&ring, &cqe, &available), 0);
	T_EQ(cqe->user_data, 1);
	T_EQ(available, 2);
	T_EQ(__io_uring_peek_cqe(&ring, &cqe, NULL), 0);
	T_EQ(io_uring_cq_ready(&ring), 2);
	io_uring_cqe_seen(&ring, cqe);
	T_EQ(io_uring_peek_cqe(&ring, &cqe), 0);
	T_EQ(cqe->user_data, 2);
	io_uring_cqe_seen(&ring, cqe);
	T_EQ(io_uring_peek_cqe(&ring, &cqe), -EAGAIN);
	T_PTR_EQ(cqe, NULL);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
