/* Description: a context has room for as many requests, in flight or not
 * reaped, as it was made for; a batch is accepted as far as there is room. More
 * requests than a ring has entries go in one call, and contexts by the
 * thousand need no descriptors of their own. */
/* libraries: uring-aio */
/* flavours: plain */
/* valgrind: off: it stops all threads while one is in io_uring_enter(2) */
/* upstream: differs: liburing has no AIO engine */
#include "aio.h"

#define MANY 1000u
#define CONTEXTS 10000u

static struct io_uring_aio_req reqs[MANY + 1], *all[MANY + 1];
static struct io_uring_aio_event ev[MANY];
static unsigned char *mem;
static int direct;

static void full(unsigned int flags)
{
	struct io_uring_aio *ctx = aio_init(4, flags);
	struct io_uring_aio_event one;
	unsigned int i;
	int p[2];
	char byte;

	t_pipe(p);
	for (i = 0; i < 6; i++) {
		aio_read(&reqs[i], p[0], &byte, 1, (__u64)-1);
		all[i] = &reqs[i];
	}
	/* In flight. */
	T_EQ(io_uring_aio_submit(ctx, 6, all), 4);
	AIO_IDLE(&reqs[4]);
	AIO_IDLE(&reqs[5]);
	T_EQ(io_uring_aio_submit(ctx, 2, all + 4), -EAGAIN);
	T_EQ(io_uring_aio_start(ctx, &reqs[4]), -EAGAIN);
	AIO_IDLE(&reqs[4]);
	/* Cancelled: there is room at once. */
	T_EQ(io_uring_aio_cancel(ctx, &reqs[0], &one, NULL), 0);
	AIO_SUBMIT(ctx, &reqs[4]);
	T_EQ(aio_submit(ctx, &reqs[0]), -EAGAIN);
	/* Over, and not reaped. */
	T_EQ(io_uring_aio_cancel_fd(ctx, p[0]), 4);
	T_EQ(aio_submit(ctx, &reqs[0]), -EAGAIN);
	aio_events(ctx, 1, ev);
	AIO_SUBMIT(ctx, &reqs[0]);
	T_EQ(aio_submit(ctx, &reqs[5]), -EAGAIN);
	aio_events(ctx, 3, ev);
	T_EQ(write(p[1], "x", 1), 1);
	aio_events(ctx, 1, ev);
	T_EQ(ev[0].res, 1);
	aio_quiet(ctx);
	t_close_both(p);
	AIO_EXIT(ctx);
	/* What the other context has no room for is nobody's. */
	ctx = aio_init(1, flags);
	for (i = 0; i < 200; i++) {
		AIO_REQ(&reqs[i]);
		io_uring_prep_nop(&reqs[i].sqe);
		T_EQ(aio_do(ctx, &reqs[i]), 0);
	}
	AIO_EXIT(ctx);
}

static void at_once(unsigned int flags)
{
	struct io_uring_aio *ctx = aio_init(MANY, flags);
	static unsigned char seen[MANY];
	unsigned int i, round;

	for (round = 0; round < 3; round++) {
		memset(seen, 0, sizeof(seen));
		for (i = 0; i < MANY; i++) {
			aio_read(&reqs[i], direct, mem + i % 64 * 512, 512,
				 i % 8 * 512);
			/* Of both kinds, and of one. */
			if (round == 0 ? i % 2 : round == 1)
				io_uring_prep_nop(&reqs[i].sqe);
			io_uring_sqe_set_data64(&reqs[i].sqe, i);
			all[i] = &reqs[i];
		}
		T_EQ(io_uring_aio_submit(ctx, MANY, all), MANY);
		aio_events(ctx, MANY, ev);
		for (i = 0; i < MANY; i++) {
			T_LE(ev[i].user_data, MANY - 1);
			T_EQ(seen[ev[i].user_data], 0);
			seen[ev[i].user_data] = 1;
			T_CHECK(ev[i].res == 0 || ev[i].res == 512);
		}
		aio_quiet(ctx);
	}
	AIO_EXIT(ctx);
}

static void sizes(void)
{
	struct io_uring_aio *ctx = NULL;

	T_EQ(io_uring_aio_queue_init(0, &ctx, 0), -EINVAL);
	T_EQ(io_uring_aio_queue_init(65537, &ctx, 0), -EINVAL);
	T_EQ(io_uring_aio_queue_init(~0U, &ctx, 0), -EINVAL);
	T_EQ(io_uring_aio_queue_init(1, &ctx, 2), -EINVAL);
	T_EQ(io_uring_aio_queue_init(1, &ctx, ~0U), -EINVAL);
	T_PTR_EQ(ctx, NULL);
	AIO_EXIT(aio_init(65536, 0));
}

/* Each has a direct read in flight at the same time as all others. */
static void contexts(unsigned int flags)
{
	static struct io_uring_aio *ctx[CONTEXTS];
	static struct io_uring_aio_req own[CONTEXTS];
	int fds = t_open_fds(), rings = t_maps().ring;
	unsigned int i;

	for (i = 0; i < CONTEXTS; i++)
		ctx[i] = aio_init(16, flags);
	T_EQ(t_open_fds(), fds);
	T_EQ(t_maps().ring, rings);
	for (i = 0; i < CONTEXTS; i++) {
		aio_read(&own[i], direct, mem + i % 64 * 512, 512, 0);
		AIO_SUBMIT(ctx[i], &own[i]);
	}
	T_LE(t_open_fds(), fds + 100);
	for (i = 0; i < CONTEXTS; i++)
		T_EQ(aio_result(ctx[i], &own[i]), 512);
	for (i = 0; i < CONTEXTS; i++)
		AIO_EXIT(ctx[i]);
	T_EQ(t_open_fds(), fds);
	T_EQ(t_maps().ring, rings);
}

static void run(unsigned int flags)
{
	struct io_uring_aio *ctx = aio_init(1, flags);

	/* What stays for the process is there before anything is counted. */
	AIO_REQ(&reqs[0]);
	io_uring_prep_nop(&reqs[0].sqe);
	T_EQ(aio_do(ctx, &reqs[0]), 0);
	full(flags);
	at_once(flags);
	contexts(flags);
	AIO_EXIT(ctx);
}

int main(void)
{
	mem = t_pages(64 * 512);
	direct = aio_direct_file(4096);
	sizes();
	AIO_EACH_KIND(run);
	T_SYS(munmap(mem, 64 * 512));
	close(direct);
	return T_EXIT_PASS;
}
