/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Description: io_submit() stops at the first request it cannot take: the
 * number before it, or its error when there is none, and looks at nothing
 * after it. Lists and requests that cannot be read are -EFAULT, descriptors
 * -EBADF; a list may hold a request twice. */
/* libraries: aio */
/* flavours: plain */
/* upstream: kernel AIO */
#include "libaio-submit.h"

static void numbers(void)
{
	struct iocb *list[2] = { &good[0], &good[1] };

	T_EQ(io_submit(ctx, -1, list), -EINVAL);
	T_EQ(io_submit(ctx, LONG_MIN, list), -EINVAL);
	T_EQ(io_submit(ctx, 0, list), 0);
	T_EQ(io_submit(ctx, 0, NULL), 0);
	T_EQ(io_submit(ctx, 0, LA_WILD), 0);
	la_quiet(ctx);
}

/* The event of each request, in whatever order. */
static void all_came(struct iocb **list, unsigned int nr)
{
	struct io_event ev[8];
	unsigned int i, j;

	la_events(ctx, nr, ev);
	for (i = 0; i < nr; i++) {
		for (j = 0; j < nr && ev[j].obj != list[i]; j++)
			;
		T_CHECK(j < nr);
		T_EQ(la_res_of(&ev[j], list[i]), 1);
		ev[j].obj = NULL;
	}
	la_quiet(ctx);
}

static void order(void)
{
	struct iocb bad_fd, bad_op, *list[4];

	io_prep_pread(&bad_fd, -1, byte, 1, 0);
	bad_op = good[0];
	bad_op.aio_lio_opcode = 99;

	list[0] = &good[0];
	list[1] = &good[1];
	list[2] = &bad_fd;
	list[3] = &good[2];
	T_EQ(io_submit(ctx, 4, list), 2);
	all_came(list, 2);
	/* Two that are bad: the first one's error. */
	list[0] = &bad_fd;
	list[1] = &bad_op;
	T_EQ(io_submit(ctx, 4, list), -EBADF);
	list[0] = &bad_op;
	list[1] = &bad_fd;
	T_EQ(io_submit(ctx, 4, list), -EINVAL);
	la_quiet(ctx);
	/* Going on behind it, as programs do. */
	T_EQ(io_submit(ctx, 1, list + 3), 1);
	all_came(list + 3, 1);
}

static void twice(void)
{
	struct iocb *list[4] = { &good[0], &good[1], &good[0], &good[0] };

	T_EQ(io_submit(ctx, 4, list), 4);
	all_came(list, 4);
}

static void lists(void)
{
	char *end = la_page_end();
	struct iocb **list = (struct iocb **)(void *)end - 2;

	T_EQ(io_submit(ctx, 1, NULL), -EFAULT);
	T_EQ(io_submit(ctx, 1, LA_WILD), -EFAULT);
	T_EQ(io_submit(ctx, 1, LA_BAD), -EFAULT);
	T_EQ(io_submit(ctx, 1, LA_KERNEL), -EFAULT);
	T_EQ(io_submit(ctx, 1, (struct iocb **)(void *)end), -EFAULT);
	T_EQ(io_submit(ctx, 1, (struct iocb **)(void *)(end - 4)), -EFAULT);
	la_quiet(ctx);
	/* What can be read of it is taken. */
	list[0] = &good[0];
	list[1] = &good[1];
	T_EQ(io_submit(ctx, 3, list), 2);
	all_came(list, 2);
	T_EQ(io_submit(ctx, LONG_MAX, list), 2);
	all_came(list, 2);
	/* A list needs no alignment. */
	memmove(end - 13, list, 8);
	T_EQ(io_submit(ctx, 1, (struct iocb **)(void *)(end - 13)), 1);
	T_EQ(la_result(ctx, &good[0]), 1);
	T_SYS(munmap(end - 4096, 8192));
}

static void requests(void)
{
	char *end = la_page_end();
	struct iocb *last = (struct iocb *)(void *)end - 1;
	struct iocb *odd = (struct iocb *)(void *)(end - 203);

	REFUSED(NULL, -EFAULT);
	REFUSED(LA_WILD, -EFAULT);
	REFUSED(LA_BAD, -EFAULT);
	REFUSED(LA_KERNEL, -EFAULT);
	REFUSED(end, -EFAULT);
	REFUSED(end - 8, -EFAULT);
	REFUSED(end - sizeof(struct iocb) + 1, -EFAULT);
	*last = good[0];
	last->data = last;
	LA_SUBMIT(ctx, last);
	T_EQ(la_result(ctx, last), 1);
	memcpy((void *)odd, &good[0], sizeof(*odd));
	LA_SUBMIT(ctx, odd);
	T_PTR_EQ(la_event(ctx).obj, odd);
	/* The kernel writes its key to the request. */
	T_SYS(mprotect(end - 4096, 4096, PROT_READ));
	REFUSED(last, -EFAULT);
	T_SYS(munmap(end - 4096, 8192));
}

static void descriptors(void)
{
	struct iocb iocb;
	int fd, rd, wr, path, p[2];

	rd = t_reopen(file, O_RDONLY);
	wr = t_reopen(file, O_WRONLY);
	path = t_reopen(file, O_PATH);
	t_pipe(p);
	/* A number that a library has no use for. */
	fd = (int)T_SYS(fcntl(file, F_DUPFD_CLOEXEC, 500));
	close(fd);

	io_prep_pread(&iocb, -1, byte, 1, 0);
	REFUSED(&iocb, -EBADF);
	iocb.aio_fildes = fd;
	REFUSED(&iocb, -EBADF);
	iocb.aio_fildes = INT32_MAX;
	REFUSED(&iocb, -EBADF);
	iocb.aio_fildes = path;
	REFUSED(&iocb, -EBADF);
	iocb.aio_fildes = wr;
	REFUSED(&iocb, -EBADF);
	iocb.aio_fildes = p[1];
	REFUSED(&iocb, -EBADF);
	io_prep_pwrite(&iocb, rd, byte, 1, 0);
	REFUSED(&iocb, -EBADF);
	iocb.aio_fildes = p[0];
	REFUSED(&iocb, -EBADF);
	io_prep_fsync(&iocb, fd);
	REFUSED(&iocb, -EBADF);
	io_prep_fsync(&iocb, path);
	REFUSED(&iocb, -EBADF);
	io_prep_poll(&iocb, fd, POLLIN);
	REFUSED(&iocb, -EBADF);
	/* The descriptor is looked at before the opcode, not before that. */
	io_prep_pread(&iocb, fd, byte, 1, 0);
	iocb.aio_lio_opcode = 99;
	REFUSED(&iocb, -EBADF);
	la_set_reserved(&iocb, 1);
	REFUSED(&iocb, -EINVAL);
	/* The access mode after the flags, before the vector and the buffer. */
	io_prep_pread(&iocb, wr, LA_KERNEL, 1, -1);
	REFUSED(&iocb, -EBADF);
	iocb.aio_rw_flags = 0x40000000;
	REFUSED(&iocb, -EOPNOTSUPP);
	t_close_both(p);
	close(rd);
	close(wr);
	close(path);
}

static void eventfds(void)
{
	int efd = (int)T_SYS(eventfd(0, EFD_CLOEXEC)), gone;
	struct iocb iocb;

	gone = dup(efd);
	close(gone);
	io_prep_pread(&iocb, file, byte, 1, 0);
	io_set_eventfd(&iocb, -1);
	REFUSED(&iocb, -EBADF);
	io_set_eventfd(&iocb, gone);
	REFUSED(&iocb, -EBADF);
	io_set_eventfd(&iocb, file);
	REFUSED(&iocb, -EINVAL);
	/* Before the opcode, and after the request's own descriptor. */
	iocb.aio_lio_opcode = 99;
	io_set_eventfd(&iocb, gone);
	REFUSED(&iocb, -EBADF);
	io_prep_pread(&iocb, gone, byte, 1, 0);
	io_set_eventfd(&iocb, file);
	REFUSED(&iocb, -EBADF);
	/* One that the flags do not mention is none. */
	io_prep_pread(&iocb, file, byte, 1, 0);
	iocb.u.c.resfd = (unsigned int)-1;
	T_EQ(la_do(ctx, &iocb), 1);
	/* A refused request does not signal. */
	io_prep_pread(&iocb, file, byte, 1, -1);
	io_set_eventfd(&iocb, efd);
	REFUSED(&iocb, -EINVAL);
	T_EQ(la_count(efd), 0);
	close(efd);
}

int main(void)
{
	start();
	numbers();
	order();
	twice();
	lists();
	requests();
	descriptors();
	eventfds();
	finish();
	return T_EXIT_PASS;
}
