/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Description: a context's address is that of a ring which programs read on
 * their own: its header, the events in their order, a head that they advance.
 * Calls may be mixed with it, an event is there before its eventfd says so,
 * and the ring may be moved to another address. */
/* libraries: aio */
/* flavours: plain */
/* upstream: kernel AIO */
#include "libaio-tests.h"

#define NR 8u

static io_context_t ctx;
static int file, efd;
static struct iocb reqs[NR];
static char mem[NR];

static void header(void)
{
	struct la_ring *ring = la_ring(ctx);
	io_context_t other = la_setup(NR);

	T_EQ(sizeof(struct la_ring), 32);
	T_EQ(ring->magic, LA_MAGIC);
	T_EQ(ring->compat_features, 1);
	T_EQ(ring->incompat_features, 0);
	T_EQ(ring->header_length, sizeof(struct la_ring));
	T_EQ(ring->head, 0);
	T_EQ(ring->tail, 0);
	T_CHECK(ring->nr > NR);
	T_CHECK(ring->id != la_ring(other)->id);
	LA_DESTROY(other);
}

/* Submits nr reads, and waits until the eventfd has told of all of them. */
static void ready(unsigned int nr)
{
	struct iocb *list[NR];
	unsigned int i, told = 0;

	for (i = 0; i < nr; i++) {
		io_prep_pread(&reqs[i], file, &mem[i], 1, i);
		reqs[i].data = (void *)(uintptr_t)(1000 + i);
		io_set_eventfd(&reqs[i], efd);
		list[i] = &reqs[i];
	}
	T_EQ(io_submit(ctx, (long)nr, list), nr);
	while (told < nr) {
		T_CHECK(la_wait_readable(efd));
		told += (unsigned int)la_count(efd);
		T_GE(la_in_ring(ctx), told);
	}
	T_EQ(told, nr);
}

/* Takes the next event out of the memory. */
static struct io_event take(void)
{
	struct la_ring *ring = la_ring(ctx);
	unsigned int head = ring->head;
	struct io_event ev;

	T_CHECK(head != T_LOAD(&ring->tail));
	ev = ring->events[head];
	T_STORE(&ring->head, (head + 1) % ring->nr);
	return ev;
}

/* Which request it was, as they may end in any order. */
static unsigned int which(const struct io_event *ev)
{
	unsigned int i = (unsigned int)(ev->obj - reqs);

	T_CHECK(i < NR);
	T_EQ(la_res_of(ev, &reqs[i]), 1);
	return 1u << i;
}

/* More laps than one, so that head and tail start again from 0. */
static void read_by_hand(void)
{
	struct la_ring *ring = la_ring(ctx);
	unsigned int laps = 3 * ring->nr / NR, lap, i, seen;
	struct io_event ev;

	for (lap = 0; lap < laps; lap++) {
		ready(NR);
		for (i = 0, seen = 0; i < NR; i++) {
			ev = take();
			seen |= which(&ev);
		}
		T_EQ(seen, (1u << NR) - 1);
		T_EQ(ring->head, ring->tail);
		T_CHECK(ring->tail < ring->nr);
	}
	la_quiet(ctx);
}

/* Both take from the same end. */
static void mixed(void)
{
	struct timespec zero = la_ms(0);
	struct io_event ev[3];
	unsigned int seen;

	ready(6);
	ev[0] = take();
	seen = which(&ev[0]);
	T_EQ(io_getevents(ctx, 1, 2, ev, &zero), 2);
	seen |= which(&ev[0]) | which(&ev[1]);
	T_EQ(la_in_ring(ctx), 3);
	ev[0] = take();
	seen |= which(&ev[0]);
	T_EQ(io_getevents(ctx, 0, 3, ev, NULL), 2);
	seen |= which(&ev[0]) | which(&ev[1]);
	T_EQ(seen, 63);
	T_EQ(la_in_ring(ctx), 0);
	/* Everything that is thrown away in the memory is gone. */
	ready(3);
	T_STORE(&la_ring(ctx)->head, la_ring(ctx)->tail);
	T_EQ(io_getevents(ctx, 0, 3, ev, &zero), 0);
	la_quiet(ctx);
}

/* What a thread that sleeps on the eventfd, as event loops do, finds. */
static void there_before_the_eventfd(void)
{
	static char block[4096] __attribute__((aligned(4096)));
	int direct = la_direct_file(4096), i;
	uint64_t count;

	for (i = 0; i < 300; i++) {
		io_prep_pread(&reqs[0], direct, block, 4096, 0);
		io_set_eventfd(&reqs[0], efd);
		LA_SUBMIT(ctx, &reqs[0]);
		T_EQ(read(efd, &count, sizeof(count)), sizeof(count));
		T_EQ(count, 1);
		T_EQ(la_in_ring(ctx), 1);
		T_EQ(take().res, 4096);
	}
	close(direct);
}

static void moved(void)
{
	struct la_ring *ring = la_ring(ctx);
	size_t len = (sizeof(*ring) + ring->nr * sizeof(struct io_event) +
		      4095) & ~(size_t)4095;
	struct timespec ts = la_ms(1);
	struct iocb waiting;
	struct io_event ev;
	io_context_t old;
	int p[2], lap;
	void *to;

	t_pipe(p);
	for (lap = 0; lap < 3; lap++) {
		ready(2);
		io_prep_poll(&waiting, p[0], POLLIN);
		io_set_eventfd(&waiting, efd);
		LA_SUBMIT(ctx, &waiting);
		to = t_pages(len);
		old = ctx;
		T_PTR_EQ(mremap(ctx, len, len, MREMAP_MAYMOVE | MREMAP_FIXED,
				to),
			 to);
		ctx = to;
		/* Where it is now, it is a context; where it was is none. */
		T_EQ(io_getevents(ctx, 0, 0, NULL, NULL), 0);
		T_PTR_EQ(mmap(old, len, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
			 old);
		T_EQ(la_submit(old, &reqs[7]), -EINVAL);
		T_EQ(io_getevents(old, 0, 1, &ev, &ts), -EINVAL);
		T_EQ(io_destroy(old), -EINVAL);
		T_SYS(munmap(old, len));
		/* Everything that was there or on its way is here now. */
		T_EQ(la_in_ring(ctx), 2);
		la_write(p[1], "x");
		T_CHECK(la_wait_readable(efd));
		T_EQ(la_count(efd), 1);
		T_EQ(la_in_ring(ctx), 3);
		ev = take();
		which(&ev);
		T_EQ(io_getevents(ctx, 1, 1, &ev, NULL), 1);
		which(&ev);
		ev = take();
		T_CHECK(la_woken(la_res_of(&ev, &waiting), POLLIN));
		T_EQ(read(p[0], mem, 1), 1);
		la_quiet(ctx);
		ready(NR);
		la_events(ctx, 1, &ev);
		T_STORE(&la_ring(ctx)->head, la_ring(ctx)->tail);
		LA_SUBMIT(ctx, &waiting);
		T_EQ(io_cancel(ctx, &waiting, &ev), -EINPROGRESS);
		T_EQ(la_result(ctx, &waiting), 0);
		T_EQ(la_count(efd), 1);
	}
	t_close_both(p);
}

int main(void)
{
	ctx = la_setup(NR);
	file = la_tmpfile(NR);
	efd = (int)T_SYS(eventfd(0, EFD_CLOEXEC));
	header();
	read_by_hand();
	mixed();
	there_before_the_eventfd();
	moved();
	LA_DESTROY(ctx);
	T_CHECK(!la_is_mapped(ctx));
	close(efd);
	close(file);
	return T_EXIT_PASS;
}
