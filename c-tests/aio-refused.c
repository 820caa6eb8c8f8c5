/* Description: what completes more than once, refers to another request or to
 * what is registered with a ring, or asks for a place in the ring's order, is
 * refused with -EINVAL at submit, and the request is idle then. A batch ends
 * at the first that is refused. */
/* libraries: uring-aio */
/* flavours: plain */
/* upstream: differs: liburing has no AIO engine */
#include "aio.h"

static struct io_uring_aio *ctx;
static struct io_uring_aio_req req;

static void refused(int line)
{
	int ret = aio_submit(ctx, &req);

	if (ret != -EINVAL)
		T_FAIL("line %d: %d", line, ret);
	AIO_IDLE(&req);
	aio_quiet(ctx);
	AIO_REQ(&req);
}

#define REFUSED refused(__LINE__)

static void flags(void)
{
	static const unsigned int sqe_flags[] = {
		IOSQE_FIXED_FILE,    IOSQE_IO_DRAIN,	     IOSQE_IO_LINK,
		IOSQE_IO_HARDLINK,   IOSQE_BUFFER_SELECT,
		IOSQE_CQE_SKIP_SUCCESS, IOSQE_ASYNC | IOSQE_IO_LINK, 1u << 7,
	};
	unsigned int i;

	for (i = 0; i < sizeof(sqe_flags) / sizeof(sqe_flags[0]); i++) {
		io_uring_prep_nop(&req.sqe);
		req.sqe.flags = (__u8)sqe_flags[i];
		REFUSED;
	}
	io_uring_prep_nop(&req.sqe);
	req.sqe.personality = 1;
	REFUSED;
	io_uring_prep_nop(&req.sqe);
	io_uring_sqe_set_flags(&req.sqe, IOSQE_ASYNC);
	T_EQ(aio_do(ctx, &req), 0);
	AIO_REQ(&req);
}

static void multishot(int fd)
{
	io_uring_prep_poll_multishot(&req.sqe, fd, POLLIN);
	REFUSED;
	io_uring_prep_multishot_accept(&req.sqe, fd, NULL, NULL, 0);
	REFUSED;
	io_uring_prep_recv_multishot(&req.sqe, fd, NULL, 0, 0);
	REFUSED;
	io_uring_prep_recvmsg_multishot(&req.sqe, fd, NULL, 0);
	REFUSED;
	io_uring_prep_read_multishot(&req.sqe, fd, 0, 0, 0);
	REFUSED;
	io_uring_prep_read(&req.sqe, fd, NULL, 0, 0);
	req.sqe.opcode = IORING_OP_READ_MULTISHOT;
	REFUSED;
	io_uring_prep_read(&req.sqe, fd, NULL, 0, 0);
	req.sqe.opcode = IORING_OP_RECV_ZC;
	REFUSED;
	io_uring_prep_timeout(&req.sqe, &(struct __kernel_timespec){ 0, 1 }, 0,
			      IORING_TIMEOUT_MULTISHOT);
	REFUSED;
	/* It ends with the completions of others. */
	io_uring_prep_timeout(&req.sqe, &(struct __kernel_timespec){ 0, 1 }, 1,
			      0);
	REFUSED;
	io_uring_prep_send(&req.sqe, fd, NULL, 0, 0);
	req.sqe.ioprio |= IORING_RECVSEND_BUNDLE;
	REFUSED;
	io_uring_prep_recv(&req.sqe, fd, NULL, 0, 0);
	req.sqe.ioprio |= IORING_RECVSEND_BUNDLE;
	REFUSED;
}

static void other_requests(int fd)
{
	io_uring_prep_cancel64(&req.sqe, 1, 0);
	REFUSED;
	io_uring_prep_cancel64(&req.sqe, 0, IORING_ASYNC_CANCEL_ANY);
	REFUSED;
	io_uring_prep_cancel_fd(&req.sqe, fd, 0);
	REFUSED;
	io_uring_prep_poll_remove(&req.sqe, 1);
	REFUSED;
	io_uring_prep_poll_update(&req.sqe, 1, 2, POLLIN,
				  IORING_POLL_UPDATE_EVENTS);
	REFUSED;
	io_uring_prep_timeout_remove(&req.sqe, 1, 0);
	REFUSED;
	io_uring_prep_timeout_update(&req.sqe, NULL, 1, 0);
	REFUSED;
	io_uring_prep_link_timeout(&req.sqe, NULL, 0);
	REFUSED;
	io_uring_prep_msg_ring(&req.sqe, fd, 0, 0, 0);
	REFUSED;
	io_uring_prep_provide_buffers(&req.sqe, NULL, 1, 1, 0, 0);
	REFUSED;
	io_uring_prep_remove_buffers(&req.sqe, 1, 0);
	REFUSED;
}

static void registered(int fd)
{
	static int one = 1;

	io_uring_prep_read_fixed(&req.sqe, fd, NULL, 0, 0, 0);
	REFUSED;
	io_uring_prep_write_fixed(&req.sqe, fd, NULL, 0, 0, 0);
	REFUSED;
	io_uring_prep_read(&req.sqe, fd, NULL, 0, 0);
	req.sqe.opcode = IORING_OP_READV_FIXED;
	REFUSED;
	io_uring_prep_read(&req.sqe, fd, NULL, 0, 0);
	req.sqe.opcode = IORING_OP_WRITEV_FIXED;
	REFUSED;
	io_uring_prep_send_zc_fixed(&req.sqe, fd, NULL, 0, 0, 0, 0);
	REFUSED;
	io_uring_prep_files_update(&req.sqe, &one, 1, 0);
	REFUSED;
	io_uring_prep_fixed_fd_install(&req.sqe, 0, 0);
	req.sqe.flags = 0;
	REFUSED;
	io_uring_prep_openat_direct(&req.sqe, AT_FDCWD, "/dev/null", O_RDONLY,
				    0, 0);
	REFUSED;
	io_uring_prep_openat_direct(&req.sqe, AT_FDCWD, "/dev/null", O_RDONLY,
				    0, IORING_FILE_INDEX_ALLOC);
	REFUSED;
	io_uring_prep_openat2_direct(&req.sqe, AT_FDCWD, "/dev/null", NULL, 0);
	REFUSED;
	io_uring_prep_accept_direct(&req.sqe, fd, NULL, NULL, 0, 0);
	REFUSED;
	io_uring_prep_socket_direct(&req.sqe, AF_INET, SOCK_STREAM, 0, 0, 0);
	REFUSED;
	io_uring_prep_close_direct(&req.sqe, 0);
	REFUSED;
	io_uring_prep_pipe_direct(&req.sqe, &one, 0, 0);
	REFUSED;
	io_uring_prep_splice(&req.sqe, fd, -1, fd, -1, 1, SPLICE_F_FD_IN_FIXED);
	REFUSED;
	io_uring_prep_tee(&req.sqe, fd, fd, 1, SPLICE_F_FD_IN_FIXED);
	REFUSED;
}

static void large(void)
{
	io_uring_prep_nop(&req.sqe);
	req.sqe.opcode = IORING_OP_NOP128;
	REFUSED;
	io_uring_prep_nop(&req.sqe);
	req.sqe.opcode = IORING_OP_URING_CMD128;
	REFUSED;
}

static void batch(int fd)
{
	struct io_uring_aio_req reqs[4], *all[4];
	struct io_uring_aio_event ev[4];
	unsigned int bad, i;
	char byte;

	for (bad = 0; bad < 4; bad++) {
		for (i = 0; i < 4; i++) {
			AIO_REQ(&reqs[i]);
			if (i % 2)
				io_uring_prep_nop(&reqs[i].sqe);
			else
				io_uring_prep_read(&reqs[i].sqe, fd, &byte, 1,
						   0);
			if (i == bad)
				reqs[i].sqe.flags |= IOSQE_IO_LINK;
			all[i] = &reqs[i];
		}
		T_EQ(io_uring_aio_submit(ctx, 4, all), bad ? (int)bad : -EINVAL);
		for (i = bad; i < 4; i++)
			AIO_IDLE(&reqs[i]);
		aio_events(ctx, bad, ev);
		aio_quiet(ctx);
		/* From there on, once it is good. */
		reqs[bad].sqe.flags = 0;
		T_EQ(io_uring_aio_submit(ctx, 4 - bad, all + bad), 4 - bad);
		aio_events(ctx, 4 - bad, ev);
	}
	/* A request is not twice in a batch, nor is NULL in one. */
	AIO_REQ(&reqs[0]);
	io_uring_prep_nop(&reqs[0].sqe);
	all[1] = all[0] = &reqs[0];
	T_EQ(io_uring_aio_submit(ctx, 4, all), 1);
	T_EQ(aio_result(ctx, &reqs[0]), 0);
	all[1] = NULL;
	T_EQ(io_uring_aio_submit(ctx, 4, all), 1);
	T_EQ(aio_result(ctx, &reqs[0]), 0);
	T_EQ(io_uring_aio_submit(ctx, 3, all + 1), -EINVAL);
}

static void run(unsigned int ctx_flags)
{
	int fd = t_tmpfile(1);

	ctx = aio_init(4, ctx_flags);
	AIO_REQ(&req);
	flags();
	multishot(fd);
	other_requests(fd);
	registered(fd);
	large();
	batch(fd);
	AIO_EXIT(ctx);
	close(fd);
}

int main(void)
{
	AIO_EACH_KIND(run);
	return T_EXIT_PASS;
}
