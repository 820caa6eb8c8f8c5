/* Description: a cancelled request's event goes to the canceller and to nobody
 * else, with -ECANCELED: pipes, sockets, polls, timeouts, opens. -ENOENT for what
 * is over or was never submitted, -ETIME when the wait is over first. */
/* libraries: uring-aio */
/* flavours: plain */
/* upstream: differs: liburing has no AIO engine */
#include "aio.h"
#include "file.h"

static struct io_uring_aio *ctx;
static struct io_uring_aio_req req;
static char byte[64];

/* Every way to cancel what has been prepared, which would wait for ever. */
static void cancelled(int fd)
{
	struct __kernel_timespec ts = t_ms(AIO_PATIENCE_MS);
	struct io_uring_aio_event ev;
	int timed;

	io_uring_sqe_set_data64(&req.sqe, 0x1234567890ULL);
	for (timed = 0; timed < 2; timed++) {
		AIO_SUBMIT(ctx, &req);
		AIO_LIVE(&req);
		memset(&ev, 0xee, sizeof(ev));
		T_EQ(io_uring_aio_cancel(ctx, &req, &ev, timed ? &ts : NULL),
		     0);
		T_PTR_EQ(ev.req, &req);
		T_EQ(ev.user_data, 0x1234567890ULL);
		T_EQ(ev.res, -ECANCELED);
		T_EQ(ev.flags, 0);
		AIO_IDLE(&req);
		aio_quiet(ctx);
		T_EQ(io_uring_aio_cancel(ctx, &req, &ev, NULL), -ENOENT);
	}
	AIO_SUBMIT(ctx, &req);
	T_EQ(io_uring_aio_cancel_async(ctx, &req), -EINPROGRESS);
	T_EQ(aio_result(ctx, &req), -ECANCELED);
	T_EQ(io_uring_aio_cancel_async(ctx, &req), -ENOENT);
	if (fd < 0)
		return;
	AIO_SUBMIT(ctx, &req);
	T_EQ(io_uring_aio_cancel_fd(ctx, fd), 1);
	T_EQ(aio_result(ctx, &req), -ECANCELED);
	T_EQ(io_uring_aio_cancel_fd(ctx, fd), 0);
}

static void pipes(void)
{
	struct iovec iov = { byte, 8 };
	char big[4096];
	int p[2];

	t_pipe(p);
	aio_read(&req, p[0], byte, 8, (__u64)-1);
	cancelled(p[0]);
	AIO_REQ(&req);
	io_uring_prep_readv(&req.sqe, p[0], &iov, 1, (__u64)-1);
	cancelled(p[0]);
	aio_read(&req, p[0], byte, 8, (__u64)-1);
	io_uring_sqe_set_flags(&req.sqe, IOSQE_ASYNC);
	cancelled(p[0]);
	/* None of them took anything. */
	T_EQ(write(p[1], "12345678", 8), 8);
	T_EQ(read(p[0], byte, sizeof(byte)), 8);
	/* A write that finds no room. */
	T_SYS(fcntl(p[1], F_SETFL, O_NONBLOCK));
	memset(big, 0, sizeof(big));
	while (write(p[1], big, sizeof(big)) > 0)
		;
	T_SYS(fcntl(p[1], F_SETFL, 0));
	aio_write(&req, p[1], big, sizeof(big), (__u64)-1);
	cancelled(p[1]);
	t_close_both(p);
}

static void sockets(void)
{
	struct iovec iov = { byte, 8 };
	struct sockaddr_in addr;
	struct msghdr msg;
	int sv[2], lfd;

	memset(&msg, 0, sizeof(msg));
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	t_socketpair(sv);
	AIO_REQ(&req);
	io_uring_prep_recv(&req.sqe, sv[0], byte, 8, 0);
	cancelled(sv[0]);
	AIO_REQ(&req);
	io_uring_prep_recvmsg(&req.sqe, sv[0], &msg, 0);
	cancelled(sv[0]);
	AIO_REQ(&req);
	io_uring_prep_poll_add(&req.sqe, sv[0], POLLIN);
	cancelled(sv[0]);
	T_EQ(send(sv[1], "12345678", 8, 0), 8);
	T_EQ(recv(sv[0], byte, sizeof(byte), 0), 8);
	t_close_both(sv);

	lfd = t_tcp_listen(&addr);
	AIO_REQ(&req);
	io_uring_prep_accept(&req.sqe, lfd, NULL, NULL, SOCK_CLOEXEC);
	cancelled(lfd);
	close(lfd);
}

/* A listener whose queue is full answers no connection: the client waits. */
static void connecting(void)
{
	struct sockaddr_in addr;
	int lfd, fd, more[4];
	unsigned int i;

	lfd = t_tcp_listen(&addr);
	T_SYS(listen(lfd, 0));
	for (i = 0; i < 4; i++) {
		more[i] = (int)T_SYS(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC |
						     SOCK_NONBLOCK, 0));
		if (connect(more[i], (struct sockaddr *)&addr, sizeof(addr)))
			T_EQ(errno, EINPROGRESS);
	}
	fd = (int)T_SYS(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	AIO_REQ(&req);
	io_uring_prep_connect(&req.sqe, fd, (struct sockaddr *)&addr,
			      sizeof(addr));
	AIO_SUBMIT(ctx, &req);
	T_EQ(io_uring_aio_cancel_async(ctx, &req), -EINPROGRESS);
	T_EQ(aio_result(ctx, &req), -ECANCELED);
	close(fd);
	for (i = 0; i < 4; i++)
		close(more[i]);
	close(lfd);
}

static void timeouts(void)
{
	struct __kernel_timespec ts = t_ms(1000000);

	AIO_REQ(&req);
	io_uring_prep_timeout(&req.sqe, &ts, 0, 0);
	cancelled(-1);
}

/* A thread of the kernel waits in the open, and is interrupted there. */
static void opening(void)
{
	t_enter_tmpdir();
	T_SYS(mkfifo("fifo", 0600));
	AIO_REQ(&req);
	io_uring_prep_openat(&req.sqe, AT_FDCWD, "fifo", O_RDONLY | O_CLOEXEC,
			     0);
	io_uring_sqe_set_flags(&req.sqe, IOSQE_ASYNC);
	cancelled(-1);
	T_SYS(chdir("/"));
	t_remove_dir();
}

static void nothing_to_cancel(void)
{
	struct __kernel_timespec ts = t_ms(0);
	struct io_uring_aio_req *gone, copy;
	struct io_uring_aio_event ev;
	unsigned char *page;
	int p[2];

	t_pipe(p);
	AIO_REQ(&req);
	T_EQ(io_uring_aio_cancel(ctx, &req, &ev, NULL), -ENOENT);
	T_EQ(io_uring_aio_cancel_async(ctx, &req), -ENOENT);
	memset(&copy, 0xff, sizeof(copy));
	T_EQ(io_uring_aio_cancel(ctx, &copy, &ev, &ts), -ENOENT);
	T_EQ(io_uring_aio_cancel(ctx, (void *)0x1000, &ev, NULL), -ENOENT);
	T_EQ(io_uring_aio_cancel_async(ctx, (void *)~0UL), -ENOENT);
	T_EQ(io_uring_aio_cancel_fd(ctx, p[0]), 0);
	T_EQ(io_uring_aio_cancel_fd(ctx, -1), -EBADF);
	/* Done, and its event still there. */
	io_uring_prep_nop(&req.sqe);
	T_EQ(io_uring_aio_start(ctx, &req), 0);
	T_EQ(io_uring_aio_complete(ctx, &req, 9), 0);
	T_EQ(io_uring_aio_cancel(ctx, &req, &ev, NULL), -ENOENT);
	T_EQ(io_uring_aio_cancel_async(ctx, &req), -ENOENT);
	T_EQ(aio_result(ctx, &req), 9);
	/* Memory that is gone, as that of a request whose event came may be. */
	page = t_pages(4096);
	gone = (void *)page;
	aio_read(gone, p[0], byte, 1, (__u64)-1);
	AIO_SUBMIT(ctx, gone);
	T_EQ(write(p[1], "x", 1), 1);
	T_EQ(aio_result(ctx, gone), 1);
	T_SYS(munmap(page, 4096));
	T_EQ(io_uring_aio_cancel(ctx, gone, &ev, NULL), -ENOENT);
	T_EQ(io_uring_aio_cancel_async(ctx, gone), -ENOENT);
	T_EQ(io_uring_aio_complete(ctx, gone, 0), -EALREADY);
	T_EQ(io_uring_aio_req_set_cancel_fn(ctx, gone, NULL), -ENOENT);
	t_close_both(p);
}

/* Of several requests on one file, and one on another. */
static void by_descriptor(void)
{
	struct io_uring_aio_req reqs[5];
	struct io_uring_aio_event ev[5];
	int p[2], other[2];
	unsigned int i;

	t_pipe(p);
	t_pipe(other);
	for (i = 0; i < 5; i++) {
		aio_read(&reqs[i], i == 2 ? other[0] : p[0], byte + i, 1,
			 (__u64)-1);
		AIO_SUBMIT(ctx, &reqs[i]);
	}
	T_EQ(io_uring_aio_cancel_fd(ctx, p[0]), 4);
	aio_events(ctx, 4, ev);
	for (i = 0; i < 4; i++) {
		T_EQ(ev[i].res, -ECANCELED);
		T_CHECK(ev[i].req != &reqs[2]);
	}
	aio_quiet(ctx);
	AIO_LIVE(&reqs[2]);
	T_EQ(io_uring_aio_cancel_fd(ctx, other[0]), 1);
	T_EQ(aio_result(ctx, &reqs[2]), -ECANCELED);
	t_close_both(p);
	t_close_both(other);
}

static void run(unsigned int flags)
{
	ctx = aio_init(8, flags);
	pipes();
	sockets();
	connecting();
	timeouts();
	opening();
	nothing_to_cancel();
	by_descriptor();
	AIO_EXIT(ctx);
}

int main(void)
{
	AIO_EACH_KIND(run);
	return T_EXIT_PASS;
}
