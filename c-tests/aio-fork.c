/* Description: in a forked child every function refuses the parent's context
 * with -EINVAL, whatever way the child was made; the child can make contexts
 * of its own, and the parent goes on as if nothing had happened, with what was
 * in flight at the fork too. */
/* libraries: uring-aio */
/* flavours: plain */
/* valgrind: off: to a child, what belongs to the parent's threads is lost */
/* upstream: differs: liburing has no AIO engine */
#include "aio.h"

#include <sched.h>

#define BLOCK 4096u

static struct io_uring_aio *ctx;
static struct io_uring_aio_req waiting, fresh;
static unsigned char *mem;
static int direct;

static int no_cancel(struct io_uring_aio_req *req)
{
	(void)req;
	return 1;
}

static void refused(void)
{
	struct io_uring_aio_req *reqs[1] = { &fresh };
	struct __kernel_timespec ts = t_ms(0);
	struct io_uring_aio_event ev;

	AIO_REQ(&fresh);
	io_uring_prep_nop(&fresh.sqe);
	T_EQ(io_uring_aio_submit(ctx, 1, reqs), -EINVAL);
	AIO_IDLE(&fresh);
	T_EQ(io_uring_aio_start(ctx, &fresh), -EINVAL);
	AIO_IDLE(&fresh);
	T_EQ(io_uring_aio_complete(ctx, &waiting, 0), -EINVAL);
	T_EQ(io_uring_aio_getevents(ctx, 0, 1, &ev, &ts), -EINVAL);
	T_EQ(io_uring_aio_getevents(ctx, 1, 1, &ev, NULL), -EINVAL);
	T_EQ(io_uring_aio_register_eventfd(ctx, -1), -EINVAL);
	T_EQ(io_uring_aio_req_set_cancel_fn(ctx, &waiting, no_cancel), -EINVAL);
	T_EQ(io_uring_aio_cancel(ctx, &waiting, &ev, NULL), -EINVAL);
	T_EQ(io_uring_aio_cancel_async(ctx, &waiting), -EINVAL);
	T_EQ(io_uring_aio_cancel_fd(ctx, 0), -EINVAL);
	T_EQ(io_uring_aio_queue_exit(ctx), -EINVAL);
}

static void own_context(unsigned int flags)
{
	struct io_uring_aio *mine = aio_init(4, flags);
	int p[2];

	AIO_REQ(&fresh);
	io_uring_prep_nop(&fresh.sqe);
	T_EQ(aio_do(mine, &fresh), 0);
	aio_read(&fresh, direct, mem, BLOCK, 0);
	T_EQ(aio_do(mine, &fresh), BLOCK);
	T_CHECK(aio_is_pattern(mem, BLOCK, 0));
	t_pipe(p);
	aio_read(&fresh, p[0], mem, 1, (__u64)-1);
	AIO_SUBMIT(mine, &fresh);
	T_EQ(write(p[1], "x", 1), 1);
	T_EQ(aio_result(mine, &fresh), 1);
	refused();
	AIO_EXIT(mine);
	t_close_both(p);
}

static int grandchild(void *arg)
{
	(void)arg;
	refused();
	own_context(0);
	return T_EXIT_PASS;
}

static int idle_child(void *arg)
{
	(void)arg;
	refused();
	return T_EXIT_PASS;
}

static int child(void *arg)
{
	refused();
	own_context(*(unsigned int *)arg);
	T_EQ(t_fork_run(grandchild, NULL), T_EXIT_PASS);
	own_context(*(unsigned int *)arg);
	return T_EXIT_PASS;
}

/* The child's contexts are left to the end of the process. */
static int careless_child(void *arg)
{
	struct io_uring_aio *mine = aio_init(4, *(unsigned int *)arg);
	static int p[2];

	t_pipe(p);
	aio_read(&fresh, p[0], mem, 1, (__u64)-1);
	AIO_SUBMIT(mine, &fresh);
	return T_EXIT_PASS;
}

static void parent_goes_on(int p[2])
{
	T_EQ(write(p[1], "y", 1), 1);
	T_EQ(aio_result(ctx, &waiting), 1);
	aio_read(&fresh, direct, mem, BLOCK, BLOCK);
	T_EQ(aio_do(ctx, &fresh), BLOCK);
	T_CHECK(aio_is_pattern(mem, BLOCK, BLOCK));
	aio_read(&waiting, p[0], mem, 1, (__u64)-1);
	AIO_SUBMIT(ctx, &waiting);
}

static void run(unsigned int flags)
{
	int p[2];

	ctx = aio_init(8, flags);
	t_pipe(p);
	direct = aio_direct_file(4 * BLOCK);
	aio_read(&waiting, p[0], mem, 1, (__u64)-1);
	/* A context that nothing was done with is the parent's as well. */
	t_clone_run(refused);
	T_EQ(t_fork_run(child, &flags), T_EXIT_PASS);
	AIO_SUBMIT(ctx, &waiting);
	T_EQ(t_fork_run(child, &flags), T_EXIT_PASS);
	parent_goes_on(p);
	T_EQ(t_fork_run(careless_child, &flags), T_EXIT_PASS);
	parent_goes_on(p);
	t_clone_run(refused);
	parent_goes_on(p);
	AIO_EXIT(ctx);
	/* What ended in the parent has ended in a child. */
	T_EQ(t_fork_run(idle_child, NULL), T_EXIT_PASS);
	t_close_both(p);
	close(direct);
}

int main(void)
{
	mem = t_pages(BLOCK);
	AIO_EACH_KIND(run);
	T_SYS(munmap(mem, BLOCK));
	return T_EXIT_PASS;
}
