/* Description: register_personality() keeps the credentials of its caller and
 * returns an ID greater than 0; a request that names the ID runs with them,
 * until unregister_personality() ends it. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "file.h"

static int open_as(struct io_uring *ring, int personality)
{
	struct io_uring_sqe *sqe = t_sqe(ring);
	int fd;

	io_uring_prep_openat(sqe, AT_FDCWD, "private", O_RDONLY | O_CLOEXEC, 0);
	sqe->personality = (unsigned short)personality;
	fd = t_do(ring, sqe);
	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

int main(void)
{
	struct io_uring ring;
	int nobody, self;

	T_RING(8, &ring, 0);
	self = io_uring_register_personality(&ring);
	T_GE(self, 1);
	t_enter_tmpdir();
	t_write_file("private", "x");
	T_SYS(chmod("private", 0600));
	T_EQ(open_as(&ring, 0), 0);
	T_EQ(open_as(&ring, self), 0);

	if (geteuid() == 0) {
		T_SYS(chmod(".", 0755));
		T_SYS(seteuid(65534));
		nobody = io_uring_register_personality(&ring);
		T_SYS(seteuid(0));
		T_GE(nobody, 1);
		T_NE(nobody, self);
		T_EQ(open_as(&ring, nobody), -EACCES);
		T_EQ(open_as(&ring, self), 0);
		T_EQ(io_uring_unregister_personality(&ring, nobody), 0);
		T_EQ(open_as(&ring, nobody), -EINVAL);
	}
	T_EQ(io_uring_unregister_personality(&ring, self), 0);
	T_EQ(io_uring_unregister_personality(&ring, self), -EINVAL);
	T_EQ(open_as(&ring, self), -EINVAL);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
