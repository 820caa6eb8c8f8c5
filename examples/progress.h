/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* How far a transfer is, on standard error. */
#ifndef EXAMPLES_PROGRESS_H
#define EXAMPLES_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "common.h"

struct progress {
	const char *program;
	/* What has been done with the bytes: "copied". */
	const char *what;
	uint64_t total;
	bool quiet;

	struct timespec started;
	struct timespec last_report;
	unsigned int quarters_reported;
	/* The cursor is behind an unfinished line. */
	bool open;
};

static inline void progress_start(struct progress *progress, const char *what,
				  uint64_t total)
{
	progress->what = what;
	progress->total = total;
	progress->quarters_reported = 0;
	clock_gettime(CLOCK_MONOTONIC, &progress->started);
	progress->last_report = progress->started;
}

/* For whoever prints something else. */
static inline void progress_end_line(struct progress *progress)
{
	if (progress->open)
		fputc('\n', stderr);
	progress->open = false;
}

static inline void progress_report(struct progress *progress, uint64_t done)
{
	unsigned int percent;
	double rate;

	if (progress->quiet || !progress->total)
		return;
	percent = (unsigned int)(done * 100 / progress->total);
	rate = megabytes_per_second(done, seconds_since(&progress->started));

	if (!isatty(STDERR_FILENO)) {
		/* A log wants few lines, not a redrawn one. */
		if (percent / 25 == progress->quarters_reported)
			return;
		progress->quarters_reported = percent / 25;
		fprintf(stderr, "%s: %s %3u%%, %.0f MB/s\n", progress->program,
			progress->what, percent, rate);
		return;
	}
	if (done < progress->total &&
	    seconds_since(&progress->last_report) < 0.1)
		return;
	clock_gettime(CLOCK_MONOTONIC, &progress->last_report);
	fprintf(stderr, "\r%s: %s %3u%%, %.1f of %.1f MB, %.0f MB/s   ",
		progress->program, progress->what, percent, (double)done / 1e6,
		(double)progress->total / 1e6, rate);
	progress->open = true;
	if (done == progress->total)
		progress_end_line(progress);
}

#endif
