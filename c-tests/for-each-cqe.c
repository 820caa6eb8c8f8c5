/* Description: io_uring_for_each_cqe() walks what was in the ring when it
 * started, with `head` the position of the current one, and consumes nothing;
 * break works. Completions that arrive meanwhile are for the next round. The
 * iterator functions behave alike. */
/* flavours: plain defer sqe128 cqe32 */
#include "test.h"

int main(void)
{
	struct io_uring_cqe_iter iter;
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	unsigned int i, n, head, start;

	T_RING(4, &ring, 0);
	n = 0;
	io_uring_for_each_cqe(&ring, head, cqe)
		n++;
	T_EQ(n, 0);

	for (i = 0; i < 20; i++) {
		start = *ring.cq.khead;
		t_queue_nop(&ring, 0);
		t_queue_nop(&ring, 1);
		t_queue_nop(&ring, 2);
		T_EQ(io_uring_submit(&ring), 3);
		n = 0;
		io_uring_for_each_cqe(&ring, head, cqe) {
			T_EQ(head, start + n);
			T_EQ(cqe->user_data, n);
			if (n == 1) {
				t_queue_nop(&ring, 3);
				T_EQ(io_uring_submit(&ring), 1);
			}
			n++;
		}
		T_EQ(n, 3);
		T_EQ(io_uring_cq_ready(&ring), 4);
		T_EQ(*ring.cq.khead, start);

		n = 0;
		io_uring_for_each_cqe(&ring, head, cqe) {
			if (cqe->user_data == 2)
				break;
			n++;
		}
		T_EQ(n, 2);
		T_EQ(head, start + 2);

		iter = io_uring_cqe_iter_init(&ring);
		T_EQ(iter.head, start);
		T_EQ(iter.tail, start + 4);
		n = 0;
		while (io_uring_cqe_iter_next(&iter, &cqe)) {
			T_EQ(cqe->user_data, n);
			n++;
			T_EQ(iter.head, start + n);
		}
		T_EQ(n, 4);
		cqe = NULL;
		T_EQ(io_uring_cqe_iter_next(&iter, &cqe), 0);
		T_EQ(io_uring_cq_ready(&ring), 4);
		io_uring_cq_advance(&ring, 4);
	}
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
