/* Description: register_buffers() pins memory for the fixed forms of read and
 * write, which take an address inside the buffer that buf_index names;
 * unregister_buffers() ends that. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* valgrind: off: its report of the missing table cannot be suppressed */
#include "file.h"

/* Old kernels register anonymous memory only: no page is shared with .data. */
static char area[2][4096] __attribute__((aligned(65536)));

static int write_from(struct io_uring *ring, int fd, const void *addr,
		      unsigned int len, int index)
{
	struct io_uring_sqe *sqe = t_sqe(ring);

	io_uring_prep_write_fixed(sqe, fd, addr, len, 0, index);
	return t_do(ring, sqe);
}

int main(void)
{
	struct iovec iov[2] = {
		{ area[0], sizeof(area[0]) },
		{ area[1], sizeof(area[1]) },
	};
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fd = t_tmpfile(0);

	T_RING(8, &ring, 0);
	T_EQ(io_uring_unregister_buffers(&ring), -ENXIO);
	T_EQ(write_from(&ring, fd, area[0], 1, 0), -EFAULT);
	T_EQ(io_uring_register_buffers(&ring, iov, 2), 0);
	T_EQ(io_uring_register_buffers(&ring, iov, 2), -EBUSY);

	memcpy(area[1] + 100, "fixed", 5);
	T_EQ(write_from(&ring, fd, area[1] + 100, 5, 1), 5);
	t_file_holds(fd, 0, "fixed");
	T_EQ(write_from(&ring, fd, area[1] + 100, 5, 0), -EFAULT);
	T_EQ(write_from(&ring, fd, area[1], 4097, 1), -EFAULT);
	T_EQ(write_from(&ring, fd, area[1], 1, 2), -EFAULT);

	sqe = t_sqe(&ring);
	io_uring_prep_read_fixed(sqe, fd, area[0] + 4094, 2, 3, 0);
	T_EQ(t_do(&ring, sqe), 2);
	T_MEM_EQ(area[0] + 4094, "ed", 2);

	T_EQ(io_uring_unregister_buffers(&ring), 0);
	T_EQ(write_from(&ring, fd, area[1], 1, 1), -EFAULT);
	T_EQ(io_uring_register_buffers(&ring, iov, 0), -EINVAL);
	T_EQ(io_uring_register_buffers(&ring, NULL, 1), -EFAULT);
	iov[0].iov_base = NULL;
	T_EQ(io_uring_register_buffers(&ring, iov, 1), -EFAULT);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
