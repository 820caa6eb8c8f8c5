/* Description: fallocate and ftruncate change size and contents of a file,
 * fsync and sync_file_range write it back; each reports bad arguments as its
 * system call does. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "file.h"

#include <linux/falloc.h>

static struct io_uring ring;

static long long size_of(int fd)
{
	struct stat st;

	T_SYS(fstat(fd, &st));
	return (long long)st.st_size;
}

static void allocate(int fd)
{
	struct io_uring_sqe *sqe = t_sqe(&ring);
	char hole[100] = { 0 }, seen[100];

	io_uring_prep_fallocate(sqe, fd, 0, 100, 5000);
	T_EQ(t_do(&ring, sqe), 0);
	T_EQ(size_of(fd), 5100);
	sqe = t_sqe(&ring);
	io_uring_prep_fallocate(sqe, fd, FALLOC_FL_KEEP_SIZE, 0, 1ULL << 20);
	T_EQ(t_do(&ring, sqe), 0);
	T_EQ(size_of(fd), 5100);

	T_EQ(pwrite(fd, "full", 4, 50), 4);
	sqe = t_sqe(&ring);
	io_uring_prep_fallocate(sqe, fd,
				FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
				100);
	T_EQ(t_do(&ring, sqe), 0);
	T_EQ(pread(fd, seen, 100, 0), 100);
	T_MEM_EQ(seen, hole, 100);
	sqe = t_sqe(&ring);
	io_uring_prep_fallocate(sqe, fd, 0, 0, 0);
	T_EQ(t_do(&ring, sqe), -EINVAL);
}

static void truncate_to(int fd, long long size)
{
	struct io_uring_sqe *sqe = t_sqe(&ring);
	int ret;

	io_uring_prep_ftruncate(sqe, fd, size);
	ret = t_do(&ring, sqe);
	if (t_lacks(6, 9, "IORING_OP_FTRUNCATE", ret, -EINVAL)) {
		T_SYS(ftruncate(fd, size));
		return;
	}
	T_EQ(ret, 0);
	T_EQ(size_of(fd), size);
}

static int sync_file(int fd, unsigned int flags)
{
	struct io_uring_sqe *sqe = t_sqe(&ring);

	io_uring_prep_fsync(sqe, fd, flags);
	return t_do(&ring, sqe);
}

static int sync_range(int fd, unsigned int len, __u64 offset, int flags)
{
	struct io_uring_sqe *sqe = t_sqe(&ring);

	io_uring_prep_sync_file_range(sqe, fd, len, offset, flags);
	return t_do(&ring, sqe);
}

int main(void)
{
	struct io_uring_sqe *sqe;
	int fd = t_tmpfile(0), fds[2];

	T_RING(8, &ring, 0);
	T_SYS(pipe(fds));
	allocate(fd);
	truncate_to(fd, 7);
	truncate_to(fd, 0x100000007LL);
	truncate_to(fd, 0);
	sqe = t_sqe(&ring);
	io_uring_prep_ftruncate(sqe, fds[1], 0);
	T_EQ(t_do(&ring, sqe), -EINVAL);

	T_EQ(pwrite(fd, "dirty", 5, 0), 5);
	T_EQ(sync_file(fd, 0), 0);
	T_EQ(sync_file(fd, IORING_FSYNC_DATASYNC), 0);
	T_EQ(sync_file(fd, 1U << 7), -EINVAL);
	T_EQ(sync_file(fds[1], 0), -EINVAL);

	T_EQ(pwrite(fd, "dirty", 5, 0), 5);
	T_EQ(sync_range(fd, 5, 0, SYNC_FILE_RANGE_WAIT_BEFORE |
			SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER), 0);
	T_EQ(sync_range(fd, 5, 0, 1 << 10), -EINVAL);
	T_EQ(sync_range(fd, 5, 1ULL << 63, 0), -EINVAL);
	T_EQ(sync_range(fds[1], 5, 0, 0), -ESPIPE);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
