/* Description: readv_fixed and writev_fixed scatter and gather inside one
 * registered buffer, whose index they name. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "file.h"

#include <sys/uio.h>

/* Old kernels register anonymous memory only: no page is shared with .data. */
static char area[2][4096] __attribute__((aligned(65536)));

int main(void)
{
	struct iovec reg[2] = { { area[0], 4096 }, { area[1], 4096 } };
	struct iovec vec[2] = { { area[1] + 10, 3 }, { area[1] + 4000, 4 } };
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fd = t_tmpfile(0);

	T_RING(8, &ring, 0);
	T_NEEDS_OP(6, 15, IORING_OP_WRITEV_FIXED);
	T_EQ(io_uring_register_buffers(&ring, reg, 2), 0);
	memcpy(area[1] + 10, "vec", 3);
	memcpy(area[1] + 4000, "tors", 4);

	sqe = t_sqe(&ring);
	io_uring_prep_writev_fixed(sqe, fd, vec, 2, 5, 0, 1);
	T_EQ(t_do(&ring, sqe), 7);
	t_file_holds(fd, 5, "vectors");
	sqe = t_sqe(&ring);
	io_uring_prep_writev_fixed(sqe, fd, vec, 2, 0, RWF_APPEND, 1);
	T_EQ(t_do(&ring, sqe), 7);
	t_file_holds(fd, 5, "vectorsvectors");
	sqe = t_sqe(&ring);
	io_uring_prep_writev_fixed(sqe, fd, vec, 2, 5, 0, 0);
	T_EQ(t_do(&ring, sqe), -EFAULT);

	vec[0].iov_base = area[0];
	vec[1].iov_base = area[0] + 100;
	sqe = t_sqe(&ring);
	io_uring_prep_readv_fixed(sqe, fd, vec, 2, 6, 0, 0);
	T_EQ(t_do(&ring, sqe), 7);
	T_MEM_EQ(area[0], "ect", 3);
	T_MEM_EQ(area[0] + 100, "orsv", 4);
	sqe = t_sqe(&ring);
	io_uring_prep_readv_fixed(sqe, fd, vec, 2, 6, 0, 1);
	T_EQ(t_do(&ring, sqe), -EFAULT);
	sqe = t_sqe(&ring);
	io_uring_prep_readv_fixed(sqe, fd, vec, 2, 6, 1 << 30, 0);
	T_EQ(t_do(&ring, sqe), -EOPNOTSUPP);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
