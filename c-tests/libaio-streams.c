/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Description: reads and writes of pipes and sockets do not hold io_submit()
 * up, and are otherwise what they are in kernel AIO, which does one after the
 * other: those of one file go in their order, and a write is over when all of
 * it is written. What has not had its turn can be cancelled, and the end of the
 * context takes it away; the program may close the file and change the vectors
 * as soon as it has submitted. */
/* libraries: aio */
/* flavours: plain */
/* valgrind: off: it stops all threads while one is in io_uring_enter(2) */
/* upstream: differs: in kernel AIO io_submit() waits for pipes and sockets */
#include "libaio-tests.h"

#include <sched.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#define NR 6
/* More than a pipe or a socket takes at once. */
#define LARGE (1 << 20)

static io_context_t ctx;
static struct iocb reqs[NR];
static char text[NR][8];
static char *mem, *seen;

/* The bytes are those of a stream of letters from there on. */
static void letters(char *to, size_t len, size_t from)
{
	size_t i;

	for (i = 0; i < len; i++)
		to[i] = (char)('A' + (from + i) % 23);
}

static void submit(int nr)
{
	struct iocb *list[NR];
	int i;

	for (i = 0; i < nr; i++)
		list[i] = &reqs[i];
	T_EQ(io_submit(ctx, nr, list), nr);
	la_quiet(ctx);
}

static void reads(int fd, int nr)
{
	int i;

	for (i = 0; i < nr; i++)
		io_prep_pread(&reqs[i], fd, text[i], 4, 0);
	submit(nr);
}

static void in_turn(int fd[2], bool each)
{
	struct io_event ev;
	int i;

	reads(fd[0], NR);
	letters(mem, 4 * NR, 0);
	if (!each)
		T_EQ(write(fd[1], mem, 4 * NR), 4 * NR);
	for (i = 0; i < NR; i++) {
		if (each)
			T_EQ(write(fd[1], mem + 4 * i, 4), 4);
		ev = la_event(ctx);
		T_EQ(la_res_of(&ev, &reqs[i]), 4);
		T_CHECK(!memcmp(text[i], mem + 4 * i, 4));
	}
	la_quiet(ctx);
}

static void *reader(void *arg)
{
	size_t got = 0;
	ssize_t nr;

	while (got < LARGE + NR) {
		nr = read(*(int *)arg, seen + got, LARGE + NR - got);
		T_GE(nr, 1);
		got += (size_t)nr;
	}
	return NULL;
}

/* A large one, of one piece or of several, and small ones behind it. */
static void whole(int fd[2], bool vectors)
{
	struct iovec iov[4] = {
		{ mem, 1000 },
		{ mem + 1000, 0 },
		{ mem + 1000, LARGE / 2 },
		{ mem + 1000 + LARGE / 2, LARGE / 2 - 1000 },
	};
	struct io_event ev;
	pthread_t thread;
	int i;

	letters(mem, LARGE + NR, 0);
	memset(seen, 0, LARGE + NR);
	if (vectors)
		io_prep_pwritev(&reqs[0], fd[1], iov, 4, 0);
	else
		io_prep_pwrite(&reqs[0], fd[1], mem, LARGE, 0);
	for (i = 1; i < NR; i++)
		io_prep_pwrite(&reqs[i], fd[1], mem + LARGE + i - 1, 1, 0);
	submit(NR);
	memset(iov, 0xee, sizeof(iov));
	T_EQ(write(fd[1], mem, 0), 0);
	thread = t_thread(reader, &fd[0]);
	for (i = 0; i < NR; i++) {
		ev = la_event(ctx);
		T_EQ(la_res_of(&ev, &reqs[i]), i ? 1 : LARGE);
	}
	io_prep_pwrite(&reqs[0], fd[1], mem + LARGE + NR - 1, 1, 0);
	T_EQ(la_do(ctx, &reqs[0]), 1);
	t_join(thread);
	T_CHECK(!memcmp(mem, seen, LARGE + NR));
}

/* Another file that has the number of one that is in use. */
static void number_again(void)
{
	struct io_event ev;
	int p[2], q[2];

	t_pipe(p);
	t_pipe(q);
	reads(p[0], 2);
	T_SYS(dup2(q[0], p[0]));
	io_prep_pread(&reqs[2], p[0], text[2], 4, 0);
	LA_SUBMIT(ctx, &reqs[2]);
	T_EQ(write(q[1], "that", 4), 4);
	T_EQ(la_result(ctx, &reqs[2]), 4);
	T_CHECK(!memcmp(text[2], "that", 4));
	/* What was submitted has the other still. */
	T_EQ(write(p[1], "thisthis", 8), 8);
	ev = la_event(ctx);
	T_EQ(la_res_of(&ev, &reqs[0]), 4);
	T_EQ(la_result(ctx, &reqs[1]), 4);
	T_CHECK(!memcmp(text[1], "this", 4));
	close(p[0]);
	T_CHECK(write(p[1], "x", 1) < 0 && errno == EPIPE);
	close(p[1]);
	t_close_both(q);
}

/* Waits until a write has got as far as it can: old kernels have threads write. */
static void fills(int p[2])
{
	int size = (int)T_SYS(fcntl(p[1], F_GETPIPE_SZ)), there;

	do {
		sched_yield();
		T_SYS(ioctl(p[0], FIONREAD, &there));
	} while (there != size);
}

static void cancelled(void)
{
	struct io_event ev;
	int p[2], i;

	t_pipe(p);
	reads(p[0], 4);
	for (i = 2; i >= 0; i -= 2) {
		T_EQ(io_cancel(ctx, &reqs[i], &ev), -EINPROGRESS);
		T_EQ(la_result(ctx, &reqs[i]), -ECANCELED);
		T_EQ(io_cancel(ctx, &reqs[i], &ev), -EINVAL);
	}
	T_EQ(write(p[1], "firstone", 8), 8);
	ev = la_event(ctx);
	T_EQ(la_res_of(&ev, &reqs[1]), 4);
	T_EQ(la_result(ctx, &reqs[3]), 4);
	T_CHECK(!memcmp(text[1], "firs", 4) && !memcmp(text[3], "tone", 4));
	/* A write that has got as far as it could. */
	io_prep_pwrite(&reqs[0], p[1], mem, LARGE, 0);
	submit(1);
	fills(p);
	T_EQ(io_cancel(ctx, &reqs[0], &ev), -EINPROGRESS);
	i = (int)la_result(ctx, &reqs[0]);
	T_EQ(i, fcntl(p[1], F_GETPIPE_SZ));
	T_EQ(read(p[0], seen, LARGE), i);
	t_close_both(p);
}

/* The other end goes away in the middle. */
static void broken(void)
{
	struct io_event ev;
	int p[2], size;

	t_pipe(p);
	size = (int)T_SYS(fcntl(p[1], F_GETPIPE_SZ));
	io_prep_pwrite(&reqs[0], p[1], mem, LARGE, 0);
	io_prep_pwrite(&reqs[1], p[1], mem, 1, 0);
	submit(2);
	fills(p);
	close(p[0]);
	ev = la_event(ctx);
	T_EQ(la_res_of(&ev, &reqs[0]), size);
	T_EQ(la_result(ctx, &reqs[1]), -EPIPE);
	close(p[1]);
}

static void destroyed(void)
{
	int p[2];

	t_pipe(p);
	reads(p[0], NR);
	LA_DESTROY(ctx);
	T_EQ(write(p[1], "still", 5), 5);
	T_EQ(read(p[0], seen, LARGE), 5);
	t_close_both(p);
	ctx = la_setup(NR);
}

int main(void)
{
	int fd[2], fds = t_open_fds(), lap;

	mem = t_pages(LARGE + 4096);
	seen = t_pages(LARGE + 4096);
	T_CHECK(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
	ctx = la_setup(NR);
	la_needs_io_uring(ctx);
	for (lap = 0; lap < 10; lap++) {
		t_pipe(fd);
		in_turn(fd, false);
		in_turn(fd, true);
		whole(fd, false);
		whole(fd, true);
		t_close_both(fd);
		t_socketpair(fd);
		in_turn(fd, false);
		in_turn(fd, true);
		whole(fd, false);
		whole(fd, true);
		t_close_both(fd);
		number_again();
		cancelled();
		broken();
		destroyed();
	}
	LA_DESTROY(ctx);
	/* The issuer's. */
	T_LE(t_open_fds(), fds + 2);
	return T_EXIT_PASS;
}
