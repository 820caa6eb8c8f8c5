/* Description: a thread that submits and ends at once loses nothing: buffered
 * and direct reads and writes, a file that grows, reads of pipes, fsync, and a
 * wait on an eventfd end with their own results. io_uring itself would cancel
 * them with the thread. */
/* libraries: uring-aio */
/* flavours: plain */
/* valgrind: off: it stops all threads while one is in io_uring_enter(2) */
/* upstream: differs: liburing has no AIO engine */
#include "aio.h"

#define NR 8u
#define BLOCK 4096u
/* Long enough that the thread ends before the device is done. */
#define LONG (1u << 20)

enum kind {
	BUFFERED_READ,
	BUFFERED_WRITE,
	DIRECT_READ,
	DIRECT_WRITE,
	GROWING_WRITE,
	LONG_WRITE,
	PIPE_READ,
	FSYNC,
	POLL,
	KINDS,
};

static struct io_uring_aio *ctx;
static struct io_uring_aio_req reqs[NR];
static unsigned char *mem;
static int file, direct, growing, pipes[2];

static void prepare(enum kind kind, unsigned int i)
{
	struct io_uring_aio_req *req = &reqs[i];
	void *buf = mem + i * LONG;

	switch (kind) {
	case BUFFERED_READ:
		aio_read(req, file, buf, BLOCK, i * BLOCK);
		break;
	case BUFFERED_WRITE:
		aio_write(req, file, buf, BLOCK, i * BLOCK);
		break;
	case DIRECT_READ:
		aio_read(req, direct, buf, BLOCK, i * BLOCK);
		break;
	case DIRECT_WRITE:
		aio_write(req, direct, buf, BLOCK, i * BLOCK);
		break;
	case GROWING_WRITE:
		aio_write(req, growing, buf, BLOCK, i * BLOCK);
		break;
	case LONG_WRITE:
		aio_write(req, growing, buf, LONG, (__u64)(i + 1) * LONG);
		break;
	case PIPE_READ:
		aio_read(req, pipes[0], buf, 1, (__u64)-1);
		break;
	case FSYNC:
		AIO_REQ(req);
		io_uring_prep_fsync(&req->sqe, growing, 0);
		break;
	default:
		AIO_REQ(req);
		io_uring_prep_poll_add(&req->sqe, pipes[0], POLLIN);
	}
	io_uring_sqe_set_data64(&req->sqe, i);
}

static void *submit(void *arg)
{
	struct io_uring_aio_req *all[NR];
	unsigned int i;

	for (i = 0; i < NR; i++) {
		prepare((enum kind)(uintptr_t)arg, i);
		all[i] = &reqs[i];
	}
	/* Cold pages: what is read has to come from the device. */
	posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
	T_EQ(io_uring_aio_submit(ctx, NR, all), NR);
	return NULL;
}

static int wanted(enum kind kind)
{
	switch (kind) {
	case LONG_WRITE:
		return LONG;
	case PIPE_READ:
		return 1;
	case FSYNC:
		return 0;
	case POLL:
		return POLLIN;
	default:
		return BLOCK;
	}
}

static void try(enum kind kind)
{
	struct io_uring_aio_event ev[NR];
	unsigned int i, seen = 0;
	bool pipe = kind == PIPE_READ || kind == POLL;

	memset(mem, 'a' + kind, NR * LONG);
	if (pipe)
		t_pipe(pipes);
	t_join(t_thread(submit, (void *)(uintptr_t)kind));
	if (pipe) {
		t_sleep_ms(5);
		aio_quiet(ctx);
		T_EQ(write(pipes[1], "12345678", NR), NR);
	}
	aio_events(ctx, NR, ev);
	for (i = 0; i < NR; i++) {
		T_EQ(ev[i].res, wanted(kind));
		T_LE(ev[i].user_data, NR - 1);
		T_PTR_EQ(ev[i].req, &reqs[ev[i].user_data]);
		seen |= 1u << ev[i].user_data;
	}
	T_EQ(seen, (1u << NR) - 1);
	if (kind == BUFFERED_READ || kind == DIRECT_READ)
		for (i = 0; i < NR; i++)
			T_CHECK(aio_is_pattern(mem + i * LONG, BLOCK,
					       i * BLOCK));
	if (kind == GROWING_WRITE) {
		memset(mem, 0, BLOCK);
		T_EQ(pread(growing, mem, BLOCK, (NR - 1) * BLOCK), BLOCK);
		T_EQ(mem[BLOCK - 1], 'a' + kind);
	}
	if (pipe)
		t_close_both(pipes);
	aio_quiet(ctx);
}

static void run(unsigned int flags)
{
	unsigned int kind, round;
	int fresh;

	ctx = aio_init(64, flags);
	for (round = 0; round < 3; round++) {
		file = t_tmpfile(NR * BLOCK);
		T_SYS(fsync(file));
		direct = t_reopen(file, O_RDWR | O_DIRECT);
		fresh = t_tmpfile(0);
		growing = t_reopen(fresh, O_RDWR | O_DIRECT);
		close(fresh);
		try(BUFFERED_READ);
		try(DIRECT_READ);
		for (kind = 0; kind < KINDS; kind++)
			if (kind != BUFFERED_READ && kind != DIRECT_READ)
				try((enum kind)kind);
		close(file);
		close(direct);
		close(growing);
	}
	AIO_EXIT(ctx);
}

int main(void)
{
	mem = t_pages(NR * LONG);
	AIO_EACH_KIND(run);
	T_SYS(munmap(mem, NR * LONG));
	return T_EXIT_PASS;
}
