/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Description: to a forked child its parent's context is none, but for the
 * look into the ring that it shares; it makes its own, and the parent goes on
 * as if nothing had happened, with what was in flight as well. */
/* libraries: aio */
/* flavours: plain */
/* valgrind: off: to a child, what belongs to the parent's threads is lost */
/* upstream: kernel AIO */
#include "libaio-tests.h"

#define BLOCK 4096

static io_context_t ctx;
static struct iocb waiting, fresh;
static int direct, p[2];
static char *mem;

static void refused(void)
{
	struct timespec zero = la_ms(0), ts = la_ms(1);
	bool empty = la_in_ring(ctx) == 0;
	struct io_event ev;
	char byte;

	io_prep_pread(&fresh, direct, &byte, 1, 0);
	T_EQ(la_submit(ctx, &fresh), -EINVAL);
	T_EQ(io_submit(ctx, 0, NULL), -EINVAL);
	T_EQ(io_getevents(ctx, 0, 1, &ev, &ts), -EINVAL);
	T_EQ(io_getevents(ctx, 1, 1, &ev, NULL), -EINVAL);
	T_EQ(io_pgetevents(ctx, 1, 1, &ev, &ts, NULL), -EINVAL);
	/* The ring says that there is nothing, and nobody else is asked. */
	T_EQ(io_getevents(ctx, 1, 1, &ev, &zero), empty ? 0 : -EINVAL);
	T_EQ(io_cancel(ctx, &waiting, &ev), -EINVAL);
	T_EQ(io_queue_wait(ctx, &ts), -EINVAL);
	T_EQ(io_destroy(ctx), -EINVAL);
	T_EQ(io_destroy(ctx), -EINVAL);
}

static void own_context(void)
{
	io_context_t mine = la_setup(4);
	char *page = t_pages(BLOCK), byte;
	int q[2];

	T_CHECK(mine != ctx);
	io_prep_pread(&fresh, direct, page, BLOCK, BLOCK);
	T_EQ(la_do(mine, &fresh), BLOCK);
	T_CHECK(la_is_pattern(page, BLOCK, BLOCK));
	t_pipe(q);
	io_prep_poll(&fresh, q[0], POLLIN);
	LA_SUBMIT(mine, &fresh);
	la_write(q[1], "x");
	T_CHECK(la_woken(la_result(mine, &fresh), POLLIN));
	T_EQ(read(q[0], &byte, 1), 1);
	refused();
	LA_DESTROY(mine);
	T_SYS(munmap(page, BLOCK));
	t_close_both(q);
}

static int grandchild(void *arg)
{
	(void)arg;
	refused();
	own_context();
	return T_EXIT_PASS;
}

static int child(void *arg)
{
	(void)arg;
	refused();
	own_context();
	T_EQ(t_fork_run(grandchild, NULL), T_EXIT_PASS);
	own_context();
	return T_EXIT_PASS;
}

/* Leaves everything to the end of the process. */
static int careless_child(void *arg)
{
	io_context_t mine = la_setup(4);

	(void)arg;
	io_prep_poll(&fresh, p[0], POLLIN);
	LA_SUBMIT(mine, &fresh);
	io_prep_pread(&fresh, direct, t_pages(BLOCK), BLOCK, 0);
	LA_SUBMIT(mine, &fresh);
	return T_EXIT_PASS;
}

static void parent_goes_on(void)
{
	char byte;

	la_write(p[1], "y");
	T_CHECK(la_woken(la_result(ctx, &waiting), POLLIN));
	T_EQ(read(p[0], &byte, 1), 1);
	io_prep_pread(&fresh, direct, mem, BLOCK, BLOCK);
	T_EQ(la_do(ctx, &fresh), BLOCK);
	T_CHECK(la_is_pattern(mem, BLOCK, BLOCK));
	la_quiet(ctx);
	LA_SUBMIT(ctx, &waiting);
}

/* An event that is in the ring at the fork is the parent's. */
static void event_at_fork(void)
{
	struct io_event ev;

	io_prep_pread(&fresh, direct, mem, BLOCK, 0);
	fresh.data = mem;
	LA_SUBMIT(ctx, &fresh);
	T_UNTIL(la_in_ring(ctx));
	t_clone_run(refused);
	T_EQ(t_fork_run(child, NULL), T_EXIT_PASS);
	T_EQ(la_in_ring(ctx), 1);
	ev = la_event(ctx);
	T_PTR_EQ(ev.obj, &fresh);
	T_PTR_EQ(ev.data, mem);
	T_EQ(ev.res, BLOCK);
}

int main(void)
{
	ctx = la_setup(8);
	mem = t_pages(BLOCK);
	t_pipe(p);
	direct = la_direct_file(2 * BLOCK);
	io_prep_poll(&waiting, p[0], POLLIN);
	/* A context that nothing was done with is the parent's as well. */
	t_clone_run(refused);
	T_EQ(t_fork_run(child, NULL), T_EXIT_PASS);
	LA_SUBMIT(ctx, &waiting);
	T_EQ(t_fork_run(child, NULL), T_EXIT_PASS);
	parent_goes_on();
	T_EQ(t_fork_run(careless_child, NULL), T_EXIT_PASS);
	parent_goes_on();
	t_clone_run(refused);
	parent_goes_on();
	event_at_fork();
	LA_DESTROY(ctx);
	t_close_both(p);
	close(direct);
	return T_EXIT_PASS;
}
