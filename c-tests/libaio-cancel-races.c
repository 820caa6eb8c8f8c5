/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Description: where io_cancel() of a read of a pipe and a write to the pipe
 * race, the request ends once: it is cancelled and nothing was read, or it
 * cannot be cancelled and its event has the bytes. Both ways of delivery. */
/* libraries: aio */
/* flavours: plain */
/* valgrind: off: it does not execute what /proc/self/exe says */
/* upstream: differs: in kernel AIO io_submit() waits for pipes, and io_cancel() has nothing to cancel */
#include "libaio-tests.h"

#include <sys/ioctl.h>

#define ROUNDS 300
/* Until each outcome was seen. */
#define MOST_ROUNDS 5000
#define READ 8
#define WRITTEN 12

static io_context_t ctx;
/* In turn: an event that comes late is not that of the round. */
static struct iocb reqs[2];
static int p[2];
static bool to_caller;
static int started, done;
/* The writer's turns of a loop before its write; below 0, the main thread's. */
static int delay;

static void spin(int turns)
{
	while (turns-- > 0)
		__asm__ volatile("" : : : "memory");
}

static void fill(char *text, int round)
{
	int i;

	for (i = 0; i < WRITTEN; i++)
		text[i] = (char)(round * 5 + i);
}

static void *writes(void *arg)
{
	char text[WRITTEN];
	int round;

	(void)arg;
	for (round = 1;; round++) {
		/* In a sleep it would be late every time. */
		while (T_LOAD(&started) < round)
			sched_yield();
		if (T_LOAD(&started) == INT32_MAX)
			return NULL;
		fill(text, round);
		spin(delay);
		T_EQ(write(p[1], text, WRITTEN), WRITTEN);
		T_STORE(&done, round);
	}
}

/* What of the round's bytes is in the pipe, from that one on. */
static void left(const char *text, int from)
{
	char rest[WRITTEN];
	int len;

	T_SYS(ioctl(p[0], FIONREAD, &len));
	T_EQ(len, WRITTEN - from);
	T_EQ(read(p[0], rest, sizeof(rest)), len);
	T_CHECK(!memcmp(rest, text + from, (size_t)len));
}

static bool is_cancelled(struct iocb *req, struct io_event *ev)
{
	struct io_event untouched;
	int ret;

	memset(ev, 0xee, sizeof(*ev));
	untouched = *ev;
	ret = io_cancel(ctx, req, ev);
	if (ret != -EINVAL)
		T_EQ(ret, to_caller ? 0 : -EINPROGRESS);
	/* Where the event is for the caller, the place for it may be tried. */
	if (!to_caller)
		T_CHECK(!memcmp(ev, &untouched, sizeof(*ev)));
	return ret != -EINVAL;
}

/* Whether the request was cancelled. */
static bool race(int round)
{
	struct iocb *req = &reqs[round % 2];
	char text[WRITTEN], got[READ];
	struct io_event ev;
	bool cancelled;

	fill(text, round);
	memset(got, 0xee, sizeof(got));
	io_prep_pread(req, p[0], got, sizeof(got), 0);
	req->data = &reqs[round % 2].u;
	LA_SUBMIT(ctx, req);
	T_STORE(&started, round);
	spin(-delay);
	cancelled = is_cancelled(req, &ev);
	if (cancelled && to_caller)
		T_EQ(la_res_of(&ev, req), -ECANCELED);
	else
		T_EQ(la_result(ctx, req), cancelled ? -ECANCELED : READ);
	T_UNTIL(T_LOAD(&done) == round);
	la_quiet(ctx);
	T_EQ(la_in_ring(ctx), 0);
	T_EQ(io_cancel(ctx, req, &ev), -EINVAL);
	if (!cancelled)
		T_CHECK(!memcmp(got, text, sizeof(got)));
	left(text, cancelled ? 0 : READ);
	return cancelled;
}

static void races(void)
{
	int round, cancelled = 0, served = 0;
	pthread_t writer;

	t_pipe(p);
	writer = t_thread(writes, NULL);
	for (round = 1; round <= MOST_ROUNDS; round++) {
		if (race(round)) {
			cancelled++;
			delay -= 1000;
		} else {
			served++;
			delay += 1000;
		}
		if (round >= ROUNDS && cancelled && served)
			break;
	}
	printf("%d cancelled, %d served\n", cancelled, served);
	if (!cancelled || !served)
		printf("one of the two always comes first here\n");
	T_STORE(&started, INT32_MAX);
	t_join(writer);
	t_close_both(p);
}

int main(int argc, char **argv)
{
	char *again[] = { argv[0], (char *)(uintptr_t)"caller", NULL };

	/* Switches are read once, so the other mode is another program. */
	to_caller = argc > 1;
	if (to_caller)
		T_EQ(strcmp(getenv("LIBAIO_CANCEL"), "caller"), 0);
	else
		T_SYS(unsetenv("LIBAIO_CANCEL"));
	ctx = la_setup(4);
	la_needs_io_uring(ctx);
	races();
	LA_DESTROY(ctx);
	if (to_caller)
		return T_EXIT_PASS;
	T_SYS(setenv("LIBAIO_CANCEL", "caller", 1));
	T_SYS(execv("/proc/self/exe", again));
	return T_EXIT_FAIL;
}
