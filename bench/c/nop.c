/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* nop SHAPE BATCH OPS [CHUNKS]: round trips of requests that do nothing. */
#include <liburing.h>

#include "bench.h"

#define MAX_BATCH 128

struct state {
	struct io_uring ring;
	unsigned int batch;
};

static inline void queue(struct state *s)
{
	struct io_uring_sqe *sqe;
	unsigned int i;

	for (i = 0; i < s->batch; i++) {
		sqe = io_uring_get_sqe(&s->ring);
		io_uring_prep_nop(sqe);
		io_uring_sqe_set_data(sqe, (void *)(unsigned long)i);
	}
}

static void short_of(unsigned int wanted, unsigned int seen)
{
	if (wanted == seen)
		return;
	fprintf(stderr, "%u completions where %u were due\n", seen, wanted);
	exit(1);
}

/* One wait for each completion: the plainest program there is. */
static void wait_each(void *state, long ops)
{
	struct state *s = state;
	struct io_uring_cqe *cqe;
	unsigned int i;
	int ret;

	for (; ops > 0; ops -= s->batch) {
		queue(s);
		io_uring_submit(&s->ring);
		for (i = 0; i < s->batch; i++) {
			ret = io_uring_wait_cqe(&s->ring, &cqe);
			if (ret)
				fail("io_uring_wait_cqe", ret);
			io_uring_cqe_seen(&s->ring, cqe);
		}
	}
}

/* One call for the whole batch, and the completions in place. */
static void for_each(void *state, long ops)
{
	struct state *s = state;
	struct io_uring_cqe *cqe;
	unsigned int head, seen;

	for (; ops > 0; ops -= s->batch) {
		queue(s);
		io_uring_submit_and_wait(&s->ring, s->batch);
		seen = 0;
		io_uring_for_each_cqe(&s->ring, head, cqe)
			seen++;
		short_of(s->batch, seen);
		io_uring_cq_advance(&s->ring, seen);
	}
}

/* Submission and reaping apart, as event loops have them. */
static void peek_batch(void *state, long ops)
{
	struct state *s = state;
	struct io_uring_cqe *cqes[MAX_BATCH];
	unsigned int seen;

	for (; ops > 0; ops -= s->batch) {
		queue(s);
		io_uring_submit(&s->ring);
		seen = io_uring_peek_batch_cqe(&s->ring, cqes, s->batch);
		short_of(s->batch, seen);
		io_uring_cq_advance(&s->ring, seen);
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*work)(void *state, long ops);
	} shapes[] = {
		{ "wait_cqe", wait_each },
		{ "for_each_cqe", for_each },
		{ "peek_batch_cqe", peek_batch },
	};
	struct state s;
	unsigned int i;
	int ret;

	if (argc < 4) {
		fprintf(stderr, "usage: nop SHAPE BATCH OPS [CHUNKS]\n");
		return 2;
	}
	s.batch = (unsigned int)number(argv[2], MAX_BATCH);
	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		if (strcmp(argv[1], shapes[i].name))
			continue;
		ret = io_uring_queue_init(2 * MAX_BATCH, &s.ring, 0);
		if (ret)
			no_ring(ret);
		measure(shapes[i].work, &s, argv[3], argv[4]);
		io_uring_queue_exit(&s.ring);
		return 0;
	}
	fprintf(stderr, "no shape is called %s\n", argv[1]);
	return 2;
}
