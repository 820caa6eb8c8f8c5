/* Description: a NOP completes with 0, or with the result it is told to inject;
 * on rings with 32-byte completions it can fill their second half. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "file.h"

int main(void)
{
	struct io_uring_cqe *cqe;
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int ret;

	T_RING(8, &ring, 0);
	sqe = t_sqe(&ring);
	io_uring_prep_nop(sqe);
	T_EQ(t_do(&ring, sqe), 0);

	sqe = t_sqe(&ring);
	io_uring_prep_nop(sqe);
	sqe->nop_flags = IORING_NOP_INJECT_RESULT;
	sqe->len = (__u32)-ENOTTY;
	ret = t_do(&ring, sqe);
	/* Some old kernels check the flags, others do not read them. */
	if (!t_lacks(6, 10, "IORING_NOP_INJECT_RESULT", ret, -EINVAL) &&
	    !t_lacks(6, 10, "IORING_NOP_INJECT_RESULT", ret, 0))
		T_EQ(ret, -ENOTTY);

	if (!(ring.flags & IORING_SETUP_CQE32)) {
		io_uring_queue_exit(&ring);
		return T_EXIT_PASS;
	}
	sqe = t_sqe(&ring);
	io_uring_prep_nop(sqe);
	sqe->nop_flags = IORING_NOP_CQE32;
	sqe->off = 0x1111;
	sqe->addr = 0x2222;
	t_submit(&ring, 1);
	T_EQ(io_uring_wait_cqe(&ring, &cqe), 0);
	if (!t_lacks(6, 18, "IORING_NOP_CQE32", cqe->res, -EINVAL)) {
		T_EQ(cqe->res, 0);
		T_EQ(cqe->big_cqe[0], 0x1111);
		T_EQ(cqe->big_cqe[1], 0x2222);
	}
	io_uring_cqe_seen(&ring, cqe);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
