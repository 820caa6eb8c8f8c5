/* Description: a request that the program carries out ends by
 * io_uring_aio_complete(), or by its cancel function, which is called at most
 * once and may refuse; what completes it while that function runs, wins. */
/* libraries: uring-aio */
/* flavours: plain */
/* upstream: differs: liburing has no AIO engine */
#include "aio.h"

static struct io_uring_aio *ctx;
static struct io_uring_aio_req req;
static int calls, answer, complete_within;

static int cancel_fn(struct io_uring_aio_req *r)
{
	calls++;
	T_PTR_EQ(r, &req);
	return answer;
}

static void *complete(void *arg)
{
	T_EQ(io_uring_aio_complete(ctx, &req, (int)(uintptr_t)arg), 0);
	return NULL;
}

/* Another thread of the program completes it meanwhile. */
static int overtaken(struct io_uring_aio_req *r)
{
	T_PTR_EQ(r, &req);
	calls++;
	t_join(t_thread(complete, (void *)(uintptr_t)complete_within));
	T_EQ(io_uring_aio_complete(ctx, r, 1), -EALREADY);
	return answer;
}

static void start(io_uring_aio_cancel_fn *fn)
{
	calls = 0;
	AIO_REQ(&req);
	io_uring_sqe_set_data64(&req.sqe, 0xabcdef0123456789ULL);
	T_EQ(io_uring_aio_start(ctx, &req), 0);
	AIO_LIVE(&req);
	if (fn)
		T_EQ(io_uring_aio_req_set_cancel_fn(ctx, &req, fn), 0);
}

static void completed(void)
{
	struct io_uring_aio_event ev;

	start(NULL);
	T_EQ(io_uring_aio_start(ctx, &req), -EBUSY);
	T_EQ(aio_submit(ctx, &req), -EBUSY);
	T_EQ(io_uring_aio_req_init(&req), -EBUSY);
	aio_quiet(ctx);
	/* Nobody knows how to cancel it. */
	T_EQ(io_uring_aio_cancel(ctx, &req, &ev, NULL), -EALREADY);
	T_EQ(io_uring_aio_cancel_async(ctx, &req), -EALREADY);
	T_EQ(io_uring_aio_complete(ctx, &req, INT32_MIN), 0);
	T_EQ(io_uring_aio_complete(ctx, &req, 1), -EALREADY);
	T_EQ(io_uring_aio_req_set_cancel_fn(ctx, &req, cancel_fn), -EALREADY);
	T_EQ(aio_result(ctx, &req), INT32_MIN);
	T_EQ(io_uring_aio_complete(ctx, &req, 1), -EALREADY);
	T_EQ(io_uring_aio_req_set_cancel_fn(ctx, &req, cancel_fn), -ENOENT);
	/* Once more, without being initialised again. */
	T_EQ(io_uring_aio_start(ctx, &req), 0);
	T_EQ(io_uring_aio_complete(ctx, &req, 8), 0);
	T_EQ(aio_result(ctx, &req), 8);
}

static void cancelled(void)
{
	struct io_uring_aio_event ev;

	answer = 0;
	start(cancel_fn);
	memset(&ev, 0xee, sizeof(ev));
	T_EQ(io_uring_aio_cancel(ctx, &req, &ev, NULL), 0);
	T_EQ(calls, 1);
	T_PTR_EQ(ev.req, &req);
	T_EQ(ev.user_data, 0xabcdef0123456789ULL);
	T_EQ(ev.res, -ECANCELED);
	T_EQ(ev.flags, 0);
	AIO_IDLE(&req);
	aio_quiet(ctx);
	T_EQ(io_uring_aio_complete(ctx, &req, 3), -EALREADY);
	T_EQ(io_uring_aio_cancel(ctx, &req, &ev, NULL), -ENOENT);

	start(cancel_fn);
	T_EQ(io_uring_aio_cancel_async(ctx, &req), -EINPROGRESS);
	T_EQ(io_uring_aio_complete(ctx, &req, 3), -EALREADY);
	T_EQ(aio_result(ctx, &req), -ECANCELED);
	T_EQ(calls, 1);

	/* The last function that was set; none takes it back. */
	start(overtaken);
	T_EQ(io_uring_aio_req_set_cancel_fn(ctx, &req, cancel_fn), 0);
	T_EQ(io_uring_aio_cancel(ctx, &req, &ev, NULL), 0);
	T_EQ(calls, 1);
	start(cancel_fn);
	T_EQ(io_uring_aio_req_set_cancel_fn(ctx, &req, NULL), 0);
	T_EQ(io_uring_aio_cancel(ctx, &req, &ev, NULL), -EALREADY);
	T_EQ(calls, 0);
	T_EQ(io_uring_aio_complete(ctx, &req, 3), 0);
	T_EQ(aio_result(ctx, &req), 3);
}

static void refused(void)
{
	struct io_uring_aio_event ev;

	answer = 1;
	start(cancel_fn);
	T_EQ(io_uring_aio_cancel(ctx, &req, &ev, NULL), -EALREADY);
	T_EQ(calls, 1);
	AIO_LIVE(&req);
	/* It was asked once; another function changes nothing. */
	T_EQ(io_uring_aio_req_set_cancel_fn(ctx, &req, cancel_fn), -EALREADY);
	T_EQ(io_uring_aio_cancel(ctx, &req, &ev, NULL), -EALREADY);
	T_EQ(io_uring_aio_cancel_async(ctx, &req), -EALREADY);
	T_EQ(calls, 1);
	aio_quiet(ctx);
	T_EQ(io_uring_aio_complete(ctx, &req, 11), 0);
	T_EQ(aio_result(ctx, &req), 11);

	start(cancel_fn);
	T_EQ(io_uring_aio_cancel_async(ctx, &req), -EALREADY);
	T_EQ(calls, 1);
	T_EQ(io_uring_aio_complete(ctx, &req, 12), 0);
	T_EQ(aio_result(ctx, &req), 12);
}

static void completed_within(void)
{
	struct io_uring_aio_event ev;

	for (answer = 0; answer < 2; answer++) {
		complete_within = 70 + answer;
		start(overtaken);
		T_EQ(io_uring_aio_cancel(ctx, &req, &ev, NULL), -EALREADY);
		T_EQ(calls, 1);
		T_EQ(aio_result(ctx, &req), 70 + answer);
		start(overtaken);
		T_EQ(io_uring_aio_cancel_async(ctx, &req),
		     answer ? -EALREADY : -EINPROGRESS);
		T_EQ(aio_result(ctx, &req), 70 + answer);
		aio_quiet(ctx);
	}
}

/* What the kernel carries out is not the program's to complete. */
static void not_started(void)
{
	int p[2];
	char byte;

	t_pipe(p);
	aio_read(&req, p[0], &byte, 1, (__u64)-1);
	AIO_SUBMIT(ctx, &req);
	T_EQ(io_uring_aio_complete(ctx, &req, 1), -EINVAL);
	T_EQ(io_uring_aio_req_set_cancel_fn(ctx, &req, cancel_fn), -EINVAL);
	/* And no descriptor is its. */
	T_EQ(io_uring_aio_cancel_fd(ctx, p[0]), 1);
	T_EQ(aio_result(ctx, &req), -ECANCELED);
	start(cancel_fn);
	T_EQ(io_uring_aio_cancel_fd(ctx, 0), 0);
	T_EQ(calls, 0);
	T_EQ(io_uring_aio_complete(ctx, &req, 1), 0);
	T_EQ(aio_result(ctx, &req), 1);
	t_close_both(p);
}

static void run(unsigned int flags)
{
	ctx = aio_init(4, flags);
	completed();
	cancelled();
	refused();
	completed_within();
	not_started();
	AIO_EXIT(ctx);
	/* The program's own requests need no thread. */
	AIO_THREADS(AIO_WORKER, 0);
}

int main(void)
{
	AIO_EACH_KIND(run);
	return T_EXIT_PASS;
}
