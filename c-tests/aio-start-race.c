/* Description: threads that complete, cancel and reap the same started request
 * at once: exactly one outcome and one event each time, and every call is told
 * the truth about it. */
/* libraries: uring-aio */
/* flavours: plain */
/* thread-sanitizer: on */
/* upstream: differs: liburing has no AIO engine */
#include "aio.h"

#define ROUNDS 4000
#define THREADS 4

static struct io_uring_aio *ctx;
static struct io_uring_aio_req req;
static pthread_barrier_t barrier;
static int begun;
static int calls, refuses, wins[3], round_answers[THREADS], hows[THREADS];
static struct io_uring_aio_event taken[THREADS];

static int cancel_fn(struct io_uring_aio_req *r)
{
	T_PTR_EQ(r, &req);
	T_ADD(&calls, 1);
	if (refuses == 2)
		sched_yield();
	return refuses == 1;
}

/* Two complete it, one cancels and waits, one cancels and does not. */
static void *contend(void *arg)
{
	unsigned int me = (unsigned int)(uintptr_t)arg, seed = me + 1, i;
	volatile unsigned int spin;
	int ret;

	for (i = 0; i < ROUNDS; i++) {
		/* Now and then one kind is first, wherever threads run. */
		int first = i % 8 < 3 ? (int)(i % 8) : hows[me];

		pthread_barrier_wait(&barrier);
		while (first != hows[me] && T_LOAD(&begun) != (int)i)
			sched_yield();
		for (spin = (unsigned int)rand_r(&seed) % 200; spin; spin--)
			;
		switch (hows[me]) {
		case 0:
			ret = io_uring_aio_complete(ctx, &req, 100 + (int)me);
			break;
		case 1:
			ret = io_uring_aio_cancel(ctx, &req, &taken[me], NULL);
			break;
		default:
			ret = io_uring_aio_cancel_async(ctx, &req);
		}
		round_answers[me] = ret;
		T_STORE(&begun, (int)i);
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

static void check(void)
{
	struct __kernel_timespec zero = t_ms(0);
	struct io_uring_aio_event ev[2];
	int nr, completed = -1, given = -1, asked = 0, i;

	nr = io_uring_aio_getevents(ctx, 0, 2, ev, &zero);
	for (i = 0; i < THREADS; i++) {
		switch (hows[i]) {
		case 0:
			T_CHECK(!round_answers[i] ||
				round_answers[i] == -EALREADY);
			if (!round_answers[i]) {
				T_EQ(completed, -1);
				completed = i;
			}
			break;
		case 1:
			T_CHECK(!round_answers[i] ||
				round_answers[i] == -EALREADY ||
				round_answers[i] == -ENOENT);
			if (!round_answers[i])
				given = i;
			break;
		default:
			T_CHECK(round_answers[i] == -EINPROGRESS ||
				round_answers[i] == -EALREADY ||
				round_answers[i] == -ENOENT);
			asked += round_answers[i] == -EINPROGRESS;
		}
	}
	T_LE(calls, 1);
	if (given >= 0) {
		T_EQ(nr, 0);
		T_EQ(completed, -1);
		T_EQ(taken[given].res, -ECANCELED);
		T_EQ(calls, 1);
		wins[0]++;
	} else if (completed >= 0) {
		T_EQ(nr, 1);
		T_EQ(ev[0].res, 100 + completed);
		wins[1]++;
	} else {
		T_EQ(nr, 1);
		T_EQ(ev[0].res, -ECANCELED);
		T_EQ(asked, 1);
		T_EQ(calls, 1);
		wins[2]++;
	}
	AIO_IDLE(&req);
}

static void run(unsigned int flags)
{
	pthread_t threads[THREADS];
	unsigned int i;

	ctx = aio_init(4, flags);
	begun = -1;
	memset(wins, 0, sizeof(wins));
	T_EQ(pthread_barrier_init(&barrier, NULL, THREADS + 1), 0);
	for (i = 0; i < THREADS; i++) {
		hows[i] = i < 2 ? 0 : (int)i - 1;
		threads[i] = t_thread(contend, (void *)(uintptr_t)i);
	}
	for (i = 0; i < ROUNDS; i++) {
		calls = 0;
		refuses = (int)(i % 3);
		AIO_REQ(&req);
		T_EQ(io_uring_aio_start(ctx, &req), 0);
		T_EQ(io_uring_aio_req_set_cancel_fn(ctx, &req, cancel_fn), 0);
		pthread_barrier_wait(&barrier);
		pthread_barrier_wait(&barrier);
		check();
	}
	for (i = 0; i < THREADS; i++)
		t_join(threads[i]);
	/* Each outcome happens, or this has shown nothing. */
	T_GE(wins[0], 1);
	T_GE(wins[1], 1);
	T_GE(wins[2], 1);
	T_EQ(wins[0] + wins[1] + wins[2], ROUNDS);
	T_EQ(pthread_barrier_destroy(&barrier), 0);
	AIO_EXIT(ctx);
}

int main(void)
{
	AIO_EACH_KIND(run);
	return T_EXIT_PASS;
}
