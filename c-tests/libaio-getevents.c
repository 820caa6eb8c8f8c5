/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Description: io_getevents() returns once it has the minimum, never more than
 * there is room for, and what there is when the time is over or a signal
 * comes; what it cannot deliver stays. An empty ring and no time to wait are
 * answered before the other arguments are looked at. */
/* libraries: aio */
/* flavours: plain */
/* upstream: kernel AIO */
#include "libaio-tests.h"

#include <limits.h>

#define NR 20

static io_context_t ctx;
static struct iocb reqs[NR], slow;
static char mem[NR];
static int file, efd;

/* nr events that are there. */
static void ready(int nr)
{
	struct iocb *list[NR];
	int i;

	for (i = 0; i < nr; i++) {
		io_prep_pread(&reqs[i], file, &mem[i], 1, i);
		reqs[i].data = (void *)(uintptr_t)(1000 + i);
		io_set_eventfd(&reqs[i], efd);
		list[i] = &reqs[i];
	}
	T_EQ(io_submit(ctx, nr, list), nr);
	for (i = 0; i < nr; i += (int)la_count(efd))
		T_CHECK(la_wait_readable(efd));
	T_EQ(i, nr);
}

static void reap(long min, long nr, struct timespec *ts, int wanted)
{
	struct io_event ev[NR + 1];
	int i;

	memset(ev, 0xee, sizeof(ev));
	T_EQ(io_getevents(ctx, min, nr, ev, ts), wanted);
	for (i = 0; i < wanted; i++)
		T_EQ(la_res_of(&ev[i], ev[i].obj), 1);
	/* Nothing is written behind the last one. */
	T_EQ((uintptr_t)ev[wanted].data, (uintptr_t)0xeeeeeeeeeeeeeeeeull);
}

static void minimum_and_maximum(void)
{
	struct timespec zero = la_ms(0), ts = la_ms(LA_PATIENCE_MS);

	reap(0, NR, &zero, 0);
	reap(1, NR, &zero, 0);
	/* No minimum: it does not wait. */
	reap(0, NR, NULL, 0);
	reap(0, NR, &ts, 0);
	reap(0, 0, &ts, 0);

	ready(NR);
	reap(0, 3, &zero, 3);
	reap(0, 0, &ts, 0);
	reap(1, 2, NULL, 2);
	reap(4, 4, &ts, 4);
	reap(0, 1, NULL, 1);
	/* More than there is: without time to wait, what there is. */
	reap(NR, NR, &zero, NR - 10);
	la_quiet(ctx);
}

static void refused(void)
{
	struct timespec ts = la_ms(LA_PATIENCE_MS), zero = la_ms(0);
	char *end = la_page_end();
	struct io_event ev[2], *last = (struct io_event *)(void *)end - 1;
	int round;

	/* With an event ready, and without. */
	for (round = 0; round < 2; round++) {
		T_EQ(io_getevents(ctx, 2, 1, ev, &ts), -EINVAL);
		T_EQ(io_getevents(ctx, -1, 1, ev, &ts), -EINVAL);
		T_EQ(io_getevents(ctx, LONG_MIN, 1, ev, &ts), -EINVAL);
		T_EQ(io_getevents(ctx, 0, -1, ev, &ts), -EINVAL);
		T_EQ(io_getevents(ctx, -2, -1, ev, &ts), -EINVAL);
		T_EQ(io_getevents(ctx, 1, 0, ev, NULL), -EINVAL);
		T_EQ(io_pgetevents(ctx, 2, 1, ev, &ts, NULL), -EINVAL);
		T_EQ(io_pgetevents(ctx, -1, 1, ev, &ts, NULL), -EINVAL);
		if (!round)
			ready(1);
	}
	T_EQ(io_getevents(ctx, 2, 1, ev, &zero), -EINVAL);
	T_EQ(io_getevents(ctx, 0, 1, NULL, &ts), -EFAULT);
	T_EQ(io_getevents(ctx, 1, 1, NULL, NULL), -EFAULT);
	T_EQ(io_getevents(ctx, 0, 1, NULL, &zero), -EFAULT);
	T_EQ(io_getevents(ctx, 1, 1, LA_WILD, &ts), -EFAULT);
	T_EQ(io_getevents(ctx, 1, 1, LA_BAD, &ts), -EFAULT);
	T_EQ(io_getevents(ctx, 1, 1, LA_KERNEL, &ts), -EFAULT);
	T_EQ(io_getevents(ctx, 1, 1, (void *)(end - 16), &ts), -EFAULT);
	T_EQ(io_pgetevents(ctx, 1, 1, LA_WILD, &ts, NULL), -EFAULT);
	/* It was there all the time. */
	T_EQ(io_getevents(ctx, 1, 1, last, &ts), 1);
	T_EQ(la_res_of(last, &reqs[0]), 1);
	la_quiet(ctx);
	/* Memory that is not used is not looked at. */
	T_EQ(io_getevents(ctx, 0, 1, NULL, &zero), 0);
	T_EQ(io_getevents(ctx, 0, 1, LA_WILD, NULL), 0);
	T_SYS(munmap(end - 4096, 8192));
}

/* Read as in the ring, not by the kernel: head and tail are all there is. */
static void empty_and_no_time(void)
{
	struct timespec zero = la_ms(0);
	struct io_event ev;

	T_EQ(io_getevents(ctx, 2, 1, &ev, &zero), 0);
	T_EQ(io_getevents(ctx, -1, 1, &ev, &zero), 0);
	T_EQ(io_getevents(ctx, 0, -1, &ev, &zero), 0);
	T_EQ(io_pgetevents(ctx, 2, 1, &ev, &zero, NULL), 0);
	T_EQ(io_pgetevents(ctx, 0, -1, &ev, &zero, NULL), 0);
}

static void time_is_over(void)
{
	struct timespec ts = la_ms(30), over = { 0, 1100000000 };
	long long before = t_now_ms();

	reap(1, 4, &ts, 0);
	T_GE(t_now_ms() - before, 29);
	ready(2);
	before = t_now_ms();
	reap(3, 4, &ts, 2);
	T_GE(t_now_ms() - before, 29);
	/* What is no nanosecond part is added all the same. */
	before = t_now_ms();
	reap(1, 4, &over, 0);
	T_GE(t_now_ms() - before, 1099);
	ready(1);
	over.tv_nsec = 2000000000;
	reap(1, 4, &over, 1);
	ts.tv_sec = LONG_MAX;
	ready(1);
	reap(1, 4, &ts, 1);
}

static int poll_pipe[2];

static void *wake(void *arg)
{
	int tid = *(int *)arg;

	t_sleep_ms(20);
	T_UNTIL(t_sleeps(tid));
	la_write(poll_pipe[1], "x");
	return NULL;
}

/* Goes to sleep, and is woken by the event. */
static void waits_until_woken(struct timespec *ts)
{
	long long before = t_now_ms();
	int tid = gettid();
	struct io_event ev;
	pthread_t thread;
	char byte;

	io_prep_poll(&slow, poll_pipe[0], POLLIN);
	LA_SUBMIT(ctx, &slow);
	thread = t_thread(wake, &tid);
	T_EQ(io_getevents(ctx, 1, 1, &ev, ts), 1);
	T_GE(t_now_ms() - before, 19);
	T_CHECK(la_woken(la_res_of(&ev, &slow), POLLIN));
	t_join(thread);
	T_EQ(read(poll_pipe[0], &byte, 1), 1);
}

static void waits(void)
{
	struct timespec ts = la_ms(LA_PATIENCE_MS), ever = { -1, 0 };
	struct timespec little = { 0, -5 };

	waits_until_woken(NULL);
	waits_until_woken(&ts);
	ts.tv_sec = LONG_MAX;
	waits_until_woken(&ts);
	/* A time before now is no time that ends. */
	waits_until_woken(&ever);
	waits_until_woken(&little);
}

static void interrupted(int flags)
{
	struct timespec ts = la_ms(LA_PATIENCE_MS);
	struct sigaction sa;
	struct io_event ev[4];
	int round;

	t_signals_seen = 0;
	t_signal_after(20, 20);
	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = t_count_signal;
	sa.sa_flags = flags;
	T_SYS(sigaction(SIGUSR1, &sa, NULL));
	for (round = 0; round < 2; round++) {
		struct timespec *t = round ? &ts : NULL;
		int seen = t_signals_seen;

		T_EQ(io_getevents(ctx, 1, 4, ev, t), -EINTR);
		T_CHECK(t_signals_seen > seen);
		T_EQ(io_pgetevents(ctx, 1, 4, ev, t, NULL), -EINTR);
		ready(1);
		seen = t_signals_seen;
		T_EQ(io_getevents(ctx, 3, 4, ev, t), 1);
		T_CHECK(t_signals_seen > seen);
		T_EQ(la_res_of(&ev[0], &reqs[0]), 1);
	}
	t_signal_stop();
	la_quiet(ctx);
}

int main(void)
{
	ctx = la_setup(NR);
	file = la_tmpfile(NR);
	efd = (int)T_SYS(eventfd(0, EFD_CLOEXEC));
	t_pipe(poll_pipe);
	minimum_and_maximum();
	refused();
	empty_and_no_time();
	time_is_over();
	waits();
	interrupted(0);
	interrupted(SA_RESTART);
	LA_DESTROY(ctx);
	t_close_both(poll_pipe);
	close(efd);
	close(file);
	return T_EXIT_PASS;
}
