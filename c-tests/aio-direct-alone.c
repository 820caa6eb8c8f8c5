/* Description: a context with direct I/O and requests of the program's own has
 * no thread of the library's, but for the worker when a request is deferred:
 * the threads of the program issue and reap themselves. */
/* libraries: uring-aio */
/* flavours: plain */
/* upstream: differs: liburing has no AIO engine */
#include "aio.h"

#define NR 32u
#define BLOCK 4096u

static struct io_uring_aio *ctx;
static struct io_uring_aio_req reqs[NR], *all[NR];
static struct io_uring_aio_event ev[NR];
static unsigned char *mem;

static void prepare(int fd, bool write, bool vectors)
{
	static struct iovec iov[NR];
	unsigned int i;

	for (i = 0; i < NR; i++) {
		iov[i] = (struct iovec){ mem + i * BLOCK, BLOCK };
		AIO_REQ(&reqs[i]);
		if (write && vectors)
			io_uring_prep_writev(&reqs[i].sqe, fd, &iov[i], 1,
					     i * BLOCK);
		else if (write)
			io_uring_prep_write(&reqs[i].sqe, fd, iov[i].iov_base,
					    BLOCK, i * BLOCK);
		else if (vectors)
			io_uring_prep_readv(&reqs[i].sqe, fd, &iov[i], 1,
					    i * BLOCK);
		else
			io_uring_prep_read(&reqs[i].sqe, fd, iov[i].iov_base,
					   BLOCK, i * BLOCK);
		io_uring_sqe_set_data64(&reqs[i].sqe, i);
		all[i] = &reqs[i];
	}
}

static void all_done(int wanted)
{
	unsigned int i;

	T_EQ(io_uring_aio_submit(ctx, NR, all), NR);
	aio_events(ctx, NR, ev);
	for (i = 0; i < NR; i++) {
		T_EQ(ev[i].res, wanted);
		T_PTR_EQ(ev[i].req, &reqs[ev[i].user_data]);
	}
}

static int refuse(struct io_uring_aio_req *req)
{
	(void)req;
	return 1;
}

static void deferred(struct io_uring_aio *context, struct io_uring_aio_req *req,
		     __s32 res)
{
	T_EQ(io_uring_aio_complete(context, req, -res), 0);
}

static void *read_and_end(void *arg)
{
	prepare(*(int *)arg, false, false);
	T_EQ(io_uring_aio_submit(ctx, NR, all), NR);
	aio_events(ctx, NR, ev);
	return NULL;
}

int main(void)
{
	int fd = aio_direct_file(NR * BLOCK), ret;
	struct io_uring_aio_event one;
	static struct io_uring_aio_req own;
	unsigned int i, kind;

	mem = t_pages(NR * BLOCK);
	ctx = aio_init(NR + 1, 0);
	if (!aio_issues_inline())
		return T_EXIT_PASS;
	for (kind = 0; kind < 4; kind++) {
		prepare(fd, kind & 1, kind & 2);
		all_done(BLOCK);
		T_CHECK(aio_is_pattern(mem, NR * BLOCK, 0));
	}
	/* Cancelled in time or not. */
	prepare(fd, false, false);
	T_EQ(io_uring_aio_submit(ctx, NR, all), NR);
	for (i = NR; i--;) {
		ret = io_uring_aio_cancel(ctx, &reqs[i], &one, NULL);
		if (ret) {
			T_CHECK(ret == -EALREADY || ret == -ENOENT);
			one = aio_event(ctx);
			T_EQ(one.res, BLOCK);
		} else {
			T_EQ(one.res, -ECANCELED);
		}
	}
	aio_quiet(ctx);
	AIO_REQ(&own);
	T_EQ(io_uring_aio_start(ctx, &own), 0);
	T_EQ(io_uring_aio_req_set_cancel_fn(ctx, &own, refuse), 0);
	T_EQ(io_uring_aio_cancel(ctx, &own, &one, NULL), -EALREADY);
	T_EQ(io_uring_aio_complete(ctx, &own, 3), 0);
	T_EQ(aio_result(ctx, &own), 3);
	/* A thread that has reaped what it submitted may end as it likes. */
	t_join(t_thread(read_and_end, &fd));
	T_EQ(aio_threads(AIO_ISSUER), 0);
	T_EQ(aio_threads(AIO_WORKER), 0);

	/* Valgrind stops the worker while this thread is in the kernel. */
	if (!t_in_memory_tool()) {
		prepare(fd, false, false);
		for (i = 0; i < NR; i++)
			T_EQ(io_uring_aio_req_defer(&reqs[i], deferred), 0);
		all_done(-(int)BLOCK);
		AIO_THREADS(AIO_WORKER, 1);
	}
	/* In flight and not reaped at the end. */
	prepare(fd, false, true);
	T_EQ(io_uring_aio_submit(ctx, NR, all), NR);
	T_EQ(io_uring_aio_start(ctx, &own), 0);
	T_EQ(io_uring_aio_complete(ctx, &own, 3), 0);
	AIO_EXIT(ctx);
	for (i = 0; i < NR; i++)
		AIO_IDLE(&reqs[i]);
	AIO_THREADS(AIO_WORKER, 0);
	T_EQ(aio_threads(AIO_ISSUER), 0);
	T_SYS(munmap(mem, NR * BLOCK));
	close(fd);
	return T_EXIT_PASS;
}
