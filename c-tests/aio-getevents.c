/* Description: io_uring_aio_getevents() returns as soon as it has the minimum,
 * never more than the maximum, and what there is when the time is over. A
 * signal ends the wait: -EINTR without an event, their number with some. */
/* libraries: uring-aio */
/* flavours: plain */
/* upstream: differs: liburing has no AIO engine */
#include "aio.h"

#define NR 40u

static struct io_uring_aio *ctx;
static struct io_uring_aio_req reqs[NR], slow;
static unsigned char mem[NR];
static int pipes[2];

/* nr requests that are done. */
static void done(unsigned int first, unsigned int nr)
{
	unsigned int i;

	for (i = first; i < first + nr; i++) {
		AIO_REQ(&reqs[i]);
		io_uring_sqe_set_data64(&reqs[i].sqe, i);
		T_EQ(io_uring_aio_start(ctx, &reqs[i]), 0);
		T_EQ(io_uring_aio_complete(ctx, &reqs[i], (int)i), 0);
	}
}

static void minimum_and_maximum(void)
{
	struct __kernel_timespec zero = t_ms(0), ts = t_ms(AIO_PATIENCE_MS);
	struct io_uring_aio_event ev[NR + 1];
	unsigned int i;

	T_EQ(io_uring_aio_getevents(ctx, 0, NR, ev, &zero), 0);
	/* No minimum, no time: it does not wait. */
	T_EQ(io_uring_aio_getevents(ctx, 0, NR, ev, NULL), 0);
	T_EQ(io_uring_aio_getevents(ctx, 0, NR, ev, &ts), 0);
	T_EQ(io_uring_aio_getevents(ctx, 1, NR, ev, &zero), 0);

	done(0, NR);
	memset(ev, 0xee, sizeof(ev));
	T_EQ(io_uring_aio_getevents(ctx, 0, 3, ev, &zero), 3);
	T_EQ(ev[3].user_data, 0xeeeeeeeeeeeeeeeeULL);
	T_EQ(io_uring_aio_getevents(ctx, 1, 2, ev + 3, NULL), 2);
	T_EQ(io_uring_aio_getevents(ctx, 1, NR, ev + 5, &ts), NR - 5);
	T_EQ(io_uring_aio_getevents(ctx, 0, NR, ev + NR, &zero), 0);
	/* In the order in which they came to be. */
	for (i = 0; i < NR; i++) {
		T_EQ(ev[i].res, i);
		T_EQ(ev[i].user_data, i);
		T_EQ(ev[i].flags, 0);
		T_PTR_EQ(ev[i].req, &reqs[i]);
	}
}

static void time_is_over(void)
{
	struct __kernel_timespec ts = t_ms(30);
	struct io_uring_aio_event ev[4];
	long long before = t_now_ms();

	T_EQ(io_uring_aio_getevents(ctx, 1, 4, ev, &ts), 0);
	T_GE(t_now_ms() - before, 29);
	done(0, 2);
	before = t_now_ms();
	T_EQ(io_uring_aio_getevents(ctx, 3, 4, ev, &ts), 2);
	T_GE(t_now_ms() - before, 29);
	T_EQ(ev[0].user_data, 0);
	T_EQ(ev[1].user_data, 1);
	/* Too far away for any clock. */
	ts.tv_sec = INT64_MAX;
	done(0, 1);
	T_EQ(io_uring_aio_getevents(ctx, 1, 4, ev, &ts), 1);
}

static void *later(void *arg)
{
	t_sleep_ms(20);
	done(0, 1);
	t_sleep_ms(20);
	done(1, 1);
	return arg;
}

static void waits_for_the_minimum(void)
{
	struct io_uring_aio_event ev[4];
	pthread_t thread = t_thread(later, NULL);

	T_EQ(io_uring_aio_getevents(ctx, 2, 4, ev, NULL), 2);
	T_EQ(ev[0].user_data, 0);
	T_EQ(ev[1].user_data, 1);
	t_join(thread);
}

static void interrupted(bool direct)
{
	struct __kernel_timespec ts = t_ms(AIO_PATIENCE_MS);
	struct io_uring_aio_event ev[4];

	/* While the thread sleeps for a ring, and while it does not. */
	if (direct)
		AIO_SUBMIT(ctx, &slow);
	t_signal_after(20, 20);
	T_EQ(io_uring_aio_getevents(ctx, 1, 4, ev, NULL), -EINTR);
	T_EQ(io_uring_aio_getevents(ctx, 1, 4, ev, &ts), -EINTR);
	done(0, 1);
	T_EQ(io_uring_aio_getevents(ctx, 3, 4, ev, NULL), 1);
	T_EQ(ev[0].user_data, 0);
	done(0, 2);
	T_EQ(io_uring_aio_getevents(ctx, 3, 4, ev, &ts), 2);
	t_signal_stop();
	T_GE(t_signals_seen, 4);
	if (direct) {
		T_EQ(io_uring_aio_cancel(ctx, &slow, ev, NULL), 0);
		T_EQ(ev[0].res, -ECANCELED);
	}
}

/* Which of several reads gets a byte is the kernel's choice; one does. */
static void one_byte_one_event(void)
{
	struct io_uring_aio_event ev;
	unsigned int i, seen = 0;

	for (i = 0; i < 8; i++) {
		aio_read(&reqs[i], pipes[0], mem + i, 1, (__u64)-1);
		io_uring_sqe_set_data64(&reqs[i].sqe, i);
		AIO_SUBMIT(ctx, &reqs[i]);
	}
	for (i = 0; i < 8; i++) {
		T_EQ(write(pipes[1], &"abcdefgh"[i], 1), 1);
		ev = aio_event(ctx);
		T_EQ(ev.res, 1);
		T_EQ(mem[ev.user_data], 'a' + i);
		seen |= 1u << ev.user_data;
		aio_quiet(ctx);
	}
	T_EQ(seen, 0xff);
}

static void run(unsigned int flags)
{
	ctx = aio_init(NR, flags);
	t_pipe(pipes);
	aio_read(&slow, pipes[0], mem, 1, (__u64)-1);
	minimum_and_maximum();
	time_is_over();
	waits_for_the_minimum();
	interrupted(false);
	interrupted(true);
	one_byte_one_event();
	AIO_EXIT(ctx);
	t_close_both(pipes);
}

int main(void)
{
	AIO_EACH_KIND(run);
	return T_EXIT_PASS;
}
