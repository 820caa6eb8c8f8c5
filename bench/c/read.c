/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* read FILE DEPTH OPS [CHUNKS]: reads of 4 KiB, from the page cache. */
#include <liburing.h>

#include "bench.h"

#define MAX_DEPTH 128
#define BLOCK 4096

struct state {
	struct io_uring ring;
	unsigned int depth;
	int fd;
	__u64 blocks;
	__u64 random;
	char *memory;
};

/* The same places in every program: Knuth's generator. */
static inline __u64 somewhere(struct state *s)
{
	s->random = s->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (s->random >> 33) % s->blocks * BLOCK;
}

static void read_all(void *state, long ops)
{
	struct state *s = state;
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	unsigned int i, head, seen;

	for (; ops > 0; ops -= s->depth) {
		for (i = 0; i < s->depth; i++) {
			sqe = io_uring_get_sqe(&s->ring);
			io_uring_prep_read(sqe, s->fd, s->memory + i * BLOCK, BLOCK,
					   somewhere(s));
			io_uring_sqe_set_data64(sqe, i);
		}
		io_uring_submit_and_wait(&s->ring, s->depth);
		seen = 0;
		io_uring_for_each_cqe(&s->ring, head, cqe) {
			if (cqe->res != BLOCK)
				fail("read", cqe->res < 0 ? cqe->res : EIO);
			seen++;
		}
		if (seen != s->depth)
			fail("completions are missing", EIO);
		io_uring_cq_advance(&s->ring, seen);
	}
}

int main(int argc, char **argv)
{
	struct state s = { .random = 1 };
	off_t size;
	int ret;

	if (argc < 4) {
		fprintf(stderr, "usage: read FILE DEPTH OPS [CHUNKS]\n");
		return 2;
	}
	s.depth = (unsigned int)number(argv[2], MAX_DEPTH);
	s.fd = open(argv[1], O_RDONLY);
	if (s.fd < 0)
		fail(argv[1], errno);
	size = lseek(s.fd, 0, SEEK_END);
	if (size < BLOCK)
		fail(argv[1], EINVAL);
	s.blocks = (__u64)size / BLOCK;
	s.memory = aligned_alloc(BLOCK, MAX_DEPTH * BLOCK);
	if (!s.memory)
		fail("memory", ENOMEM);
	memset(s.memory, 0, MAX_DEPTH * BLOCK);
	ret = io_uring_queue_init(MAX_DEPTH, &s.ring, 0);
	if (ret)
		no_ring(ret);
	measure(read_all, &s, argv[3], argv[4]);
	io_uring_queue_exit(&s.ring);
	return 0;
}
