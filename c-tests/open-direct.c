/* Description: the direct forms of open put the file into the named slot of the
 * fixed table, or into a free one that the kernel picks, and make no
 * descriptor; close_direct empties a slot, also slot 0. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "file.h"

#include <linux/openat2.h>

static struct io_uring ring;

static int close_slot(unsigned int slot)
{
	struct io_uring_sqe *sqe = t_sqe(&ring);

	io_uring_prep_close_direct(sqe, slot);
	return t_do(&ring, sqe);
}

int main(void)
{
	struct io_uring_sqe *sqe;
	struct open_how how;
	int before, dir;

	T_RING(8, &ring, 0);
	T_SPARSE_FILES(&ring, 4);
	t_enter_tmpdir();
	T_SYS(mkdir("sub", 0755));
	dir = (int)T_SYS(open("sub", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	t_write_file("a", "A");
	t_write_file("sub/b", "B");
	memset(&how, 0, sizeof(how));
	before = t_open_fds();

	sqe = t_sqe(&ring);
	io_uring_prep_open_direct(sqe, "a", O_RDONLY, 0, 0);
	T_EQ(t_do(&ring, sqe), 0);
	T_EQ(t_read_slot(&ring, 0), 'A');
	sqe = t_sqe(&ring);
	io_uring_prep_openat_direct(sqe, dir, "b", O_RDONLY, 0, 2);
	T_EQ(t_do(&ring, sqe), 0);
	T_EQ(t_read_slot(&ring, 2), 'B');
	sqe = t_sqe(&ring);
	io_uring_prep_openat2_direct(sqe, dir, "b", &how, 3);
	T_EQ(t_do(&ring, sqe), 0);
	T_EQ(t_read_slot(&ring, 3), 'B');

	/* Only slot 1 is free, then none. */
	sqe = t_sqe(&ring);
	io_uring_prep_openat2_direct(sqe, AT_FDCWD, "a", &how,
				     IORING_FILE_INDEX_ALLOC);
	T_EQ(t_do(&ring, sqe), 1);
	T_EQ(t_read_slot(&ring, 1), 'A');
	sqe = t_sqe(&ring);
	io_uring_prep_open_direct(sqe, "a", O_RDONLY, 0,
				  IORING_FILE_INDEX_ALLOC);
	T_EQ(t_do(&ring, sqe), -ENFILE);
	sqe = t_sqe(&ring);
	io_uring_prep_openat_direct(sqe, dir, "b", O_RDONLY, 0, 4);
	T_EQ(t_do(&ring, sqe), -EINVAL);
	T_EQ(t_open_fds(), before);

	T_EQ(close_slot(0), 0);
	T_EQ(t_read_slot(&ring, 0), -EBADF);
	T_EQ(t_read_slot(&ring, 1), 'A');
	T_EQ(close_slot(0), -EBADF);
	T_EQ(close_slot(3), 0);
	T_EQ(t_read_slot(&ring, 3), -EBADF);
	T_EQ(close_slot(4), -EINVAL);
	T_EQ(t_open_fds(), before);

	/* Opening into a slot in use replaces its file. */
	sqe = t_sqe(&ring);
	io_uring_prep_open_direct(sqe, "a", O_RDONLY, 0, 2);
	T_EQ(t_do(&ring, sqe), 0);
	T_EQ(t_read_slot(&ring, 2), 'A');
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
