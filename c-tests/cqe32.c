/* Description: on an IORING_SETUP_CQE32 ring completions are 32 bytes apart:
 * wait, peek_batch and for_each step by two 16-byte units, each completion
 * counts as one, and the upper half is delivered (here by NOP). */
/* flavours: plain sqpoll defer sqe128 */
#include "test.h"

int main(void)
{
	struct io_uring_cqe *cqe, *batch[8];
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	unsigned int i, head, seen = 0;
	bool big = true;

	T_RING(4, &ring, IORING_SETUP_CQE32);
	T_EQ(io_uring_cqe_shift(&ring), 1);
	T_EQ(io_uring_cqe_shift_from_flags(ring.flags), 1);
	T_EQ(ring.cq.ring_entries, 8);

	/* Three laps around the ring. */
	for (i = 0; i < 24; i++) {
		sqe = t_queue_nop(&ring, i);
		sqe->nop_flags = IORING_NOP_CQE32;
		sqe->off = 1000 + i;
		sqe->addr = 2000 + i;
		T_SUBMIT(&ring, 1);
		T_EQ(io_uring_wait_cqe(&ring, &cqe), 0);
		T_PTR_EQ(cqe, ring.cq.cqes + 2 * (i & 7));
		T_EQ(cqe->user_data, i);
		T_EQ(io_uring_cqe_nr(cqe), 1);
		if (cqe->res == -EINVAL)
			big = false;
		if (big) {
			T_EQ(cqe->res, 0);
			T_EQ(cqe->big_cqe[0], 1000 + i);
			T_EQ(cqe->big_cqe[1], 2000 + i);
		}
		io_uring_cqe_seen(&ring, cqe);
	}

	for (i = 0; i < 3; i++)
		t_queue_nop(&ring, 50 + i);
	T_SUBMIT(&ring, 3);
	T_EQ(io_uring_wait_cqe_nr(&ring, &cqe, 3), 0);
	T_EQ(cqe->user_data, 50);
	T_EQ(io_uring_peek_batch_cqe(&ring, batch, 8), 3);
	for (i = 0; i < 3; i++) {
		T_PTR_EQ(batch[i], ring.cq.cqes + 2 * i);
		T_EQ(batch[i]->user_data, 50 + i);
	}
	io_uring_for_each_cqe(&ring, head, cqe) {
		T_PTR_EQ(cqe, batch[seen]);
		seen++;
	}
	T_EQ(seen, 3);
	io_uring_cq_advance(&ring, 3);
	T_EQ(io_uring_cq_ready(&ring), 0);
	io_uring_queue_exit(&ring);

	T_RING(4, &ring, 0);
	T_EQ(io_uring_cqe_shift(&ring), 0);
	T_EQ(io_uring_cqe_shift_from_flags(ring.flags), 0);
	io_uring_queue_exit(&ring);
	T_EQ(io_uring_cqe_shift_from_flags(IORING_SETUP_CQE_MIXED), 0);
	return T_EXIT_PASS;
}
