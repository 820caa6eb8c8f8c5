/* needs: 2.3 */
#include "see.h"

#include <sys/stat.h>

static struct io_uring ring;

static struct io_uring_sqe *next(void)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

	memset(sqe, 0, sizeof(*sqe));
	return sqe;
}

static int run(const char *name, struct io_uring_sqe *sqe)
{
	struct io_uring_cqe *cqe;
	int res;

	sqe->user_data = 1;
	see("%s: ", name);
	CALL(io_uring_submit_and_wait(&ring, 1));
	MUST(io_uring_wait_cqe(&ring, &cqe));
	res = cqe->res;
	see_consume(&ring, cqe);
	return res;
}

static void names(void)
{
	struct io_uring_sqe *sqe;
	struct statx stx;

	part("names");
	io_uring_prep_mkdirat(sqe = next(), AT_FDCWD, "dir", 0700);
	run("mkdirat", sqe);
	io_uring_prep_symlinkat(sqe = next(), "target", AT_FDCWD, "dir/link");
	run("symlinkat", sqe);
	io_uring_prep_statx(sqe = next(), AT_FDCWD, "dir", 0, STATX_MODE, &stx);
	run("statx", sqe);
	see("mode %o\n", stx.stx_mode);
	io_uring_prep_renameat(sqe = next(), AT_FDCWD, "dir/link", AT_FDCWD,
			       "dir/other", 0);
	run("renameat", sqe);
	io_uring_prep_linkat(sqe = next(), AT_FDCWD, "dir/other", AT_FDCWD,
			     "dir/hard", 0);
	run("linkat", sqe);
	io_uring_prep_unlinkat(sqe = next(), AT_FDCWD, "dir", 0);
	run("unlinkat of a directory", sqe);
	io_uring_prep_unlink(sqe = next(), "dir/other", 0);
	run("unlink", sqe);
	io_uring_prep_unlink(sqe = next(), "dir/hard", 0);
	run("unlink", sqe);
	io_uring_prep_unlinkat(sqe = next(), AT_FDCWD, "dir", AT_REMOVEDIR);
	run("unlinkat", sqe);
}

static void contents(void)
{
	struct io_uring_sqe *sqe;
	struct iovec iov[2];
	char buf[64], more[16];
	int fd;

	part("contents");
	io_uring_prep_openat(sqe = next(), AT_FDCWD, "file",
			     O_RDWR | O_CREAT | O_TRUNC, 0600);
	fd = run("openat", sqe);
	io_uring_prep_write(sqe = next(), fd, "0123456789", 10, 0);
	run("write", sqe);
	iov[0].iov_base = (void *)"abc";
	iov[0].iov_len = 3;
	iov[1].iov_base = (void *)"defg";
	iov[1].iov_len = 4;
	io_uring_prep_writev(sqe = next(), fd, iov, 2, 10);
	run("writev", sqe);
	io_uring_prep_writev2(sqe = next(), fd, iov, 1, 17, RWF_DSYNC);
	run("writev2", sqe);
	io_uring_prep_fsync(sqe = next(), fd, IORING_FSYNC_DATASYNC);
	run("fsync", sqe);
	io_uring_prep_sync_file_range(sqe = next(), fd, 4, 0, 0);
	run("sync_file_range", sqe);
	io_uring_prep_fallocate(sqe = next(), fd, 0, 0, 4096);
	run("fallocate", sqe);
	io_uring_prep_fadvise(sqe = next(), fd, 0, 4096, POSIX_FADV_WILLNEED);
	run("fadvise", sqe);
	memset(buf, 0, sizeof(buf));
	io_uring_prep_read(sqe = next(), fd, buf, 20, 0);
	run("read", sqe);
	see("%s\n", buf);
	memset(buf, 0, sizeof(buf));
	iov[0].iov_base = buf;
	iov[0].iov_len = 4;
	iov[1].iov_base = more;
	iov[1].iov_len = sizeof(more);
	io_uring_prep_readv(sqe = next(), fd, iov, 2, 8);
	run("readv", sqe);
	see("%s %.8s\n", buf, more);
	io_uring_prep_read(sqe = next(), fd, buf, 20, 10000);
	run("read past the end", sqe);
#if API >= 215
	io_uring_prep_ftruncate(sqe = next(), fd, 5);
	run("ftruncate", sqe);
	io_uring_prep_readv2(sqe = next(), fd, iov, 2, 0, RWF_NOWAIT);
	run("readv2", sqe);
#endif
	io_uring_prep_close(sqe = next(), fd);
	run("close", sqe);
	io_uring_prep_close(sqe = next(), fd);
	run("close again", sqe);
	io_uring_prep_unlink(sqe = next(), "file", 0);
	run("unlink", sqe);
}

static void pipes(void)
{
	struct io_uring_sqe *sqe;
	int p[2], q[2];
	char buf[16];

	MUST(pipe(p));
	MUST(pipe(q));
	MUST(write(p[1], "pipe", 4));
	part("pipes");
	io_uring_prep_tee(sqe = next(), p[0], q[1], 4, 0);
	run("tee", sqe);
	io_uring_prep_splice(sqe = next(), p[0], -1, q[1], -1, 4, 0);
	run("splice", sqe);
	memset(buf, 0, sizeof(buf));
	io_uring_prep_read(sqe = next(), q[0], buf, 8, 0);
	run("read", sqe);
	see("%s\n", buf);
	aside();
	close(p[0]);
	close(p[1]);
	close(q[0]);
	close(q[1]);
}

static void direct(void)
{
	struct open_how how;
	struct io_uring_sqe *sqe;
	int fd = 0;

	part("direct descriptors");
	CALL(io_uring_register_files_sparse(&ring, 4));
	io_uring_prep_openat_direct(sqe = next(), AT_FDCWD, "/dev/null", O_RDWR,
				    0, 2);
	run("openat_direct", sqe);
	memset(&how, 0, sizeof(how));
	how.flags = O_RDWR;
	io_uring_prep_openat2_direct(sqe = next(), AT_FDCWD, "/dev/null", &how,
				     IORING_FILE_INDEX_ALLOC);
	run("openat2_direct", sqe);
	io_uring_prep_write(sqe = next(), 2, "x", 1, 0);
	io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE);
	run("write", sqe);
	io_uring_prep_files_update(sqe = next(), &fd, 1, 3);
	run("files_update", sqe);
#if API >= 215
	io_uring_prep_fixed_fd_install(sqe = next(), 2, 0);
	fd = run("fixed_fd_install", sqe);
	close(fd);
#endif
	io_uring_prep_close_direct(sqe = next(), 2);
	run("close_direct", sqe);
	io_uring_prep_close_direct(sqe = next(), 9);
	run("close_direct outside", sqe);
}

int main(void)
{
	ring_up(&ring, 8, 0);
	names();
	contents();
	pipes();
	direct();
	ring_down(&ring);
	return 0;
}
