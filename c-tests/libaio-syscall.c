/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Description: the system calls, made through libc's syscall(), work on the
 * library's contexts and the library on theirs, with -1 and errno for an
 * error; every other system call is what it was. */
/* libraries: aio */
/* flavours: plain */
/* valgrind: off: it reports that the kernel is asked about bad pointers */
/* upstream: kernel AIO */
#include "libaio-tests.h"

#define BLOCK 4096

static struct iocb req, *list[1] = { &req };
static int file, p[2];
static char byte;

/* The same values as those of the functions, in the form of a call. */
#define FAILS(call, error)                                                     \
	do {                                                                   \
		long t_ret_;                                                   \
		int t_errno_;                                                  \
		errno = 0;                                                     \
		t_ret_ = (call);                                               \
		t_errno_ = errno;                                              \
		T_EQ(t_ret_, -1);                                              \
		T_EQ(t_errno_, error);                                         \
	} while (0)

static void use(io_context_t ctx)
{
	struct timespec zero = la_ms(0), ts = la_ms(10);
	struct io_event ev;
	/* The mask comes with its size. */
	sigset_t none;
	struct {
		const sigset_t *mask;
		size_t size;
	} sigs = { &none, 8 };

	T_SYS(sigemptyset(&none));
	io_prep_pread(&req, file, &byte, 1, 0);
	T_EQ(syscall(SYS_io_submit, ctx, 1L, list), 1);
	T_EQ(la_result(ctx, &req), 1);
	LA_SUBMIT(ctx, &req);
	T_EQ(syscall(SYS_io_getevents, ctx, 1L, 1L, &ev, NULL), 1);
	T_EQ(la_res_of(&ev, &req), 1);
	T_EQ(syscall(SYS_io_getevents, ctx, 0L, 1L, &ev, &zero), 0);
	T_EQ(syscall(SYS_io_getevents, ctx, 1L, 1L, &ev, &ts), 0);
	LA_SUBMIT(ctx, &req);
	T_EQ(syscall(SYS_io_pgetevents, ctx, 1L, 1L, &ev, &ts, &sigs), 1);
	T_EQ(la_res_of(&ev, &req), 1);
	T_EQ(syscall(SYS_io_pgetevents, ctx, 1L, 1L, &ev, &ts, NULL), 0);
	io_prep_poll(&req, p[0], POLLIN);
	LA_SUBMIT(ctx, &req);
	FAILS(syscall(SYS_io_cancel, ctx, &req, &ev), EINPROGRESS);
	T_EQ(la_result(ctx, &req), 0);
	FAILS(syscall(SYS_io_cancel, ctx, &req, &ev), EINVAL);
	FAILS(syscall(SYS_io_cancel, ctx, NULL, &ev), EFAULT);

	req.aio_fildes = -1;
	FAILS(syscall(SYS_io_submit, ctx, 1L, list), EBADF);
	FAILS(syscall(SYS_io_submit, ctx, -1L, list), EINVAL);
	FAILS(syscall(SYS_io_submit, ctx, 1L, LA_WILD), EFAULT);
	T_EQ(syscall(SYS_io_submit, ctx, 0L, NULL), 0);
	FAILS(syscall(SYS_io_getevents, ctx, -1L, 1L, &ev, &ts), EINVAL);
	/* Nobody looks into the ring here, and at the arguments first. */
	FAILS(syscall(SYS_io_getevents, ctx, 2L, 1L, &ev, &zero), EINVAL);
	FAILS(syscall(SYS_io_getevents, ctx, 0L, 1L, &ev, LA_WILD), EFAULT);
	FAILS(syscall(SYS_io_getevents, ctx, 1L, 0L, &ev, &zero), EINVAL);
}

/* Of what is no context, the answer is the kernel's. */
static void no_contexts(void)
{
	struct timespec ts = la_ms(1);
	io_context_t ctx = NULL;
	struct io_event ev;

	FAILS(syscall(SYS_io_setup, 0L, &ctx), EINVAL);
	FAILS(syscall(SYS_io_setup, 1L, NULL), EFAULT);
	FAILS(syscall(SYS_io_setup, 1L, LA_WILD), EFAULT);
	FAILS(syscall(SYS_io_submit, NULL, 1L, list), EINVAL);
	FAILS(syscall(SYS_io_submit, LA_WILD, 1L, list), EINVAL);
	FAILS(syscall(SYS_io_getevents, NULL, 0L, 1L, &ev, &ts), EINVAL);
	FAILS(syscall(SYS_io_getevents, LA_BAD, 0L, 1L, &ev, &ts), EINVAL);
	FAILS(syscall(SYS_io_getevents, LA_WILD, 0L, 1L, &ev, LA_WILD),
	      EFAULT);
	FAILS(syscall(SYS_io_destroy, NULL), EINVAL);
	FAILS(syscall(SYS_io_destroy, LA_KERNEL), EINVAL);
	FAILS(syscall(SYS_io_cancel, NULL, &req, &ev), EINVAL);
}

/* Six arguments, addresses and numbers, results and errors. */
static void others(void)
{
	char text[8] = { 0 };
	void *mem;

	T_EQ(syscall(SYS_getpid), getpid());
	T_EQ(syscall(SYS_write, p[1], "other", 5L), 5);
	T_EQ(syscall(SYS_read, p[0], text, 8L), 5);
	T_CHECK(!strcmp(text, "other"));
	mem = (void *)syscall(SYS_mmap, NULL, (long)BLOCK,
			      (long)(PROT_READ | PROT_WRITE),
			      (long)(MAP_PRIVATE), (long)file, (long)BLOCK);
	T_CHECK(mem != MAP_FAILED);
	T_CHECK(la_is_pattern(mem, BLOCK, BLOCK));
	T_EQ(syscall(SYS_munmap, mem, (long)BLOCK), 0);
	FAILS(syscall(SYS_close, -1L), EBADF);
	FAILS(syscall(-1L), ENOSYS);
	FAILS(syscall(100000L), ENOSYS);
	errno = 99;
	T_EQ(syscall(SYS_getppid), getppid());
	T_EQ(errno, 99);
}

int main(void)
{
	io_context_t ctx = NULL;

	file = la_tmpfile(2 * BLOCK);
	t_pipe(p);
	/* The library's context. */
	ctx = la_setup(4);
	use(ctx);
	T_EQ(syscall(SYS_io_destroy, ctx), 0);
	FAILS(syscall(SYS_io_destroy, ctx), EINVAL);
	T_EQ(io_destroy(ctx), -EINVAL);
	/* The system call's. */
	ctx = NULL;
	T_EQ(syscall(SYS_io_setup, 4L, &ctx), 0);
	T_CHECK(ctx);
	T_EQ(la_ring(ctx)->magic, LA_MAGIC);
	FAILS(syscall(SYS_io_setup, 4L, &ctx), EINVAL);
	use(ctx);
	LA_DESTROY(ctx);
	FAILS(syscall(SYS_io_destroy, ctx), EINVAL);
	no_contexts();
	others();
	t_close_both(p);
	close(file);
	return T_EXIT_PASS;
}
