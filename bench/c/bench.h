/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the measured programs share. Every program does its work OPS times and
 * is silent, which is how its instructions are counted; with a number of
 * chunks after that, it does so once for each chunk and prints the nanoseconds
 * for one operation of the fastest. Whatever else the machine does can only
 * make a chunk slower, so the fastest is the one that says most.
 */
#ifndef BENCH_H
#define BENCH_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static inline void fail(const char *what, int error)
{
	fprintf(stderr, "%s: %s\n", what, strerror(error < 0 ? -error : error));
	exit(1);
}

static inline void no_ring(int error)
{
	/* The kernel has no rings, or forbids them: nothing to measure. */
	if (error == -ENOSYS || error == -EPERM) {
		printf("skip: io_uring_queue_init: %s\n", strerror(-error));
		exit(77);
	}
	fail("io_uring_queue_init", error);
}

static inline long number(const char *text, long max)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (*end || value < 1 || value > max) {
		fprintf(stderr, "not between 1 and %ld: %s\n", max, text);
		exit(2);
	}
	return value;
}

static inline double nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* CHUNKS is NULL or a program's last argument. */
static inline void measure(void (*work)(void *state, long ops), void *state,
			   const char *ops_text, const char *chunks_text)
{
	long ops = number(ops_text, 100000000), chunks, i;
	double best = 0;

	if (!chunks_text) {
		work(state, ops);
		return;
	}
	chunks = number(chunks_text, 1000);
	/* Pages, caches and branch predictors. */
	work(state, ops);
	for (i = 0; i < chunks; i++) {
		double begin = nanoseconds(), took;

		work(state, ops);
		took = nanoseconds() - begin;
		if (!i || took < best)
			best = took;
	}
	printf("%.3f\n", best / (double)ops);
}

#endif
