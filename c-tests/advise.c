/* Description: madvise and fadvise act on exactly the range they are given, and
 * the 64-bit forms also on ranges above 4 GiB: seen as anonymous memory turned
 * to zeroes and as pages that left or entered the page cache. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "file.h"

static struct io_uring ring;

static void memory(bool wide)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), i;
	struct io_uring_sqe *sqe;
	unsigned char *mem;
	int ret;

	mem = mmap(NULL, 4 * page, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	T_CHECK(mem != MAP_FAILED);
	memset(mem, 0xee, 4 * page);
	sqe = t_sqe(&ring);
	if (wide)
		io_uring_prep_madvise64(sqe, mem + page, (off_t)(2 * page),
					MADV_DONTNEED);
	else
		io_uring_prep_madvise(sqe, mem + page, (__u32)(2 * page),
				      MADV_DONTNEED);
	ret = t_do(&ring, sqe);
	if (wide)
		T_NEEDS(6, 11, "madvise of 64-bit lengths", ret, -EINVAL);
	T_EQ(ret, 0);
	for (i = 0; i < 4; i++)
		T_EQ(mem[i * page], i == 1 || i == 2 ? 0 : 0xee);

	sqe = t_sqe(&ring);
	if (wide)
		io_uring_prep_madvise64(sqe, mem, (off_t)page, 12345);
	else
		io_uring_prep_madvise(sqe, mem, (__u32)page, 12345);
	T_EQ(t_do(&ring, sqe), -EINVAL);
	munmap(mem, 4 * page);
}

/* 4 GiB and a page, reserved but not filled, of which the last page counts. */
static void memory_above_4g(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t size = ((size_t)1 << 32) + page;
	struct io_uring_sqe *sqe;
	unsigned char *mem;

	mem = mmap(NULL, size, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (mem == MAP_FAILED)
		T_FAIL("mmap: %s", strerror(errno));
	mem[size - 1] = 0xee;
	sqe = t_sqe(&ring);
	io_uring_prep_madvise64(sqe, mem, (off_t)size, MADV_DONTNEED);
	T_EQ(t_do(&ring, sqe), 0);
	T_EQ(mem[size - 1], 0);
	munmap(mem, size);
}

static int cached(const void *map, size_t offset)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char in = 0;

	T_SYS(mincore((char *)(uintptr_t)map + offset, page, &in));
	return in & 1;
}

static void fadvise(int fd, bool wide, __u64 offset, long len, int advice)
{
	struct io_uring_sqe *sqe = t_sqe(&ring);

	if (wide)
		io_uring_prep_fadvise64(sqe, fd, offset, len, advice);
	else
		io_uring_prep_fadvise(sqe, fd, offset, (__u32)len, advice);
	T_EQ(t_do(&ring, sqe), 0);
}

static void file(bool wide)
{
	const size_t half = 1 << 20;
	struct io_uring_sqe *sqe;
	int fd = t_tmpfile(2 * half), fds[2];
	char *map;

	/* Pages that were written back can be dropped at once. */
	T_SYS(fsync(fd));
	map = mmap(NULL, 2 * half, PROT_READ, MAP_SHARED, fd, 0);
	T_CHECK(map != MAP_FAILED);
	T_SYS(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
	if (!cached(map, half / 2)) {
		char byte;

		T_EQ(pread(fd, &byte, 1, (off_t)half / 2), 1);
		T_EQ(pread(fd, &byte, 1, (off_t)(half + half / 2)), 1);
		T_EQ(cached(map, half / 2), 1);
		fadvise(fd, wide, half, (long)half, POSIX_FADV_DONTNEED);
		T_EQ(cached(map, half + half / 2), 0);
		T_EQ(cached(map, half / 2), 1);
	} else {
		/* A file system in memory has nothing to drop. */
		fadvise(fd, wide, half, (long)half, POSIX_FADV_DONTNEED);
	}
	munmap(map, 2 * half);

	sqe = t_sqe(&ring);
	if (wide)
		io_uring_prep_fadvise64(sqe, fd, 0, 0, 12345);
	else
		io_uring_prep_fadvise(sqe, fd, 0, 0, 12345);
	T_EQ(t_do(&ring, sqe), -EINVAL);
	T_SYS(pipe(fds));
	sqe = t_sqe(&ring);
	if (wide)
		io_uring_prep_fadvise64(sqe, fds[0], 0, 0, POSIX_FADV_NORMAL);
	else
		io_uring_prep_fadvise(sqe, fds[0], 0, 0, POSIX_FADV_NORMAL);
	T_EQ(t_do(&ring, sqe), -ESPIPE);
	close(fds[0]);
	close(fds[1]);
	close(fd);
}

int main(void)
{
	T_RING(8, &ring, 0);
	memory(false);
	file(false);
	memory(true);
	memory_above_4g();
	file(true);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
