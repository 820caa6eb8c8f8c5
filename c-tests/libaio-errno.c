/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Description: every function returns a negative error number, and none of
 * them changes errno, whether it succeeds or fails. */
/* libraries: aio */
/* flavours: plain */
/* valgrind: off: it reports that the kernel is asked about bad pointers */
/* upstream: kernel AIO */
#include "libaio-tests.h"

#define UNTOUCHED 4321

/* Not T_EQ: that may call functions which change it. */
#define SAME(call, wanted)                                                     \
	do {                                                                   \
		int t_ret_, t_errno_;                                          \
		errno = UNTOUCHED;                                             \
		t_ret_ = (call);                                               \
		t_errno_ = errno;                                              \
		T_EQ(t_ret_, wanted);                                          \
		if (t_errno_ != UNTOUCHED)                                     \
			T_FAIL("%s has set errno to %d", #call, t_errno_);     \
	} while (0)

int main(void)
{
	struct timespec zero = la_ms(0), ts = la_ms(1);
	struct iocb req, bad, *list[2] = { &req, &bad };
	io_context_t ctx = NULL, none = NULL;
	struct io_event ev[2];
	int file, p[2];
	char byte;

	file = la_tmpfile(1);
	t_pipe(p);
	SAME(io_setup(0, &ctx), -EINVAL);
	SAME(io_setup(4, NULL), -EFAULT);
	SAME(io_setup(4, &ctx), 0);
	SAME(io_setup(4, &ctx), -EINVAL);
	SAME(io_queue_init(0, &none), -EINVAL);

	io_prep_pread(&req, file, &byte, 1, 0);
	io_prep_pread(&bad, -1, &byte, 1, 0);
	SAME(io_submit(ctx, 1, list + 1), -EBADF);
	SAME(io_submit(ctx, 2, list), 1);
	SAME(io_submit(ctx, 1, LA_WILD), -EFAULT);
	SAME(io_submit(ctx, -1, list), -EINVAL);
	SAME(io_submit(none, 1, list), -EINVAL);
	SAME(io_getevents(ctx, 1, 2, ev, NULL), 1);
	SAME(io_getevents(ctx, 1, 2, ev, &zero), 0);
	SAME(io_getevents(ctx, 1, 2, ev, &ts), 0);
	SAME(io_getevents(ctx, 2, 1, ev, &ts), -EINVAL);
	SAME(io_getevents(none, 1, 1, ev, &ts), -EINVAL);
	SAME(io_pgetevents(ctx, 1, 2, ev, &ts, NULL), 0);
	SAME(io_pgetevents(ctx, 2, 1, ev, &ts, NULL), -EINVAL);
	SAME(io_queue_wait(ctx, &ts), 0);
	SAME(io_queue_wait(none, &ts), -EINVAL);
	SAME(io_queue_run(ctx), 0);
	SAME(io_queue_run(none), -EINVAL);
	SAME(io_cancel(ctx, &req, ev), -EINVAL);
	SAME(io_cancel(ctx, NULL, ev), -EFAULT);

	/* An event that is an error is none of the call. */
	io_prep_pread(&req, file, NULL, 1, 0);
	SAME(io_submit(ctx, 1, list), 1);
	SAME(io_getevents(ctx, 1, 1, ev, NULL), 1);
	T_EQ(ev[0].res, -EFAULT);
	io_prep_poll(&req, p[0], POLLIN);
	SAME(io_submit(ctx, 1, list), 1);
	SAME(io_cancel(ctx, &req, ev), -EINPROGRESS);
	SAME(io_getevents(ctx, 1, 1, ev, NULL), 1);
	t_signal_after(10, 10);
	SAME(io_getevents(ctx, 1, 1, ev, NULL), -EINTR);
	t_signal_stop();

	SAME(io_destroy(ctx), 0);
	SAME(io_destroy(ctx), -EINVAL);
	SAME(io_queue_release(none), -EINVAL);
	t_close_both(p);
	close(file);
	return T_EXIT_PASS;
}
