/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Description: the eventfd a request names is one more for each event: several
 * requests, several eventfds, one that was closed or whose number is another's
 * meanwhile. One that is full stays full, and holds nothing up. */
/* libraries: aio */
/* flavours: plain */
/* valgrind: off: it reports that the kernel is asked about bad pointers */
/* upstream: kernel AIO */
#include "libaio-tests.h"

#define NR 8

static io_context_t ctx;
static struct iocb reqs[NR];
static char mem[NR];
static int file;

static int new_eventfd(int flags)
{
	return (int)T_SYS(eventfd(0, EFD_CLOEXEC | flags));
}

static void prepare(int i, int efd)
{
	io_prep_pread(&reqs[i], file, &mem[i], 1, i);
	io_set_eventfd(&reqs[i], efd);
}

static void counts(void)
{
	struct iocb *list[NR];
	struct io_event ev[NR];
	int efd[2], i;

	efd[0] = new_eventfd(0);
	efd[1] = new_eventfd(EFD_NONBLOCK);
	for (i = 0; i < NR; i++) {
		prepare(i, efd[i % 4 == 3]);
		list[i] = &reqs[i];
	}
	/* One that tells nobody. */
	io_prep_pread(&reqs[0], file, mem, 1, 0);
	T_EQ(io_submit(ctx, NR, list), NR);
	la_events(ctx, NR, ev);
	/* The event is there first, so the last one may just be on its way. */
	T_UNTIL(poll(&(struct pollfd){ efd[0], POLLIN, 0 }, 1, 0) == 1);
	t_sleep_ms(5);
	T_EQ(la_count(efd[0]), 5);
	T_EQ(la_count(efd[1]), 2);
	t_close_both(efd);
}

/* It tells of results whatever they are. */
static void of_failures(void)
{
	int efd = new_eventfd(0), p[2];
	struct iocb *list[2];

	t_pipe(p);
	prepare(0, efd);
	reqs[0].u.c.buf = NULL;
	LA_SUBMIT(ctx, &reqs[0]);
	T_EQ(la_result(ctx, &reqs[0]), -EFAULT);
	T_CHECK(la_wait_readable(efd));
	T_EQ(la_count(efd), 1);
	/* A request that was refused has none. */
	prepare(0, efd);
	prepare(1, efd);
	reqs[1].u.c.offset = -1;
	list[0] = &reqs[0];
	list[1] = &reqs[1];
	T_EQ(io_submit(ctx, 2, list), 1);
	T_EQ(la_submit(ctx, &reqs[1]), -EINVAL);
	T_EQ(la_result(ctx, &reqs[0]), 1);
	T_CHECK(la_wait_readable(efd));
	t_sleep_ms(5);
	T_EQ(la_count(efd), 1);
	/* And one that was cancelled does. */
	io_prep_poll(&reqs[0], p[0], POLLIN);
	io_set_eventfd(&reqs[0], efd);
	LA_SUBMIT(ctx, &reqs[0]);
	t_sleep_ms(5);
	T_EQ(la_count(efd), 0);
	T_EQ(io_cancel(ctx, &reqs[0], NULL), -EINPROGRESS);
	T_CHECK(la_wait_readable(efd));
	T_EQ(la_count(efd), 1);
	T_EQ(la_result(ctx, &reqs[0]), 0);
	t_close_both(p);
	close(efd);
}

static void full(int flags)
{
	uint64_t most = UINT64_MAX - 1;
	int efd = new_eventfd(flags), i;

	T_EQ(write(efd, &most, sizeof(most)), sizeof(most));
	for (i = 0; i < 3; i++) {
		prepare(i, efd);
		LA_SUBMIT(ctx, &reqs[i]);
		T_EQ(la_result(ctx, &reqs[i]), 1);
	}
	T_CHECK(la_count(efd) >= most);
	/* It counts again. */
	prepare(0, efd);
	LA_SUBMIT(ctx, &reqs[0]);
	T_CHECK(la_wait_readable(efd));
	T_EQ(la_count(efd), 1);
	T_EQ(la_result(ctx, &reqs[0]), 1);
	close(efd);
}

static void semaphore(void)
{
	int efd = new_eventfd(EFD_SEMAPHORE | EFD_NONBLOCK), i;
	struct io_event ev[3];
	uint64_t one;

	for (i = 0; i < 3; i++) {
		prepare(i, efd);
		LA_SUBMIT(ctx, &reqs[i]);
	}
	la_events(ctx, 3, ev);
	for (i = 0; i < 3; i++) {
		T_CHECK(la_wait_readable(efd));
		T_EQ(read(efd, &one, sizeof(one)), sizeof(one));
		T_EQ(one, 1);
	}
	T_EQ(read(efd, &one, sizeof(one)), -1);
	close(efd);
}

/* The request holds what the number meant when it was submitted. */
static void closed(void)
{
	int efd = new_eventfd(0), same = dup(efd), other, p[2];
	char byte;

	t_pipe(p);
	io_prep_poll(&reqs[0], p[0], POLLIN);
	io_set_eventfd(&reqs[0], efd);
	LA_SUBMIT(ctx, &reqs[0]);
	close(efd);
	other = new_eventfd(0);
	T_EQ(other, efd);
	la_write(p[1], "x");
	T_CHECK(la_wait_readable(same));
	T_CHECK(la_woken(la_result(ctx, &reqs[0]), POLLIN));
	T_EQ(la_count(same), 1);
	T_EQ(la_count(other), 0);
	T_EQ(read(p[0], &byte, 1), 1);

	/* Nobody is left to be told. */
	LA_SUBMIT(ctx, &reqs[0]);
	close(other);
	la_write(p[1], "x");
	T_CHECK(la_woken(la_result(ctx, &reqs[0]), POLLIN));
	close(same);
	t_close_both(p);
}

int main(void)
{
	ctx = la_setup(NR);
	file = la_tmpfile(NR);
	counts();
	of_failures();
	full(0);
	full(EFD_NONBLOCK);
	semaphore();
	closed();
	la_quiet(ctx);
	LA_DESTROY(ctx);
	close(file);
	return T_EXIT_PASS;
}
