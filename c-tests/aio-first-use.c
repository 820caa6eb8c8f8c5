/* Description: threads that use the library for the first time at the same
 * moment get one issuer between them, contexts that all work, and for a context
 * that they share one worker; nothing is left of what was made twice. */
/* libraries: uring-aio */
/* flavours: plain */
/* valgrind: off: it stops all threads while one is in io_uring_enter(2) */
/* upstream: differs: liburing has no AIO engine */
#include "aio.h"

#define CHILDREN 3000
#define THREADS 6
#define DURATION_MS 1500

/* Threads that are to begin, and what those of a pair do before they do. */
static int waiting;
static unsigned int delays[THREADS];
static pthread_t held_up;
static bool hold_up;

static struct io_uring_aio *contexts[THREADS], *shared;
static struct io_uring_aio_req reqs[THREADS][2];
static unsigned char *mem;
static int direct;

/* Long enough for the other one to be through. */
static void pause_a_while(int sig)
{
	struct timespec ts = { 0, 1000000 };

	(void)sig;
	nanosleep(&ts, NULL);
}

static void forward(struct io_uring_aio *context, struct io_uring_aio_req *req,
		    __s32 res)
{
	T_EQ(io_uring_aio_complete(context, req, res + 1), 0);
}

/* Threads that sleep until then would not begin at the same moment. */
static void begin(size_t me)
{
	volatile unsigned int spin;

	if (me == 1)
		held_up = pthread_self();
	T_ADD(&waiting, -1);
	for (spin = 0; T_LOAD(&waiting); spin++)
		if (spin > 10000)
			sched_yield();
	if (hold_up && me == 0)
		T_EQ(pthread_kill(held_up, SIGUSR1), 0);
	for (spin = delays[me]; spin; spin--)
		;
}

static void *first(void *arg)
{
	size_t me = (size_t)(uintptr_t)arg;
	struct io_uring_aio_req *req = reqs[me];
	unsigned char *buf = mem + me * 4096;

	begin(me);
	contexts[me] = aio_init(4, me % 2 ? IO_URING_AIO_ISSUER : 0);
	AIO_REQ(&req[0]);
	io_uring_prep_nop(&req[0].sqe);
	T_EQ(aio_do(contexts[me], &req[0]), 0);
	aio_read(&req[0], direct, buf, 4096, 0);
	T_EQ(aio_do(contexts[me], &req[0]), 4096);
	T_CHECK(aio_is_pattern(buf, 4096, 0));
	return NULL;
}

/* The context is there, and the issuer's thread, a ring and the worker not. */
static void *first_of_context(void *arg)
{
	size_t me = (size_t)(uintptr_t)arg;
	struct io_uring_aio_req *req = reqs[me];

	aio_read(&req[0], direct, mem + me * 4096, 4096, 0);
	AIO_REQ(&req[1]);
	io_uring_prep_nop(&req[1].sqe);
	T_EQ(io_uring_aio_req_defer(&req[1], forward), 0);
	begin(me);
	if (me % 2)
		AIO_SUBMIT(shared, &req[0]);
	AIO_SUBMIT(shared, &req[1]);
	if (!(me % 2))
		AIO_SUBMIT(shared, &req[0]);
	return NULL;
}

static void at_once(void *(*fn)(void *), size_t nr)
{
	pthread_t threads[THREADS];
	size_t i;

	T_STORE(&waiting, (int)nr);
	for (i = 0; i < nr; i++)
		threads[i] = t_thread(fn, (void *)(uintptr_t)i);
	for (i = 0; i < nr; i++)
		t_join(threads[i]);
}

/* Threads that are just ending are listed still, or make others be missed. */
static void there_are(const char *name, int wanted)
{
	int tries, seen = -1;

	for (tries = 0; tries < 500; tries++) {
		seen = aio_threads(name);
		if (seen == wanted)
			return;
		t_sleep_ms(2);
	}
	T_FAIL("%d threads %s, %d expected", seen, name, wanted);
}

static void descriptors(int wanted)
{
	int tries, seen = -1;

	for (tries = 0; tries < 500; tries++) {
		seen = t_open_fds();
		if (seen == wanted)
			return;
		t_sleep_ms(2);
	}
	T_FAIL("%d descriptors, %d expected", seen, wanted);
}

/* One of them is held up by a signal at a place that chance decides. */
static int two_contexts(void *arg)
{
	unsigned int seed = *(unsigned int *)arg;
	struct sigaction sa;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = pause_a_while;
	T_SYS(sigaction(SIGUSR1, &sa, NULL));
	hold_up = true;
	delays[0] = (unsigned int)rand_r(&seed) % 600;
	delays[1] = (unsigned int)rand_r(&seed) % 1000;
	at_once(first, 2);
	there_are(AIO_ISSUER, 1);
	AIO_EXIT(contexts[0]);
	AIO_EXIT(contexts[1]);
	return T_EXIT_PASS;
}

static int many_contexts(void *arg)
{
	int fds = t_open_fds();
	size_t i;

	(void)arg;
	at_once(first, THREADS);
	there_are(AIO_ISSUER, 1);
	/* Of any thread's. */
	for (i = 0; i < THREADS; i++) {
		AIO_REQ(&reqs[i][1]);
		io_uring_prep_nop(&reqs[i][1].sqe);
		T_EQ(aio_do(contexts[i], &reqs[i][1]), 0);
		AIO_EXIT(contexts[i]);
	}
	/* The issuer's. */
	descriptors(fds + 2);
	return T_EXIT_PASS;
}

static int one_context(void *arg)
{
	struct io_uring_aio_event ev[2 * THREADS];
	int fds = t_open_fds();
	size_t i;

	shared = aio_init(2 * THREADS, *(unsigned int *)arg);
	at_once(first_of_context, THREADS);
	aio_events(shared, 2 * THREADS, ev);
	for (i = 0; i < 2 * THREADS; i++)
		T_EQ(ev[i].res, ev[i].req->sqe.opcode == IORING_OP_NOP ? 1
								      : 4096);
	for (i = 0; i < THREADS; i++)
		T_CHECK(aio_is_pattern(mem + i * 4096, 4096, 0));
	there_are(AIO_ISSUER, 1);
	there_are(AIO_WORKER, 1);
	AIO_EXIT(shared);
	there_are(AIO_WORKER, 0);
	descriptors(fds + 2);
	return T_EXIT_PASS;
}

int main(void)
{
	long long end = t_now_ms() + DURATION_MS;
	unsigned int child, flags;

	T_NEEDS_RING();
	direct = aio_direct_file(4096);
	mem = t_pages(THREADS * 4096);
	/* Each child is a process that has not used the library. */
	for (child = 0; child < CHILDREN && t_now_ms() < end; child++) {
		T_EQ(t_fork_run(two_contexts, &child), T_EXIT_PASS);
		if (child % 32)
			continue;
		flags = child % 64 ? IO_URING_AIO_ISSUER : 0;
		T_EQ(t_fork_run(many_contexts, NULL), T_EXIT_PASS);
		T_EQ(t_fork_run(one_context, &flags), T_EXIT_PASS);
	}
	T_SYS(munmap(mem, THREADS * 4096));
	close(direct);
	return T_EXIT_PASS;
}
