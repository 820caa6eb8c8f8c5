/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Description: io_cancel() of a request in flight is -EINPROGRESS, and its
 * event comes through the ring, 0 for a poll; what is over, was never
 * submitted, is another context's, or has a wrong key is -EINVAL. The event
 * given to the call is not written to, and may be nothing at all. */
/* libraries: aio */
/* flavours: plain */
/* valgrind: off: it stops all threads while one is in io_uring_enter(2) */
/* upstream: kernel AIO */
#include "libaio-tests.h"

#define NR 16

static io_context_t ctx, other;
static struct iocb req;
static int p[2], file;
static char byte;

static void waiting(void)
{
	io_prep_poll(&req, p[0], POLLIN);
	req.data = &byte;
	LA_SUBMIT(ctx, &req);
}

static void polls(void)
{
	struct io_event ev, untouched;

	memset(&ev, 0xee, sizeof(ev));
	untouched = ev;
	waiting();
	T_EQ(io_cancel(ctx, &req, &ev), -EINPROGRESS);
	T_EQ(la_result(ctx, &req), 0);
	T_CHECK(!memcmp(&ev, &untouched, sizeof(ev)));
	la_quiet(ctx);
	T_EQ(io_cancel(ctx, &req, &ev), -EINVAL);
	/* The second of two. */
	waiting();
	T_EQ(io_cancel(ctx, &req, &ev), -EINPROGRESS);
	T_EQ(io_cancel(ctx, &req, &ev), -EINVAL);
	T_EQ(la_result(ctx, &req), 0);
	T_CHECK(!memcmp(&ev, &untouched, sizeof(ev)));
	/* Nowhere to write to. */
	waiting();
	T_EQ(io_cancel(ctx, &req, NULL), -EINPROGRESS);
	T_EQ(la_result(ctx, &req), 0);
	waiting();
	T_EQ(io_cancel(ctx, &req, LA_WILD), -EINPROGRESS);
	T_EQ(la_result(ctx, &req), 0);
	la_quiet(ctx);
}

static void nothing_to_cancel(void)
{
	struct io_event ev;
	struct iocb copy;

	io_prep_poll(&req, p[0], POLLIN);
	T_EQ(io_cancel(ctx, &req, &ev), -EINVAL);
	io_prep_pread(&req, file, &byte, 1, 0);
	T_EQ(la_do(ctx, &req), 1);
	T_EQ(io_cancel(ctx, &req, &ev), -EINVAL);
	/* Over, and its event not taken. */
	waiting();
	la_write(p[1], "x");
	T_UNTIL(la_in_ring(ctx));
	T_EQ(io_cancel(ctx, &req, &ev), -EINVAL);
	T_CHECK(la_woken(la_result(ctx, &req), POLLIN));
	T_EQ(read(p[0], &byte, 1), 1);
	/* Another request, another context. */
	waiting();
	copy = req;
	T_EQ(io_cancel(ctx, &copy, &ev), -EINVAL);
	T_EQ(io_cancel(other, &req, &ev), -EINVAL);
	la_quiet(ctx);
	T_EQ(io_cancel(ctx, &req, &ev), -EINPROGRESS);
	T_EQ(la_result(ctx, &req), 0);
}

/* What stands in the request then is for the kernel to find it by. */
static void keys(void)
{
	struct io_event ev;
	unsigned int key;

	io_prep_poll(&req, p[0], POLLIN);
	req.key = 77;
	LA_SUBMIT(ctx, &req);
	key = req.key;
	T_NE(key, 77);
	req.key = key + 0x12345;
	T_EQ(io_cancel(ctx, &req, &ev), -EINVAL);
	req.key = key;
	T_EQ(io_cancel(ctx, &req, &ev), -EINPROGRESS);
	T_EQ(la_result(ctx, &req), 0);
}

/* Nothing else of the request is looked at. */
static void changed(void)
{
	struct io_event ev;
	unsigned int key;

	waiting();
	key = req.key;
	memset(&req, 0xff, sizeof(req));
	req.key = key;
	T_EQ(io_cancel(ctx, &req, &ev), -EINPROGRESS);
	ev = la_event(ctx);
	T_PTR_EQ(ev.obj, &req);
	T_PTR_EQ(ev.data, &byte);
	T_EQ(ev.res, 0);
}

static void bad_requests(void)
{
	char *end = la_page_end();
	struct io_event ev;

	T_EQ(io_cancel(ctx, NULL, &ev), -EFAULT);
	T_EQ(io_cancel(ctx, LA_WILD, &ev), -EFAULT);
	T_EQ(io_cancel(ctx, LA_BAD, &ev), -EFAULT);
	T_EQ(io_cancel(ctx, LA_KERNEL, &ev), -EFAULT);
	T_EQ(io_cancel(ctx, (struct iocb *)(void *)end, &ev), -EFAULT);
	T_EQ(io_cancel(NULL, NULL, &ev), -EFAULT);
	T_SYS(munmap(end - 4096, 8192));
}

/*
 * What is on its way to a disk comes back as it went there, unless it had not
 * been started.
 */
static void direct(void)
{
	static char block[4096] __attribute__((aligned(4096)));
	int fd = la_direct_file(4096), i, ret;
	struct io_event ev;
	long res;

	for (i = 0; i < 50; i++) {
		io_prep_pread(&req, fd, block, 4096, 0);
		LA_SUBMIT(ctx, &req);
		ret = io_cancel(ctx, &req, &ev);
		res = la_result(ctx, &req);
		if (ret == -EINPROGRESS) {
			T_CHECK(res == -ECANCELED || res == 4096);
			continue;
		}
		T_EQ(ret, -EINVAL);
		T_EQ(res, 4096);
		T_EQ(io_cancel(ctx, &req, &ev), -EINVAL);
	}
	close(fd);
}

/* Some of many, in no order; the rest goes on. */
static void several(void)
{
	struct iocb reqs[NR];
	struct io_event ev[NR];
	int i;

	for (i = 0; i < NR; i++) {
		io_prep_poll(&reqs[i], p[0], POLLIN);
		LA_SUBMIT(ctx, &reqs[i]);
	}
	for (i = 1; i < NR; i += 2)
		T_EQ(io_cancel(ctx, &reqs[NR - i], ev), -EINPROGRESS);
	la_events(ctx, NR / 2, ev);
	for (i = 0; i < NR / 2; i++) {
		T_EQ((ev[i].obj - reqs) % 2, 1);
		T_EQ(la_res_of(&ev[i], ev[i].obj), 0);
	}
	la_quiet(ctx);
	la_write(p[1], "x");
	la_events(ctx, NR / 2, ev);
	for (i = 0; i < NR / 2; i++) {
		T_EQ((ev[i].obj - reqs) % 2, 0);
		T_CHECK(la_woken((long)ev[i].res, POLLIN));
	}
	T_EQ(read(p[0], &byte, 1), 1);
}

/* Whatever happens first, there is one event, and the answer fits it. */
static void *write_one(void *arg)
{
	t_sleep_ms(*(int *)arg & 1);
	la_write(p[1], "x");
	return NULL;
}

static void races(void)
{
	struct io_event ev;
	pthread_t thread;
	int i, ret;
	long res;

	for (i = 0; i < 100; i++) {
		waiting();
		thread = t_thread(write_one, &i);
		if (i & 2)
			sched_yield();
		ret = io_cancel(ctx, &req, &ev);
		res = la_result(ctx, &req);
		/* The kernel may find it ready when it cancels it. */
		if (res == 0)
			T_EQ(ret, -EINPROGRESS);
		else
			T_CHECK(la_woken(res, POLLIN));
		T_CHECK(ret == -EINPROGRESS || ret == -EINVAL);
		t_join(thread);
		la_quiet(ctx);
		T_EQ(read(p[0], &byte, 1), 1);
	}
}

int main(void)
{
	ctx = la_setup(NR);
	other = la_setup(1);
	t_pipe(p);
	file = la_tmpfile(1);
	polls();
	nothing_to_cancel();
	keys();
	changed();
	bad_requests();
	direct();
	several();
	races();
	LA_DESTROY(other);
	LA_DESTROY(ctx);
	t_close_both(p);
	close(file);
	return T_EXIT_PASS;
}
