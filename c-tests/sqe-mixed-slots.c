/* Description: get_sqe128() on a ring with both SQE sizes takes two adjacent
 * slots and moves the tail by two; where only the last slot of the array is
 * left in front of the wrap it puts a NOP with CQE_SKIP_SUCCESS there, and
 * needs three free slots for that. Pure user-space logic: the flag is set by
 * hand, so that it is covered on kernels without IORING_SETUP_SQE_MIXED. */
/* flavours: plain defer cqe32 */
#include "test.h"

static void all_consumed(struct io_uring *ring, unsigned int nr)
{
	T_EQ(io_uring_sq_ready(ring), nr);
	/* What the kernel would do. */
	*ring->sq.khead += nr;
	T_EQ(io_uring_sq_ready(ring), 0);
}

int main(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	T_RING(8, &ring, 0);
	ring.flags |= IORING_SETUP_SQE_MIXED;
	T_EQ(io_uring_sqe_shift(&ring), 0);

	/* A stale slot must come out as clean as get_sqe() leaves it. */
	memset(ring.sq.sqes, 0xff, 8 * sizeof(*sqe));
	sqe = io_uring_get_sqe128(&ring);
	T_PTR_EQ(sqe, ring.sq.sqes);
	T_EQ(ring.sq.sqe_tail, 2);
	T_EQ(sqe->flags, 0);
	T_EQ(sqe->ioprio, 0);
	T_EQ(sqe->rw_flags, 0);
	T_EQ(sqe->buf_index, 0);
	T_EQ(sqe->personality, 0);
	T_EQ(sqe->file_index, 0);
	sqe = io_uring_get_sqe(&ring);
	T_PTR_EQ(sqe, ring.sq.sqes + 2);
	T_EQ(ring.sq.sqe_tail, 3);
	sqe = io_uring_get_sqe128(&ring);
	T_PTR_EQ(sqe, ring.sq.sqes + 3);
	sqe = io_uring_get_sqe128(&ring);
	T_PTR_EQ(sqe, ring.sq.sqes + 5);
	T_EQ(ring.sq.sqe_tail, 7);
	T_EQ(io_uring_sq_space_left(&ring), 1);

	/* One slot is free, but a pair is not. */
	T_PTR_EQ(io_uring_get_sqe128(&ring), NULL);
	T_EQ(ring.sq.sqe_tail, 7);

	/* The last slot and one more are free: still not enough to wrap. */
	all_consumed(&ring, 7);
	*ring.sq.khead -= 6;
	T_EQ(io_uring_sq_space_left(&ring), 2);
	T_PTR_EQ(io_uring_get_sqe128(&ring), NULL);
	T_EQ(ring.sq.sqe_tail, 7);

	/* With three: filler, then the pair at the start. */
	*ring.sq.khead += 1;
	memset(&ring.sq.sqes[7], 0xff, sizeof(*sqe));
	sqe = io_uring_get_sqe128(&ring);
	T_PTR_EQ(sqe, ring.sq.sqes);
	T_EQ(ring.sq.sqe_tail, 10);
	T_EQ(io_uring_sq_space_left(&ring), 0);
	T_EQ(ring.sq.sqes[7].opcode, IORING_OP_NOP);
	T_EQ(ring.sq.sqes[7].flags, IOSQE_CQE_SKIP_SUCCESS);
	T_EQ(ring.sq.sqes[7].nop_flags, 0);
	T_EQ(ring.sq.sqes[7].ioprio, 0);

	ring.flags &= ~IORING_SETUP_SQE_MIXED;
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
