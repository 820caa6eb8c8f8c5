/* Description: a zero-copy send has one event, which carries the send's result
 * and comes when the kernel has given the buffer back; errors too. */
/* libraries: uring-aio */
/* flavours: plain */
/* upstream: differs: liburing has no AIO engine */
#include "aio.h"

#define SIZE 65536u

static struct io_uring_aio *ctx;
static struct io_uring_aio_req req;
static unsigned char *mem;

/* What the receiver has not taken, the buffer is needed for on loopback. */
static void sent_and_free(const int sv[2], bool message)
{
	struct iovec iov = { mem, SIZE };
	unsigned char *seen = t_pages(SIZE);
	struct msghdr msg;
	size_t got = 0;
	int sent = 0;
	ssize_t n;

	memset(&msg, 0, sizeof(msg));
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	memset(mem, 0x77, SIZE);
	AIO_REQ(&req);
	if (message)
		io_uring_prep_sendmsg_zc(&req.sqe, sv[0], &msg, MSG_WAITALL);
	else
		io_uring_prep_send_zc(&req.sqe, sv[0], mem, SIZE, MSG_WAITALL,
				      0);
	io_uring_sqe_set_data64(&req.sqe, 0x5e5e5e5e5e5e5e5eULL);
	AIO_SUBMIT(ctx, &req);
	while (got < SIZE) {
		n = recv(sv[1], seen, SIZE, 0);
		T_GE(n, 1);
		got += (size_t)n;
		T_EQ(seen[0], 0x77);
		T_EQ(seen[n - 1], 0x77);
	}
	sent = aio_result(ctx, &req);
	T_EQ(sent, SIZE);
	/* The buffer is the program's again, and nothing follows. */
	memset(mem, 0, SIZE);
	t_sleep_ms(2);
	aio_quiet(ctx);
	T_SYS(munmap(seen, SIZE));
}

/* The receiver waits, so that the buffer is in use for that long. */
static void not_before(void)
{
	struct __kernel_timespec ts = t_ms(30);
	struct io_uring_aio_event ev;
	char byte[8];
	int sv[2];

	t_tcp_pair(sv);
	memcpy(mem, "original", 8);
	AIO_REQ(&req);
	io_uring_prep_send_zc(&req.sqe, sv[0], mem, 8, 0, 0);
	AIO_SUBMIT(ctx, &req);
	/* Loopback hands the buffer itself to the receiver, or a copy. */
	if (!io_uring_aio_getevents(ctx, 1, 1, &ev, &ts)) {
		T_EQ(recv(sv[1], byte, 8, MSG_WAITALL), 8);
		ev = aio_event(ctx);
	} else {
		memset(mem, 0, 8);
		T_EQ(recv(sv[1], byte, 8, MSG_WAITALL), 8);
	}
	T_EQ(ev.res, 8);
	T_CHECK(!memcmp(byte, "original", 8));
	aio_quiet(ctx);
	t_close_both(sv);
}

static void deferred(struct io_uring_aio *context, struct io_uring_aio_req *r,
		     __s32 res)
{
	T_EQ(io_uring_aio_complete(context, r, res + 1000), 0);
}

static void run(unsigned int flags)
{
	struct io_uring_aio_req reqs[8], *all[8];
	struct io_uring_aio_event ev[8];
	unsigned int i;
	int sv[2], ret;

	ctx = aio_init(8, flags);
	t_tcp_pair(sv);
	sent_and_free(sv, false);
	sent_and_free(sv, true);
	not_before();
	for (i = 0; i < 8; i++) {
		AIO_REQ(&reqs[i]);
		io_uring_prep_send_zc(&reqs[i].sqe, sv[0], mem, 100 + i, 0,
				      i % 2 ? IORING_SEND_ZC_REPORT_USAGE : 0);
		io_uring_sqe_set_data64(&reqs[i].sqe, i);
		all[i] = &reqs[i];
	}
	T_EQ(io_uring_aio_submit(ctx, 8, all), 8);
	T_EQ(recv(sv[1], mem, 8 * 100 + 28, MSG_WAITALL), 828);
	aio_events(ctx, 8, ev);
	for (i = 0; i < 8; i++)
		T_EQ(ev[i].res, 100 + ev[i].user_data);
	aio_quiet(ctx);

	/* Errors, with a notification or without. */
	t_close_both(sv);
	AIO_REQ(&req);
	io_uring_prep_send_zc(&req.sqe, sv[0], mem, 8, 0, 0);
	T_EQ(aio_do(ctx, &req), -EBADF);
	t_tcp_pair(sv);
	T_SYS(shutdown(sv[0], SHUT_WR));
	AIO_REQ(&req);
	io_uring_prep_send_zc(&req.sqe, sv[0], mem, 8, MSG_NOSIGNAL, 0);
	T_EQ(aio_do(ctx, &req), -EPIPE);
	aio_quiet(ctx);
	t_close_both(sv);

	t_tcp_pair(sv);
	AIO_REQ(&req);
	io_uring_prep_send_zc(&req.sqe, sv[0], mem, 8, 0, 0);
	T_EQ(io_uring_aio_req_defer(&req, deferred), 0);
	AIO_SUBMIT(ctx, &req);
	T_EQ(recv(sv[1], mem, 8, MSG_WAITALL), 8);
	T_EQ(aio_result(ctx, &req), 1008);
	t_close_both(sv);

	/* Not every socket knows it. */
	t_socketpair(sv);
	AIO_REQ(&req);
	io_uring_prep_send_zc(&req.sqe, sv[0], mem, 8, 0, 0);
	ret = aio_do(ctx, &req);
	T_CHECK(ret == 8 || ret == -EOPNOTSUPP);
	aio_quiet(ctx);
	t_close_both(sv);
	AIO_EXIT(ctx);
}

int main(void)
{
	T_NEEDS_OP(6, 0, IORING_OP_SEND_ZC);
	T_NEEDS_OP(6, 1, IORING_OP_SENDMSG_ZC);
	mem = t_pages(SIZE);
	AIO_EACH_KIND(run);
	T_SYS(munmap(mem, SIZE));
	return T_EXIT_PASS;
}
