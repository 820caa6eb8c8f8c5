/* Description: user data goes from the SQE to the CQE unchanged as a pointer
 * or as 64 bits. cqe_nr() counts the 16-byte units of a completion. Fillers
 * and the internal timeout's completion are recognised and consumed by
 * io_uring_skip_cqe(), others are left alone. */
/* flavours: plain defer sqe128 cqe32 */
#include "test.h"

int main(void)
{
	struct io_uring_cqe *cqe, one;
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int err, here;

	T_RING(4, &ring, 0);
	sqe = t_queue_nop(&ring, 0);
	io_uring_sqe_set_data(sqe, &here);
	T_EQ(sqe->user_data, (long long)uring_ptr_to_u64(&here));
	T_EQ(uring_ptr_to_u64(&here), (uintptr_t)&here);
	T_EQ(uring_ptr_to_u64(NULL), 0);
	t_queue_nop(&ring, 0xfedcba9876543210);
	T_EQ(io_uring_submit(&ring), 2);
	T_EQ(io_uring_wait_cqe(&ring, &cqe), 0);
	T_PTR_EQ(io_uring_cqe_get_data(cqe), &here);
	T_EQ(io_uring_cqe_get_data64(cqe), (uintptr_t)&here);
	T_EQ(io_uring_cqe_nr(cqe), 1);

	err = 5;
	T_EQ(io_uring_skip_cqe(&ring, cqe, &err), 0);
	T_EQ(io_uring_cq_ready(&ring), 2);
	io_uring_cqe_seen(&ring, cqe);
	T_EQ(io_uring_wait_cqe(&ring, &cqe), 0);
	T_EQ(io_uring_cqe_get_data64(cqe), (long long)0xfedcba9876543210);
	io_uring_cqe_seen(&ring, cqe);

	memset(&one, 0, sizeof(one));
	T_EQ(io_uring_cqe_nr(&one), 1);
	one.flags = IORING_CQE_F_32;
	T_EQ(io_uring_cqe_nr(&one), 2);

	/* A filler: consumed, no error. */
	t_queue_nop(&ring, 7);
	T_EQ(io_uring_submit(&ring), 1);
	T_EQ(io_uring_wait_cqe(&ring, &cqe), 0);
	cqe->flags |= IORING_CQE_F_SKIP;
	err = 0;
	T_EQ(io_uring_skip_cqe(&ring, cqe, &err), 1);
	T_EQ(err, 0);
	T_EQ(io_uring_cq_ready(&ring), 0);

	/* The internal timeout, which kernels without EXT_ARG need. */
	t_queue_nop(&ring, LIBURING_UDATA_TIMEOUT);
	T_EQ(io_uring_submit(&ring), 1);
	cqe = &ring.cq.cqes[(*ring.cq.khead & ring.cq.ring_mask)
			    << io_uring_cqe_shift(&ring)];
	T_EQ(cqe->user_data, -1);
	cqe->res = -ETIME;
	if (ring.features & IORING_FEAT_EXT_ARG) {
		T_EQ(io_uring_skip_cqe(&ring, cqe, &err), 0);
		T_EQ(io_uring_cq_ready(&ring), 1);
		ring.features &= ~IORING_FEAT_EXT_ARG;
	}
	/* Consumed, but false: the loop that called it ends with the error. */
	T_EQ(io_uring_skip_cqe(&ring, cqe, &err), 0);
	T_EQ(err, -ETIME);
	T_EQ(io_uring_cq_ready(&ring), 0);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
