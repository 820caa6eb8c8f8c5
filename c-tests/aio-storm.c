/* Description: four threads cancel reads of pipes at random, in every way,
 * while others write, reap and submit again: each request has exactly one
 * outcome, and a cancelled read has consumed nothing. */
/* libraries: uring-aio */
/* flavours: plain */
/* thread-sanitizer: on */
/* upstream: differs: liburing has no AIO engine */
#include "aio.h"

#define NR 48
#define SIZE 16u
#define CANCELLERS 4
#define MS 1500

static struct {
	struct io_uring_aio_req req;
	char buf[SIZE];
	int pipe[2];
	/* 1 from before the submission until its one event was seen. */
	int live;
} slots[NR];

static struct io_uring_aio *ctx;
static long submitted, cancelled, completed, written, bytes_read, by_fd;
static int stop;

static void submit(unsigned int i)
{
	T_ADD(&submitted, 1);
	io_uring_prep_read(&slots[i].req.sqe, slots[i].pipe[0], slots[i].buf,
			   SIZE, (__u64)-1);
	io_uring_sqe_set_data64(&slots[i].req.sqe, i);
	T_EQ(__atomic_exchange_n(&slots[i].live, 1, __ATOMIC_ACQ_REL), 0);
	AIO_SUBMIT(ctx, &slots[i].req);
}

static void outcome(const struct io_uring_aio_event *ev)
{
	unsigned int i = (unsigned int)ev->user_data;

	T_LE(ev->user_data, NR - 1);
	T_PTR_EQ(ev->req, &slots[i].req);
	/* Twice would be an event too many. */
	T_EQ(__atomic_exchange_n(&slots[i].live, 0, __ATOMIC_ACQ_REL), 1);
	if (ev->res > 0) {
		T_ADD(&bytes_read, ev->res);
		T_ADD(&completed, 1);
	} else {
		T_EQ(ev->res, -ECANCELED);
		T_ADD(&cancelled, 1);
	}
	if (!T_LOAD(&stop))
		submit(i);
}

static void *cancel(void *arg)
{
	unsigned int seed = (unsigned int)(uintptr_t)arg + 1, i;
	struct __kernel_timespec ts;
	struct io_uring_aio_event ev;
	int ret;

	while (!T_LOAD(&stop)) {
		i = (unsigned int)rand_r(&seed) % NR;
		ts = t_ms(rand_r(&seed) % 3);
		memset(&ev, 0xee, sizeof(ev));
		switch (rand_r(&seed) % 16) {
		case 0:
			ret = io_uring_aio_cancel_fd(ctx, slots[i].pipe[0]);
			T_GE(ret, 0);
			T_LE(ret, 1);
			T_ADD(&by_fd, ret);
			break;
		case 1 ... 5:
			ret = io_uring_aio_cancel_async(ctx, &slots[i].req);
			T_CHECK(ret == -EINPROGRESS || ret == -ENOENT ||
				ret == -EALREADY);
			break;
		case 6 ... 10:
			ret = io_uring_aio_cancel(ctx, &slots[i].req, &ev, &ts);
			if (!ret)
				outcome(&ev);
			else
				T_CHECK(ret == -ENOENT || ret == -EALREADY ||
					ret == -ETIME);
			break;
		default:
			ret = io_uring_aio_cancel(ctx, &slots[i].req, &ev,
						  NULL);
			if (!ret) {
				T_EQ(ev.res, -ECANCELED);
				outcome(&ev);
			} else {
				T_CHECK(ret == -ENOENT || ret == -EALREADY);
			}
		}
		if (rand_r(&seed) % 4 == 0)
			sched_yield();
	}
	return NULL;
}

static void *feed(void *arg)
{
	unsigned int seed = 77;
	char bytes[SIZE];
	ssize_t put;

	(void)arg;
	memset(bytes, 'x', sizeof(bytes));
	while (!T_LOAD(&stop)) {
		put = write(slots[(unsigned int)rand_r(&seed) % NR].pipe[1],
			    bytes, 1 + (unsigned int)rand_r(&seed) % SIZE);
		if (put > 0)
			written += put;
		/* Else where calls are slow no pipe is ever empty. */
		if (rand_r(&seed) % 64 == 0)
			t_sleep_ms(5);
		sched_yield();
	}
	return NULL;
}

static void *reap(void *arg)
{
	struct __kernel_timespec ts = t_ms(20);
	struct io_uring_aio_event ev[8];
	int ret, i;

	(void)arg;
	while (!T_LOAD(&stop)) {
		ret = io_uring_aio_getevents(ctx, 1, 8, ev, &ts);
		T_GE(ret, 0);
		for (i = 0; i < ret; i++)
			outcome(&ev[i]);
	}
	return NULL;
}

static void storm(unsigned int flags)
{
	struct io_uring_aio_event ev;
	pthread_t threads[CANCELLERS + 3];
	unsigned int i, nr = 0;
	char bytes[4096];
	long left = 0;
	ssize_t got;

	submitted = cancelled = completed = written = bytes_read = by_fd = 0;
	T_STORE(&stop, 0);
	ctx = aio_init(NR, flags);
	for (i = 0; i < NR; i++) {
		t_pipe(slots[i].pipe);
		T_SYS(fcntl(slots[i].pipe[1], F_SETFL, O_NONBLOCK));
		AIO_REQ(&slots[i].req);
		submit(i);
	}
	for (i = 0; i < CANCELLERS; i++)
		threads[nr++] = t_thread(cancel, (void *)(uintptr_t)i);
	threads[nr++] = t_thread(feed, NULL);
	threads[nr++] = t_thread(reap, NULL);
	threads[nr++] = t_thread(reap, NULL);
	/* Longer where a cancellation finds its target late. */
	for (i = 0; i < 5; i++) {
		t_sleep_ms(MS);
		if (T_LOAD(&cancelled) >= NR && T_LOAD(&by_fd) > 0)
			break;
	}
	T_STORE(&stop, 1);
	for (i = 0; i < nr; i++)
		t_join(threads[i]);

	for (i = 0; i < NR; i++)
		io_uring_aio_cancel_async(ctx, &slots[i].req);
	while (cancelled + completed < submitted) {
		aio_events(ctx, 1, &ev);
		outcome(&ev);
	}
	aio_quiet(ctx);
	for (i = 0; i < NR; i++) {
		T_EQ(slots[i].live, 0);
		AIO_IDLE(&slots[i].req);
		T_SYS(fcntl(slots[i].pipe[0], F_SETFL, O_NONBLOCK));
		while ((got = read(slots[i].pipe[0], bytes, sizeof(bytes))) > 0)
			left += got;
		t_close_both(slots[i].pipe);
	}
	T_EQ(cancelled + completed, submitted);
	T_EQ(bytes_read + left, written);
	/* Else nothing was tried. */
	T_GE(cancelled, 1);
	T_GE(completed, 1);
	AIO_EXIT(ctx);
}

int main(void)
{
	AIO_EACH_KIND(storm);
	return T_EXIT_PASS;
}
