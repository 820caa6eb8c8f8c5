/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Description: nothing is lost where everything happens at once: a ring that is
 * full again and again, contexts that end and are made at the same place or are
 * moved while others use them, threads that are cancelled in the middle. */
/* libraries: aio */
/* flavours: plain */
/* valgrind: off: it stops all threads while one is in io_uring_enter(2) */
/* sanitizers: off: threads are cancelled, which they do not expect */
/* upstream: kernel AIO */
#include "libaio-tests.h"

#define USERS 3
#define MS 1500
#define BLOCK 4096

static io_context_t shared;
static int file, direct, efd, stop, how;
static char *mem;

static bool over(long long since)
{
	return t_now_ms() - since > MS;
}

/* Until it says that it is full; then every event comes. */
static void filled(int fd)
{
	io_context_t ctx = la_setup(1);
	long long since = t_now_ms();
	struct iocb req, *list[1] = { &req };
	struct io_event ev[64];
	struct timespec ts = la_ms(LA_PATIENCE_MS);
	long in, out, ret;

	io_prep_pread(&req, fd, mem, BLOCK, 0);
	while (!over(since)) {
		for (in = 0; (ret = io_submit(ctx, 1, list)) == 1 && in < 3000;)
			in++;
		if (ret != 1)
			T_EQ(ret, -EAGAIN);
		else
			in++;
		for (out = 0; out < in; out += ret) {
			ret = io_getevents(ctx, 1, 64, ev, &ts);
			T_GE(ret, 1);
		}
		T_EQ(out, in);
		la_quiet(ctx);
	}
	LA_DESTROY(ctx);
}

static void *uses(void *arg)
{
	struct io_event ev;
	struct iocb never;
	int ret;

	memset(&never, 0, sizeof(never));
	while (!T_LOAD(&stop)) {
		io_context_t ctx = T_LOAD(&shared);

		if (!ctx)
			continue;
		/* Others look into the ring themselves, of libaio's. */
		ret = arg ? io_submit(ctx, 0, NULL)
			  : io_cancel(ctx, &never, &ev);
		T_CHECK(ret == 0 || ret == -EINVAL);
	}
	return NULL;
}

static void ends_while_used(void)
{
	long long since = t_now_ms();
	pthread_t threads[USERS];
	int i;

	stop = 0;
	for (i = 0; i < USERS; i++)
		threads[i] = t_thread(uses, (void *)(uintptr_t)(i % 2));
	while (!over(since)) {
		io_context_t ctx = la_setup(1);

		T_STORE(&shared, ctx);
		sched_yield();
		LA_DESTROY(ctx);
	}
	T_STORE(&stop, 1);
	for (i = 0; i < USERS; i++)
		t_join(threads[i]);
}

static pthread_barrier_t together;

static void *finds(void *arg)
{
	T_EQ(io_submit(arg, 0, NULL), 0);
	pthread_barrier_wait(&together);
	T_EQ(io_submit(arg, 0, NULL), 0);
	return NULL;
}

/* Whoever is the first to use a ring that was moved: all find it. */
static void moved_while_used(void)
{
	long long since = t_now_ms();
	pthread_t threads[USERS];
	int i;

	pthread_barrier_init(&together, NULL, USERS);
	while (!over(since)) {
		io_context_t ctx = la_setup(1);
		struct la_ring *ring = la_ring(ctx);
		size_t len = (sizeof(*ring) +
			      ring->nr * sizeof(struct io_event) + 4095) &
			     ~(size_t)4095;
		void *to = t_pages(len);

		T_PTR_EQ(mremap(ctx, len, len, MREMAP_MAYMOVE | MREMAP_FIXED,
				to),
			 to);
		for (i = 0; i < USERS; i++)
			threads[i] = t_thread(finds, to);
		for (i = 0; i < USERS; i++)
			t_join(threads[i]);
		LA_DESTROY(to);
	}
	pthread_barrier_destroy(&together);
}

/* libaio's functions are no cancellation points. */
static void *is_cancelled(void *arg)
{
	struct timespec ts = la_ms(1000);
	struct io_event ev;
	struct iocb req;
	sigset_t none;

	sigemptyset(&none);
	while (!T_LOAD(&stop)) {
		if (how & 1)
			io_prep_pread(&req, direct, mem, BLOCK, 0);
		else
			io_prep_pwrite(&req, file, mem, BLOCK, 0);
		if (how & 2)
			io_set_eventfd(&req, efd);
		LA_SUBMIT(shared, &req);
		T_EQ(how & 4 ? io_pgetevents(shared, 1, 1, &ev, &ts, &none)
			     : io_getevents(shared, 1, 1, &ev, &ts), 1);
	}
	return arg;
}

static void cancelled(void)
{
	pthread_t thread;
	void *ret;
	int i;

	efd = (int)T_SYS(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	for (how = 0; how < 8; how++) {
		for (i = 0; i < 5; i++) {
			stop = 0;
			shared = la_setup(8);
			thread = t_thread(is_cancelled, &stop);
			t_sleep_ms(2);
			T_EQ(pthread_cancel(thread), 0);
			t_sleep_ms(2);
			T_STORE(&stop, 1);
			T_EQ(pthread_join(thread, &ret), 0);
			T_PTR_EQ(ret, &stop);
			LA_DESTROY(shared);
		}
	}
	close(efd);
}

int main(void)
{
	file = la_tmpfile(16 * BLOCK);
	T_SYS(fsync(file));
	direct = t_reopen(file, O_RDWR | O_DIRECT);
	mem = t_pages(BLOCK);
	filled(file);
	filled(direct);
	ends_while_used();
	moved_while_used();
	cancelled();
	close(direct);
	close(file);
	return T_EXIT_PASS;
}
