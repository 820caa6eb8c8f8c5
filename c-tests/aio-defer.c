/* Description: a deferred request is completed by its function, on a thread of
 * the context that is made on first need and for nothing else; the function may
 * change the result, nothing cancels it there, and one that blocks delays no
 * other context. A request that was cancelled before never gets there. */
/* libraries: uring-aio */
/* flavours: plain */
/* valgrind: off: it stops all threads while one is in io_uring_enter(2) */
/* upstream: differs: liburing has no AIO engine */
#include "aio.h"

#define NR 32u

static struct io_uring_aio *ctx, *other;
static struct io_uring_aio_req reqs[NR];
static int calls, blocked, release;
static pthread_t worker;

/* The order in which they came, in the results. */
static void number(struct io_uring_aio *context, struct io_uring_aio_req *req,
		   __s32 res)
{
	char name[32];

	T_PTR_EQ(context, ctx);
	T_EQ(res, 0);
	T_EQ(pthread_getname_np(pthread_self(), name, sizeof(name)), 0);
	T_CHECK(!strcmp(name, AIO_WORKER));
	if (calls)
		T_CHECK(pthread_equal(worker, pthread_self()));
	worker = pthread_self();
	T_EQ(io_uring_aio_complete(context, req, ++calls), 0);
	T_EQ(io_uring_aio_complete(context, req, 99), -EALREADY);
}

static void in_order(void)
{
	struct io_uring_aio_event ev[NR];
	unsigned int i;

	calls = 0;
	for (i = 0; i < NR; i++) {
		AIO_REQ(&reqs[i]);
		io_uring_prep_nop(&reqs[i].sqe);
		io_uring_sqe_set_data64(&reqs[i].sqe, i);
		T_EQ(io_uring_aio_req_defer(&reqs[i], number), 0);
		AIO_SUBMIT(ctx, &reqs[i]);
	}
	aio_events(ctx, NR, ev);
	for (i = 0; i < NR; i++) {
		T_EQ(ev[i].user_data, i);
		T_EQ(ev[i].res, i + 1);
	}
	T_EQ(calls, NR);
	AIO_THREADS(AIO_WORKER, 1);
}

/* The function leaves the completion to somebody else. */
static void leave(struct io_uring_aio *context, struct io_uring_aio_req *req,
		  __s32 res)
{
	(void)context;
	(void)req;
	T_EQ(res, 4096);
	T_STORE(&blocked, 1);
	T_UNTIL(T_LOAD(&release));
}

static void errors(struct io_uring_aio *context, struct io_uring_aio_req *req,
		   __s32 res)
{
	T_EQ(io_uring_aio_complete(context, req, res == -EBADF ? 1 : 2), 0);
}

static void during_the_stage(int direct, unsigned char *mem)
{
	struct __kernel_timespec ts = t_ms(0);
	struct io_uring_aio_event ev;
	struct io_uring_aio_req *req = &reqs[0];

	blocked = release = 0;
	aio_read(req, direct, mem, 4096, 0);
	T_EQ(io_uring_aio_req_defer(req, leave), 0);
	AIO_SUBMIT(ctx, req);
	/* Nobody else reaps the ring that this may be on. */
	while (!T_LOAD(&blocked)) {
		aio_quiet(ctx);
		t_sleep_ms(1);
	}
	T_CHECK(aio_is_pattern(mem, 4096, 0));
	T_EQ(io_uring_aio_cancel(ctx, req, &ev, NULL), -EALREADY);
	T_EQ(io_uring_aio_cancel(ctx, req, &ev, &ts), -EALREADY);
	T_EQ(io_uring_aio_cancel_async(ctx, req), -EALREADY);
	T_EQ(io_uring_aio_cancel_fd(ctx, direct), 0);
	AIO_LIVE(req);
	T_EQ(io_uring_aio_req_defer(req, NULL), -EBUSY);
	aio_quiet(ctx);

	/* Another context goes on meanwhile, with a worker of its own. */
	AIO_REQ(&reqs[1]);
	io_uring_prep_nop(&reqs[1].sqe);
	T_EQ(aio_do(other, &reqs[1]), 0);
	io_uring_prep_read(&reqs[1].sqe, 12345, mem, 1, 0);
	T_EQ(io_uring_aio_req_defer(&reqs[1], errors), 0);
	T_EQ(aio_do(other, &reqs[1]), 1);
	AIO_THREADS(AIO_WORKER, 2);
	T_STORE(&release, 1);
	t_sleep_ms(2);
	aio_quiet(ctx);
	T_EQ(io_uring_aio_complete(ctx, req, -77), 0);
	T_EQ(aio_result(ctx, req), -77);
}

static void never_called(struct io_uring_aio *context,
			 struct io_uring_aio_req *req, __s32 res)
{
	T_FAIL("a cancelled request is completed: %p %p %d", (void *)context,
	       (void *)req, res);
}

static void cancelled_before(void)
{
	struct io_uring_aio_req *req = &reqs[0];
	struct io_uring_aio_event ev;
	int p[2];
	char byte;

	t_pipe(p);
	aio_read(req, p[0], &byte, 1, (__u64)-1);
	T_EQ(io_uring_aio_req_defer(req, never_called), 0);
	AIO_SUBMIT(ctx, req);
	T_EQ(io_uring_aio_complete(ctx, req, 1), -EINVAL);
	T_EQ(io_uring_aio_cancel(ctx, req, &ev, NULL), 0);
	T_EQ(ev.res, -ECANCELED);
	AIO_SUBMIT(ctx, req);
	T_EQ(io_uring_aio_cancel_async(ctx, req), -EINPROGRESS);
	T_EQ(aio_result(ctx, req), -ECANCELED);
	AIO_SUBMIT(ctx, req);
	T_EQ(io_uring_aio_cancel_fd(ctx, p[0]), 1);
	T_EQ(aio_result(ctx, req), -ECANCELED);
	/* What failed by itself does. */
	aio_read(req, 12345, &byte, 1, 0);
	T_EQ(io_uring_aio_req_defer(req, errors), 0);
	T_EQ(aio_do(ctx, req), 1);
	/* And no function takes it back. */
	T_EQ(io_uring_aio_req_defer(req, never_called), 0);
	T_EQ(io_uring_aio_req_defer(req, NULL), 0);
	T_EQ(aio_do(ctx, req), -EBADF);
	t_close_both(p);
}

static void run(unsigned int flags)
{
	int direct = aio_direct_file(4096);
	unsigned char *mem = t_pages(4096);

	ctx = aio_init(NR, flags);
	other = aio_init(4, flags);
	aio_read(&reqs[0], direct, mem, 4096, 0);
	T_EQ(aio_do(ctx, &reqs[0]), 4096);
	AIO_THREADS(AIO_WORKER, 0);
	/* Direct I/O needs no thread at all, unless that is asked for. */
	if (!flags && aio_issues_inline())
		AIO_THREADS(AIO_ISSUER, 0);
	in_order();
	during_the_stage(direct, mem);
	cancelled_before();
	AIO_EXIT(ctx);
	AIO_THREADS(AIO_WORKER, 1);
	AIO_EXIT(other);
	AIO_THREADS(AIO_WORKER, 0);
	close(direct);
	T_SYS(munmap(mem, 4096));
}

int main(void)
{
	AIO_EACH_KIND(run);
	return T_EXIT_PASS;
}
