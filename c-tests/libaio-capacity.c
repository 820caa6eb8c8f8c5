/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Description: a context holds at least as many requests and events that
 * nobody took as io_setup() was asked for, and never more than its ring;
 * io_submit() takes what there is room for, then refuses with -EAGAIN until
 * events are reaped, by a call or in the ring. */
/* libraries: aio */
/* flavours: plain */
/* upstream: kernel AIO */
#include "libaio-tests.h"

#include <limits.h>

static struct iocb *reqs, **list;
static char *mem;
static int file, p[2];

static void alloc(unsigned int nr)
{
	unsigned int i;

	reqs = calloc(nr, sizeof(*reqs));
	list = calloc(nr, sizeof(struct iocb *));
	mem = calloc(nr, 1);
	T_CHECK(reqs && list && mem);
	for (i = 0; i < nr; i++) {
		io_prep_pread(&reqs[i], file, &mem[i], 1, i % 4096);
		list[i] = &reqs[i];
	}
}

static void release(void)
{
	free(reqs);
	free((void *)list);
	free(mem);
}

/* Submits until nothing goes in. */
static unsigned int fill(io_context_t ctx, unsigned int nr)
{
	unsigned int done = 0;
	int ret;

	while ((ret = io_submit(ctx, nr - done, list + done)) > 0) {
		done += (unsigned int)ret;
		T_CHECK(done < nr);
	}
	T_EQ(ret, -EAGAIN);
	T_EQ(io_submit(ctx, 1, list), -EAGAIN);
	return done;
}

static void drain(io_context_t ctx, unsigned int nr)
{
	struct io_event *ev = calloc(nr, sizeof(*ev));
	unsigned char *seen = calloc(nr, 1);
	unsigned int i;

	T_CHECK(ev && seen);
	la_events(ctx, nr, ev);
	for (i = 0; i < nr; i++) {
		unsigned int index = (unsigned int)(ev[i].obj - reqs);

		T_CHECK(index < nr && !seen[index]);
		seen[index] = 1;
		T_EQ(ev[i].res, 1);
	}
	la_quiet(ctx);
	free(ev);
	free(seen);
}

static void size(unsigned int wanted)
{
	io_context_t ctx = la_setup((int)wanted);
	unsigned int nr = la_ring(ctx)->nr, took, round;

	T_CHECK(nr > wanted);
	alloc(nr + 1);
	for (round = 0; round < 2; round++) {
		took = fill(ctx, nr + 1);
		T_CHECK(took >= wanted && took <= nr);
		drain(ctx, took);
	}
	LA_DESTROY(ctx);
	release();
}

/* One list that is too long: a part of it, not an error. */
static void partial(void)
{
	io_context_t ctx = la_setup(8);
	unsigned int nr = la_ring(ctx)->nr;
	int took;

	alloc(nr + 300);
	took = io_submit(ctx, nr + 300, list);
	T_GE(took, 8);
	T_LE(took, nr);
	drain(ctx, (unsigned int)took);
	took = io_submit(ctx, LONG_MAX, list);
	T_GE(took, 8);
	T_LE(took, nr);
	LA_DESTROY(ctx);
	release();
}

/* What is in flight counts as well. */
static void in_flight(void)
{
	io_context_t ctx = la_setup(8);
	unsigned int nr = la_ring(ctx)->nr, took, i;

	alloc(nr + 1);
	for (i = 0; i < nr + 1; i++)
		io_prep_poll(&reqs[i], p[0], POLLIN);
	took = fill(ctx, nr + 1);
	T_CHECK(took >= 8 && took <= nr);
	la_quiet(ctx);
	la_write(p[1], "x");
	for (i = 0; i < took; i++)
		T_CHECK(la_event(ctx).res & POLLIN);
	LA_DESTROY(ctx);
	release();
}

/* Events taken in the ring's memory make room, and so does one of them. */
static void by_hand(void)
{
	io_context_t ctx = la_setup(8);
	struct la_ring *ring = la_ring(ctx);
	unsigned int took, i, lap;
	int efd = (int)T_SYS(eventfd(0, EFD_CLOEXEC));

	alloc(ring->nr + 1);
	for (i = 0; i < ring->nr + 1; i++)
		io_set_eventfd(&reqs[i], efd);
	for (lap = 0; lap < 3; lap++) {
		took = fill(ctx, ring->nr + 1);
		for (i = 0; i < took; i += (unsigned int)la_count(efd))
			T_CHECK(la_wait_readable(efd));
		T_EQ(la_in_ring(ctx), took);
		T_STORE(&ring->head, (ring->head + took) % ring->nr);
	}
	la_quiet(ctx);
	LA_DESTROY(ctx);
	release();
	close(efd);
}

int main(void)
{
	static const unsigned int sizes[] = { 1,   2,	7,    8,    32,	 33,
					      64,  100, 128,  256,  1000,
					      1024, 4096 };
	unsigned int i;

	file = la_tmpfile(4096);
	t_pipe(p);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		size(sizes[i]);
	partial();
	in_flight();
	by_hand();
	t_close_both(p);
	close(file);
	return T_EXIT_PASS;
}
