/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Description: io_submit() does not sleep for reads through the page cache of
 * what is not in it, for a thread that waits for events in io_getevents(). */
/* libraries: aio */
/* flavours: plain */
/* valgrind: off: in it a thread gives its processor up for other reasons */
/* upstream: differs: in kernel AIO io_submit() waits for the disk */
#include "libaio-tests.h"

#include <sys/resource.h>
#include <sys/uio.h>

#define NR 8
#define BLOCK 4096
/* Farther apart than what is read ahead. */
#define STEP (1024 * 1024)
#define ROUNDS 50
/* By then a thread is known to wait for its events. */
#define WAITS 40

static io_context_t ctx;
static struct iocb reqs[NR];
static char *mem;
static int file;

static void prepare(int i, int round)
{
	long at = (long)i * STEP + round % 16 * BLOCK;

	io_prep_pread(&reqs[i], file, mem + i * BLOCK, BLOCK, at);
}

static void waits(void)
{
	int i;

	for (i = 0; i < WAITS; i++) {
		prepare(0, i);
		T_EQ(la_do(ctx, &reqs[0]), BLOCK);
	}
}

/* Whether nothing is in the page cache, by a block that is not read later. */
static bool is_cold(void)
{
	struct iovec iov = { mem, BLOCK };

	T_EQ(posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED), 0);
	return preadv2(file, &iov, 1, STEP / 2, RWF_NOWAIT) < 0 &&
	       errno == EAGAIN;
}

/* How often this thread has slept. */
static long slept(void)
{
	struct rusage usage;

	T_SYS(getrusage(RUSAGE_THREAD, &usage));
	return usage.ru_nvcsw;
}

/*
 * Before Linux 5.11 a thread that waits has no ring to issue to. And who hides
 * a part of io_uring stops the program in its calls.
 */
static bool can_tell(void)
{
	return !t_before(5, 11) && !getenv("RING_KERNEL");
}

/* Reads with one call or one call each: how often those slept. */
static long sleeps(int round, bool together)
{
	struct iocb *list[NR];
	struct io_event ev[NR];
	long before, after;
	int i;

	memset(mem, 0, NR * BLOCK);
	for (i = 0; i < NR; i++) {
		prepare(i, round);
		list[i] = &reqs[i];
	}
	before = slept();
	if (together)
		T_EQ(io_submit(ctx, NR, list), NR);
	else
		for (i = 0; i < NR; i++)
			LA_SUBMIT(ctx, &reqs[i]);
	after = slept();
	la_events(ctx, NR, ev);
	for (i = 0; i < NR; i++) {
		T_EQ((long)ev[i].res, BLOCK);
		T_CHECK(la_is_pattern(ev[i].obj->u.c.buf, BLOCK,
				      (size_t)ev[i].obj->u.c.offset));
	}
	return after - before;
}

static void cold(bool together)
{
	int round, nr_cold = 0, quick = 0;

	for (round = 0; round < ROUNDS && !quick; round++) {
		if (!is_cold())
			continue;
		nr_cold++;
		quick += !sleeps(round, together);
	}
	if (!nr_cold)
		printf("nothing leaves the page cache here\n");
	else if (!quick && can_tell())
		T_FAIL("io_submit() slept in all of %d rounds", nr_cold);
}

int main(void)
{
	mem = t_pages(NR * BLOCK);
	file = la_tmpfile(NR * STEP);
	T_SYS(fsync(file));
	T_EQ(posix_fadvise(file, 0, 0, POSIX_FADV_RANDOM), 0);
	ctx = la_setup(NR);
	la_needs_io_uring(ctx);
	waits();
	cold(true);
	cold(false);
	LA_DESTROY(ctx);
	close(file);
	return T_EXIT_PASS;
}
