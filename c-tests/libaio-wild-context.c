/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Description: io_getevents() and io_pgetevents() refuse a context or a
 * timeout that points to nothing, and io_queue_init() a place for the context:
 * -EINVAL and -EFAULT, not a crash. */
/* libraries: aio */
/* flavours: plain */
/* valgrind: off: it reports that the kernel is asked about bad pointers */
/* upstream: differs: libaio reads the ring at the context's address, and the timeout, itself, and crashes */
#include "libaio-tests.h"

static void no_context(io_context_t ctx)
{
	struct timespec zero = la_ms(0), ts = la_ms(1);
	struct io_event ev;

	T_EQ(io_getevents(ctx, 0, 1, &ev, &zero), -EINVAL);
	T_EQ(io_getevents(ctx, 0, 1, &ev, &ts), -EINVAL);
	T_EQ(io_getevents(ctx, 1, 1, &ev, NULL), -EINVAL);
	T_EQ(io_pgetevents(ctx, 0, 1, &ev, &zero, NULL), -EINVAL);
	T_EQ(io_pgetevents(ctx, 0, 1, &ev, &ts, NULL), -EINVAL);
	T_EQ(io_queue_wait(ctx, &ts), -EINVAL);
	T_EQ(io_queue_run(ctx), -EINVAL);
}

static void no_timeout(io_context_t ctx, struct timespec *ts)
{
	struct io_event ev;

	T_EQ(io_getevents(ctx, 0, 1, &ev, ts), -EFAULT);
	T_EQ(io_getevents(ctx, 1, 1, &ev, ts), -EFAULT);
	T_EQ(io_pgetevents(ctx, 0, 1, &ev, ts, NULL), -EFAULT);
	T_EQ(io_queue_wait(ctx, ts), -EFAULT);
}

int main(void)
{
	io_context_t ctx = la_setup(4), gone = la_setup(4);
	char *end = la_page_end(), byte;
	struct iocb iocb;
	int fd;

	LA_DESTROY(gone);
	no_context(LA_WILD);
	no_context(LA_BAD);
	no_context(LA_KERNEL);
	no_context(gone);
	no_context((io_context_t)end);
	no_context((io_context_t)(end - 16));

	fd = la_tmpfile(1);
	io_prep_pread(&iocb, fd, &byte, 1, 0);
	no_timeout(ctx, LA_WILD);
	no_timeout(ctx, LA_BAD);
	no_timeout(ctx, LA_KERNEL);
	no_timeout(ctx, (struct timespec *)(end - 8));
	T_EQ(io_queue_init(4, NULL), -EFAULT);
	T_EQ(io_queue_init(4, LA_WILD), -EFAULT);
	LA_SUBMIT(ctx, &iocb);
	no_timeout(ctx, LA_WILD);
	T_EQ(la_result(ctx, &iocb), 1);
	LA_DESTROY(ctx);
	close(fd);
	return T_EXIT_PASS;
}
