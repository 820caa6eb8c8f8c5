/* Description: a process whose threads all leave by pthread_exit() ends with the
 * last of them as by exit(0), with requests in flight and with threads of the
 * library's that wait; the first thread, or another one, may be the last, and
 * as long as there is one the process goes on, if each makes the next, if the
 * first is in a destructor, and if there is no descriptor left to look with. */
/* libraries: uring-aio */
/* flavours: plain */
/* sanitizers: off: what a last thread has is a leak to them */
/* valgrind: off: to a child, what belongs to the parent's threads is lost */
/* upstream: differs: liburing has no AIO engine */
#include "aio.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define THREADS 4
/* That each have made the next one. */
#define CHAIN 1000

static struct io_uring_aio *ctx;
static struct io_uring_aio_req waiting, deferred;
static int pipe_in_use[2], told[2];
static unsigned int how;

enum { BY_OTHER = 1, WITH_WORKER = 2, FIRST_IS_LAST = 4, IN_CHAIN = 8 };

static void tell(const char *what)
{
	T_EQ(write(told[1], what, 1), 1);
}

static void at_exit(void)
{
	tell("e");
}

static void later(struct io_uring_aio *of, struct io_uring_aio_req *req,
		  __s32 res)
{
	io_uring_aio_complete(of, req, res);
}

static void use(void)
{
	char *byte = t_pages(4096);

	ctx = aio_init(4, 0);
	aio_read(&waiting, pipe_in_use[0], byte, 1, (__u64)-1);
	AIO_SUBMIT(ctx, &waiting);
	if (!(how & WITH_WORKER))
		return;
	AIO_REQ(&deferred);
	io_uring_prep_nop(&deferred.sqe);
	T_EQ(io_uring_aio_req_defer(&deferred, later), 0);
	T_EQ(aio_do(ctx, &deferred), 0);
}

static void *leaves(void *arg)
{
	unsigned int me = (unsigned int)(uintptr_t)arg;

	if (!me && how & BY_OTHER)
		use();
	t_sleep_ms(10 * me);
	tell("t");
	pthread_exit(NULL);
}

/* Takes as long as it takes. */
static void destroys(void *value)
{
	(void)value;
	t_sleep_ms(30);
	tell("d");
}

static void *makes_next(void *arg)
{
	uintptr_t left = (uintptr_t)arg;
	pthread_attr_t detached;
	pthread_t thread;

	if (!left) {
		tell("c");
		return NULL;
	}
	T_EQ(pthread_attr_init(&detached), 0);
	T_EQ(pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED),
	     0);
	T_EQ(pthread_create(&thread, &detached, makes_next,
			    (void *)(left - 1)),
	     0);
	T_EQ(pthread_attr_destroy(&detached), 0);
	return NULL;
}

static void child(void)
{
	pthread_t threads[THREADS];
	pthread_key_t key;
	unsigned int i;

	/* The library's threads have all other signals blocked. */
	T_SYS(prctl(PR_SET_PDEATHSIG, SIGKILL));
	t_start();
	T_EQ(atexit(at_exit), 0);
	T_EQ(pthread_key_create(&key, destroys), 0);
	T_EQ(pthread_setspecific(key, &key), 0);
	if (!(how & BY_OTHER))
		use();
	if (how & IN_CHAIN) {
		makes_next((void *)(uintptr_t)CHAIN);
		pthread_exit(NULL);
	}
	for (i = 0; i < THREADS; i++)
		threads[i] = t_thread(leaves, (void *)(uintptr_t)i);
	if (how & FIRST_IS_LAST)
		for (i = 0; i < THREADS; i++)
			t_join(threads[i]);
	pthread_exit(NULL);
}

static void *uses(void *arg)
{
	use();
	return arg;
}

/*
 * Nobody has told the library of the first thread, and it can open the list of
 * the threads but nothing of each.
 */
static void cannot_be_seen(void)
{
	const struct rlimit few = { 64, 64 };
	int last = -1, fd;

	T_SYS(prctl(PR_SET_PDEATHSIG, SIGKILL));
	t_start();
	t_join(t_thread(uses, NULL));
	T_SYS(setrlimit(RLIMIT_NOFILE, &few));
	while ((fd = dup(told[1])) >= 0)
		last = fd;
	close(last);
	t_sleep_ms(2500);
	_exit(42);
}

int main(void)
{
	static const unsigned int hows[] = { 0, 1, 2, 3, 4, 5, 6, 7,
					     IN_CHAIN, IN_CHAIN | WITH_WORKER };
	char seen[THREADS + 4];
	int status, len, wanted;
	unsigned int i;
	pid_t pid;

	/* Skips where there is none. */
	ctx = aio_init(4, 0);
	AIO_EXIT(ctx);
	for (i = 0; i < sizeof(hows) / sizeof(hows[0]); i++) {
		how = hows[i];
		/* Old kernels tell the library nothing: it looks now and then. */
		t_start();
		t_pipe(pipe_in_use);
		t_pipe(told);
		pid = (pid_t)T_SYS(fork());
		if (!pid)
			child();
		T_EQ(waitpid(pid, &status, 0), pid);
		T_EQ(status, 0);
		len = (int)read(told[0], seen, sizeof(seen));
		wanted = how & IN_CHAIN ? 1 : THREADS;
		T_EQ(len, wanted + 2);
		/* What the first thread's destructor tells comes anywhere. */
		T_CHECK(memchr(seen, 'd', (size_t)len));
		T_EQ(seen[len - 1], 'e');
		t_close_both(told);
		t_close_both(pipe_in_use);
	}
	t_start();
	how = 0;
	t_pipe(pipe_in_use);
	t_pipe(told);
	pid = (pid_t)T_SYS(fork());
	if (!pid)
		cannot_be_seen();
	T_EQ(waitpid(pid, &status, 0), pid);
	T_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 42);
	t_close_both(told);
	t_close_both(pipe_in_use);
	return T_EXIT_PASS;
}
