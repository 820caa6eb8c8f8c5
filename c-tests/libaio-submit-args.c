/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Description: which arguments io_submit() itself refuses: of every opcode the
 * members that have to be zero, lengths, offsets, vectors, addresses beyond
 * the program's, priorities, and the flags that preadv2() has as well. */
/* libraries: aio */
/* flavours: plain */
/* valgrind: off: it stops all threads while one is in io_uring_enter(2) */
/* upstream: kernel AIO */
#include "libaio-submit.h"

#include <sys/uio.h>

static struct iocb req;

static void opcodes(void)
{
	static const short bad[] = { 4, 6, 9, 10, 99, 0x100, INT16_MAX, -1,
				     INT16_MIN };
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		io_prep_pread(&req, file, byte, 1, 0);
		req.aio_lio_opcode = bad[i];
		REFUSED(&req, -EINVAL);
	}
}

/* Of no opcode may it be set. */
static void reserved(void)
{
	io_prep_pread(&req, file, byte, 1, 0);
	la_set_reserved(&req, 1);
	REFUSED(&req, -EINVAL);
	la_set_reserved(&req, 1ull << 63);
	REFUSED(&req, -EINVAL);
	io_prep_fsync(&req, file);
	la_set_reserved(&req, 1);
	REFUSED(&req, -EINVAL);
	io_prep_poll(&req, file, POLLIN);
	la_set_reserved(&req, 1);
	REFUSED(&req, -EINVAL);
}

static void lengths_and_offsets(void)
{
	static const long long bad[] = { -1, -2, LLONG_MIN, LLONG_MAX };
	struct iovec iov = { byte, 1 };
	unsigned int i;

	io_prep_pread(&req, file, byte, SIZE_MAX, 0);
	REFUSED(&req, -EINVAL);
	io_prep_pwrite(&req, file, byte, (size_t)LLONG_MIN, 0);
	REFUSED(&req, -EINVAL);
	/* The last one is where the file would have to be too large. */
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		io_prep_pread(&req, file, byte, 1, bad[i]);
		REFUSED(&req, -EINVAL);
		io_prep_pwrite(&req, file, byte, 1, bad[i]);
		REFUSED(&req, -EINVAL);
		io_prep_preadv(&req, file, &iov, 1, bad[i]);
		REFUSED(&req, -EINVAL);
		io_prep_pwritev(&req, file, &iov, 1, bad[i]);
		REFUSED(&req, -EINVAL);
	}
	/* Without a byte to be moved as well. */
	io_prep_pread(&req, file, byte, 0, -1);
	REFUSED(&req, -EINVAL);
}

static void vectors(void)
{
	static struct iovec many[1025];
	char *end = la_page_end();
	struct iovec *iov = (struct iovec *)(void *)end - 2;
	unsigned int i;

	for (i = 0; i < 1025; i++) {
		many[i].iov_base = byte;
		many[i].iov_len = 1;
	}
	io_prep_preadv(&req, file, many, 1025, 0);
	REFUSED(&req, -EINVAL);
	io_prep_pwritev(&req, file, many, INT_MAX, 0);
	REFUSED(&req, -EINVAL);
	io_prep_preadv(&req, file, many, -1, 0);
	REFUSED(&req, -EINVAL);
	io_prep_preadv(&req, file, many, 1024, 0);
	T_EQ(la_do(ctx, &req), 1024);

	io_prep_preadv(&req, file, NULL, 1, 0);
	REFUSED(&req, -EFAULT);
	io_prep_preadv(&req, file, LA_WILD, 1, 0);
	REFUSED(&req, -EFAULT);
	io_prep_pwritev(&req, file, LA_KERNEL, 1, 0);
	REFUSED(&req, -EFAULT);
	io_prep_pwritev(&req, file, LA_BAD, 1, 0);
	REFUSED(&req, -EFAULT);
	iov[0].iov_base = iov[1].iov_base = byte;
	iov[0].iov_len = iov[1].iov_len = 1;
	io_prep_preadv(&req, file, iov, 3, 0);
	REFUSED(&req, -EFAULT);
	io_prep_preadv(&req, file, iov, 2, 0);
	T_EQ(la_do(ctx, &req), 2);
	/* A member that is bad, and not the first. */
	iov[1].iov_len = SIZE_MAX;
	REFUSED(&req, -EINVAL);
	iov[1].iov_len = 1;
	iov[1].iov_base = LA_KERNEL;
	REFUSED(&req, -EFAULT);
	T_SYS(munmap(end - 4096, 8192));
}

/* What could be the program's is not looked at here, see libaio-events. */
static void buffers(void)
{
	io_prep_pread(&req, file, LA_KERNEL, 1, 0);
	REFUSED(&req, -EFAULT);
	io_prep_pwrite(&req, file, LA_KERNEL, 1, 0);
	REFUSED(&req, -EFAULT);
	io_prep_pread(&req, file, LA_BAD, 1, 0);
	REFUSED(&req, -EFAULT);
}

static void directories(void)
{
	int dir = (int)T_SYS(open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	struct iovec iov = { byte, 1 };

	io_prep_pread(&req, dir, byte, 1, 0);
	REFUSED(&req, -EINVAL);
	io_prep_preadv(&req, dir, &iov, 1, 0);
	REFUSED(&req, -EINVAL);
	close(dir);
}

static void syncs(void)
{
	int op, p[2];

	t_pipe(p);
	for (op = IO_CMD_FSYNC; op <= IO_CMD_FDSYNC; op++) {
		io_prep_fsync(&req, file);
		req.aio_lio_opcode = (short)op;
		T_EQ(la_do(ctx, &req), 0);
		req.u.c.buf = byte;
		REFUSED(&req, -EINVAL);
		req.u.c.buf = NULL;
		req.u.c.nbytes = 1;
		REFUSED(&req, -EINVAL);
		req.u.c.nbytes = 0;
		req.u.c.offset = 1;
		REFUSED(&req, -EINVAL);
		req.u.c.offset = 0;
		req.aio_rw_flags = LA_RWF_DSYNC;
		REFUSED(&req, -EINVAL);
		req.aio_rw_flags = 0;
		req.aio_fildes = p[1];
		REFUSED(&req, -EINVAL);
	}
	t_close_both(p);
}

static void polls(void)
{
	int p[2];

	t_pipe(p);
	io_prep_poll(&req, p[1], POLLOUT);
	req.u.c.buf = (void *)(uintptr_t)(POLLOUT | 0x10000);
	REFUSED(&req, -EINVAL);
	req.u.c.buf = (void *)(uintptr_t)(POLLOUT | 1ull << 63);
	REFUSED(&req, -EINVAL);
	io_prep_poll(&req, p[1], POLLOUT);
	req.u.c.offset = 1;
	REFUSED(&req, -EINVAL);
	io_prep_poll(&req, p[1], POLLOUT);
	req.u.c.nbytes = 1;
	REFUSED(&req, -EINVAL);
	io_prep_poll(&req, p[1], POLLOUT);
	req.aio_rw_flags = LA_RWF_HIPRI;
	REFUSED(&req, -EINVAL);
	io_prep_poll(&req, p[1], POLLOUT);
	T_EQ(la_do(ctx, &req), POLLOUT);
	t_close_both(p);
}

#define PRIO(class, data) ((class) << 13 | (data))

static int without_privileges(void *arg)
{
	(void)arg;
	start();
	if (setresuid(65534, 65534, 65534)) {
		printf("the user cannot be changed: %s\n", strerror(errno));
		return T_EXIT_PASS;
	}
	io_prep_pread(&req, file, byte, 1, 0);
	la_prep_ioprio(&req, PRIO(1, 0));
	REFUSED(&req, -EPERM);
	la_prep_ioprio(&req, PRIO(2, 7));
	T_EQ(la_do(ctx, &req), 1);
	la_prep_ioprio(&req, PRIO(3, 0));
	T_EQ(la_do(ctx, &req), 1);
	finish();
	return T_EXIT_PASS;
}

static void priorities(void)
{
	static const int bad[] = { PRIO(0, 1), PRIO(4, 0), PRIO(5, 0),
				   PRIO(7, 0), 0xffff };
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		io_prep_pread(&req, file, byte, 1, 0);
		la_prep_ioprio(&req, bad[i]);
		REFUSED(&req, -EINVAL);
		/* Nobody looks at it unless the flag is set. */
		req.u.c.flags &= ~LA_FLAG_IOPRIO;
		T_EQ(la_do(ctx, &req), 1);
	}
	io_prep_pwrite(&req, file, byte, 1, 0);
	la_prep_ioprio(&req, PRIO(6, 0));
	REFUSED(&req, -EINVAL);
	la_prep_ioprio(&req, PRIO(2, 4));
	T_EQ(la_do(ctx, &req), 1);
	la_prep_ioprio(&req, PRIO(0, 0));
	T_EQ(la_do(ctx, &req), 1);
	/* A sync has none. */
	io_prep_fsync(&req, file);
	la_prep_ioprio(&req, PRIO(7, 0));
	T_EQ(la_do(ctx, &req), 0);
	T_EQ(t_fork_run(without_privileges, NULL), T_EXIT_PASS);
}

/* The same flags as of preadv2() and pwritev2(), which say what is right. */
static void flags_as_of_a_call(int flags)
{
	struct iovec iov = { byte, 16 };
	ssize_t ret;
	int dir;

	for (dir = 0; dir < 2; dir++) {
		ret = dir ? pwritev2(file, &iov, 1, 0, flags)
			  : preadv2(file, &iov, 1, 0, flags);
		if (dir)
			io_prep_pwritev2(&req, file, &iov, 1, 0, flags);
		else
			io_prep_preadv2(&req, file, &iov, 1, 0, flags);
		if (ret >= 0) {
			T_EQ(la_do(ctx, &req), ret);
			continue;
		}
		T_CHECK(errno == EOPNOTSUPP || errno == EINVAL);
		REFUSED(&req, -errno);
	}
}

static void flags(void)
{
	static const int known[] = { 0,
				     LA_RWF_DSYNC,
				     LA_RWF_SYNC,
				     LA_RWF_DSYNC | LA_RWF_SYNC,
				     LA_RWF_NOAPPEND,
				     LA_RWF_APPEND,
				     LA_RWF_APPEND | LA_RWF_NOAPPEND,
				     LA_RWF_ATOMIC,
				     LA_RWF_NOSIGNAL,
				     LA_RWF_HIPRI,
				     LA_RWF_HIPRI | LA_RWF_DSYNC,
				     0x200,
				     0x40000000,
				     (int)0x80000000u,
				     LA_RWF_DSYNC | 0x40000000 };
	struct iovec iov = { byte, 16 };
	unsigned int i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		flags_as_of_a_call(known[i]);
	if (!t_before(6, 14))
		flags_as_of_a_call(LA_RWF_DONTCACHE);
	io_prep_preadv2(&req, file, &iov, 1, 0, 0x40000000);
	REFUSED(&req, -EOPNOTSUPP);
	io_prep_preadv2(&req, file, &iov, 1, 0, LA_RWF_ATOMIC);
	REFUSED(&req, -EOPNOTSUPP);
	/* Polling is not this interface's, and no error. */
	io_prep_preadv2(&req, file, &iov, 1, 0, LA_RWF_HIPRI);
	T_EQ(la_do(ctx, &req), 16);
	io_prep_pwritev2(&req, file, &iov, 1, 0, LA_RWF_HIPRI);
	T_EQ(la_do(ctx, &req), 16);
}

int main(void)
{
	start();
	opcodes();
	reserved();
	lengths_and_offsets();
	vectors();
	buffers();
	directories();
	syncs();
	polls();
	priorities();
	flags();
	finish();
	return T_EXIT_PASS;
}
