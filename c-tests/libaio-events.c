/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Description: what io_submit() takes and the event reports: memory that is
 * not there, misaligned direct I/O, a file that is too large or a file system
 * that is full, ends of files, nothing to be moved, and descriptors that are
 * not ready or cannot be read at an offset. */
/* libraries: aio */
/* flavours: plain */
/* valgrind: off: it reports that the kernel is asked about bad pointers */
/* upstream: kernel AIO */
#include "libaio-tests.h"

#include <sys/timerfd.h>

#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/uio.h>

#define SIZE 8192u

static io_context_t ctx;
static struct iocb req;
static char buf[2 * SIZE] __attribute__((aligned(4096)));

static void reads_and_writes(int file)
{
	struct iovec iov[3] = { { buf, 3 }, { buf + 100, 0 }, { buf + 50, 5 } };

	io_prep_pread(&req, file, buf, 100, 7);
	T_EQ(la_do(ctx, &req), 100);
	T_CHECK(la_is_pattern(buf, 100, 7));
	io_prep_preadv(&req, file, iov, 3, 1000);
	T_EQ(la_do(ctx, &req), 8);
	T_CHECK(la_is_pattern(buf, 3, 1000));
	T_CHECK(la_is_pattern(buf + 50, 5, 1003));
	/* The file's position has no part in it. */
	T_EQ(lseek(file, 0, SEEK_CUR), 0);

	memset(buf, 'w', 64);
	io_prep_pwrite(&req, file, buf, 64, 4000);
	T_EQ(la_do(ctx, &req), 64);
	io_prep_pwritev(&req, file, iov, 3, 4064);
	T_EQ(la_do(ctx, &req), 8);
	T_EQ(pread(file, buf + 100, 72, 4000), 72);
	T_CHECK(!memcmp(buf + 100, "wwww", 4) && !memcmp(buf + 168, "wwww", 4));
	T_EQ(lseek(file, 0, SEEK_CUR), 0);
	io_prep_fsync(&req, file);
	T_EQ(la_do(ctx, &req), 0);
	io_prep_fdsync(&req, file);
	T_EQ(la_do(ctx, &req), 0);
}

/* It is for a file that is only read as well. */
static void sync_of_a_reader(int file)
{
	int rd = t_reopen(file, O_RDONLY);

	io_prep_fsync(&req, rd);
	T_EQ(la_do(ctx, &req), 0);
	close(rd);
}

static void ends(int file)
{
	struct iovec iov = { buf, 10 };

	io_prep_pread(&req, file, buf, 100, SIZE);
	T_EQ(la_do(ctx, &req), 0);
	io_prep_pread(&req, file, buf, 100, SIZE + 5000);
	T_EQ(la_do(ctx, &req), 0);
	io_prep_pread(&req, file, buf, 100, SIZE - 60);
	T_EQ(la_do(ctx, &req), 60);
	io_prep_pread(&req, file, buf, sizeof(buf), 1);
	T_EQ(la_do(ctx, &req), SIZE - 1);
	/* More than one call can move. */
	io_prep_pread(&req, file, buf, (size_t)1 << 40, SIZE - 60);
	T_EQ(la_do(ctx, &req), 60);
	io_prep_pread(&req, file, buf, 0, 0);
	T_EQ(la_do(ctx, &req), 0);
	io_prep_pread(&req, file, NULL, 0, 0);
	T_EQ(la_do(ctx, &req), 0);
	io_prep_pwrite(&req, file, buf, 0, SIZE + 100);
	T_EQ(la_do(ctx, &req), 0);
	io_prep_preadv(&req, file, &iov, 0, 0);
	T_EQ(la_do(ctx, &req), 0);
	io_prep_preadv(&req, file, NULL, 0, 0);
	T_EQ(la_do(ctx, &req), 0);
	io_prep_pwritev(&req, file, &iov, 0, SIZE + 100);
	T_EQ(la_do(ctx, &req), 0);
	/* Nothing has made it longer. */
	T_EQ(lseek(file, 0, SEEK_END), SIZE);
	T_SYS(lseek(file, 0, SEEK_SET));
}

static void unknown_flags(int file)
{
	io_prep_pread(&req, file, buf, 100, 0);
	req.u.c.flags = 0x80;
	T_EQ(la_do(ctx, &req), 100);
	req.u.c.flags = 0xfffffffcu;
	req.u.c.resfd = (unsigned int)-1;
	T_EQ(la_do(ctx, &req), 100);
}

static void memory_not_there(int file)
{
	char *end = la_page_end();
	struct iovec iov[2] = { { buf, 10 }, { end, 10 } };

	io_prep_pread(&req, file, NULL, 10, 0);
	T_EQ(la_do(ctx, &req), -EFAULT);
	io_prep_pread(&req, file, end, 10, 0);
	T_EQ(la_do(ctx, &req), -EFAULT);
	io_prep_pwrite(&req, file, end, 10, 0);
	T_EQ(la_do(ctx, &req), -EFAULT);
	io_prep_preadv(&req, file, iov + 1, 1, 0);
	T_EQ(la_do(ctx, &req), -EFAULT);
	/* As far as it goes. */
	io_prep_preadv(&req, file, iov, 2, 0);
	T_EQ(la_do(ctx, &req), 10);
	io_prep_pread(&req, file, end - 20, 100, 0);
	T_EQ(la_do(ctx, &req), 20);
	T_CHECK(la_is_pattern(end - 20, 20, 0));
	T_SYS(mprotect(end - 4096, 4096, PROT_READ));
	io_prep_pread(&req, file, end - 4096, 100, 0);
	T_EQ(la_do(ctx, &req), -EFAULT);
	io_prep_pwrite(&req, file, end - 4096, 1, 6000);
	T_EQ(la_do(ctx, &req), 1);
	T_SYS(munmap(end - 4096, 8192));
}

/* What a call says of the same read is right. */
static void as_a_call(int fd, char *mem, size_t len, off_t offset)
{
	ssize_t ret = pread(fd, mem, len, offset);

	io_prep_pread(&req, fd, mem, len, offset);
	T_EQ(la_do(ctx, &req), ret < 0 ? -errno : ret);
}

static void direct(void)
{
	int fd = la_direct_file(SIZE);
	char *end = la_page_end();

	as_a_call(fd, buf, 4096, 4096);
	as_a_call(fd, buf, sizeof(buf), 0);
	as_a_call(fd, buf, 4096, SIZE);
	as_a_call(fd, buf, 4096, 1);
	as_a_call(fd, buf + 1, 4096, 0);
	as_a_call(fd, buf, 100, 0);
	as_a_call(fd, buf, 0, 0);
	as_a_call(fd, end, 4096, 0);
	io_prep_pread(&req, fd, buf, SIZE, 0);
	T_EQ(la_do(ctx, &req), SIZE);
	T_CHECK(la_is_pattern(buf, SIZE, 0));
	T_SYS(munmap(end - 4096, 8192));
	close(fd);
}

static int limited(void *arg)
{
	struct rlimit limit = { SIZE + 100, SIZE + 100 };
	int file = *(int *)arg;

	ctx = la_setup(4);
	signal(SIGXFSZ, SIG_IGN);
	T_SYS(setrlimit(RLIMIT_FSIZE, &limit));
	io_prep_pwrite(&req, file, buf, 1000, SIZE);
	T_EQ(la_do(ctx, &req), 100);
	io_prep_pwrite(&req, file, buf, 1000, SIZE + 100);
	T_EQ(la_do(ctx, &req), -EFBIG);
	LA_DESTROY(ctx);
	return T_EXIT_PASS;
}

static void too_large(void)
{
	const struct iovec iov = { buf, (size_t)INT64_MAX / 2 };
	int file = la_tmpfile(SIZE), end;

	io_prep_pwrite(&req, file, buf, 1, INT64_MAX - 1);
	T_EQ(la_do(ctx, &req), -EFBIG);
	T_EQ(t_fork_run(limited, &file), T_EXIT_PASS);
	/* More than there are addresses, of which no more is used than asked. */
	end = (int)T_SYS(lseek(file, 0, SEEK_END));
	io_prep_pread(&req, file, buf, (size_t)INT64_MAX / 2, end - 5);
	T_EQ(la_do(ctx, &req), 5);
	if (!t_before(6, 4)) {
		io_prep_preadv(&req, file, &iov, 1, end - 5);
		T_EQ(la_do(ctx, &req), 5);
	}
	close(file);
}

/* In a file system of its own, of which nobody else sees anything. */
static int full(void *arg)
{
	int file, i;
	long res = 0;

	(void)arg;
	if ((unshare(CLONE_NEWNS) && unshare(CLONE_NEWUSER | CLONE_NEWNS)) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", "/tmp", "tmpfs", 0, "size=64k")) {
		printf("no file system can be mounted here: %s\n",
		       strerror(errno));
		return T_EXIT_PASS;
	}
	file = (int)T_SYS(open("/tmp/f", O_CREAT | O_RDWR | O_CLOEXEC, 0600));
	ctx = la_setup(4);
	for (i = 0; i < 16 && res >= 0; i++) {
		io_prep_pwrite(&req, file, buf, SIZE, i * (long)SIZE);
		res = la_do(ctx, &req);
		T_CHECK(res == SIZE || res == -ENOSPC ||
			(res > 0 && i >= 7));
	}
	T_EQ(res, -ENOSPC);
	T_GE(i, 7);
	LA_DESTROY(ctx);
	close(file);
	return T_EXIT_PASS;
}

static void sockets(void)
{
	int sv[2];

	t_socketpair(sv);
	la_write(sv[1], "12345");
	io_prep_pread(&req, sv[0], buf, 3, 5);
	T_EQ(la_do(ctx, &req), -ESPIPE);
	io_prep_pwrite(&req, sv[0], buf, 3, 5);
	T_EQ(la_do(ctx, &req), -ESPIPE);
	io_prep_pread(&req, sv[0], buf, 3, 0);
	T_EQ(la_do(ctx, &req), 3);
	T_CHECK(!memcmp(buf, "123", 3));
	io_prep_pwrite(&req, sv[0], "abc", 3, 0);
	T_EQ(la_do(ctx, &req), 3);
	T_EQ(read(sv[1], buf, 10), 3);
	T_SYS(fcntl(sv[0], F_SETFL, O_NONBLOCK));
	io_prep_pread(&req, sv[0], buf, 10, 0);
	T_EQ(la_do(ctx, &req), 2);
	T_EQ(la_do(ctx, &req), -EAGAIN);
	close(sv[1]);
	T_EQ(la_do(ctx, &req), 0);
	signal(SIGPIPE, SIG_IGN);
	io_prep_pwrite(&req, sv[0], buf, 1, 0);
	T_EQ(la_do(ctx, &req), -EPIPE);
	close(sv[0]);
}

static void pipes(void)
{
	int p[2];

	T_SYS(pipe2(p, O_CLOEXEC | O_NONBLOCK));
	io_prep_pread(&req, p[0], buf, 10, 0);
	T_EQ(la_do(ctx, &req), -EAGAIN);
	io_prep_pwrite(&req, p[1], "pipe", 4, 0);
	T_EQ(la_do(ctx, &req), 4);
	/* A pipe has no offset, and ignores it. */
	io_prep_pread(&req, p[0], buf, 10, 77);
	T_EQ(la_do(ctx, &req), 4);
	T_CHECK(!memcmp(buf, "pipe", 4));
	do {
		io_prep_pwrite(&req, p[1], buf, sizeof(buf), 0);
		la_do(ctx, &req);
	} while (write(p[1], buf, 1) == 1);
	T_EQ(la_do(ctx, &req), -EAGAIN);
	close(p[0]);
	T_EQ(la_do(ctx, &req), -EPIPE);
	close(p[1]);
}

/* What else there is that can be read, and says so when it cannot be yet. */
static void never_blocks(void)
{
	const int fd[] = {
		(int)T_SYS(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
		(int)T_SYS(timerfd_create(CLOCK_MONOTONIC,
					  TFD_CLOEXEC | TFD_NONBLOCK)),
		open("/dev/ptmx", O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY),
	};
	uint64_t one = 1;
	size_t i;

	io_prep_pread(&req, fd[0], buf, 8, 77);
	T_EQ(la_do(ctx, &req), -EAGAIN);
	T_EQ(write(fd[0], &one, 8), 8);
	T_EQ(la_do(ctx, &req), 8);
	T_CHECK(!memcmp(buf, &one, 8));
	for (i = 0; i < sizeof(fd) / sizeof(*fd) && fd[i] >= 0; i++) {
		io_prep_pread(&req, fd[i], buf, 8, 0);
		T_EQ(la_do(ctx, &req), -EAGAIN);
		close(fd[i]);
	}
}

/* Whether a block is not in memory: it has to be fetched. */
static bool is_cold(int file, off_t at)
{
	struct iovec iov = { buf, 4096 };

	return preadv2(file, &iov, 1, at, LA_RWF_NOWAIT) < 0 && errno == EAGAIN;
}

/* What is not in memory has to be fetched, and that is what may not be. */
static void not_now(void)
{
	int file = la_tmpfile(1 << 20), i;
	struct iovec iov = { buf, 4096 };
	bool cold = false;
	long res = 0;

	io_prep_preadv2(&req, file, &iov, 1, 0, LA_RWF_NOWAIT);
	T_EQ(la_do(ctx, &req), 4096);
	for (i = 0; i < 100 && res != -EAGAIN; i++) {
		T_SYS(fsync(file));
		T_EQ(posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED), 0);
		cold |= is_cold(file, i * 8192 + 4096);
		io_prep_preadv2(&req, file, &iov, 1, i * 8192, LA_RWF_NOWAIT);
		res = la_do(ctx, &req);
		T_CHECK(res == 4096 || res == -EAGAIN);
	}
	if (cold)
		T_EQ(res, -EAGAIN);
	else
		printf("this file system keeps everything in memory\n");
	res = pwritev2(file, &iov, 1, 0, LA_RWF_NOWAIT);
	io_prep_pwritev2(&req, file, &iov, 1, 0, LA_RWF_NOWAIT);
	T_EQ(la_do(ctx, &req), res < 0 ? -errno : res);
	close(file);
}

static void appends(void)
{
	struct iovec iov = { (void *)(uintptr_t)"end", 3 };
	int file = la_tmpfile(100);

	io_prep_pwritev2(&req, file, &iov, 1, 0, LA_RWF_APPEND);
	T_EQ(la_do(ctx, &req), 3);
	T_EQ(pread(file, buf, 10, 100), 3);
	T_CHECK(!memcmp(buf, "end", 3));
	T_EQ(pread(file, buf, 100, 0), 100);
	T_CHECK(la_is_pattern(buf, 100, 0));
	T_SYS(fcntl(file, F_SETFL, O_APPEND));
	io_prep_pwrite(&req, file, "more", 4, 0);
	T_EQ(la_do(ctx, &req), 4);
	T_EQ(lseek(file, 0, SEEK_END), 107);
	if (!t_before(6, 9)) {
		io_prep_pwritev2(&req, file, &iov, 1, 0, LA_RWF_NOAPPEND);
		T_EQ(la_do(ctx, &req), 3);
		T_EQ(lseek(file, 0, SEEK_END), 107);
		T_EQ(pread(file, buf, 3, 0), 3);
		T_CHECK(!memcmp(buf, "end", 3));
	}
	close(file);
}

int main(void)
{
	int file = la_tmpfile(SIZE);

	ctx = la_setup(4);
	ends(file);
	memory_not_there(file);
	unknown_flags(file);
	reads_and_writes(file);
	sync_of_a_reader(file);
	direct();
	too_large();
	T_EQ(t_fork_run(full, NULL), T_EXIT_PASS);
	sockets();
	pipes();
	never_blocks();
	not_now();
	appends();
	la_quiet(ctx);
	LA_DESTROY(ctx);
	close(file);
	return T_EXIT_PASS;
}
