/* Description: mkdirat, symlinkat, linkat, renameat and unlinkat take each name
 * relative to its own directory descriptor, and pass on their flags. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "file.h"

#include <linux/fs.h>

static struct io_uring ring;
static int one, two;

static bool exists(const char *path)
{
	struct stat st;

	return !lstat(path, &st);
}

static void make(void)
{
	struct io_uring_sqe *sqe = t_sqe(&ring);
	char target[16];
	struct stat st;

	io_uring_prep_mkdirat(sqe, two, "deep", 0715);
	T_EQ(t_do(&ring, sqe), 0);
	T_SYS(stat("two/deep", &st));
	T_CHECK(S_ISDIR(st.st_mode));
	T_EQ(st.st_mode & 07777, 0715);

	sqe = t_sqe(&ring);
	io_uring_prep_symlinkat(sqe, "to/nowhere", two, "soft");
	T_EQ(t_do(&ring, sqe), 0);
	T_EQ(readlink("two/soft", target, sizeof(target)), 10);
	T_MEM_EQ(target, "to/nowhere", 10);

	t_write_file("one/file", "1");
	sqe = t_sqe(&ring);
	io_uring_prep_linkat(sqe, one, "file", two, "hard", 0);
	T_EQ(t_do(&ring, sqe), 0);
	T_SYS(stat("two/hard", &st));
	T_EQ(st.st_nlink, 2);
	sqe = t_sqe(&ring);
	io_uring_prep_linkat(sqe, one, "file", two, "again", 1 << 2);
	T_EQ(t_do(&ring, sqe), -EINVAL);
}

static void move(void)
{
	struct io_uring_sqe *sqe = t_sqe(&ring);

	io_uring_prep_renameat(sqe, one, "file", two, "moved", 0);
	T_EQ(t_do(&ring, sqe), 0);
	T_CHECK(!exists("one/file"));
	T_CHECK(exists("two/moved"));

	t_write_file("one/other", "2");
	sqe = t_sqe(&ring);
	io_uring_prep_renameat(sqe, one, "other", two, "moved",
			       RENAME_NOREPLACE);
	T_EQ(t_do(&ring, sqe), -EEXIST);
	sqe = t_sqe(&ring);
	io_uring_prep_renameat(sqe, two, "deep", one, "deep", 0);
	T_EQ(t_do(&ring, sqe), 0);
	T_CHECK(exists("one/deep"));
}

static void drop(void)
{
	struct io_uring_sqe *sqe = t_sqe(&ring);

	io_uring_prep_unlinkat(sqe, two, "moved", 0);
	T_EQ(t_do(&ring, sqe), 0);
	T_CHECK(!exists("two/moved"));
	sqe = t_sqe(&ring);
	io_uring_prep_unlinkat(sqe, one, "deep", AT_REMOVEDIR);
	T_EQ(t_do(&ring, sqe), 0);
	T_CHECK(!exists("one/deep"));
	sqe = t_sqe(&ring);
	io_uring_prep_unlinkat(sqe, one, "deep", AT_REMOVEDIR);
	T_EQ(t_do(&ring, sqe), -ENOENT);
	sqe = t_sqe(&ring);
	io_uring_prep_unlinkat(sqe, one, "other", 1 << 2);
	T_EQ(t_do(&ring, sqe), -EINVAL);
}

int main(void)
{
	umask(0);
	T_RING(8, &ring, 0);
	T_NEEDS_OP(5, 15, IORING_OP_MKDIRAT);
	t_enter_tmpdir();
	T_SYS(mkdir("one", 0755));
	T_SYS(mkdir("two", 0755));
	one = (int)T_SYS(open("one", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	two = (int)T_SYS(open("two", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	make();
	move();
	drop();
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
