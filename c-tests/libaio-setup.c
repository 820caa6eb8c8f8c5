/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Description: io_setup() refuses a number that is not positive or beyond all
 * bounds, a context that is not NULL and memory it cannot write to; each
 * context is one mapping that io_destroy() removes; every function refuses
 * what is no context, wherever it points. A process that may make neither files
 * nor threads has contexts all the same. */
/* libraries: aio */
/* flavours: plain */
/* valgrind: off: it reports that the kernel is asked about bad pointers */
/* upstream: kernel AIO */
#include "libaio-tests.h"

#include <sys/resource.h>

#define NR 12

static void refused(void)
{
	io_context_t ctx = NULL;

	T_EQ(io_setup(0, &ctx), -EINVAL);
	T_EQ(io_setup(-1, &ctx), -EINVAL);
	T_EQ(io_setup(INT32_MAX, &ctx), -EINVAL);
	T_EQ(io_setup(0x10000000, &ctx), -EINVAL);
	T_PTR_EQ(ctx, NULL);
	ctx = (io_context_t)1;
	T_EQ(io_setup(1, &ctx), -EINVAL);
	T_EQ(io_setup(0, &ctx), -EINVAL);
	T_PTR_EQ(ctx, 1);
}

/* The pointer is looked at first. */
static void pointer_refused(void)
{
	io_context_t *page = t_pages(4096);

	T_EQ(io_setup(1, NULL), -EFAULT);
	T_EQ(io_setup(1, LA_WILD), -EFAULT);
	T_EQ(io_setup(1, LA_BAD), -EFAULT);
	T_EQ(io_setup(1, LA_KERNEL), -EFAULT);
	T_EQ(io_setup(0, LA_WILD), -EFAULT);
	T_EQ(io_setup(0, NULL), -EFAULT);
	T_EQ(io_setup(0x10000000, LA_BAD), -EFAULT);
	/* Can be read and not written: the context must not stay behind. */
	T_SYS(mprotect(page, 4096, PROT_READ));
	T_EQ(io_setup(1, page), -EFAULT);
	T_EQ(io_setup(0, page), -EINVAL);
	T_PTR_EQ(*page, NULL);
	T_SYS(mprotect(page, 4096, PROT_NONE));
	T_EQ(io_setup(1, page), -EFAULT);
	T_SYS(munmap(page, 4096));
}

static void several(void)
{
	static const char text[] = "several";
	io_context_t ctx[NR];
	struct iocb iocb[NR];
	char byte[NR];
	int i, j, fd;

	fd = la_tmpfile(0);
	T_EQ(write(fd, text, sizeof(text)), sizeof(text));
	for (i = 0; i < NR; i++) {
		ctx[i] = la_setup(1 + i);
		for (j = 0; j < i; j++)
			T_CHECK(ctx[i] != ctx[j]);
		T_CHECK(la_is_mapped(ctx[i]));
		T_EQ((uintptr_t)ctx[i] % 4096, 0);
	}
	/* What is submitted to one is found in that one. */
	for (i = 0; i < NR; i++) {
		io_prep_pread(&iocb[i], fd, &byte[i], 1, i % 7);
		LA_SUBMIT(ctx[i], &iocb[i]);
	}
	for (i = NR - 1; i >= 0; i--) {
		T_EQ(la_result(ctx[i], &iocb[i]), 1);
		T_EQ(byte[i], text[i % 7]);
		la_quiet(ctx[i]);
	}
	for (i = 0; i < NR; i++) {
		LA_DESTROY(ctx[i]);
		T_CHECK(!la_is_mapped(ctx[i]));
		T_EQ(io_destroy(ctx[i]), -EINVAL);
		/* The others live on. */
		if (i + 1 < NR)
			la_quiet(ctx[i + 1]);
	}
	close(fd);
}

/*
 * The original's io_getevents() and io_pgetevents() look into the ring, and
 * crash when there is nothing to be looked at.
 */
static void no_context(io_context_t ctx, bool readable)
{
	struct timespec ts = la_ms(1);
	struct io_event ev;
	struct iocb iocb, *list[1] = { &iocb };
	char byte;

	io_prep_pread(&iocb, 0, &byte, 1, 0);
	T_EQ(io_submit(ctx, 1, list), -EINVAL);
	T_EQ(io_submit(ctx, 0, list), -EINVAL);
	T_EQ(io_submit(ctx, -1, list), -EINVAL);
	/* The context is looked at before the list. */
	T_EQ(io_submit(ctx, 1, LA_WILD), -EINVAL);
	if (readable) {
		T_EQ(io_getevents(ctx, 0, 1, &ev, &ts), -EINVAL);
		T_EQ(io_getevents(ctx, 1, 1, &ev, NULL), -EINVAL);
		T_EQ(io_getevents(ctx, 0, 0, NULL, NULL), -EINVAL);
		T_EQ(io_pgetevents(ctx, 0, 1, &ev, &ts, NULL), -EINVAL);
		T_EQ(io_queue_wait(ctx, &ts), -EINVAL);
	}
	T_EQ(io_cancel(ctx, &iocb, &ev), -EINVAL);
	/* The request is looked at before the context. */
	T_EQ(io_cancel(ctx, NULL, &ev), -EFAULT);
	T_EQ(io_cancel(ctx, LA_WILD, &ev), -EFAULT);
	T_EQ(io_queue_release(ctx), -EINVAL);
	T_EQ(io_destroy(ctx), -EINVAL);
}

static void no_contexts(void)
{
	struct timespec zero = la_ms(0);
	io_context_t ctx = la_setup(4), gone = la_setup(4);
	char *end = la_page_end();
	struct la_ring *copy = t_pages(4096);
	struct io_event ev;

	LA_DESTROY(gone);
	no_context(NULL, true);
	no_context(LA_WILD, false);
	no_context(LA_BAD, false);
	no_context(LA_KERNEL, false);
	no_context(gone, false);
	no_context((io_context_t)end, false);
	no_context((io_context_t)(end - 16), false);
	no_context((io_context_t)((char *)ctx + 1), true);
	no_context((io_context_t)((char *)ctx + 32), true);
	/* Memory that looks like a context, down to its number. */
	memcpy(copy, ctx, sizeof(*copy));
	no_context((io_context_t)copy, true);
	memset(copy, 0xff, 4096);
	no_context((io_context_t)copy, true);
	T_EQ(io_getevents(NULL, 0, 1, &ev, &zero), -EINVAL);
	T_EQ(io_queue_run(NULL), -EINVAL);
	la_quiet(ctx);
	LA_DESTROY(ctx);
	T_SYS(munmap(copy, 4096));
	T_SYS(munmap(end - 4096, 8192));
}

/* Round after round, with and without something to be thrown away. */
static void nothing_stays(void)
{
	struct t_usage before;
	io_context_t ctx;
	struct iocb iocb;
	int i, p[2];

	t_pipe(p);
	io_prep_poll(&iocb, p[0], POLLIN);
	for (i = 0; i < 12; i++) {
		/* The first round brings what lasts for the process. */
		if (i == 2)
			before = t_usage();
		ctx = la_setup(8);
		if (i & 1)
			LA_SUBMIT(ctx, &iocb);
		LA_DESTROY(ctx);
	}
	T_NOTHING_LEAKED(before);
	t_close_both(p);
}

static int no_threads(void *arg)
{
	const struct rlimit none = { 0, 0 };
	io_context_t ctx = NULL;

	(void)arg;
	T_SYS(setrlimit(RLIMIT_NPROC, &none));
	T_EQ(io_setup(NR, &ctx), 0);
	LA_DESTROY(ctx);
	return T_EXIT_PASS;
}

static void *submits(void *arg)
{
	struct iocb waiting;

	io_prep_poll(&waiting, *(int *)arg, POLLIN);
	LA_SUBMIT(la_setup(1), &waiting);
	return arg;
}

/*
 * Who closes what is not his may not have contexts any more, but the files that
 * he opens then are his alone.
 */
static int closes_all(void *arg)
{
	int fd, p[2], file[8];
	size_t i;

	(void)arg;
	t_pipe(p);
	submits(&p[0]);
	for (fd = 3; fd < 64; fd++)
		close(fd);
	for (i = 0; i < sizeof(file) / sizeof(file[0]); i++)
		file[i] = t_tmpfile(0);
	/* It may never return. */
	t_pipe(p);
	t_thread(submits, &p[0]);
	t_sleep_ms(100);
	for (i = 0; i < sizeof(file) / sizeof(file[0]); i++)
		T_EQ(lseek(file[i], 0, SEEK_END), 0);
	_exit(T_EXIT_PASS);
}

/* The process may make neither files nor threads. */
static int limited(void *arg)
{
	const struct rlimit none = { 0, 0 };
	io_context_t ctx = NULL;

	(void)arg;
	T_SYS(setrlimit(RLIMIT_FSIZE, &none));
	ctx = la_setup(NR);
	LA_DESTROY(ctx);
	ctx = NULL;
	/* The first context of this process, and of a user who has no more. */
	if (!getuid() && !setresuid(65534, 65534, 65534))
		return t_fork_run(no_threads, NULL);
	return T_EXIT_PASS;
}

int main(void)
{
	refused();
	pointer_refused();
	several();
	no_contexts();
	nothing_stays();
	T_EQ(t_fork_run(limited, NULL), T_EXIT_PASS);
	T_EQ(t_fork_run(closes_all, NULL), T_EXIT_PASS);
	return T_EXIT_PASS;
}
