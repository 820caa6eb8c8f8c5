/* Description: open, openat and openat2 return descriptors with the flags, mode
 * and resolve rules they were given, relative to their directory; close ends
 * one. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "file.h"

#include <linux/openat2.h>

static struct io_uring ring;

static unsigned int mode_of(const char *path)
{
	struct stat st;

	T_SYS(stat(path, &st));
	return st.st_mode & 07777;
}

static void close_it(int fd)
{
	struct io_uring_sqe *sqe = t_sqe(&ring);

	T_GE(fd, 0);
	io_uring_prep_close(sqe, fd);
	T_EQ(t_do(&ring, sqe), 0);
	T_EQ(fcntl(fd, F_GETFD), -1);
	T_EQ(errno, EBADF);
	sqe = t_sqe(&ring);
	io_uring_prep_close(sqe, fd);
	T_EQ(t_do(&ring, sqe), -EBADF);
}

int main(void)
{
	struct io_uring_sqe *sqe;
	struct open_how how;
	int fd, dir;

	umask(0);
	T_RING(8, &ring, 0);
	t_enter_tmpdir();
	T_SYS(mkdir("sub", 0755));
	dir = (int)T_SYS(open("sub", O_RDONLY | O_DIRECTORY | O_CLOEXEC));

	sqe = t_sqe(&ring);
	io_uring_prep_open(sqe, "made", O_CREAT | O_EXCL | O_RDWR | O_APPEND,
			   0640);
	fd = t_do(&ring, sqe);
	T_GE(fd, 0);
	T_EQ(mode_of("made"), 0640);
	T_EQ(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND), O_RDWR | O_APPEND);
	close_it(fd);
	sqe = t_sqe(&ring);
	io_uring_prep_open(sqe, "made", O_CREAT | O_EXCL | O_RDWR, 0640);
	T_EQ(t_do(&ring, sqe), -EEXIST);
	sqe = t_sqe(&ring);
	io_uring_prep_open(sqe, "missing", O_RDONLY, 0);
	T_EQ(t_do(&ring, sqe), -ENOENT);

	sqe = t_sqe(&ring);
	io_uring_prep_openat(sqe, dir, "below",
			     O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0604);
	fd = t_do(&ring, sqe);
	T_GE(fd, 0);
	T_EQ(mode_of("sub/below"), 0604);
	T_EQ(fcntl(fd, F_GETFL) & O_ACCMODE, O_WRONLY);
	T_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close_it(fd);
	sqe = t_sqe(&ring);
	io_uring_prep_openat(sqe, AT_FDCWD, "sub/below", O_RDONLY, 0);
	close_it(t_do(&ring, sqe));

	memset(&how, 0, sizeof(how));
	how.flags = O_CREAT | O_EXCL | O_RDWR;
	how.mode = 0600;
	how.resolve = RESOLVE_BENEATH;
	sqe = t_sqe(&ring);
	io_uring_prep_openat2(sqe, dir, "second", &how);
	fd = t_do(&ring, sqe);
	T_GE(fd, 0);
	T_EQ(mode_of("sub/second"), 0600);
	close_it(fd);
	sqe = t_sqe(&ring);
	io_uring_prep_openat2(sqe, dir, "../made", &how);
	T_EQ(t_do(&ring, sqe), -EXDEV);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
