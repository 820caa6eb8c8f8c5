/* Description: a program that defines io_uring_submit() and finds the real one
 * by dlsym(RTLD_NEXT) sees its own calls, and can make them fail. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* link: shared */
/* cflags: -rdynamic -ldl */
#include "test.h"

#include <dlfcn.h>

static int calls;
static int inject;

int io_uring_submit(struct io_uring *ring)
{
	int (*real)(struct io_uring *);

	calls++;
	if (inject)
		return inject;
	*(void **)&real = dlsym(RTLD_NEXT, "io_uring_submit");
	T_CHECK(real != NULL);
	T_CHECK(real != io_uring_submit);
	return real(ring);
}

int main(void)
{
	struct io_uring ring;

	T_RING(4, &ring, 0);
	t_queue_nop(&ring, 1);
	inject = -EBUSY;
	T_EQ(io_uring_submit(&ring), -EBUSY);
	inject = 0;
	T_SUBMIT(&ring, 1);
	T_EQ(calls, 2);
	T_EQ(t_reap(&ring).user_data, 1);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
