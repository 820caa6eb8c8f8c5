/* Description: what runs short does no harm. A thread that issued direct I/O
 * ends though no thread can be made that reaps for it; without any descriptor
 * to be had events come and are counted, and nobody spins; and a complete
 * function has as much stack as the program's own threads. */
/* libraries: uring-aio */
/* flavours: plain */
/* upstream: differs: liburing has no AIO engine */
#include "aio.h"

#include <sys/eventfd.h>
#include <sys/resource.h>

#define NR 8u
#define LONG (1u << 20)

static struct io_uring_aio *ctx;
static struct io_uring_aio_req reqs[NR];
static unsigned char *mem;
static int direct;

/* Filters are the thread's own, and so this one cannot make a thread. */
static void *issue_and_end(void *arg)
{
	const struct t_arg_match any[1] = { { 0, 0, 0 } };
	struct io_uring_aio_req *all[NR];
	unsigned int i;

	(void)arg;
	t_seccomp_deny(SYS_clone3, EAGAIN, any, 1);
	t_seccomp_deny(SYS_clone, EAGAIN, any, 1);
	for (i = 0; i < NR; i++) {
		aio_read(&reqs[i], direct, mem + i * LONG, LONG, 0);
		all[i] = &reqs[i];
	}
	T_EQ(io_uring_aio_submit(ctx, NR, all), NR);
	return NULL;
}

/* Nobody reaps until it has ended. */
static int no_thread(void *arg)
{
	struct io_uring_aio_event ev[NR];
	struct timespec until;
	pthread_t thread;
	unsigned int i;
	int ret;

	(void)arg;
	ctx = aio_init(NR, 0);
	thread = t_thread(issue_and_end, NULL);
	T_SYS(clock_gettime(CLOCK_REALTIME, &until));
	until.tv_sec += AIO_PATIENCE_MS / 1000;
	ret = pthread_timedjoin_np(thread, NULL, &until);
	if (ret)
		T_FAIL("a thread does not end: %s", strerror(ret));
	aio_events(ctx, NR, ev);
	for (i = 0; i < NR; i++) {
		T_EQ(ev[i].res, LONG);
		T_CHECK(aio_is_pattern(mem + i * LONG, LONG, 0));
	}
	AIO_EXIT(ctx);
	return T_EXIT_PASS;
}

static void no_descriptors(void)
{
	struct rlimit rl;

	T_SYS(getrlimit(RLIMIT_NOFILE, &rl));
	rl.rlim_cur = 0;
	T_SYS(setrlimit(RLIMIT_NOFILE, &rl));
	T_EQ(dup(direct), -1);
}

static double seconds_of(clockid_t clock)
{
	struct timespec ts;

	T_SYS(clock_gettime(clock, &ts));
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Whoever has nothing to do waits. */
static void is_idle(void)
{
	double used = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
	double passed = seconds_of(CLOCK_MONOTONIC);

	t_sleep_ms(300);
	used = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - used;
	passed = seconds_of(CLOCK_MONOTONIC) - passed;
	if (used > passed / 2)
		T_FAIL("%.3f s of %.3f s are used for nothing", used, passed);
}

static void works(void)
{
	AIO_REQ(&reqs[0]);
	io_uring_prep_nop(&reqs[0].sqe);
	T_EQ(aio_do(ctx, &reqs[0]), 0);
	aio_read(&reqs[0], direct, mem, 4096, 4096);
	T_EQ(aio_do(ctx, &reqs[0]), 4096);
	T_CHECK(aio_is_pattern(mem, 4096, 4096));
}

static void cancels(int p[2])
{
	struct io_uring_aio_event ev;
	char byte;

	aio_read(&reqs[0], p[0], &byte, 1, (__u64)-1);
	AIO_SUBMIT(ctx, &reqs[0]);
	is_idle();
	T_EQ(io_uring_aio_cancel(ctx, &reqs[0], &ev, NULL), 0);
	T_EQ(ev.res, -ECANCELED);
}

static int no_descriptor(void *arg)
{
	unsigned int flags = *(unsigned int *)arg, i;
	uint64_t value;
	int efd, p[2];

	ctx = aio_init(NR, flags);
	efd = (int)T_SYS(eventfd(0, EFD_CLOEXEC));
	t_pipe(p);
	T_EQ(io_uring_aio_register_eventfd(ctx, efd), 0);
	no_descriptors();
	/* The issuer sleeps, and is woken, and sleeps again. */
	for (i = 0; i < 3; i++) {
		AIO_REQ(&reqs[0]);
		io_uring_prep_nop(&reqs[0].sqe);
		AIO_SUBMIT(ctx, &reqs[0]);
		T_EQ(read(efd, &value, sizeof(value)), sizeof(value));
		T_EQ(value, 1);
		T_EQ(aio_result(ctx, &reqs[0]), 0);
		t_sleep_ms(2);
	}
	is_idle();
	T_EQ(io_uring_aio_register_eventfd(ctx, -1), 0);
	works();
	cancels(p);
	is_idle();
	AIO_EXIT(ctx);
	return T_EXIT_PASS;
}

static void deep(struct io_uring_aio *context, struct io_uring_aio_req *req,
		 __s32 res)
{
	volatile unsigned char locals[LONG];
	size_t i;

	/* From where the stack begins, so that no guard page is missed. */
	for (i = LONG; i >= 1024; i -= 1024)
		locals[i - 1] = (unsigned char)(i >> 10);
	for (i = LONG; i >= 1024; i -= 1024)
		T_EQ(locals[i - 1], (unsigned char)(i >> 10));
	T_EQ(io_uring_aio_complete(context, req, res + 1), 0);
}

static int stack(void *arg)
{
	struct rlimit rl;

	/* By this the stacks of threads are measured. */
	T_SYS(getrlimit(RLIMIT_STACK, &rl));
	if (rl.rlim_cur < 4 * LONG) {
		rl.rlim_cur = rl.rlim_max < 8 * LONG ? rl.rlim_max : 8 * LONG;
		T_SYS(setrlimit(RLIMIT_STACK, &rl));
	}
	ctx = aio_init(NR, *(unsigned int *)arg);
	AIO_REQ(&reqs[0]);
	io_uring_prep_nop(&reqs[0].sqe);
	T_EQ(io_uring_aio_req_defer(&reqs[0], deep), 0);
	T_EQ(aio_do(ctx, &reqs[0]), 1);
	AIO_EXIT(ctx);
	return T_EXIT_PASS;
}

static void run(unsigned int flags)
{
	T_EQ(t_fork_run(no_descriptor, &flags), T_EXIT_PASS);
	T_EQ(t_fork_run(stack, &flags), T_EXIT_PASS);
}

int main(void)
{
	T_NEEDS_RING();
	direct = aio_direct_file(LONG);
	mem = t_pages(NR * LONG);
	/* Otherwise such a thread issues nothing itself. */
	if (aio_issues_inline())
		T_EQ(t_fork_run(no_thread, NULL), T_EXIT_PASS);
	AIO_EACH_KIND(run);
	T_SYS(munmap(mem, NR * LONG));
	close(direct);
	return T_EXIT_PASS;
}
