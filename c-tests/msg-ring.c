/* Description: msg_ring posts a completion with the given data and length on
 * another ring, and one of its own for the result; msg_ring_cqe_flags also
 * passes completion flags on. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "file.h"

int main(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring from, to;
	struct t_result r;

	T_RING(8, &from, 0);
	T_RING(8, &to, 0);
	T_NEEDS_OP(5, 18, IORING_OP_MSG_RING);
	sqe = t_sqe(&from);
	io_uring_prep_msg_ring(sqe, to.ring_fd, 0x55aa, 0x1122334455667788ULL,
			       0);
	T_EQ(t_do(&from, sqe), 0);
	r = t_reap_as(&to, 0x1122334455667788ULL);
	T_EQ(r.res, 0x55aa);
	T_EQ(r.flags, 0);

	/* To itself: both completions are on one ring. */
	sqe = t_sqe(&from);
	io_uring_prep_msg_ring(sqe, from.ring_fd, 5, 6, 0);
	io_uring_sqe_set_data64(sqe, 7);
	t_submit(&from, 1);
	r = t_reap(&from);
	if (r.user_data == 7) {
		T_EQ(r.res, 0);
		T_EQ(t_reap_as(&from, 6).res, 5);
	} else {
		T_EQ(r.user_data, 6);
		T_EQ(r.res, 5);
		T_EQ(t_reap_as(&from, 7).res, 0);
	}

	sqe = t_sqe(&from);
	io_uring_prep_msg_ring(sqe, to.ring_fd, 1, 2, 1U << 20);
	T_EQ(t_do(&from, sqe), -EINVAL);
	sqe = t_sqe(&from);
	io_uring_prep_msg_ring(sqe, STDOUT_FILENO, 1, 2, 0);
	T_EQ(t_do(&from, sqe), -EBADFD);
	t_no_completion(&to);

	sqe = t_sqe(&from);
	io_uring_prep_msg_ring_cqe_flags(sqe, to.ring_fd, 3, 4, 0, 0x10000);
	T_EQ_SINCE(6, 3, "IORING_MSG_RING_FLAGS_PASS", t_do(&from, sqe), 0,
		   -EINVAL);
	r = t_reap_as(&to, 4);
	T_EQ(r.res, 3);
	T_EQ(r.flags, 0x10000);
	io_uring_queue_exit(&from);
	io_uring_queue_exit(&to);
	return T_EXIT_PASS;
}
