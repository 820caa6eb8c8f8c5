/* Description: the four extended-attribute operations set and get values by path
 * and by descriptor, with XATTR_CREATE and XATTR_REPLACE. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "file.h"

#include <sys/xattr.h>

static struct io_uring ring;

static int set_by_path(const char *name, const char *value, int flags)
{
	struct io_uring_sqe *sqe = t_sqe(&ring);

	io_uring_prep_setxattr(sqe, name, value, "file", flags,
			       (unsigned int)strlen(value));
	return t_do(&ring, sqe);
}

static int set_by_fd(int fd, const char *name, const char *value, int flags)
{
	struct io_uring_sqe *sqe = t_sqe(&ring);

	io_uring_prep_fsetxattr(sqe, fd, name, value, flags,
				(unsigned int)strlen(value));
	return t_do(&ring, sqe);
}

static void stored(const char *name, const char *value)
{
	char seen[64];

	T_EQ(getxattr("file", name, seen, sizeof(seen)), strlen(value));
	T_MEM_EQ(seen, value, strlen(value));
}

int main(void)
{
	struct io_uring_sqe *sqe;
	char seen[64] = "";
	int fd;

	T_RING(8, &ring, 0);
	T_NEEDS_OP(5, 19, IORING_OP_FSETXATTR);
	t_enter_tmpdir();
	t_write_file("file", "text");
	fd = (int)T_SYS(open("file", O_RDWR | O_CLOEXEC));
	if (fsetxattr(fd, "user.try", "1", 1, 0)) {
		t_remove_dir();
		T_SKIP("the file system of %s has no user attributes", t_dir);
	}

	T_EQ(set_by_path("user.path", "by path", 0), 0);
	stored("user.path", "by path");
	T_EQ(set_by_path("user.path", "x", XATTR_CREATE), -EEXIST);
	T_EQ(set_by_path("user.none", "x", XATTR_REPLACE), -ENODATA);
	T_EQ(set_by_fd(fd, "user.fd", "by descriptor", XATTR_CREATE), 0);
	stored("user.fd", "by descriptor");
	T_EQ(set_by_fd(fd, "user.fd", "x", XATTR_CREATE), -EEXIST);

	sqe = t_sqe(&ring);
	io_uring_prep_getxattr(sqe, "user.fd", seen, "file", sizeof(seen));
	T_EQ(t_do(&ring, sqe), 13);
	T_MEM_EQ(seen, "by descriptor", 13);
	sqe = t_sqe(&ring);
	io_uring_prep_fgetxattr(sqe, fd, "user.path", seen, sizeof(seen));
	T_EQ(t_do(&ring, sqe), 7);
	T_MEM_EQ(seen, "by path", 7);
	sqe = t_sqe(&ring);
	io_uring_prep_getxattr(sqe, "user.fd", seen, "file", 3);
	T_EQ(t_do(&ring, sqe), -ERANGE);
	sqe = t_sqe(&ring);
	io_uring_prep_fgetxattr(sqe, fd, "user.none", seen, sizeof(seen));
	T_EQ(t_do(&ring, sqe), -ENODATA);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
