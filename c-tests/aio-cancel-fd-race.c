/* Description: cancel_fd cancels what is on the descriptor and nothing else,
 * while the places of a context go from requests on that descriptor to those
 * that the program started, and to those on another descriptor. */
/* libraries: uring-aio */
/* flavours: plain */
/* upstream: differs: liburing has no AIO engine */
#include "aio.h"

#define NR 8u
#define CANCELLERS 2
#define DURATION_MS 900

static struct io_uring_aio *ctx;
static struct io_uring_aio_req reqs[NR], *all[NR];
static int zero, stop;
static long cancelled;

static void *cancel(void *arg)
{
	(void)arg;
	while (!T_LOAD(&stop)) {
		int ret = io_uring_aio_cancel_fd(ctx, zero);

		T_GE(ret, 0);
		T_LE(ret, NR);
		T_ADD(&cancelled, ret);
	}
	return NULL;
}

static int never_called(struct io_uring_aio_req *r)
{
	T_FAIL("cancel_fd cancels a request that was started: %p", (void *)r);
}

/* Time for who looked at the request before to come back. */
static void wait_a_little(unsigned int round)
{
	volatile unsigned int spin;

	for (spin = round % 16 * 64; spin; spin--)
		;
	if (round % 64 == 0)
		sched_yield();
}

/* How many were cancelled. */
static int on_descriptor(void)
{
	struct io_uring_aio_event ev[NR];
	char bytes[NR] = "abcdefg";
	int nr = 0;
	unsigned int i;

	for (i = 0; i < NR; i++)
		io_uring_prep_read(&reqs[i].sqe, zero, &bytes[i], 1, 0);
	T_EQ(io_uring_aio_submit(ctx, NR, all), NR);
	aio_events(ctx, NR, ev);
	for (i = 0; i < NR; i++) {
		if (ev[i].res == -ECANCELED)
			nr++;
		else
			T_EQ(ev[i].res, 1);
	}
	return nr;
}

static void started(unsigned int round)
{
	struct io_uring_aio_event ev[NR];
	unsigned int i;

	for (i = 0; i < NR; i++) {
		T_EQ(io_uring_aio_start(ctx, all[i]), 0);
		if (round % 2)
			T_EQ(io_uring_aio_req_set_cancel_fn(ctx, all[i],
							    never_called),
			     0);
	}
	wait_a_little(round);
	for (i = 0; i < NR; i++)
		T_EQ(io_uring_aio_complete(ctx, all[i], 5), 0);
	aio_events(ctx, NR, ev);
	for (i = 0; i < NR; i++)
		T_EQ(ev[i].res, 5);
}

static void on_another(unsigned int round, int p[2])
{
	struct io_uring_aio_event ev[NR];
	char bytes[NR];
	unsigned int i;

	for (i = 0; i < NR; i++)
		io_uring_prep_read(&reqs[i].sqe, p[0], &bytes[i], 1,
				   (__u64)-1);
	T_EQ(io_uring_aio_submit(ctx, NR, all), NR);
	wait_a_little(round);
	T_EQ(write(p[1], "12345678", NR), NR);
	aio_events(ctx, NR, ev);
	for (i = 0; i < NR; i++)
		T_EQ(ev[i].res, 1);
}

static void run(unsigned int flags)
{
	pthread_t threads[CANCELLERS];
	long long end = t_now_ms() + DURATION_MS;
	unsigned int round = 0, i;
	long seen = 0;
	int p[2];

	ctx = aio_init(NR, flags);
	t_pipe(p);
	for (i = 0; i < NR; i++) {
		AIO_REQ(&reqs[i]);
		all[i] = &reqs[i];
	}
	stop = 0;
	cancelled = 0;
	for (i = 0; i < CANCELLERS; i++)
		threads[i] = t_thread(cancel, NULL);
	do {
		seen += on_descriptor();
		started(round);
		if (round % 4 == 0)
			on_another(round, p);
		round++;
	} while (t_now_ms() < end);
	T_STORE(&stop, 1);
	for (i = 0; i < CANCELLERS; i++)
		t_join(threads[i]);
	/* What they said is what became of the requests. */
	T_EQ(cancelled, seen);
	aio_quiet(ctx);
	t_close_both(p);
	AIO_EXIT(ctx);
}

int main(void)
{
	zero = (int)T_SYS(open("/dev/zero", O_RDONLY | O_CLOEXEC));
	AIO_EACH_KIND(run);
	close(zero);
	return T_EXIT_PASS;
}
