/* Description: register_files_sparse() makes a table of empty slots, and
 * register_file_alloc_range() limits which of them a direct open that asks
 * the kernel for a free slot may get. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "file.h"

static int open_anywhere(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = t_sqe(ring);

	io_uring_prep_openat_direct(sqe, AT_FDCWD, "/dev/null", O_RDWR, 0,
				    IORING_FILE_INDEX_ALLOC);
	return t_do(ring, sqe);
}

static int write_slot(struct io_uring *ring, int slot)
{
	struct io_uring_sqe *sqe = t_sqe(ring);

	io_uring_prep_write(sqe, slot, "x", 1, 0);
	io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE);
	return t_do(ring, sqe);
}

int main(void)
{
	struct io_uring ring;
	int fd;

	T_RING(8, &ring, 0);
	T_EQ(io_uring_register_file_alloc_range(&ring, 0, 1), -EINVAL);
	T_EQ(io_uring_register_files_sparse(&ring, 0), -EINVAL);
	T_SPARSE_FILES(&ring, 8);
	T_EQ(io_uring_register_files_sparse(&ring, 8), -EBUSY);
	T_EQ(write_slot(&ring, 7), -EBADF);

	T_EQ_SINCE(6, 0, "IORING_REGISTER_FILE_ALLOC_RANGE",
		   io_uring_register_file_alloc_range(&ring, 3, 2), 0, -EINVAL);
	T_EQ(open_anywhere(&ring), 3);
	T_EQ(open_anywhere(&ring), 4);
	T_EQ(open_anywhere(&ring), -ENFILE);
	T_EQ(write_slot(&ring, 4), 1);

	T_EQ(io_uring_register_file_alloc_range(&ring, 7, 1), 0);
	T_EQ(open_anywhere(&ring), 7);

	T_EQ(io_uring_register_file_alloc_range(&ring, 7, 2), -EINVAL);
	T_EQ(io_uring_register_file_alloc_range(&ring, 1, 0xffffffffU),
	     -EOVERFLOW);

	/* The range binds the kernel's choice, not the program's. */
	fd = t_text_file("y");
	T_EQ(io_uring_register_files_update(&ring, 0, &fd, 1), 1);
	T_EQ(write_slot(&ring, 0), 1);
	t_file_holds(fd, 0, "x");

	T_EQ(io_uring_unregister_files(&ring), 0);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
