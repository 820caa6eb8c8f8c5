/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Requests that io_submit() refuses. Each is tried alone, behind one that is
 * taken, and before one that must not be looked at.
 */
#ifndef T_LIBAIO_SUBMIT_H
#define T_LIBAIO_SUBMIT_H

#include "libaio-tests.h"

#include <limits.h>

#define GOOD 3u

static io_context_t ctx;
static int file;
static struct iocb good[GOOD];
static char good_byte[GOOD];
static char byte[4096];

static inline void start(void)
{
	unsigned int i;

	ctx = la_setup(16);
	file = la_tmpfile(8192);
	for (i = 0; i < GOOD; i++) {
		io_prep_pread(&good[i], file, &good_byte[i], 1, 1 + i);
		good[i].data = (void *)(uintptr_t)(i + 77);
	}
}

static inline void finish(void)
{
	la_quiet(ctx);
	LA_DESTROY(ctx);
	close(file);
}

static inline void t_refused(const char *caller, int line, void *iocb,
			     int error)
{
	struct iocb *list[3] = { &good[0], iocb, &good[1] };
	int ret;

	ret = io_submit(ctx, 1, list + 1);
	if (ret != error)
		t_fail(caller, line, "io_submit() of it alone: %d seen, %d "
				     "expected", ret, error);
	ret = io_submit(ctx, 2, list + 1);
	if (ret != error)
		t_fail(caller, line, "io_submit() of it and another: %d seen, "
				     "%d expected", ret, error);
	la_quiet(ctx);
	good_byte[0] = 0;
	ret = io_submit(ctx, 3, list);
	if (ret != 1)
		t_fail(caller, line, "io_submit() of it as the second: %d "
				     "seen, 1 expected", ret);
	T_EQ(la_result(ctx, &good[0]), 1);
	T_CHECK(la_is_pattern(good_byte, 1, 1));
	la_quiet(ctx);
}

#define REFUSED(req, error) t_refused(__FILE__, __LINE__, req, error)

#endif /* T_LIBAIO_SUBMIT_H */
