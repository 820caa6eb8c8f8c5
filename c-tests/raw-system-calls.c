/* Description: io_uring_setup(), io_uring_enter(), io_uring_enter2() and
 * io_uring_register() are the system calls themselves: their result, or
 * -errno, with errno untouched. */
/* flavours: plain defer sqe128 cqe32 */
#include "test.h"

int main(void)
{
	struct io_uring_getevents_arg arg;
	struct __kernel_timespec ts = t_ms(5);
	struct io_uring_params p;
	struct io_uring ring;
	sigset_t mask;
	int fd, ev = -1;

	T_NEEDS_RING();
	errno = 4242;
	memset(&p, 0, sizeof(p));
	T_EQ(io_uring_setup(0, &p), -EINVAL);
	T_EQ(io_uring_setup(8, NULL), -EFAULT);
	T_EQ(io_uring_enter((unsigned int)-1, 0, 0, 0, NULL), -EBADF);
	T_EQ(io_uring_enter2((unsigned int)-1, 0, 0, 0, NULL, 0), -EBADF);
	T_EQ(io_uring_register(1u << 20, IORING_REGISTER_FILES, NULL, 0), -EBADF);

	memset(&p, 0, sizeof(p));
	t_flavour_params(&p);
	fd = io_uring_setup(8, &p);
	T_GE(fd, 0);
	T_EQ(p.sq_entries, 8);
	T_NE(p.features, 0);
	T_EQ(close(fd), 0);

	T_RING(8, &ring, 0);
	t_queue_nop(&ring, 1);
	t_queue_nop(&ring, 2);
	*ring.sq.ktail = ring.sq.sqe_tail;
	T_EQ(io_uring_enter((unsigned int)ring.ring_fd, 2, 2,
			    IORING_ENTER_GETEVENTS, NULL), 2);
	T_EQ(t_reap(&ring).user_data, 1);
	T_EQ(t_reap(&ring).user_data, 2);
	/* The legacy form passes a signal mask of the kernel's size. */
	sigemptyset(&mask);
	T_EQ(io_uring_enter((unsigned int)ring.ring_fd, 0, 0,
			    IORING_ENTER_GETEVENTS, &mask), 0);

	if (ring.features & IORING_FEAT_EXT_ARG) {
		memset(&arg, 0, sizeof(arg));
		arg.ts = (uintptr_t)&ts;
		T_EQ(io_uring_enter2((unsigned int)ring.ring_fd, 0, 1,
				     IORING_ENTER_GETEVENTS |
					     IORING_ENTER_EXT_ARG,
				     &arg, sizeof(arg)), -ETIME);
		T_EQ(io_uring_enter2((unsigned int)ring.ring_fd, 0, 1,
				     IORING_ENTER_GETEVENTS |
					     IORING_ENTER_EXT_ARG,
				     &arg, 7), -EINVAL);
	}

	T_EQ(io_uring_register((unsigned int)ring.ring_fd,
			       IORING_REGISTER_FILES, &ev, 1), 0);
	T_EQ(io_uring_register((unsigned int)ring.ring_fd,
			       IORING_REGISTER_FILES, &ev, 1), -EBUSY);
	T_EQ(io_uring_register((unsigned int)ring.ring_fd,
			       IORING_UNREGISTER_FILES, NULL, 0), 0);
	io_uring_queue_exit(&ring);
	T_EQ(errno, 4242);
	return T_EXIT_PASS;
}
