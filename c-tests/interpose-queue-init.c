/* Description: a program (or a preloaded library) that defines
 * io_uring_queue_init_params(), io_uring_queue_init() or io_uring_queue_exit()
 * gets the library's own calls of them too. Fault injectors rely on it. */
/* flavours: plain */
/* link: shared */
/* cflags: -rdynamic -ldl */
#include "test.h"

#include <dlfcn.h>

static int calls;
static int inject;

int io_uring_queue_init_params(unsigned int entries, struct io_uring *ring,
			       struct io_uring_params *p)
{
	int (*real)(unsigned int, struct io_uring *, struct io_uring_params *);

	calls++;
	if (inject)
		return inject;
	*(void **)&real = dlsym(RTLD_NEXT, "io_uring_queue_init_params");
	T_CHECK(real != NULL);
	return real(entries, ring, p);
}

static int exits;

void io_uring_queue_exit(struct io_uring *ring)
{
	void (*real)(struct io_uring *);

	exits++;
	*(void **)&real = dlsym(RTLD_NEXT, "io_uring_queue_exit");
	T_CHECK(real != NULL);
	real(ring);
}

int main(void)
{
	struct io_uring_probe *probe;
	struct io_uring ring;

	T_NEEDS_RING();
	calls = 0;
	T_EQ(io_uring_queue_init(4, &ring, 0), 0);
	T_EQ(calls, 1);
	t_queue_nop(&ring, 1);
	T_EQ(io_uring_submit(&ring), 1);
	T_EQ(t_reap(&ring).user_data, 1);
	io_uring_queue_exit(&ring);

	calls = exits = 0;
	probe = io_uring_get_probe();
	T_CHECK(probe != NULL);
	io_uring_free_probe(probe);
	T_EQ(calls, 1);
	T_EQ(exits, 1);

	inject = -EXDEV;
	T_EQ(io_uring_queue_init(4, &ring, 0), -EXDEV);
	T_EQ(calls, 2);
	T_PTR_EQ(io_uring_get_probe(), NULL);
	T_EQ(calls, 3);
	return T_EXIT_PASS;
}
