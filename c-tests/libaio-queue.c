/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Description: the io_queue_* functions: one that makes a context out of any
 * variable, one that calls every ready request's callback in this thread, one
 * that takes no event. And what programs of the first version get: io_cancel()
 * of two arguments, io_getevents() without a minimum, which waits for one. */
/* libraries: aio */
/* flavours: plain */
/* valgrind: off: it reports that the kernel is asked about bad pointers */
/* upstream: kernel AIO */
#include "libaio-tests.h"

#include <dlfcn.h>

#define NR 8

typedef int cancel_old(io_context_t ctx, struct iocb *iocb);
typedef int getevents_old(io_context_t ctx, long nr, struct io_event *ev,
			  const struct timespec *ts);
typedef int queue_wait(io_context_t ctx, const struct timespec *ts);

static io_context_t ctx;
static struct iocb reqs[NR];
static char mem[NR];
static int file, efd, p[2];

static void *versioned(const char *name, const char *version)
{
	void *fn = dlvsym(RTLD_DEFAULT, name, version);

	if (!fn)
		T_FAIL("%s@%s: %s", name, version, dlerror());
	return fn;
}

static void init(void)
{
	io_context_t mine = LA_WILD;

	T_EQ(io_queue_init(0, &mine), -EINVAL);
	T_EQ(io_queue_init(-1, &mine), -EINVAL);
	T_EQ(io_queue_init(0, NULL), -EINVAL);
	T_PTR_EQ(mine, 16);
	/* Unlike io_setup() it does not want NULL there. */
	T_EQ(io_queue_init(4, &mine), 0);
	T_CHECK(la_is_mapped(mine));
	T_EQ(la_ring(mine)->magic, LA_MAGIC);
	la_quiet(mine);
	T_EQ(io_queue_release(mine), 0);
	T_CHECK(!la_is_mapped(mine));
	T_EQ(io_queue_release(mine), -EINVAL);
	mine = LA_WILD;
	T_EQ(io_queue_init(0x10000000, &mine), -EINVAL);
	T_PTR_EQ(mine, NULL);
}

static int called;
static pthread_t caller;
static long last_res;

static void callback(io_context_t of, struct iocb *iocb, long res, long res2)
{
	T_PTR_EQ(of, ctx);
	T_PTR_EQ(iocb->data, (uintptr_t)callback);
	T_CHECK(iocb >= reqs && iocb < reqs + NR);
	T_EQ(res2, 0);
	T_CHECK(pthread_equal(pthread_self(), caller));
	last_res = res;
	called++;
}

static void ready(int nr)
{
	int i;

	for (i = 0; i < nr; i++) {
		io_prep_pread(&reqs[i], file, &mem[i], 1, i);
		io_set_eventfd(&reqs[i], efd);
		io_set_callback(&reqs[i], callback);
		LA_SUBMIT(ctx, &reqs[i]);
	}
	for (i = 0; i < nr; i += (int)la_count(efd))
		T_CHECK(la_wait_readable(efd));
}

/* Starts another one, which the same call finds. */
static void starts_another(io_context_t of, struct iocb *iocb, long res,
			   long res2)
{
	io_set_callback(iocb, callback);
	T_EQ(res, 1);
	T_EQ(res2, 0);
	called++;
	LA_SUBMIT(of, iocb);
	T_CHECK(la_wait_readable(efd));
	la_count(efd);
}

static void run(void)
{
	caller = pthread_self();
	T_EQ(io_queue_run(ctx), 0);
	T_EQ(called, 0);
	ready(NR);
	T_EQ(io_queue_run(ctx), 0);
	T_EQ(called, NR);
	T_EQ(last_res, 1);
	T_EQ(io_queue_run(ctx), 0);
	T_EQ(called, NR);
	/* It does not wait for what is in flight. */
	io_prep_poll(&reqs[0], p[0], POLLIN);
	io_set_callback(&reqs[0], callback);
	LA_SUBMIT(ctx, &reqs[0]);
	T_EQ(io_queue_run(ctx), 0);
	T_EQ(called, NR);
	T_EQ(io_cancel(ctx, &reqs[0], NULL), -EINPROGRESS);
	T_UNTIL(la_in_ring(ctx));
	T_EQ(io_queue_run(ctx), 0);
	T_EQ(called, NR + 1);
	T_EQ(last_res, 0);
	/* The callback is what data says by now. */
	io_prep_pread(&reqs[0], file, mem, 1, 0);
	io_set_eventfd(&reqs[0], efd);
	io_set_callback(&reqs[0], starts_another);
	LA_SUBMIT(ctx, &reqs[0]);
	T_CHECK(la_wait_readable(efd));
	la_count(efd);
	T_EQ(io_queue_run(ctx), 0);
	T_EQ(called, NR + 3);
}

/* It has room for no event, so it waits for none. */
static void waits_for_nothing(queue_wait *fn)
{
	struct timespec ts = la_ms(LA_PATIENCE_MS);

	T_EQ(fn(ctx, &ts), 0);
	T_EQ(fn(ctx, NULL), 0);
	ready(1);
	T_EQ(fn(ctx, &ts), 0);
	T_EQ(fn(ctx, NULL), 0);
	T_EQ(la_in_ring(ctx), 1);
	T_EQ(la_result(ctx, &reqs[0]), 1);
	T_EQ(fn(NULL, &ts), -EINVAL);
}

static void getevents_of_old(void)
{
	getevents_old *fn = (getevents_old *)(uintptr_t)versioned(
		"io_getevents", "LIBAIO_0.1");
	struct timespec zero = la_ms(0), ts = la_ms(30);
	struct timespec patience = la_ms(LA_PATIENCE_MS);
	long long before = t_now_ms();
	struct io_event ev[NR];

	T_EQ(fn(ctx, NR, ev, &zero), 0);
	T_EQ(fn(ctx, NR, ev, &ts), 0);
	T_GE(t_now_ms() - before, 29);
	ready(5);
	T_EQ(fn(ctx, 2, ev, &patience), 2);
	T_EQ(la_res_of(&ev[1], ev[1].obj), 1);
	/* One is enough. */
	T_EQ(fn(ctx, NR, ev, &patience), 3);
	ready(1);
	T_EQ(fn(ctx, 0, ev, NULL), -EINVAL);
	T_EQ(fn(ctx, -1, ev, NULL), -EINVAL);
	T_EQ(fn(ctx, 2, NULL, NULL), -EFAULT);
	T_EQ(fn(ctx, 2, ev, NULL), 1);
	T_EQ(la_res_of(&ev[0], &reqs[0]), 1);
	T_EQ(fn(NULL, 1, ev, NULL), -EINVAL);
	la_quiet(ctx);
}

static void cancel_of_old(void)
{
	cancel_old *fn = (cancel_old *)(uintptr_t)versioned("io_cancel",
							    "LIBAIO_0.1");
	int before = called;

	io_prep_poll(&reqs[0], p[0], POLLIN);
	io_set_callback(&reqs[0], callback);
	LA_SUBMIT(ctx, &reqs[0]);
	T_EQ(fn(ctx, &reqs[0]), -EINPROGRESS);
	T_EQ(called, before);
	T_EQ(la_result(ctx, &reqs[0]), 0);
	T_EQ(fn(ctx, &reqs[0]), -EINVAL);
	T_EQ(fn(ctx, NULL), -EFAULT);
	T_EQ(fn(NULL, &reqs[0]), -EINVAL);
	la_quiet(ctx);
}

/* Each function under the version it came with, and the default is the last. */
static void versions(void)
{
	static const char *const names[][3] = {
		{ "io_queue_init", "LIBAIO_0.1", NULL },
		{ "io_queue_release", "LIBAIO_0.1", NULL },
		{ "io_queue_run", "LIBAIO_0.1", NULL },
		{ "io_submit", "LIBAIO_0.1", NULL },
		{ "io_queue_wait", "LIBAIO_0.4", "LIBAIO_0.1" },
		{ "io_getevents", "LIBAIO_0.4", "LIBAIO_0.1" },
		{ "io_cancel", "LIBAIO_0.4", "LIBAIO_0.1" },
		{ "io_setup", "LIBAIO_0.4", NULL },
		{ "io_destroy", "LIBAIO_0.4", NULL },
		{ "io_pgetevents", "LIBAIO_0.5", NULL },
	};
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		T_PTR_EQ(dlsym(RTLD_DEFAULT, names[i][0]),
			 versioned(names[i][0], names[i][1]));
		if (names[i][2])
			versioned(names[i][0], names[i][2]);
	}
	T_CHECK(versioned("io_getevents", "LIBAIO_0.1") !=
		versioned("io_getevents", "LIBAIO_0.4"));
	T_CHECK(versioned("io_cancel", "LIBAIO_0.1") !=
		versioned("io_cancel", "LIBAIO_0.4"));
}

int main(void)
{
	file = la_tmpfile(NR);
	efd = (int)T_SYS(eventfd(0, EFD_CLOEXEC));
	t_pipe(p);
	init();
	T_EQ(io_queue_init(NR, &ctx), 0);
	run();
	waits_for_nothing(io_queue_wait);
	waits_for_nothing((queue_wait *)(uintptr_t)versioned("io_queue_wait",
							     "LIBAIO_0.1"));
	getevents_of_old();
	cancel_of_old();
	versions();
	T_EQ(io_queue_release(ctx), 0);
	t_close_both(p);
	close(efd);
	close(file);
	return T_EXIT_PASS;
}
