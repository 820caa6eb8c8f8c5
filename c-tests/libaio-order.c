/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Description: writes of a file that are submitted in one call are done in
 * their order where one depends on the other: appended, by flag of the file and
 * of the request, with pieces of all sizes, some of them durable, through the
 * page cache and direct; overlapping. A sync behind them is over when they are,
 * and a read finds what they have written. io_destroy() ends them all first.
 * The locks that the process has on the file stay. */
/* libraries: aio */
/* flavours: plain */
/* valgrind: off: it stops all threads while one is in io_uring_enter(2) */
/* upstream: kernel AIO */
#include "libaio-tests.h"

#define NR 24
#define BLOCK 4096
#define LARGE (512 * 1024)
#define ROUNDS 10

static io_context_t ctx;
static struct iocb reqs[NR + 1], *list[NR + 1];
static char *mem, *seen;

/* Of the letter that is its own. */
static char *piece(int i)
{
	return mem + (size_t)i * LARGE;
}

static void submit(int nr)
{
	int i;

	for (i = 0; i < nr; i++)
		list[i] = &reqs[i];
	T_EQ(io_submit(ctx, nr, list), nr);
}

static int open_again(int file, int flags)
{
	T_SYS(ftruncate(file, 0));
	return t_reopen(file, O_RDWR | flags);
}

/* Each piece is behind the one before. */
static void appended(int file, const size_t *len, int nr)
{
	size_t at = 0;
	int i;

	for (i = 0; i < nr; i++) {
		T_EQ(pread(file, seen, len[i], (off_t)at), (ssize_t)len[i]);
		T_CHECK(!memcmp(seen, piece(i), len[i]));
		at += len[i];
	}
}

/*
 * Small and large ones, and every durable_th of them durable. Each, or the file,
 * says that it is to be at the end.
 */
static void append(int made, int flags, size_t most, int durable, bool each)
{
	int file = open_again(made, (each ? 0 : O_APPEND) | flags), i;
	struct io_event ev[NR];
	size_t len[NR];

	for (i = 0; i < NR; i++) {
		len[i] = i % 3 ? BLOCK : most;
		io_prep_pwrite(&reqs[i], file, piece(i), len[i], 0);
		if (durable && i % durable == 0)
			reqs[i].aio_rw_flags |= LA_RWF_DSYNC;
		if (each)
			reqs[i].aio_rw_flags |= LA_RWF_APPEND;
	}
	submit(NR);
	la_events(ctx, NR, ev);
	appended(made, len, NR);
	close(file);
}

static void overlap(int made)
{
	int file = open_again(made, 0);
	struct io_event ev[2];

	io_prep_pwrite(&reqs[0], file, piece(0), LARGE, 0);
	io_prep_pwrite(&reqs[1], file, piece(1), BLOCK, LARGE - BLOCK);
	submit(2);
	la_events(ctx, 2, ev);
	T_EQ(pread(made, seen, BLOCK, LARGE - BLOCK), BLOCK);
	T_CHECK(!memcmp(seen, piece(1), BLOCK));
	close(file);
}

/* Writes that make the file longer are done when a sync begins. */
static void sync_behind(int made, int flags)
{
	int file = open_again(made, flags), i;
	struct io_event ev;

	for (i = 0; i < NR; i++)
		io_prep_pwrite(&reqs[i], file, piece(i), LARGE,
			       (long long)i * LARGE);
	io_prep_fsync(&reqs[NR], file);
	submit(NR + 1);
	for (i = 0; i < NR; i++) {
		ev = la_event(ctx);
		T_CHECK(ev.obj != &reqs[NR]);
		T_EQ(la_res_of(&ev, ev.obj), LARGE);
	}
	ev = la_event(ctx);
	T_EQ(la_res_of(&ev, &reqs[NR]), 0);
	close(file);
}

/* What is behind a write that takes its time finds what it has written. */
static void read_behind(int made)
{
	int file = open_again(made, O_DSYNC), i;
	struct io_event ev[NR];

	memset(seen, 0, LARGE);
	for (i = 0; i < NR; i += 2) {
		io_prep_pwrite(&reqs[i], file, piece(i), BLOCK, i * BLOCK);
		io_prep_pread(&reqs[i + 1], file, seen + i * BLOCK, BLOCK,
			      i * BLOCK);
	}
	submit(NR);
	la_events(ctx, NR, ev);
	for (i = 0; i < NR; i += 2)
		T_CHECK(!memcmp(seen + i * BLOCK, piece(i), BLOCK));
	close(file);
}

static void destroyed(int made, int flags, size_t len)
{
	int file = open_again(made, flags), i;

	for (i = 0; i < NR; i++)
		io_prep_pwrite(&reqs[i], file, piece(i), len,
			       (long long)(i * len));
	submit(NR);
	LA_DESTROY(ctx);
	for (i = 0; i < NR; i++) {
		T_EQ(pread(made, seen, len, (off_t)(i * len)), (ssize_t)len);
		T_CHECK(!memcmp(seen, piece(i), len));
	}
	close(file);
	ctx = la_setup(NR + 1);
}

static void locked(int made)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int file = t_reopen(made, O_RDWR), other;
	struct iocb req;

	T_SYS(fcntl(file, F_SETLK, &lock));
	io_prep_fsync(&req, file);
	T_EQ(la_do(ctx, &req), 0);
	io_prep_pwrite(&req, file, mem, 1, 0);
	T_EQ(la_do(ctx, &req), 1);
	/* No eventfd, and not looked at for longer than it takes to see that. */
	io_set_eventfd(&req, file);
	T_EQ(la_submit(ctx, &req), -EINVAL);
	other = t_reopen(made, O_RDWR);
	T_SYS(fcntl(other, F_OFD_GETLK, &lock));
	T_EQ(lock.l_type, F_WRLCK);
	close(other);
	close(file);
}

int main(void)
{
	int made = la_tmpfile(0), i, each;

	mem = t_pages(NR * (size_t)LARGE);
	seen = t_pages(LARGE);
	for (i = 0; i < NR; i++)
		memset(piece(i), 'a' + i, LARGE);
	ctx = la_setup(NR + 1);
	for (i = 0; i < ROUNDS; i++) {
		for (each = 0; each < 2; each++) {
			append(made, 0, LARGE, 0, each);
			append(made, 0, BLOCK, 4, each);
			append(made, 0, LARGE, 3, each);
			append(made, O_DIRECT, 4 * BLOCK, 0, each);
		}
		overlap(made);
		sync_behind(made, 0);
		sync_behind(made, O_DIRECT);
		read_behind(made);
		destroyed(made, 0, LARGE);
		destroyed(made, O_DIRECT, BLOCK);
	}
	locked(made);
	LA_DESTROY(ctx);
	close(made);
	return T_EXIT_PASS;
}
