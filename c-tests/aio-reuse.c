/* Description: as soon as submit has returned, a file may be closed and its
 * number given to another, and what the SQE points to may be overwritten:
 * vectors, socket addresses, message headers and times. A request keeps the
 * file that was open when it was submitted. */
/* libraries: uring-aio */
/* flavours: plain */
/* valgrind: off: it stops all threads while one is in io_uring_enter(2) */
/* upstream: differs: liburing has no AIO engine */
#include "aio.h"

#define BLOCK 4096u

static struct io_uring_aio *ctx;
static struct io_uring_aio_req req;
static unsigned char *mem;

/* Another file gets the number. */
static void replace(int fd, int by)
{
	T_EQ(T_SYS(dup3(by, fd, O_CLOEXEC)), fd);
}

static void file_replaced(int fd, int other)
{
	int again = (int)T_SYS(dup(fd));

	/* A file of other contents, and one that cannot be read. */
	aio_read(&req, again, mem, BLOCK, BLOCK);
	AIO_SUBMIT(ctx, &req);
	replace(again, other);
	T_EQ(aio_result(ctx, &req), BLOCK);
	T_CHECK(aio_is_pattern(mem, BLOCK, BLOCK));
	close(again);

	again = (int)T_SYS(dup(fd));
	memset(mem, 0x5a, BLOCK);
	aio_write(&req, again, mem, BLOCK, 2 * BLOCK);
	AIO_SUBMIT(ctx, &req);
	close(again);
	T_EQ(aio_result(ctx, &req), BLOCK);
	memset(mem, 0, BLOCK);
	T_EQ(pread(fd, mem, BLOCK, 2 * BLOCK), BLOCK);
	T_EQ(mem[0], 0x5a);
	T_EQ(mem[BLOCK - 1], 0x5a);
}

static void vector_reused(int fd)
{
	struct iovec iov[2] = { { mem, BLOCK }, { mem + BLOCK, BLOCK } };

	AIO_REQ(&req);
	io_uring_prep_readv(&req.sqe, fd, iov, 2, 0);
	AIO_SUBMIT(ctx, &req);
	memset(iov, 0xff, sizeof(iov));
	T_EQ(aio_result(ctx, &req), 2 * BLOCK);
	T_CHECK(aio_is_pattern(mem, 2 * BLOCK, 0));

	memset(mem, 0x33, 2 * BLOCK);
	iov[0] = (struct iovec){ mem, BLOCK };
	iov[1] = (struct iovec){ mem + BLOCK, BLOCK };
	AIO_REQ(&req);
	io_uring_prep_writev(&req.sqe, fd, iov, 2, 3 * BLOCK);
	AIO_SUBMIT(ctx, &req);
	memset(iov, 0xff, sizeof(iov));
	T_EQ(aio_result(ctx, &req), 2 * BLOCK);
	memset(mem, 0, BLOCK);
	T_EQ(pread(fd, mem, BLOCK, 4 * BLOCK), BLOCK);
	T_EQ(mem[BLOCK - 1], 0x33);
}

/* The requests wait, so that all of this happens while they do. */
static void pipe_replaced(void)
{
	int p[2], other[2];

	t_pipe(p);
	t_pipe(other);
	T_EQ(write(other[1], "wrong", 5), 5);
	AIO_REQ(&req);
	{
		struct iovec iov = { mem, 5 };

		io_uring_prep_readv(&req.sqe, p[0], &iov, 1, (__u64)-1);
		AIO_SUBMIT(ctx, &req);
		memset(&iov, 0xff, sizeof(iov));
	}
	replace(p[0], other[0]);
	t_sleep_ms(5);
	aio_quiet(ctx);
	T_EQ(write(p[1], "right", 5), 5);
	T_EQ(aio_result(ctx, &req), 5);
	T_CHECK(!memcmp(mem, "right", 5));
	t_close_both(p);
	t_close_both(other);
}

static void message_reused(void)
{
	struct iovec iov = { mem, 4 };
	struct msghdr msg;
	int sv[2];

	memset(&msg, 0, sizeof(msg));
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	t_socketpair(sv);
	/* Sent at once. */
	memcpy(mem, "sent", 4);
	AIO_REQ(&req);
	io_uring_prep_sendmsg(&req.sqe, sv[0], &msg, 0);
	AIO_SUBMIT(ctx, &req);
	memset(&msg, 0xff, sizeof(msg));
	memset(&iov, 0xff, sizeof(iov));
	T_EQ(aio_result(ctx, &req), 4);
	/* And received, from a socket that is closed here. */
	AIO_REQ(&req);
	io_uring_prep_recv(&req.sqe, sv[1], mem + 8, 4, 0);
	AIO_SUBMIT(ctx, &req);
	close(sv[1]);
	T_EQ(aio_result(ctx, &req), 4);
	T_CHECK(!memcmp(mem + 8, "sent", 4));
	close(sv[0]);
}

static void address_reused(void)
{
	struct sockaddr_in addr, used;
	int lfd, fd, sfd;

	lfd = t_tcp_listen(&addr);
	fd = (int)T_SYS(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	used = addr;
	AIO_REQ(&req);
	io_uring_prep_connect(&req.sqe, fd, (struct sockaddr *)&used,
			      sizeof(used));
	AIO_SUBMIT(ctx, &req);
	memset(&used, 0xff, sizeof(used));
	T_EQ(aio_result(ctx, &req), 0);
	sfd = (int)T_SYS(accept4(lfd, NULL, NULL, SOCK_CLOEXEC));
	close(sfd);
	close(fd);
	close(lfd);
}

static void time_reused(void)
{
	struct __kernel_timespec ts = t_ms(20);
	long long before = t_now_ms();

	AIO_REQ(&req);
	io_uring_prep_timeout(&req.sqe, &ts, 0, 0);
	AIO_SUBMIT(ctx, &req);
	ts = t_ms(1000000);
	T_EQ(aio_result(ctx, &req), -ETIME);
	T_GE(t_now_ms() - before, 19);
}

static void run(unsigned int flags)
{
	int file, other, direct, round;

	ctx = aio_init(16, flags);
	for (round = 0; round < 20; round++) {
		file = t_tmpfile(8 * BLOCK);
		T_SYS(fsync(file));
		direct = t_reopen(file, O_RDWR | O_DIRECT);
		other = (int)T_SYS(open("/dev/null", O_WRONLY | O_CLOEXEC));
		vector_reused(file);
		file_replaced(file, other);
		close(file);
		close(direct);
		direct = aio_direct_file(8 * BLOCK);
		vector_reused(direct);
		file_replaced(direct, other);
		close(other);
		close(direct);
		pipe_replaced();
		message_reused();
		address_reused();
	}
	time_reused();
	AIO_EXIT(ctx);
}

int main(void)
{
	mem = t_pages(2 * BLOCK);
	AIO_EACH_KIND(run);
	T_SYS(munmap(mem, 2 * BLOCK));
	return T_EXIT_PASS;
}
