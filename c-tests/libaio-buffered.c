/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Description: what is written through the page cache is there when io_submit()
 * has returned: for who reads the file by whatever means, in the order of
 * submission where it is appended, and after the process has ended without
 * waiting for its events. exit() waits for what a disk has to do first. */
/* libraries: aio */
/* flavours: plain */
/* valgrind: off: to a child, what belongs to the parent's threads is lost */
/* upstream: kernel AIO */
#include "libaio-tests.h"

#include <sys/wait.h>

#define NR 16
#define BLOCK 4096
/* What took longer may have been handed over, and be done later. */
#define QUICK_MS 4
#define ROUNDS 20

static io_context_t ctx;
static struct iocb reqs[NR];
static char *mem;

static char *block(int i)
{
	return mem + i * BLOCK;
}

/* Each block is of one letter. */
static void fill(int seed)
{
	int i;

	for (i = 0; i < NR; i++)
		memset(block(i), 'A' + (i + seed) % 50, BLOCK);
}

static void submit_all(void)
{
	struct iocb *list[NR];
	int i;

	for (i = 0; i < NR; i++)
		list[i] = &reqs[i];
	T_EQ(io_submit(ctx, NR, list), NR);
}

static void reap(long res)
{
	struct io_event ev[NR];
	int i;

	la_events(ctx, NR, ev);
	for (i = 0; i < NR; i++)
		T_EQ((long)ev[i].res, res);
	la_quiet(ctx);
}

static void holds(int file)
{
	char *seen = t_pages(NR * BLOCK);

	T_EQ(pread(file, seen, NR * BLOCK, 0), NR * BLOCK);
	T_CHECK(!memcmp(seen, mem, NR * BLOCK));
	T_SYS(munmap(seen, NR * BLOCK));
}

static void prepare(int file, bool append)
{
	int i;

	for (i = 0; i < NR; i++)
		io_prep_pwrite(&reqs[i], file, block(i), BLOCK,
			       append ? 0 : i * BLOCK);
}

/* Submits the writes in a context that has seen none: whether it was quick. */
static bool submitted_quickly(int file, bool append)
{
	long long before;

	ctx = la_setup(NR);
	prepare(file, append);
	before = t_now_ms();
	submit_all();
	return t_now_ms() - before < QUICK_MS;
}

static void read_by_others(bool append)
{
	int file = la_tmpfile(0), round, quick = 0;

	for (round = 0; round < ROUNDS && quick < 5; round++) {
		T_SYS(ftruncate(file, 0));
		T_SYS(fcntl(file, F_SETFL, append ? O_APPEND : 0));
		fill(round);
		if (submitted_quickly(file, append)) {
			holds(file);
			quick++;
		}
		reap(BLOCK);
		/* In their order, however long it took. */
		holds(file);
		LA_DESTROY(ctx);
	}
	if (!quick)
		printf("writing takes too long here to tell\n");
	close(file);
}

/* By a request that is submitted before the writes have been reaped. */
static void read_by_request(void)
{
	char *seen = t_pages(BLOCK);
	struct io_event ev[NR + 1];
	struct iocb get;
	int file = la_tmpfile(0), round;
	bool quick;

	for (round = 0; round < ROUNDS; round++) {
		fill(round);
		quick = submitted_quickly(file, false);
		io_prep_pread(&get, file, seen, BLOCK, 3 * BLOCK);
		LA_SUBMIT(ctx, &get);
		la_events(ctx, NR + 1, ev);
		if (quick)
			T_CHECK(!memcmp(seen, block(3), BLOCK));
		LA_DESTROY(ctx);
	}
	T_SYS(munmap(seen, BLOCK));
	close(file);
}

enum way { QUICK_EXIT, EXIT, KILLED, WAYS };

static bool is_child;

/* In a child, what the parent's threads had is a leak to LeakSanitizer. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return is_child;
}

/* Submits in a child that ends in that way: whether it was quick. */
static bool leaves(enum way way, int file)
{
	int status, quick[2];
	pid_t pid;
	char byte;

	t_pipe(quick);
	pid = (pid_t)T_SYS(fork());
	if (!pid) {
		is_child = true;
		t_start();
		if (submitted_quickly(file, false))
			la_write(quick[1], "q");
		if (way == QUICK_EXIT)
			_exit(0);
		if (way == EXIT)
			exit(0);
		raise(SIGKILL);
	}
	T_EQ(waitpid(pid, &status, 0), pid);
	T_EQ(status, way == KILLED ? SIGKILL : 0);
	close(quick[1]);
	status = read(quick[0], &byte, 1) == 1;
	close(quick[0]);
	return status;
}

static void survives(enum way way)
{
	int file = la_tmpfile(0);

	fill(way);
	if (leaves(way, file))
		holds(file);
	close(file);
}

/* What a disk has to do first, exit() waits for. */
static void exit_waits(int flags)
{
	int made = la_tmpfile(NR * BLOCK);
	int file = t_reopen(made, O_RDWR | flags);

	fill(flags);
	leaves(EXIT, file);
	holds(made);
	close(file);
	close(made);
}

int main(void)
{
	enum way way;
	int i;

	mem = t_pages(NR * BLOCK);
	read_by_others(false);
	read_by_others(true);
	read_by_request();
	for (way = QUICK_EXIT; way < WAYS; way++)
		survives(way);
	for (i = 0; i < 4; i++) {
		exit_waits(O_DSYNC);
		exit_waits(O_DIRECT);
	}
	return T_EXIT_PASS;
}
