/* Description: a write may have to be durable before its completion; that is
 * said of writes only, and looked at again when the request is submitted. */
/* libraries: uring-aio */
/* flavours: plain */
/* valgrind: off: it stops all threads while one is in io_uring_enter(2) */
/* upstream: differs: liburing has no AIO engine */
#include "aio.h"

static struct io_uring_aio_req req;

static void writes(struct io_uring_aio *ctx, int fd, unsigned char *mem)
{
	static const unsigned int kinds[] = { IO_URING_AIO_DSYNC,
					      IO_URING_AIO_SYNC,
					      IO_URING_AIO_DSYNC |
						      IO_URING_AIO_SYNC };
	struct iovec iov = { mem, 4096 };
	unsigned int i;

	for (i = 0; i < 3; i++) {
		memset(mem, 'a' + (int)i, 4096);
		aio_write(&req, fd, mem, 4096, 0);
		T_EQ(io_uring_aio_req_sync(&req, kinds[i]), 0);
		T_EQ(aio_do(ctx, &req), 4096);
		AIO_REQ(&req);
		io_uring_prep_writev(&req.sqe, fd, &iov, 1, 4096);
		T_EQ(io_uring_aio_req_sync(&req, kinds[i]), 0);
		T_EQ(aio_do(ctx, &req), 4096);
		/* A write that failed was not made durable. */
		aio_write(&req, 12345, mem, 4096, 0);
		T_EQ(io_uring_aio_req_sync(&req, kinds[i]), 0);
		T_EQ(aio_do(ctx, &req), -EBADF);
		/* The SQE is the program's: nothing of this is in it. */
		T_EQ(req.sqe.rw_flags, 0);
		memset(mem, 0, 4096);
		T_EQ(pread(fd, mem, 4096, 4096), 4096);
		T_EQ(mem[17], 'a' + i);
	}
}

#ifndef __NR_cachestat
#define __NR_cachestat 451
#endif

/* Pages of the file's first block that are not on the device, or -1. */
static long long dirty(int fd)
{
	struct {
		__u64 off, len;
	} range = { 0, 4096 };
	struct {
		__u64 cache, dirty, writeback, evicted, recently;
	} seen;

	if (syscall(__NR_cachestat, fd, &range, &seen, 0)) {
		if (t_lacks(6, 5, "cachestat", -errno, -ENOSYS))
			return -1;
		T_FAIL("cachestat: %s", strerror(errno));
	}
	return (long long)(seen.dirty + seen.writeback);
}

/* A buffered write leaves a page to be written some time, but for this. */
static void durable(struct io_uring_aio *ctx, int fd, unsigned char *mem)
{
	unsigned int kind, round;

	for (round = 0; round < 3; round++) {
		for (kind = IO_URING_AIO_DSYNC; kind <= IO_URING_AIO_SYNC;
		     kind++) {
			aio_write(&req, fd, mem, 4096, 0);
			T_EQ(aio_do(ctx, &req), 4096);
			T_EQ(io_uring_aio_req_sync(&req, kind), 0);
			T_EQ(aio_do(ctx, &req), 4096);
			T_LE(dirty(fd), 0);
		}
	}
}

static void refused(struct io_uring_aio *ctx, int fd, unsigned char *mem)
{
	struct iovec iov = { mem, 4096 };

	aio_write(&req, fd, mem, 4096, 0);
	T_EQ(io_uring_aio_req_sync(&req, 4), -EINVAL);
	T_EQ(io_uring_aio_req_sync(&req, ~0U), -EINVAL);
	aio_read(&req, fd, mem, 4096, 0);
	T_EQ(io_uring_aio_req_sync(&req, IO_URING_AIO_DSYNC), -EOPNOTSUPP);
	T_EQ(io_uring_aio_req_sync(&req, IO_URING_AIO_SYNC), -EOPNOTSUPP);
	T_EQ(io_uring_aio_req_sync(&req, 0), 0);
	T_EQ(aio_do(ctx, &req), 4096);
	AIO_REQ(&req);
	io_uring_prep_readv(&req.sqe, fd, &iov, 1, 0);
	T_EQ(io_uring_aio_req_sync(&req, IO_URING_AIO_DSYNC), -EOPNOTSUPP);
	io_uring_prep_fsync(&req.sqe, fd, 0);
	T_EQ(io_uring_aio_req_sync(&req, IO_URING_AIO_DSYNC), -EOPNOTSUPP);
	io_uring_prep_send(&req.sqe, fd, mem, 1, 0);
	T_EQ(io_uring_aio_req_sync(&req, IO_URING_AIO_DSYNC), -EOPNOTSUPP);

	/* It was a write when that was asked for. */
	aio_write(&req, fd, mem, 4096, 0);
	T_EQ(io_uring_aio_req_sync(&req, IO_URING_AIO_DSYNC), 0);
	io_uring_prep_read(&req.sqe, fd, mem, 4096, 0);
	T_EQ(aio_submit(ctx, &req), -EOPNOTSUPP);
	AIO_IDLE(&req);
	aio_quiet(ctx);
	/* And to init the request again takes it back. */
	aio_read(&req, fd, mem, 4096, 0);
	T_EQ(aio_do(ctx, &req), 4096);
}

/* The kernel is asked for it: not every flag is known to every file. */
static void reaches_the_kernel(struct io_uring_aio *ctx)
{
	int p[2];

	t_pipe(p);
	aio_write(&req, p[1], "x", 1, (__u64)-1);
	T_EQ(io_uring_aio_req_sync(&req, IO_URING_AIO_DSYNC), 0);
	T_EQ(aio_do(ctx, &req), 1);
	aio_write(&req, p[1], "x", 1, (__u64)-1);
	req.sqe.rw_flags = 1 << 30;
	T_EQ(io_uring_aio_req_sync(&req, IO_URING_AIO_DSYNC), 0);
	T_EQ(aio_do(ctx, &req), -EOPNOTSUPP);
	t_close_both(p);
}

static void run(unsigned int flags)
{
	struct io_uring_aio *ctx = aio_init(4, flags);
	unsigned char *mem = t_pages(4096);
	int fd;

	fd = aio_direct_file(8192);
	writes(ctx, fd, mem);
	refused(ctx, fd, mem);
	close(fd);
	fd = t_tmpfile(8192);
	writes(ctx, fd, mem);
	durable(ctx, fd, mem);
	refused(ctx, fd, mem);
	close(fd);
	reaches_the_kernel(ctx);
	T_SYS(munmap(mem, 4096));
	AIO_EXIT(ctx);
}

int main(void)
{
	AIO_EACH_KIND(run);
	return T_EXIT_PASS;
}
