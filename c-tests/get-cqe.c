/* Description: __io_uring_get_cqe(), which the inline waiting functions are
 * built on: submits `submit` published entries and waits for `wait_nr`
 * completions in one loop; the number submitted when there was no completion
 * at first, 0 when there was, -EAGAIN for nothing at all. */
/* flavours: plain defer sqe128 cqe32 */
#include "test.h"

static void publish(struct io_uring *ring, unsigned int nr)
{
	while (nr--)
		t_queue_nop(ring, 1);
	io_uring_smp_store_release(ring->sq.ktail, ring->sq.sqe_tail);
	ring->sq.sqe_head = ring->sq.sqe_tail;
}

int main(void)
{
	struct io_uring_cqe *cqe = (void *)8;
	struct io_uring ring;

	T_RING(4, &ring, 0);
	T_EQ(__io_uring_get_cqe(&ring, &cqe, 0, 0, NULL), -EAGAIN);
	T_PTR_EQ(cqe, NULL);
	publish(&ring, 2);
	T_EQ(__io_uring_get_cqe(&ring, &cqe, 0, 0, NULL), -EAGAIN);
	T_EQ(io_uring_sq_ready(&ring), 2);
	T_EQ(__io_uring_get_cqe(&ring, &cqe, 2, 2, NULL), 2);
	T_EQ(cqe->user_data, 1);
	T_EQ(io_uring_cq_ready(&ring), 2);
	T_EQ(__io_uring_get_cqe(&ring, &cqe, 0, 2, NULL), 0);
	publish(&ring, 1);
	T_EQ(__io_uring_get_cqe(&ring, &cqe, 1, 1, NULL), 0);
	T_EQ(io_uring_cq_ready(&ring), 3);
	io_uring_cq_advance(&ring, 3);
	publish(&ring, 3);
	T_EQ(__io_uring_get_cqe(&ring, &cqe, 3, 0, NULL), 3);
	T_EQ(io_uring_cq_ready(&ring), 3);
	io_uring_cq_advance(&ring, 3);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
