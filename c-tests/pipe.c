/* Description: pipe makes a pipe with the given flags; pipe_direct puts its two
 * ends into slots of the fixed table, from an index on or wherever there is
 * room, and stores their numbers. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "file.h"

static struct io_uring ring;

static void move_byte(int from, int to, unsigned int flags)
{
	struct io_uring_sqe *sqe = t_sqe(&ring);
	char byte = 0;

	io_uring_prep_write(sqe, to, "p", 1, 0);
	io_uring_sqe_set_flags(sqe, flags);
	T_EQ(t_do(&ring, sqe), 1);
	sqe = t_sqe(&ring);
	io_uring_prep_read(sqe, from, &byte, 1, 0);
	io_uring_sqe_set_flags(sqe, flags);
	T_EQ(t_do(&ring, sqe), 1);
	T_EQ(byte, 'p');
}

int main(void)
{
	struct io_uring_sqe *sqe;
	int fds[2] = { -1, -1 }, before;

	T_RING(8, &ring, 0);
	T_NEEDS_OP(6, 16, IORING_OP_PIPE);

	sqe = t_sqe(&ring);
	io_uring_prep_pipe(sqe, fds, O_CLOEXEC | O_NONBLOCK);
	T_EQ(t_do(&ring, sqe), 0);
	T_EQ(fcntl(fds[0], F_GETFD), FD_CLOEXEC);
	T_EQ(fcntl(fds[1], F_GETFL), O_WRONLY | O_NONBLOCK);
	move_byte(fds[0], fds[1], 0);
	close(fds[0]);
	close(fds[1]);
	sqe = t_sqe(&ring);
	io_uring_prep_pipe(sqe, fds, O_APPEND);
	T_EQ(t_do(&ring, sqe), -EINVAL);

	before = t_open_fds();
	T_SPARSE_FILES(&ring, 6);
	sqe = t_sqe(&ring);
	io_uring_prep_pipe_direct(sqe, fds, 0, 2);
	T_EQ(t_do(&ring, sqe), 0);
	T_EQ(fds[0], 2);
	T_EQ(fds[1], 3);
	move_byte(2, 3, IOSQE_FIXED_FILE);

	sqe = t_sqe(&ring);
	io_uring_prep_pipe_direct(sqe, fds, 0, IORING_FILE_INDEX_ALLOC);
	T_EQ(t_do(&ring, sqe), 0);
	T_CHECK(fds[0] >= 0 && fds[0] < 6 && fds[1] >= 0 && fds[1] < 6);
	T_CHECK(fds[0] != fds[1]);
	move_byte(fds[0], fds[1], IOSQE_FIXED_FILE);
	move_byte(2, 3, IOSQE_FIXED_FILE);
	T_EQ(t_open_fds(), before);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
