/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Description: io_destroy() ends waits in io_getevents() with -EINVAL, cancels
 * what can be cancelled, waits for the rest, and throws away the events that
 * nobody took. A second call, by whomever, is -EINVAL. */
/* libraries: aio */
/* flavours: plain */
/* valgrind: off: it reports that the kernel is asked about bad pointers */
/* upstream: kernel AIO */
#include "libaio-tests.h"

#define NR 16
#define BLOCK 65536
#define WAITERS 3

static int p[2], efd;
static io_context_t ctx;

struct waiter {
	pthread_t thread;
	int tid;
	bool timed;
};

static void *waits(void *arg)
{
	struct waiter *w = arg;
	struct timespec ts = la_ms(LA_PATIENCE_MS);
	struct io_event ev;

	T_STORE(&w->tid, gettid());
	T_EQ(io_getevents(ctx, 1, 1, &ev, w->timed ? &ts : NULL), -EINVAL);
	return NULL;
}

static void waiters(bool with_poll)
{
	struct waiter w[WAITERS];
	struct io_event ev;
	struct iocb req;
	int i;

	ctx = la_setup(4);
	if (with_poll) {
		io_prep_poll(&req, p[0], POLLIN);
		LA_SUBMIT(ctx, &req);
	}
	for (i = 0; i < WAITERS; i++) {
		w[i].tid = 0;
		w[i].timed = i & 1;
		w[i].thread = t_thread(waits, &w[i]);
	}
	for (i = 0; i < WAITERS; i++) {
		T_UNTIL(T_LOAD(&w[i].tid));
		T_UNTIL(t_sleeps(w[i].tid));
	}
	t_sleep_ms(10);
	LA_DESTROY(ctx);
	for (i = 0; i < WAITERS; i++)
		t_join(w[i].thread);
	T_EQ(io_destroy(ctx), -EINVAL);
	T_EQ(la_submit(ctx, &req), -EINVAL);
	T_EQ(io_cancel(ctx, &req, &ev), -EINVAL);
	T_CHECK(!la_is_mapped(ctx));
}

/* Nothing is on its way to the buffers any more. */
static void waits_for_requests(void)
{
	int file = la_direct_file(NR * BLOCK), round, i;
	char *mem = t_pages(NR * BLOCK);
	struct iocb reqs[NR], *list[NR];

	for (round = 0; round < 5; round++) {
		ctx = la_setup(NR);
		memset(mem, 0, NR * BLOCK);
		for (i = 0; i < NR; i++) {
			io_prep_pread(&reqs[i], file, mem + i * BLOCK, BLOCK,
				      i * BLOCK);
			io_set_eventfd(&reqs[i], efd);
			list[i] = &reqs[i];
		}
		T_EQ(io_submit(ctx, NR, list), NR);
		LA_DESTROY(ctx);
		/* Those that were carried out have told so. */
		T_LE(la_count(efd), NR);
		for (i = 0; i < NR; i++)
			T_CHECK(la_is_pattern(mem + i * BLOCK, BLOCK,
					      (size_t)i * BLOCK) ||
				!mem[i * BLOCK + 1]);
		memset(mem, 0x55, NR * BLOCK);
		t_sleep_ms(3);
		for (i = 0; i < NR * BLOCK; i++)
			T_CHECK(mem[i] == 0x55);
	}
	T_SYS(munmap(mem, NR * BLOCK));
	close(file);
}

/* The files of what was cancelled are free. */
static void polls_go(void)
{
	struct iocb reqs[4];
	int q[2], i;

	t_pipe(q);
	ctx = la_setup(4);
	for (i = 0; i < 4; i++) {
		io_prep_poll(&reqs[i], q[0], POLLIN);
		io_set_eventfd(&reqs[i], efd);
		LA_SUBMIT(ctx, &reqs[i]);
	}
	LA_DESTROY(ctx);
	la_count(efd);
	signal(SIGPIPE, SIG_IGN);
	close(q[0]);
	T_UNTIL(write(q[1], "x", 1) < 0);
	T_EQ(errno, EPIPE);
	close(q[1]);
}

/* What nobody took is lost, and a context made next has none of it. */
static void events_are_lost(void)
{
	int file = la_tmpfile(4), i;
	struct iocb reqs[4];
	char mem[4];

	ctx = la_setup(4);
	for (i = 0; i < 4; i++) {
		io_prep_pread(&reqs[i], file, &mem[i], 1, i);
		LA_SUBMIT(ctx, &reqs[i]);
	}
	LA_DESTROY(ctx);
	ctx = la_setup(4);
	T_EQ(la_in_ring(ctx), 0);
	la_quiet(ctx);
	LA_DESTROY(ctx);
	close(file);
}

static int done, refused;

static void *destroys(void *arg)
{
	int ret = io_destroy(ctx);

	if (!ret)
		T_ADD(&done, 1);
	else if (ret == -EINVAL)
		T_ADD(&refused, 1);
	return arg;
}

/* Of several at the same time, one is the one. */
static void only_once(void)
{
	pthread_t thread[WAITERS];
	int round, i;

	for (round = 0; round < 5; round++) {
		ctx = la_setup(4);
		done = refused = 0;
		for (i = 0; i < WAITERS; i++)
			thread[i] = t_thread(destroys, NULL);
		for (i = 0; i < WAITERS; i++)
			t_join(thread[i]);
		T_EQ(done, 1);
		T_EQ(refused, WAITERS - 1);
	}
}

int main(void)
{
	efd = (int)T_SYS(eventfd(0, EFD_CLOEXEC));
	t_pipe(p);
	waiters(false);
	waiters(true);
	waits_for_requests();
	polls_go();
	events_are_lost();
	only_once();
	t_close_both(p);
	close(efd);
	return T_EXIT_PASS;
}
