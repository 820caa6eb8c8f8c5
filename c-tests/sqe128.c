/* Description: on an IORING_SETUP_SQE128 ring every entry takes two 64-byte
 * slots: get_sqe() hands out entries 128 bytes apart, get_sqe128() is the same
 * there, and sqe_shift() is 1. */
/* flavours: plain defer cqe32 */
#include "test.h"

int main(void)
{
	struct io_uring_sqe *sqe[8], *extra;
	struct io_uring ring;
	unsigned int i, round;

	T_RING(8, &ring, IORING_SETUP_SQE128);
	T_EQ(io_uring_sqe_shift(&ring), 1);
	T_EQ(io_uring_sqe_shift_from_flags(ring.flags), 1);
	T_EQ(ring.sq.sqes_sz, 8 * 128);

	for (round = 0; round < 3; round++) {
		for (i = 0; i < 8; i++) {
			sqe[i] = i & 1 ? io_uring_get_sqe128(&ring)
				       : io_uring_get_sqe(&ring);
			T_PTR_EQ(sqe[i], ring.sq.sqes + 2 * i);
			memset(sqe[i] + 1, 0xff, sizeof(**sqe));
			io_uring_prep_nop(sqe[i]);
			io_uring_sqe_set_data64(sqe[i], 100 * round + i);
		}
		extra = io_uring_get_sqe(&ring);
		T_PTR_EQ(extra, NULL);
		extra = io_uring_get_sqe128(&ring);
		T_PTR_EQ(extra, NULL);
		T_EQ(io_uring_submit(&ring), 8);
		for (i = 0; i < 8; i++)
			T_EQ(t_reap(&ring).user_data, 100 * round + i);
	}
	io_uring_queue_exit(&ring);

	T_RING(8, &ring, 0);
	T_EQ(io_uring_sqe_shift(&ring), 0);
	T_EQ(io_uring_sqe_shift_from_flags(ring.flags), 0);
	/* Without 128-byte entries of any kind there is none to hand out. */
	T_PTR_EQ(io_uring_get_sqe128(&ring), NULL);
	T_EQ(io_uring_sq_ready(&ring), 0);
	T_EQ(io_uring_sqe_shift_from_flags(IORING_SETUP_SQE_MIXED), 0);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
