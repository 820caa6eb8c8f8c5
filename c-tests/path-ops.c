/* Description: mkdir, symlink, link, rename and unlink work relative to the
 * current directory, with their flags. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "file.h"

static struct io_uring ring;

static bool exists(const char *path)
{
	struct stat st;

	return !lstat(path, &st);
}

static void directory(void)
{
	struct io_uring_sqe *sqe = t_sqe(&ring);
	struct stat st;

	io_uring_prep_mkdir(sqe, "dir", 0751);
	T_EQ(t_do(&ring, sqe), 0);
	T_SYS(stat("dir", &st));
	T_CHECK(S_ISDIR(st.st_mode));
	T_EQ(st.st_mode & 07777, 0751);
	sqe = t_sqe(&ring);
	io_uring_prep_mkdir(sqe, "dir", 0751);
	T_EQ(t_do(&ring, sqe), -EEXIST);

	sqe = t_sqe(&ring);
	io_uring_prep_unlink(sqe, "dir", 0);
	T_EQ(t_do(&ring, sqe), -EISDIR);
	sqe = t_sqe(&ring);
	io_uring_prep_unlink(sqe, "dir", AT_REMOVEDIR);
	T_EQ(t_do(&ring, sqe), 0);
	T_CHECK(!exists("dir"));
}

static void links(void)
{
	struct io_uring_sqe *sqe;
	struct stat st;
	char target[16];

	t_write_file("file", "text");
	sqe = t_sqe(&ring);
	io_uring_prep_symlink(sqe, "file", "soft");
	T_EQ(t_do(&ring, sqe), 0);
	T_EQ(readlink("soft", target, sizeof(target)), 4);
	T_MEM_EQ(target, "file", 4);

	sqe = t_sqe(&ring);
	io_uring_prep_link(sqe, "file", "hard", 0);
	T_EQ(t_do(&ring, sqe), 0);
	T_SYS(stat("hard", &st));
	T_EQ(st.st_nlink, 2);

	/* Without the flag the link itself gets a second name. */
	sqe = t_sqe(&ring);
	io_uring_prep_link(sqe, "soft", "of-link", 0);
	T_EQ(t_do(&ring, sqe), 0);
	T_SYS(lstat("of-link", &st));
	T_CHECK(S_ISLNK(st.st_mode));
	sqe = t_sqe(&ring);
	io_uring_prep_link(sqe, "soft", "of-target", AT_SYMLINK_FOLLOW);
	T_EQ(t_do(&ring, sqe), 0);
	T_SYS(lstat("of-target", &st));
	T_CHECK(S_ISREG(st.st_mode));
	T_EQ(st.st_nlink, 3);
}

static void names(void)
{
	struct io_uring_sqe *sqe = t_sqe(&ring);

	io_uring_prep_rename(sqe, "hard", "moved");
	T_EQ(t_do(&ring, sqe), 0);
	T_CHECK(!exists("hard"));
	T_CHECK(exists("moved"));
	sqe = t_sqe(&ring);
	io_uring_prep_rename(sqe, "hard", "moved");
	T_EQ(t_do(&ring, sqe), -ENOENT);
	sqe = t_sqe(&ring);
	io_uring_prep_unlink(sqe, "moved", 0);
	T_EQ(t_do(&ring, sqe), 0);
	T_CHECK(!exists("moved"));
	T_CHECK(exists("file"));
}

int main(void)
{
	umask(0);
	T_RING(8, &ring, 0);
	T_NEEDS_OP(5, 15, IORING_OP_MKDIRAT);
	t_enter_tmpdir();
	directory();
	links();
	names();
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
