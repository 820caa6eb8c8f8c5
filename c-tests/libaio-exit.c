/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Description: a process that returns, exits, ends its last thread, is killed
 * or executes another program with requests in flight is gone, with the files
 * its requests used; after an exec nothing of the contexts is left. */
/* libraries: aio */
/* flavours: plain */
/* sanitizers: off: what a last thread has is a leak to them */
/* valgrind: off: it does not execute what /proc/self/exe says */
/* upstream: kernel AIO */
#include "libaio-tests.h"

#include <sys/resource.h>

#define NR 16
#define BLOCK 65536

enum way { RETURN, EXIT, QUICK_EXIT, LAST_THREAD, KILLED, ABORTED, EXEC, WAYS };

static io_context_t ctx;
static struct iocb reqs[NR + 2];
static const char *self;

/* Some that wait for ever and some on their way to the disk. */
static void in_flight(int poll_fd, int file)
{
	char *mem = t_pages(NR * BLOCK);
	int i, efd = (int)T_SYS(eventfd(0, EFD_CLOEXEC));

	ctx = la_setup(NR + 2);
	io_prep_poll(&reqs[0], poll_fd, POLLIN);
	LA_SUBMIT(ctx, &reqs[0]);
	io_prep_poll(&reqs[1], poll_fd, POLLIN);
	io_set_eventfd(&reqs[1], efd);
	LA_SUBMIT(ctx, &reqs[1]);
	for (i = 0; i < NR; i++) {
		if (i & 1)
			io_prep_pread(&reqs[2 + i], file, mem + i * BLOCK,
				      BLOCK, i * BLOCK);
		else
			io_prep_pwrite(&reqs[2 + i], file, mem + i * BLOCK,
				       BLOCK, i * BLOCK);
		if (i & 2)
			io_set_eventfd(&reqs[2 + i], efd);
		LA_SUBMIT(ctx, &reqs[2 + i]);
	}
}

static void *waits(void *arg)
{
	struct io_event ev[NR + 2];

	(void)arg;
	io_getevents(ctx, NR + 2, NR + 2, ev, NULL);
	return NULL;
}

static void *ends(void *arg)
{
	(void)arg;
	t_sleep_ms(5);
	pthread_exit(NULL);
}

/* Ends this process. */
static int leave(enum way way)
{
	char *again[] = { (char *)(uintptr_t)self,
			  (char *)(uintptr_t)"executed", NULL, NULL };
	char address[32];

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
	case ABORTED:
		T_SYS(setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 }));
		t_thread(waits, NULL);
		signal(SIGABRT, SIG_DFL);
		abort();
	case EXEC:
		t_thread(waits, NULL);
		snprintf(address, sizeof(address), "%p", (void *)ctx);
		again[2] = address;
		execv("/proc/self/exe", again);
		break;
	case WAYS:
		break;
	}
	return T_EXIT_FAIL;
}

/* The program that was executed: the context is none, another can be made. */
static int executed(const char *address)
{
	io_context_t old = (io_context_t)strtoul(address, NULL, 16);
	char byte;
	int file;

	T_EQ(io_destroy(old), -EINVAL);
	T_EQ(la_submit(old, &reqs[0]), -EINVAL);
	file = la_tmpfile(1);
	ctx = la_setup(1);
	io_prep_pread(&reqs[0], file, &byte, 1, 0);
	T_EQ(la_do(ctx, &reqs[0]), 1);
	LA_DESTROY(ctx);
	close(file);
	return T_EXIT_PASS;
}

static void gone(enum way way)
{
	int file = la_direct_file(NR * BLOCK), out[2], status, wanted;
	pid_t pid;
	char byte;

	t_pipe(out);
	pid = (pid_t)T_SYS(fork());
	if (!pid) {
		t_start();
		close(out[1]);
		in_flight(out[0], file);
		close(out[0]);
		/* By return from main(), which is what exit() is. */
		exit(leave(way));
	}
	close(out[0]);
	T_EQ(waitpid(pid, &status, 0), pid);
	wanted = way == KILLED ? SIGKILL : way == ABORTED ? SIGABRT : 0;
	T_EQ(status & ~0x80, wanted);
	/* Once nobody has the other end, a write to it fails. */
	T_UNTIL(write(out[1], "x", 1) < 0);
	T_EQ(errno, EPIPE);
	close(out[1]);
	/* What had been started is done by then, or never will be. */
	T_EQ(pread(t_reopen(file, O_RDONLY), &byte, 1, 0), 1);
	close(file);
}

int main(int argc, char **argv)
{
	int way;

	self = argv[0];
	if (argc == 3 && !strcmp(argv[1], "executed"))
		return executed(argv[2]);
	signal(SIGPIPE, SIG_IGN);
	for (way = RETURN; way < WAYS; way++)
		gone((enum way)way);
	return T_EXIT_PASS;
}
