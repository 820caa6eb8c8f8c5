/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Description: once io_submit() has returned, a program may close the
 * descriptor or give its number to another file, and reuse the requests, their
 * vectors and the list; only the buffers belong to the kernel. */
/* libraries: aio */
/* flavours: plain */
/* upstream: kernel AIO */
#include "libaio-tests.h"

#define NR 32
#define BLOCK 4096

static io_context_t ctx;
static char *mem;

/* Everything but the memory lives in this frame, and is overwritten. */
static void __attribute__((noinline)) submit(int fd, bool vectors, bool writes)
{
	struct iocb reqs[NR], *list[NR];
	struct iovec iov[NR][2];
	int i;

	for (i = 0; i < NR; i++) {
		char *to = mem + i * BLOCK;

		iov[i][0].iov_base = to;
		iov[i][0].iov_len = BLOCK / 2;
		iov[i][1].iov_base = to + BLOCK / 2;
		iov[i][1].iov_len = BLOCK / 2;
		if (vectors && writes)
			io_prep_pwritev(&reqs[i], fd, iov[i], 2, i * BLOCK);
		else if (vectors)
			io_prep_preadv(&reqs[i], fd, iov[i], 2, i * BLOCK);
		else if (writes)
			io_prep_pwrite(&reqs[i], fd, to, BLOCK, i * BLOCK);
		else
			io_prep_pread(&reqs[i], fd, to, BLOCK, i * BLOCK);
		reqs[i].data = to;
		list[i] = &reqs[i];
	}
	T_EQ(io_submit(ctx, NR, list), NR);
	memset(reqs, 0xff, sizeof(reqs));
	memset(iov, 0xff, sizeof(iov));
	memset((void *)list, 0xff, sizeof(list));
	__asm__ volatile("" : : "r"(reqs), "r"(iov), "r"(list) : "memory");
}

static void reap(void)
{
	struct io_event ev[NR];
	uint64_t seen = 0;
	int i;

	la_events(ctx, NR, ev);
	for (i = 0; i < NR; i++) {
		T_EQ(ev[i].res, BLOCK);
		seen |= 1ull << (((char *)ev[i].data - mem) / BLOCK);
	}
	T_EQ(seen, (1ull << NR) - 1);
	la_quiet(ctx);
}

/* The number is an empty file's at once. */
static void take_away(int fd)
{
	int empty = la_tmpfile(0);

	T_EQ(dup2(empty, fd), fd);
	close(empty);
}

static void reads(int file, int flags, bool vectors)
{
	int fd;

	fd = t_reopen(file, O_RDONLY | flags);
	memset(mem, 0, NR * BLOCK);
	submit(fd, vectors, false);
	close(fd);
	reap();
	T_CHECK(la_is_pattern(mem, NR * BLOCK, 0));

	fd = t_reopen(file, O_RDONLY | flags);
	memset(mem, 0, NR * BLOCK);
	submit(fd, vectors, false);
	take_away(fd);
	reap();
	T_CHECK(la_is_pattern(mem, NR * BLOCK, 0));
	close(fd);
}

static void writes(int flags, bool vectors)
{
	int file = la_tmpfile(NR * BLOCK), fd, i;

	for (i = 0; i < NR * BLOCK; i++)
		mem[i] = (char)(i * 13 + i / BLOCK);
	fd = t_reopen(file, O_WRONLY | flags);
	submit(fd, vectors, true);
	take_away(fd);
	reap();
	T_EQ(lseek(fd, 0, SEEK_END), 0);
	close(fd);
	memset(mem, 0, NR * BLOCK);
	T_EQ(pread(file, mem, NR * BLOCK, 0), NR * BLOCK);
	for (i = 0; i < NR * BLOCK; i++)
		T_CHECK(mem[i] == (char)(i * 13 + i / BLOCK));
	close(file);
}

static void sync_of_closed(void)
{
	int file = la_tmpfile(BLOCK);
	struct iocb req;

	io_prep_fsync(&req, file);
	LA_SUBMIT(ctx, &req);
	close(file);
	memset(&req, 0xff, sizeof(req));
	T_EQ(la_event(ctx).res, 0);
}

/* A request that is sent again as soon as it is submitted. */
static void same_request(int file)
{
	struct io_event ev[NR];
	struct iocb req;
	uint64_t seen = 0;
	int i;

	memset(mem, 0, NR * BLOCK);
	for (i = 0; i < NR; i++) {
		io_prep_pread(&req, file, mem + i * BLOCK, BLOCK, i * BLOCK);
		req.data = mem + i * BLOCK;
		LA_SUBMIT(ctx, &req);
	}
	la_events(ctx, NR, ev);
	for (i = 0; i < NR; i++) {
		T_PTR_EQ(ev[i].obj, &req);
		T_EQ(ev[i].res, BLOCK);
		seen |= 1ull << (((char *)ev[i].data - mem) / BLOCK);
	}
	T_EQ(seen, (1ull << NR) - 1);
	T_CHECK(la_is_pattern(mem, NR * BLOCK, 0));
}

int main(void)
{
	int file = la_tmpfile(NR * BLOCK), round;

	T_SYS(fsync(file));
	ctx = la_setup(NR);
	mem = t_pages(NR * BLOCK);
	for (round = 0; round < 2; round++) {
		reads(file, O_DIRECT, round);
		reads(file, 0, round);
		writes(O_DIRECT, round);
		writes(0, round);
	}
	sync_of_closed();
	same_request(file);
	LA_DESTROY(ctx);
	close(file);
	return T_EXIT_PASS;
}
