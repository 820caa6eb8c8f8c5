/* Description: no function of the engine is a cancellation point: a thread for
 * which pthread_cancel() was called goes through all of them, and what it has
 * submitted is carried out. */
/* libraries: uring-aio */
/* flavours: plain */
/* valgrind: off: it stops all threads while one is in io_uring_enter(2) */
/* upstream: differs: liburing has no AIO engine */
#include "aio.h"

#include <sys/eventfd.h>

static struct io_uring_aio *ctx;
static struct io_uring_aio_req req;
static int through, direct, efd, pipes[2];
static unsigned char *mem;

static void deferred(struct io_uring_aio *context, struct io_uring_aio_req *r,
		     __s32 res)
{
	T_EQ(io_uring_aio_complete(context, r, res), 0);
}

static void *doomed(void *arg)
{
	struct __kernel_timespec ts = t_ms(5);
	struct io_uring_aio_event ev;
	struct io_uring_aio *other;

	T_EQ(pthread_cancel(pthread_self()), 0);
	other = aio_init(4, *(unsigned int *)arg);
	T_EQ(io_uring_aio_register_eventfd(other, efd), 0);
	T_EQ(io_uring_aio_register_eventfd(other, -1), 0);
	T_EQ(io_uring_aio_getevents(ctx, 1, 1, &ev, &ts), 0);
	T_EQ(io_uring_aio_start(other, &req), 0);
	T_EQ(io_uring_aio_complete(other, &req, 5), 0);
	T_EQ(io_uring_aio_getevents(other, 1, 1, &ev, NULL), 1);
	aio_read(&req, direct, mem, 4096, 0);
	AIO_SUBMIT(other, &req);
	T_EQ(io_uring_aio_getevents(other, 1, 1, &ev, NULL), 1);
	T_EQ(ev.res, 4096);
	T_EQ(io_uring_aio_req_defer(&req, deferred), 0);
	AIO_SUBMIT(other, &req);
	T_EQ(io_uring_aio_getevents(other, 1, 1, &ev, NULL), 1);
	aio_read(&req, pipes[0], mem, 1, (__u64)-1);
	AIO_SUBMIT(other, &req);
	T_EQ(io_uring_aio_cancel(other, &req, &ev, NULL), 0);
	AIO_SUBMIT(other, &req);
	T_EQ(io_uring_aio_cancel_fd(other, pipes[0]), 1);
	AIO_EXIT(other);
	/* The eventfd of this one counts what is completed here. */
	T_EQ(io_uring_aio_start(ctx, &req), 0);
	T_EQ(io_uring_aio_complete(ctx, &req, 6), 0);
	T_EQ(io_uring_aio_getevents(ctx, 1, 1, &ev, NULL), 1);
	AIO_REQ(&req);
	io_uring_prep_nop(&req.sqe);
	AIO_SUBMIT(ctx, &req);
	T_STORE(&through, 1);
	pthread_testcancel();
	return NULL;
}

static void run(unsigned int flags)
{
	pthread_t thread;
	uint64_t value;
	void *ret;

	through = 0;
	ctx = aio_init(4, flags);
	efd = (int)T_SYS(eventfd(0, EFD_CLOEXEC));
	t_pipe(pipes);
	AIO_REQ(&req);
	io_uring_prep_nop(&req.sqe);
	T_EQ(aio_do(ctx, &req), 0);
	T_EQ(io_uring_aio_register_eventfd(ctx, efd), 0);
	/* The issuer sleeps, and has to be woken. */
	t_sleep_ms(5);
	thread = t_thread(doomed, &flags);
	T_EQ(pthread_join(thread, &ret), 0);
	T_EQ(T_LOAD(&through), 1);
	T_PTR_EQ(ret, PTHREAD_CANCELED);
	T_EQ(aio_result(ctx, &req), 0);
	T_EQ(read(efd, &value, sizeof(value)), sizeof(value));
	T_EQ(value, 2);
	AIO_EXIT(ctx);
	t_close_both(pipes);
	close(efd);
}

int main(void)
{
	mem = t_pages(4096);
	direct = aio_direct_file(4096);
	AIO_EACH_KIND(run);
	close(direct);
	T_SYS(munmap(mem, 4096));
	return T_EXIT_PASS;
}
