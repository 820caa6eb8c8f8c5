/* Description: msg_ring_fd sends a fixed file to a slot of another ring's table,
 * msg_ring_fd_alloc to a free one; the target is told by a completion unless
 * IORING_MSG_RING_CQE_SKIP is set. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "file.h"

static struct io_uring from, to;

int main(void)
{
	struct io_uring_sqe *sqe;
	int fds[2], slot;

	T_RING(8, &from, 0);
	T_RING(8, &to, 0);
	T_NEEDS_OP(5, 18, IORING_OP_MSG_RING);
	fds[0] = t_text_file("a");
	fds[1] = t_text_file("b");
	T_EQ(io_uring_register_files(&from, fds, 2), 0);
	T_SPARSE_FILES(&to, 4);

	sqe = t_sqe(&from);
	io_uring_prep_msg_ring_fd(sqe, to.ring_fd, 1, 2, 0x77, 0);
	T_EQ_SINCE(6, 0, "IORING_MSG_SEND_FD", t_do(&from, sqe), 0, -EINVAL);
	T_EQ(t_reap_as(&to, 0x77).res, 0);
	T_EQ(t_read_slot(&to, 2), 'b');

	sqe = t_sqe(&from);
	io_uring_prep_msg_ring_fd(sqe, to.ring_fd, 0, 0, 0x78,
				  IORING_MSG_RING_CQE_SKIP);
	T_EQ(t_do(&from, sqe), 0);
	t_no_completion(&to);
	T_EQ(t_read_slot(&to, 0), 'a');

	sqe = t_sqe(&from);
	io_uring_prep_msg_ring_fd_alloc(sqe, to.ring_fd, 0, 0x79, 0);
	slot = t_do(&from, sqe);
	T_CHECK(slot == 1 || slot == 3);
	T_EQ(t_reap_as(&to, 0x79).res, slot);
	T_EQ(t_read_slot(&to, slot), 'a');
	T_EQ(t_read_slot(&to, 4 - slot), -EBADF);

	sqe = t_sqe(&from);
	io_uring_prep_msg_ring_fd(sqe, to.ring_fd, 9, 2, 0x77, 0);
	T_EQ(t_do(&from, sqe), -EBADF);
	sqe = t_sqe(&from);
	io_uring_prep_msg_ring_fd(sqe, to.ring_fd, 1, 9, 0x77, 0);
	T_EQ(t_do(&from, sqe), -EINVAL);
	io_uring_queue_exit(&from);
	io_uring_queue_exit(&to);
	return T_EXIT_PASS;
}
