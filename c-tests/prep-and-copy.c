/* Description: many kinds of operation prepared in an SQE of the program's own,
 * adjusted, used twice, and copied whole over the stale entry that
 * io_uring_get_sqe() returns, which is how QEMU and Samba submit. prep_rw is
 * what most prep functions have in common. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "net.h"

static struct io_uring ring;

/* Every byte of the ring's SQE is replaced, whatever it held. */
static int run(const struct io_uring_sqe *prepared)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

	T_CHECK(sqe);
	memset(sqe, 0xa5, sizeof(*sqe));
	*sqe = *prepared;
	return t_do(&ring, sqe);
}

static struct io_uring_sqe blank(void)
{
	struct io_uring_sqe sqe;

	memset(&sqe, 0, sizeof(sqe));
	return sqe;
}

int main(void)
{
	struct io_uring_sqe sqe, again;
	struct __kernel_timespec ts = t_ms(1);
	struct iovec iov;
	struct statx stx;
	char buf[16] = "";
	int fd = t_tmpfile(0), fds[2], sv[2];

	T_RING(8, &ring, 0);
	T_SYS(pipe(fds));
	t_socketpair(sv);

	sqe = blank();
	io_uring_prep_write(&sqe, fd, "outside", 7, 0);
	again = sqe;
	T_EQ(run(&sqe), 7);
	t_file_holds(fd, 0, "outside");

	/* Continue a request as after a short write. */
	again.off += 7;
	again.addr += 3;
	again.len -= 3;
	T_EQ(run(&again), 4);
	t_file_holds(fd, 0, "outsideside");

	iov.iov_base = buf;
	iov.iov_len = 4;
	sqe = blank();
	io_uring_prep_readv(&sqe, fd, &iov, 1, 7);
	T_EQ(run(&sqe), 4);
	T_MEM_EQ(buf, "side", 4);
	sqe = blank();
	io_uring_prep_rw(IORING_OP_READ, &sqe, fd, buf, 3, 0);
	T_EQ(run(&sqe), 3);
	T_MEM_EQ(buf, "out", 3);

	sqe = blank();
	io_uring_prep_poll_add(&sqe, fds[1], POLLOUT);
	T_EQ(run(&sqe), POLLOUT);
	sqe = blank();
	io_uring_prep_timeout(&sqe, &ts, 0, 0);
	T_EQ(run(&sqe), -ETIME);
	sqe = blank();
	io_uring_prep_send(&sqe, sv[0], "sent", 4, 0);
	T_EQ(run(&sqe), 4);
	t_expect(sv[1], "sent", 4);
	memset(&stx, 0, sizeof(stx));
	sqe = blank();
	io_uring_prep_statx(&sqe, fd, "", AT_EMPTY_PATH, STATX_SIZE, &stx);
	T_EQ(run(&sqe), 0);
	T_EQ(stx.stx_size, 11);
	sqe = blank();
	io_uring_prep_fallocate(&sqe, fd, 0, 0, 5000);
	T_EQ(run(&sqe), 0);
	T_EQ(lseek(fd, 0, SEEK_END), 5000);
	sqe = blank();
	io_uring_prep_close(&sqe, fds[1]);
	T_EQ(run(&sqe), 0);
	T_EQ(read(fds[0], buf, 1), 0);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
