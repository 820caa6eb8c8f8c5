/* Description: register_sync_msg() needs no ring of the sender: an SQE on the
 * stack, prepared by a msg_ring function, becomes a completion on the target
 * ring, and the result is the return value. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "file.h"

int main(void)
{
	struct io_uring_sqe sqe;
	struct io_uring ring;
	struct t_result r;

	T_RING(8, &ring, 0);
	memset(&sqe, 0, sizeof(sqe));
	io_uring_prep_msg_ring(&sqe, ring.ring_fd, 0x1234, 0xabcdef0123456789ULL,
			       0);
	T_EQ_SINCE(6, 13, "IORING_REGISTER_SEND_MSG_RING",
		   io_uring_register_sync_msg(&sqe), 0, -EINVAL);
	r = t_reap_as(&ring, 0xabcdef0123456789ULL);
	T_EQ(r.res, 0x1234);
	T_EQ(r.flags, 0);

	memset(&sqe, 0, sizeof(sqe));
	io_uring_prep_msg_ring_cqe_flags(&sqe, ring.ring_fd, 7, 8, 0, 0x40);
	T_EQ(io_uring_register_sync_msg(&sqe), 0);
	r = t_reap_as(&ring, 8);
	T_EQ(r.res, 7);
	T_EQ(r.flags, 0x40);

	memset(&sqe, 0, sizeof(sqe));
	io_uring_prep_msg_ring_fd(&sqe, ring.ring_fd, 0, 0, 9, 0);
	T_EQ(io_uring_register_sync_msg(&sqe), -EINVAL);
	memset(&sqe, 0, sizeof(sqe));
	io_uring_prep_nop(&sqe);
	T_EQ(io_uring_register_sync_msg(&sqe), -EINVAL);
	memset(&sqe, 0, sizeof(sqe));
	io_uring_prep_msg_ring(&sqe, 0x7ffffff0, 1, 2, 0);
	T_EQ(io_uring_register_sync_msg(&sqe), -EBADF);
	T_EQ(io_uring_register_sync_msg(NULL), -EINVAL);
	t_no_completion(&ring);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
