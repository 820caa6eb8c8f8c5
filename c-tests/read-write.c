/* Description: read and write move bytes at an offset, -1 meaning the file's
 * own position; short reads and errors come back in the completion. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "file.h"

static int do_write(struct io_uring *ring, int fd, const char *text,
		    __u64 offset)
{
	struct io_uring_sqe *sqe = t_sqe(ring);

	io_uring_prep_write(sqe, fd, text, (unsigned int)strlen(text), offset);
	return t_do(ring, sqe);
}

static int do_read(struct io_uring *ring, int fd, char *buf, unsigned int len,
		   __u64 offset)
{
	struct io_uring_sqe *sqe = t_sqe(ring);

	memset(buf, 0, len);
	io_uring_prep_read(sqe, fd, buf, len, offset);
	return t_do(ring, sqe);
}

int main(void)
{
	static const char text[] = "text beyond 4 GiB";
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	char buf[64];
	int fd = t_tmpfile(0), fds[2];

	T_RING(8, &ring, 0);
	T_EQ(do_write(&ring, fd, "hello", 100), 5);
	t_file_holds(fd, 100, "hello");
	T_EQ(do_read(&ring, fd, buf, 64, 102), 3);
	T_MEM_EQ(buf, "llo\0", 4);
	T_EQ(do_read(&ring, fd, buf, 2, 100), 2);
	T_MEM_EQ(buf, "he\0", 2);
	T_EQ(do_read(&ring, fd, buf, 1, 105), 0);

	/* At the file's position, which moves. */
	T_SYS(lseek(fd, 0, SEEK_SET));
	T_EQ(do_write(&ring, fd, "one", -1ULL), 3);
	T_EQ(do_write(&ring, fd, "two", -1ULL), 3);
	T_EQ(lseek(fd, 0, SEEK_CUR), 6);
	t_file_holds(fd, 0, "onetwo");
	T_SYS(lseek(fd, 1, SEEK_SET));
	T_EQ(do_read(&ring, fd, buf, 4, -1ULL), 4);
	T_MEM_EQ(buf, "netw", 4);

	T_EQ(do_write(&ring, fd, text, 0x100000001ULL), sizeof(text) - 1);
	t_file_holds(fd, 0x100000001LL, text);
	T_EQ(do_read(&ring, fd, buf, 4, 0x100000002ULL), 4);
	T_MEM_EQ(buf, "ext ", 4);

	T_EQ(do_read(&ring, -1, buf, 1, 0), -EBADF);
	sqe = t_sqe(&ring);
	io_uring_prep_read(sqe, fd, (void *)8, 1, 0);
	T_EQ(t_do(&ring, sqe), -EFAULT);
	T_SYS(pipe(fds));
	T_EQ(do_write(&ring, fds[0], "x", 0), -EBADF);
	T_EQ(do_write(&ring, fds[1], "x", 0), 1);
	T_EQ(do_read(&ring, fds[0], buf, 8, 0), 1);
	T_EQ(buf[0], 'x');
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
