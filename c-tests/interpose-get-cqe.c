/* Description: the inline waiting functions reach the library only through
 * __io_uring_get_cqe(): a program that defines it sees every wait that finds
 * nothing, and none that finds something. */
/* flavours: plain defer sqe128 cqe32 */
/* valgrind: off: it delivers no signal during io_uring_enter(2) */
/* link: shared */
/* cflags: -rdynamic -ldl */
#include "test.h"

#include <dlfcn.h>

static int calls;

int __io_uring_get_cqe(struct io_uring *ring, struct io_uring_cqe **cqe_ptr,
		       unsigned int submit, unsigned int wait_nr,
		       sigset_t *sigmask)
{
	int (*real)(struct io_uring *, struct io_uring_cqe **, unsigned int,
		    unsigned int, sigset_t *);

	calls++;
	*(void **)&real = dlsym(RTLD_NEXT, "__io_uring_get_cqe");
	T_CHECK(real != NULL);
	return real(ring, cqe_ptr, submit, wait_nr, sigmask);
}

int main(void)
{
	struct io_uring_cqe *cqe;
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	char byte;
	int sv[2];

	T_RING(4, &ring, 0);
	t_queue_nop(&ring, 1);
	T_EQ(io_uring_submit(&ring), 1);
	T_EQ(io_uring_wait_cqe(&ring, &cqe), 0);
	T_EQ(calls, 0);
	io_uring_cqe_seen(&ring, cqe);

	t_socketpair(sv);
	sqe = io_uring_get_sqe(&ring);
	T_CHECK(sqe != NULL);
	io_uring_prep_read(sqe, sv[0], &byte, 1, 0);
	T_EQ(io_uring_submit(&ring), 1);
	t_signal_after(20, 20);
	T_EQ(io_uring_wait_cqe(&ring, &cqe), -EINTR);
	T_EQ(calls, 1);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
