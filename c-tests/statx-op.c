/* Description: statx fills the caller's structure as the system call does, by
 * path, by directory and, with AT_EMPTY_PATH, by descriptor. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "file.h"

static void same(const struct statx *seen, int dirfd, const char *path,
		 int flags)
{
	struct statx want;

	T_SYS(statx(dirfd, path, flags, STATX_BASIC_STATS, &want));
	T_EQ(seen->stx_mask & STATX_BASIC_STATS, STATX_BASIC_STATS);
	T_EQ(seen->stx_ino, want.stx_ino);
	T_EQ(seen->stx_size, want.stx_size);
	T_EQ(seen->stx_mode, want.stx_mode);
	T_EQ(seen->stx_nlink, want.stx_nlink);
	T_EQ(seen->stx_mtime.tv_sec, want.stx_mtime.tv_sec);
	T_EQ(seen->stx_mtime.tv_nsec, want.stx_mtime.tv_nsec);
}

int main(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct statx stx;
	int dir, fd;

	T_RING(8, &ring, 0);
	t_enter_tmpdir();
	T_SYS(mkdir("sub", 0755));
	t_write_file("sub/file", "1234567");
	T_SYS(symlink("file", "sub/link"));
	dir = (int)T_SYS(open("sub", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	fd = (int)T_SYS(open("sub/file", O_RDONLY | O_CLOEXEC));

	memset(&stx, 0xff, sizeof(stx));
	sqe = t_sqe(&ring);
	io_uring_prep_statx(sqe, AT_FDCWD, "sub/file", 0, STATX_BASIC_STATS,
			    &stx);
	T_EQ(t_do(&ring, sqe), 0);
	T_EQ(stx.stx_size, 7);
	same(&stx, AT_FDCWD, "sub/file", 0);

	memset(&stx, 0xff, sizeof(stx));
	sqe = t_sqe(&ring);
	io_uring_prep_statx(sqe, dir, "link", AT_SYMLINK_NOFOLLOW,
			    STATX_BASIC_STATS, &stx);
	T_EQ(t_do(&ring, sqe), 0);
	T_CHECK(S_ISLNK(stx.stx_mode));
	same(&stx, dir, "link", AT_SYMLINK_NOFOLLOW);

	memset(&stx, 0xff, sizeof(stx));
	sqe = t_sqe(&ring);
	io_uring_prep_statx(sqe, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &stx);
	T_EQ(t_do(&ring, sqe), 0);
	same(&stx, fd, "", AT_EMPTY_PATH);

	sqe = t_sqe(&ring);
	io_uring_prep_statx(sqe, dir, "none", 0, STATX_SIZE, &stx);
	T_EQ(t_do(&ring, sqe), -ENOENT);
	sqe = t_sqe(&ring);
	io_uring_prep_statx(sqe, dir, "file", 0, STATX__RESERVED, &stx);
	T_EQ(t_do(&ring, sqe), -EINVAL);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
