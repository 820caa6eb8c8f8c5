/* Description: a request may be of any opcode that completes once; its event
 * has the result and the flags of its CQE. */
/* libraries: uring-aio */
/* flavours: plain */
/* upstream: differs: liburing has no AIO engine */
#include "aio.h"
#include "file.h"

#include <linux/stat.h>

static struct io_uring_aio *ctx;
static struct io_uring_aio_req req;

/* Prepares, carries out, and has the result. */
#define DO(prep, ...)                                                          \
	__extension__({                                                        \
		AIO_REQ(&req);                                                 \
		prep(&req.sqe, ##__VA_ARGS__);                                 \
		io_uring_sqe_set_data64(&req.sqe, __LINE__);                   \
		aio_do(ctx, &req);                                             \
	})

static void names(void)
{
	T_EQ(DO(io_uring_prep_mkdirat, AT_FDCWD, "dir", 0700), 0);
	T_EQ(DO(io_uring_prep_renameat, AT_FDCWD, "file", AT_FDCWD, "dir/name",
		0),
	     0);
	T_EQ(DO(io_uring_prep_unlinkat, AT_FDCWD, "dir/name", 0), 0);
	T_EQ(DO(io_uring_prep_unlinkat, AT_FDCWD, "dir", AT_REMOVEDIR), 0);
}

static void files(void)
{
	struct statx stx;
	char byte[8] = "12345678";
	struct iovec iov = { byte, 4 };
	int fd, p[2];

	t_enter_tmpdir();
	fd = DO(io_uring_prep_openat, AT_FDCWD, "file",
		O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	T_GE(fd, 0);
	T_EQ(DO(io_uring_prep_write, fd, byte, 8, 0), 8);
	T_EQ(DO(io_uring_prep_writev, fd, &iov, 1, 8), 4);
	T_EQ(DO(io_uring_prep_fsync, fd, 0), 0);
	T_EQ(DO(io_uring_prep_fsync, fd, IORING_FSYNC_DATASYNC), 0);
	T_EQ(DO(io_uring_prep_sync_file_range, fd, 4, 0,
		SYNC_FILE_RANGE_WRITE),
	     0);
	T_EQ(DO(io_uring_prep_fallocate, fd, 0, 0, 8192), 0);
	memset(&stx, 0, sizeof(stx));
	T_EQ(DO(io_uring_prep_statx, AT_FDCWD, "file", 0, STATX_SIZE, &stx), 0);
	T_EQ(stx.stx_size, 8192);
	memset(byte, 0, sizeof(byte));
	T_EQ(DO(io_uring_prep_read, fd, byte, 8, 0), 8);
	T_CHECK(!memcmp(byte, "12345678", 8));
	T_EQ(DO(io_uring_prep_read, fd, byte, 8, 1 << 20), 0);
	T_EQ(DO(io_uring_prep_fadvise, fd, 0, 4096, POSIX_FADV_WILLNEED), 0);
	t_pipe(p);
	T_EQ(DO(io_uring_prep_splice, fd, 0, p[1], -1, 8, 0), 8);
	T_EQ(read(p[0], byte, 8), 8);
	t_close_both(p);
	if (!t_lacks_op(5, 15, IORING_OP_MKDIRAT, "IORING_OP_MKDIRAT"))
		names();
	T_EQ(DO(io_uring_prep_close, fd), 0);
	T_EQ(fcntl(fd, F_GETFD), -1);
	T_EQ(DO(io_uring_prep_openat, AT_FDCWD, "gone", O_RDONLY, 0), -ENOENT);
}

static void sockets(void)
{
	struct sockaddr_in addr;
	char byte[8];
	int fd, lfd, sfd, sv[2];

	lfd = t_tcp_listen(&addr);
	if (t_lacks_op(5, 19, IORING_OP_SOCKET, "IORING_OP_SOCKET"))
		fd = (int)T_SYS(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	else
		fd = DO(io_uring_prep_socket, AF_INET,
			SOCK_STREAM | SOCK_CLOEXEC, 0, 0);
	T_GE(fd, 0);
	T_EQ(DO(io_uring_prep_connect, fd, (struct sockaddr *)&addr,
		sizeof(addr)),
	     0);
	sfd = DO(io_uring_prep_accept, lfd, NULL, NULL, SOCK_CLOEXEC);
	T_GE(sfd, 0);
	T_EQ(DO(io_uring_prep_send, fd, "12345678", 8, 0), 8);
	T_EQ(DO(io_uring_prep_poll_add, sfd, POLLIN), POLLIN);
	T_EQ(DO(io_uring_prep_recv, sfd, byte, 8, MSG_WAITALL), 8);
	T_CHECK(!memcmp(byte, "12345678", 8));
	/* A CQE's flags are the event's: more is there. */
	t_tcp_pair(sv);
	T_EQ(send(sv[0], "12345678", 8, 0), 8);
	AIO_REQ(&req);
	io_uring_prep_recv(&req.sqe, sv[1], byte, 4, 0);
	AIO_SUBMIT(ctx, &req);
	{
		struct io_uring_aio_event ev = aio_event(ctx);

		T_EQ(ev.res, 4);
		if (!t_before(5, 19))
			T_EQ(ev.flags & IORING_CQE_F_SOCK_NONEMPTY,
			     IORING_CQE_F_SOCK_NONEMPTY);
	}
	t_close_both(sv);
	if (t_lacks_op(5, 11, IORING_OP_SHUTDOWN, "IORING_OP_SHUTDOWN"))
		T_SYS(shutdown(fd, SHUT_WR));
	else
		T_EQ(DO(io_uring_prep_shutdown, fd, SHUT_WR), 0);
	T_EQ(DO(io_uring_prep_recv, sfd, byte, 8, 0), 0);
	close(fd);
	close(sfd);
	close(lfd);
}

static void others(void)
{
	struct __kernel_timespec ts = t_ms(5);
	unsigned int i;
	int ret;

	T_EQ(DO(io_uring_prep_nop), 0);
	T_EQ(DO(io_uring_prep_timeout, &ts, 0, 0), -ETIME);
	ret = DO(io_uring_prep_timeout, &ts, 0, IORING_TIMEOUT_ETIME_SUCCESS);
	if (!t_lacks(5, 16, "IORING_TIMEOUT_ETIME_SUCCESS", ret, -EINVAL))
		T_EQ(ret, -ETIME);
	/* An opcode that no kernel has is the kernel's to refuse. */
	AIO_REQ(&req);
	io_uring_prep_nop(&req.sqe);
	req.sqe.opcode = 250;
	T_EQ(aio_do(ctx, &req), -EINVAL);
	/* A request serves again as it is, many times. */
	AIO_REQ(&req);
	io_uring_prep_nop(&req.sqe);
	for (i = 0; i < 1000; i++) {
		io_uring_sqe_set_data64(&req.sqe, i);
		T_EQ(aio_do(ctx, &req), 0);
	}
}

static void run(unsigned int flags)
{
	ctx = aio_init(4, flags);
	files();
	sockets();
	others();
	AIO_EXIT(ctx);
	T_SYS(chdir("/"));
	t_remove_dir();
}

int main(void)
{
	AIO_EACH_KIND(run);
	return T_EXIT_PASS;
}
