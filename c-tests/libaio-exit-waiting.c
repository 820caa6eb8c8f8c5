/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Description: reads and writes in flight that wait for other programs, of
 * pipes and of a socket, hold up neither the end of a process, in any way, nor
 * an exec or io_destroy(), and keep no file afterwards: who has the other ends
 * sees that nobody is there. Nothing of the writes is done later. */
/* libraries: aio */
/* flavours: plain */
/* sanitizers: off: what a last thread has is a leak to them */
/* valgrind: off: it does not execute what /proc/self/exe says */
/* upstream: differs: in kernel AIO io_submit() waits for pipes and sockets */
#include "libaio-tests.h"

#define LENGTH 4096
/* Less than exit() waits for what a disk has to do. */
#define PROMPT_MS 5000

enum way { RETURN, EXIT, QUICK_EXIT, LAST_THREAD, KILLED, EXEC, DESTROY, WAYS };

enum { PIPE_READ, SOCKET_READ, PIPE_WRITE, NR };

/* Ends of the process that ends, and the parent's. */
static int mine[NR], other[NR];
static io_context_t ctx;
static struct iocb reqs[NR];
static char mem[NR][LENGTH];

static void make_files(void)
{
	int p[2], size;

	t_pipe(p);
	mine[PIPE_READ] = p[0];
	other[PIPE_READ] = p[1];
	t_socketpair(p);
	mine[SOCKET_READ] = p[0];
	other[SOCKET_READ] = p[1];
	t_pipe(p);
	mine[PIPE_WRITE] = p[1];
	other[PIPE_WRITE] = p[0];
	/* One page, and it is full. */
	size = (int)T_SYS(fcntl(p[1], F_SETPIPE_SZ, LENGTH));
	T_EQ(size, LENGTH);
	T_EQ(write(p[1], mem[PIPE_WRITE], LENGTH), LENGTH);
}

static void close_all(const int fd[NR])
{
	int i;

	for (i = 0; i < NR; i++)
		close(fd[i]);
}

static void in_flight(void)
{
	int i;

	ctx = la_setup(NR);
	la_needs_io_uring(ctx);
	for (i = 0; i < NR; i++) {
		if (i == PIPE_WRITE)
			io_prep_pwrite(&reqs[i], mine[i], mem[i], LENGTH, 0);
		else
			io_prep_pread(&reqs[i], mine[i], mem[i], LENGTH, 0);
		LA_SUBMIT(ctx, &reqs[i]);
	}
	la_quiet(ctx);
}

static void *waits(void *arg)
{
	struct io_event ev[NR];
	int ret = io_getevents(ctx, NR, NR, ev, NULL);

	(void)arg;
	/* Where this thread is still there when the context is not. */
	T_EQ(ret, -EINVAL);
	return NULL;
}

static void *ends(void *arg)
{
	(void)arg;
	t_sleep_ms(5);
	pthread_exit(NULL);
}

/* Stays until the parent has seen enough. */
static int stays(int stay)
{
	char byte;

	T_EQ(read(stay, &byte, 1), 0);
	return T_EXIT_PASS;
}

/* Ends this process, or its requests. */
static int leave(enum way way, int stay)
{
	char *again[] = { (char *)(uintptr_t)"stays", NULL, NULL };
	char number[16];
	pthread_t waiter;

	switch (way) {
	case RETURN:
		return T_EXIT_PASS;
	case EXIT:
		exit(T_EXIT_PASS);
	case QUICK_EXIT:
		_exit(T_EXIT_PASS);
	case LAST_THREAD:
		t_thread(ends, NULL);
		pthread_exit(NULL);
	case KILLED:
		t_thread(waits, NULL);
		raise(SIGKILL);
		break;
	case EXEC:
		t_thread(waits, NULL);
		snprintf(number, sizeof(number), "%d", stay);
		again[1] = number;
		T_SYS(fcntl(stay, F_SETFD, 0));
		execv("/proc/self/exe", again);
		break;
	case DESTROY:
		waiter = t_thread(waits, NULL);
		LA_DESTROY(ctx);
		t_join(waiter);
		close_all(mine);
		return stays(stay);
	case WAYS:
		break;
	}
	return T_EXIT_FAIL;
}

/* The other ends, whether or not the process is there. */
static void nobody_there(void)
{
	struct pollfd end = { .fd = other[PIPE_READ], .events = 0 };
	char *seen = t_pages(2 * LENGTH);

	/* Not a write at once, which a read that is in flight would take. */
	T_EQ(poll(&end, 1, LA_PATIENCE_MS), 1);
	T_EQ(end.revents, POLLERR);
	T_EQ(write(other[PIPE_READ], "x", 1), -1);
	T_EQ(errno, EPIPE);
	T_EQ(read(other[SOCKET_READ], seen, 1), 0);
	/* What the pipe was full of, and not what waited behind it. */
	T_EQ(read(other[PIPE_WRITE], seen, 2 * LENGTH), LENGTH);
	T_EQ(read(other[PIPE_WRITE], seen, 2 * LENGTH), 0);
	T_SYS(munmap(seen, 2 * LENGTH));
}

static void gone(enum way way)
{
	int ready[2], stay[2], status;
	long long before;
	pid_t pid;
	char byte;

	make_files();
	t_pipe(ready);
	t_pipe(stay);
	pid = (pid_t)T_SYS(fork());
	if (!pid) {
		t_start();
		close_all(other);
		close(stay[1]);
		in_flight();
		la_write(ready[1], "r");
		/* By return from main(), which is what exit() is. */
		exit(leave(way, stay[0]));
	}
	close_all(mine);
	close(ready[1]);
	close(stay[0]);
	if (read(ready[0], &byte, 1) != 1) {
		T_EQ(waitpid(pid, &status, 0), pid);
		/* It has said why. */
		exit(WIFEXITED(status) ? WEXITSTATUS(status) : T_EXIT_FAIL);
	}
	before = t_now_ms();
	if (way != EXEC && way != DESTROY) {
		T_EQ(waitpid(pid, &status, 0), pid);
		T_EQ(status, way == KILLED ? SIGKILL : 0);
	}
	nobody_there();
	T_LE(t_now_ms() - before, PROMPT_MS);
	close(stay[1]);
	if (way == EXEC || way == DESTROY) {
		T_EQ(waitpid(pid, &status, 0), pid);
		T_EQ(status, 0);
	}
	close(ready[0]);
	close_all(other);
}

int main(int argc, char **argv)
{
	int way;

	if (argc == 2)
		return stays(atoi(argv[1]));
	signal(SIGPIPE, SIG_IGN);
	for (way = RETURN; way < WAYS; way++)
		gone((enum way)way);
	return T_EXIT_PASS;
}
