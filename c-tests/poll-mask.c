/* Description: the poll mask of a request has its halves swapped on big-endian
 * machines and is unchanged on others; a fixed file index is stored plus one;
 * io_uring_prep_uring_cmd()'s base clears what a driver command must not
 * inherit. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "test.h"

#include <poll.h>

int main(void)
{
	struct io_uring_sqe sqe, *queued;
	struct io_uring ring;
	int sv[2];

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	T_EQ(__io_uring_prep_poll_mask(0x12345678), 0x56781234);
#else
	T_EQ(__io_uring_prep_poll_mask(0x12345678), 0x12345678);
#endif
	T_EQ(__io_uring_prep_poll_mask(0), 0);

	memset(&sqe, 0xa5, sizeof(sqe));
	__io_uring_set_target_fixed_file(&sqe, 0);
	T_EQ(sqe.file_index, 1);
	__io_uring_set_target_fixed_file(&sqe, 41);
	T_EQ(sqe.file_index, 42);

	memset(&sqe, 0xa5, sizeof(sqe));
	__io_uring_prep_uring_cmd(&sqe, IORING_OP_URING_CMD, 0x1234, 7);
	T_EQ(sqe.opcode, IORING_OP_URING_CMD);
	T_EQ(sqe.fd, 7);
	T_EQ(sqe.cmd_op, 0x1234);
	T_EQ(sqe.__pad1, 0);
	T_EQ(sqe.addr, 0);
	T_EQ(sqe.len, 0);

	/* The kernel sees the events that were meant. */
	T_RING(4, &ring, 0);
	t_socketpair(sv);
	queued = io_uring_get_sqe(&ring);
	T_CHECK(queued != NULL);
	io_uring_prep_poll_add(queued, sv[0], POLLIN | POLLOUT);
	io_uring_sqe_set_data64(queued, 1);
	T_SUBMIT(&ring, 1);
	T_EQ(t_reap(&ring).res, POLLOUT);
	T_EQ(write(sv[1], "x", 1), 1);
	queued = io_uring_get_sqe(&ring);
	T_CHECK(queued != NULL);
	io_uring_prep_poll_add(queued, sv[0], POLLIN);
	T_SUBMIT(&ring, 1);
	T_EQ(t_reap(&ring).res, POLLIN);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
