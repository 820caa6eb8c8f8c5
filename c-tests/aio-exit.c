/* Description: io_uring_aio_queue_exit() cancels what can be cancelled, waits
 * for everything else, and ends the waits of other threads with -EINVAL; no
 * buffer is in use afterwards, requests are idle, events that nobody reaped
 * are lost. The second time is -EINVAL. */
/* libraries: uring-aio */
/* flavours: plain */
/* valgrind: off: it stops all threads while one is in io_uring_enter(2) */
/* upstream: differs: liburing has no AIO engine */
#include "aio.h"

#define NR 16u
#define BIG (4u << 20)

static struct io_uring_aio *ctx;
static struct io_uring_aio_req reqs[NR], extra;
static int left, cancels, sleepers, tids[3];

static void cancels_and_loses_events(unsigned int flags)
{
	unsigned int i;
	char buf[NR];
	int p[2];

	ctx = aio_init(NR + 1, flags);
	t_pipe(p);
	for (i = 0; i < NR; i++) {
		aio_read(&reqs[i], p[0], buf + i, 1, (__u64)-1);
		AIO_SUBMIT(ctx, &reqs[i]);
		AIO_LIVE(&reqs[i]);
	}
	AIO_REQ(&extra);
	io_uring_prep_nop(&extra.sqe);
	AIO_SUBMIT(ctx, &extra);
	AIO_EXIT(ctx);
	AIO_IDLE(&extra);
	for (i = 0; i < NR; i++)
		AIO_IDLE(&reqs[i]);
	T_EQ(io_uring_aio_queue_exit(ctx), -EINVAL);
	/* The reads are gone: the bytes stay. */
	T_EQ(write(p[1], "12345678", 8), 8);
	t_sleep_ms(2);
	T_EQ(read(p[0], buf, NR), 8);
	t_close_both(p);
	/* Another context takes them, as if nothing had been. */
	ctx = aio_init(NR, flags);
	for (i = 0; i < NR; i++) {
		AIO_REQ(&reqs[i]);
		io_uring_prep_nop(&reqs[i].sqe);
		T_EQ(aio_do(ctx, &reqs[i]), 0);
	}
	AIO_EXIT(ctx);
}

/* The memory goes right after: a device that still writes would be seen. */
static void waits_for_direct_io(unsigned int flags)
{
	struct io_uring_aio_req *all[NR];
	int fd = aio_direct_file(BIG);
	unsigned char *mem, *copy;
	unsigned int i, round;

	mem = t_pages(BIG);
	copy = t_pages(BIG);
	for (round = 0; round < 10; round++) {
		ctx = aio_init(NR, flags);
		for (i = 0; i < NR; i++) {
			aio_read(&reqs[i], fd, mem + i * (BIG / NR), BIG / NR,
				 i * (BIG / NR));
			all[i] = &reqs[i];
		}
		T_EQ(io_uring_aio_submit(ctx, NR, all), NR);
		AIO_EXIT(ctx);
		memset(mem, 0xa5, BIG);
		memset(copy, 0xa5, BIG);
		t_sleep_ms(3);
		T_CHECK(!memcmp(mem, copy, BIG));
		for (i = 0; i < NR; i++)
			AIO_IDLE(&reqs[i]);
	}
	T_SYS(munmap(mem, BIG));
	T_SYS(munmap(copy, BIG));
	close(fd);
}

static void *wait_for_events(void *arg)
{
	struct io_uring_aio_event ev[NR];
	int ret;

	T_STORE((int *)arg, gettid());
	T_ADD(&sleepers, 1);
	/* More than there will be, with those that are cancelled. */
	ret = io_uring_aio_getevents(ctx, NR, NR, ev, NULL);
	/* What it got before it saw the end is not lost. */
	T_CHECK(ret == -EINVAL || (ret > 0 && ret < (int)NR));
	T_ADD(&left, 1);
	return NULL;
}

static void *wait_for_cancel(void *arg)
{
	struct io_uring_aio_event ev;
	int ret;

	T_ADD(&sleepers, 1);
	ret = io_uring_aio_cancel(ctx, arg, &ev, NULL);
	T_CHECK(ret == 0 || ret == -EALREADY || ret == -ENOENT ||
		ret == -EINVAL);
	return NULL;
}

/* With and without requests in flight on a ring that a waiter sleeps in. */
static void ends_waits(unsigned int flags, bool direct, bool cancel)
{
	pthread_t threads[4];
	unsigned int i, nr = 0;
	unsigned char *mem = t_pages(4096);
	int p[2], fd = aio_direct_file(4096);
	struct io_uring_aio *next;
	char byte;

	left = sleepers = 0;
	ctx = aio_init(NR, flags);
	t_pipe(p);
	aio_read(&reqs[0], p[0], &byte, 1, (__u64)-1);
	AIO_SUBMIT(ctx, &reqs[0]);
	for (i = 0; i < 3; i++)
		threads[nr++] = t_thread(wait_for_events, &tids[i]);
	if (cancel)
		threads[nr++] = t_thread(wait_for_cancel, &reqs[0]);
	T_UNTIL(T_LOAD(&sleepers) == (int)nr);
	/* Who comes later waits in what has the memory then. */
	for (i = 0; i < 3; i++)
		T_UNTIL(t_sleeps(T_LOAD(&tids[i])));
	t_sleep_ms(5);
	if (direct) {
		aio_read(&reqs[1], fd, mem, 4096, 0);
		AIO_SUBMIT(ctx, &reqs[1]);
	}
	AIO_EXIT(ctx);
	T_EQ(io_uring_aio_queue_exit(ctx), -EINVAL);
	/*
	 * Exit has waited for the threads to leave the context: what has its
	 * memory now is another's.
	 */
	next = aio_init(NR, flags);
	for (i = 0; i < nr; i++)
		t_join(threads[i]);
	T_EQ(left, 3);
	AIO_IDLE(&reqs[0]);
	AIO_EXIT(next);
	t_close_both(p);
	close(fd);
	T_SYS(munmap(mem, 4096));
}

static int cancel_started(struct io_uring_aio_req *req)
{
	T_PTR_EQ(req, &reqs[0]);
	cancels++;
	return 0;
}

static void *complete_later(void *arg)
{
	t_sleep_ms(50);
	T_STORE(&left, 1);
	T_EQ(io_uring_aio_complete(ctx, arg, 5), 0);
	return NULL;
}

static void deferred(struct io_uring_aio *context, struct io_uring_aio_req *req,
		     __s32 res)
{
	t_sleep_ms(20);
	T_STORE(&left, 1);
	T_EQ(io_uring_aio_complete(context, req, res), 0);
}

static void ends_what_the_program_does(unsigned int flags)
{
	pthread_t thread;

	ctx = aio_init(NR, flags);
	cancels = 0;
	AIO_REQ(&reqs[0]);
	T_EQ(io_uring_aio_start(ctx, &reqs[0]), 0);
	T_EQ(io_uring_aio_req_set_cancel_fn(ctx, &reqs[0], cancel_started), 0);
	AIO_EXIT(ctx);
	T_EQ(cancels, 1);
	AIO_IDLE(&reqs[0]);
	T_EQ(io_uring_aio_complete(ctx, &reqs[0], 0), -EINVAL);

	ctx = aio_init(NR, flags);
	left = 0;
	AIO_REQ(&reqs[0]);
	T_EQ(io_uring_aio_start(ctx, &reqs[0]), 0);
	thread = t_thread(complete_later, &reqs[0]);
	AIO_EXIT(ctx);
	T_EQ(T_LOAD(&left), 1);
	AIO_IDLE(&reqs[0]);
	t_join(thread);

	ctx = aio_init(NR, flags);
	left = 0;
	AIO_REQ(&reqs[0]);
	io_uring_prep_nop(&reqs[0].sqe);
	T_EQ(io_uring_aio_req_defer(&reqs[0], deferred), 0);
	AIO_SUBMIT(ctx, &reqs[0]);
	AIO_EXIT(ctx);
	T_EQ(T_LOAD(&left), 1);
	AIO_IDLE(&reqs[0]);
	AIO_THREADS(AIO_WORKER, 0);
}

static void run(unsigned int flags)
{
	int round;

	cancels_and_loses_events(flags);
	waits_for_direct_io(flags);
	for (round = 0; round < 40; round++)
		ends_waits(flags, round & 1, round & 2);
	ends_what_the_program_does(flags);
}

int main(void)
{
	AIO_EACH_KIND(run);
	return T_EXIT_PASS;
}
