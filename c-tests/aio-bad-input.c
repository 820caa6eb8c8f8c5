/* Description: every function says -EINVAL to NULL and to a context that has
 * ended, and a defined error to everything else that is no request, no number
 * of events and no time. errno is left alone. */
/* libraries: uring-aio */
/* flavours: plain */
/* upstream: differs: liburing has no AIO engine */
#include "aio.h"

static struct io_uring_aio_req req, *all[1] = { &req };
static struct io_uring_aio_event ev;

static int cancel_fn(struct io_uring_aio_req *r)
{
	(void)r;
	return 1;
}

static void complete_fn(struct io_uring_aio *ctx, struct io_uring_aio_req *r,
			__s32 res)
{
	(void)ctx;
	(void)r;
	(void)res;
}

static void no_context(struct io_uring_aio *ctx)
{
	struct __kernel_timespec zero = t_ms(0);

	T_EQ(io_uring_aio_submit(ctx, 1, all), -EINVAL);
	T_EQ(io_uring_aio_start(ctx, &req), -EINVAL);
	T_EQ(io_uring_aio_complete(ctx, &req, 0), -EINVAL);
	T_EQ(io_uring_aio_getevents(ctx, 0, 1, &ev, &zero), -EINVAL);
	T_EQ(io_uring_aio_getevents(ctx, 1, 1, &ev, NULL), -EINVAL);
	T_EQ(io_uring_aio_register_eventfd(ctx, -1), -EINVAL);
	T_EQ(io_uring_aio_req_set_cancel_fn(ctx, &req, cancel_fn), -EINVAL);
	T_EQ(io_uring_aio_cancel(ctx, &req, &ev, NULL), -EINVAL);
	T_EQ(io_uring_aio_cancel_async(ctx, &req), -EINVAL);
	T_EQ(io_uring_aio_cancel_fd(ctx, 0), -EINVAL);
	T_EQ(io_uring_aio_queue_exit(ctx), -EINVAL);
	AIO_IDLE(&req);
}

static void null(struct io_uring_aio *ctx)
{
	struct io_uring_aio_req *none[1] = { NULL };

	T_EQ(io_uring_aio_queue_init(1, NULL, 0), -EINVAL);
	T_EQ(io_uring_aio_req_init(NULL), -EINVAL);
	T_EQ(io_uring_aio_submit(ctx, 1, NULL), -EINVAL);
	T_EQ(io_uring_aio_submit(ctx, 0, NULL), -EINVAL);
	T_EQ(io_uring_aio_submit(ctx, 0, all), -EINVAL);
	T_EQ(io_uring_aio_submit(ctx, 1, none), -EINVAL);
	T_EQ(io_uring_aio_start(ctx, NULL), -EINVAL);
	T_EQ(io_uring_aio_complete(ctx, NULL, 0), -EINVAL);
	T_EQ(io_uring_aio_getevents(ctx, 0, 1, NULL, NULL), -EINVAL);
	T_EQ(io_uring_aio_req_set_cancel_fn(ctx, NULL, cancel_fn), -EINVAL);
	T_EQ(io_uring_aio_cancel(ctx, NULL, &ev, NULL), -EINVAL);
	T_EQ(io_uring_aio_cancel(ctx, &req, NULL, NULL), -EINVAL);
	T_EQ(io_uring_aio_cancel_async(ctx, NULL), -EINVAL);
	T_EQ(io_uring_aio_req_defer(NULL, complete_fn), -EINVAL);
	T_EQ(io_uring_aio_req_sync(NULL, IO_URING_AIO_DSYNC), -EINVAL);
}

static void numbers(struct io_uring_aio *ctx)
{
	static const struct __kernel_timespec bad[] = {
		{ -1, 0 },	      { 0, -1 },	     { 0, 1000000000 },
		{ INT64_MIN, 0 }, { 0, INT64_MAX },
	};
	unsigned int i;

	T_EQ(io_uring_aio_getevents(ctx, 0, 0, &ev, NULL), -EINVAL);
	T_EQ(io_uring_aio_getevents(ctx, 1, 0, &ev, NULL), -EINVAL);
	T_EQ(io_uring_aio_getevents(ctx, 2, 1, &ev, NULL), -EINVAL);
	/* With an event at hand too, which stays. */
	T_EQ(io_uring_aio_start(ctx, &req), 0);
	T_EQ(io_uring_aio_complete(ctx, &req, 4), 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		T_EQ(io_uring_aio_getevents(ctx, 0, 1, &ev, &bad[i]), -EINVAL);
		T_EQ(io_uring_aio_cancel(ctx, &req, &ev, &bad[i]), -EINVAL);
	}
	T_EQ(io_uring_aio_getevents(ctx, 2, 1, &ev, NULL), -EINVAL);
	T_EQ(aio_result(ctx, &req), 4);
}

static void requests(struct io_uring_aio *ctx)
{
	struct io_uring_aio_req raw, copy, *some[1] = { &raw };
	int p[2];
	char byte;

	/* Memory that is no request yet. */
	memset(&raw, 0, sizeof(raw));
	T_EQ(io_uring_aio_submit(ctx, 1, some), -EINVAL);
	T_EQ(io_uring_aio_start(ctx, &raw), -EINVAL);
	T_EQ(io_uring_aio_req_defer(&raw, complete_fn), -EINVAL);
	T_EQ(io_uring_aio_req_sync(&raw, 0), -EINVAL);
	memset(&raw, 0xff, sizeof(raw));
	T_EQ(io_uring_aio_submit(ctx, 1, some), -EINVAL);
	T_EQ(io_uring_aio_complete(ctx, &raw, 0), -EALREADY);
	T_EQ(io_uring_aio_req_set_cancel_fn(ctx, &raw, cancel_fn), -ENOENT);
	/* A copy of a request is none. */
	copy = req;
	some[0] = &copy;
	T_EQ(io_uring_aio_submit(ctx, 1, some), -EINVAL);
	T_EQ(io_uring_aio_start(ctx, &copy), -EINVAL);

	/* Twice is as good as once, and forgets what was set. */
	T_EQ(io_uring_aio_req_init(&req), 0);
	req.sqe.fd = 99;
	req.sqe.user_data = 99;
	T_EQ(io_uring_aio_req_defer(&req, complete_fn), 0);
	T_EQ(io_uring_aio_req_init(&req), 0);
	T_EQ(req.sqe.fd, 0);
	T_EQ(req.sqe.user_data, 0);
	io_uring_prep_nop(&req.sqe);
	T_EQ(aio_do(ctx, &req), 0);

	/* What is in flight cannot be changed, nor given away. */
	t_pipe(p);
	aio_read(&req, p[0], &byte, 1, (__u64)-1);
	AIO_SUBMIT(ctx, &req);
	T_EQ(io_uring_aio_submit(ctx, 1, all), -EBUSY);
	T_EQ(io_uring_aio_start(ctx, &req), -EBUSY);
	T_EQ(io_uring_aio_req_init(&req), -EBUSY);
	T_EQ(io_uring_aio_req_defer(&req, complete_fn), -EBUSY);
	T_EQ(io_uring_aio_req_sync(&req, 0), -EBUSY);
	{
		struct io_uring_aio *other = aio_init(1, 0);

		T_EQ(io_uring_aio_submit(other, 1, all), -EBUSY);
		T_EQ(io_uring_aio_start(other, &req), -EBUSY);
		T_EQ(io_uring_aio_cancel(other, &req, &ev, NULL), -ENOENT);
		T_EQ(io_uring_aio_cancel_async(other, &req), -ENOENT);
		T_EQ(io_uring_aio_cancel_fd(other, p[0]), 0);
		T_EQ(io_uring_aio_complete(other, &req, 1), -EALREADY);
		AIO_EXIT(other);
	}
	AIO_LIVE(&req);
	T_EQ(write(p[1], "x", 1), 1);
	T_EQ(aio_result(ctx, &req), 1);
	t_close_both(p);
}

/* Errors come as results; this variable is the program's. */
static void errno_stays(struct io_uring_aio *ctx)
{
	struct __kernel_timespec ts = t_ms(1);

	errno = 4711;
	T_EQ(io_uring_aio_getevents(ctx, 1, 1, &ev, &ts), 0);
	T_EQ(io_uring_aio_register_eventfd(ctx, 12345), -EBADF);
	T_EQ(io_uring_aio_cancel_fd(ctx, 12345), 0);
	aio_read(&req, 12345, &ts, 1, 0);
	T_EQ(aio_do(ctx, &req), -EBADF);
	T_EQ(io_uring_aio_cancel(ctx, &req, &ev, &ts), -ENOENT);
	T_EQ(errno, 4711);
}

static void run(unsigned int flags)
{
	struct io_uring_aio *ctx = aio_init(2, flags);

	AIO_REQ(&req);
	io_uring_prep_nop(&req.sqe);
	no_context(NULL);
	null(ctx);
	numbers(ctx);
	requests(ctx);
	errno_stays(ctx);
	AIO_EXIT(ctx);
	AIO_REQ(&req);
	no_context(ctx);
	errno = 4711;
	AIO_EXIT(aio_init(2, flags));
	T_EQ(errno, 4711);
}

int main(void)
{
	AIO_EACH_KIND(run);
	return T_EXIT_PASS;
}
