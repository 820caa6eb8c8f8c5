/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A buffer ring and the memory behind it. The kernel takes a buffer when data
 * has come and names it in the completion; from then on it is the program's
 * until it is given back.
 */
#ifndef EXAMPLES_BUFFER_POOL_H
#define EXAMPLES_BUFFER_POOL_H

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include <liburing.h>

#define POOL_GROUP 7
#define POOL_NONE (-1)

struct buffer_pool {
	struct io_uring_buf_ring *ring;
	char *memory;
	unsigned int count;
	unsigned int size;
	/*
	 * What the program has not been told to hold. The kernel may have
	 * taken some of them for completions that are still to be seen.
	 */
	unsigned int free;
	/* Written into the ring, not yet shown to the kernel. */
	int returned;
	/* For the holder of a buffer: its data, and a link to the next. */
	unsigned int *length;
	int *next;
};

static inline char *pool_address(const struct buffer_pool *pool, int id)
{
	return pool->memory + (size_t)id * pool->size;
}

static inline void pool_give_back(struct buffer_pool *pool, int id)
{
	io_uring_buf_ring_add(pool->ring, pool_address(pool, id), pool->size,
			      (unsigned short)id,
			      io_uring_buf_ring_mask(pool->count),
			      pool->returned++);
}

/* One store makes all buffers that were given back visible to the kernel. */
static inline void pool_publish(struct buffer_pool *pool)
{
	if (!pool->returned)
		return;
	io_uring_buf_ring_advance(pool->ring, pool->returned);
	pool->free += (unsigned int)pool->returned;
	pool->returned = 0;
}

static inline void pool_destroy(struct buffer_pool *pool, struct io_uring *ring)
{
	if (pool->ring)
		io_uring_free_buf_ring(ring, pool->ring, pool->count,
				       POOL_GROUP);
	free(pool->length);
	free(pool->next);
	free(pool->memory);
	*pool = (struct buffer_pool){ 0 };
}

/* count is a power of two, at most 32768. Returns 0 or -errno. */
static inline int pool_create(struct buffer_pool *pool, struct io_uring *ring,
			      unsigned int count, unsigned int size)
{
	int err = -ENOMEM;

	*pool = (struct buffer_pool){
		.count = count,
		.size = size,
		.memory = malloc((size_t)count * size),
		.next = calloc(count, sizeof(*pool->next)),
		.length = calloc(count, sizeof(*pool->length)),
	};
	if (pool->memory && pool->next && pool->length)
		pool->ring = io_uring_setup_buf_ring(ring, count, POOL_GROUP,
						     0, &err);
	if (!pool->ring) {
		pool_destroy(pool, ring);
		return err;
	}
	for (unsigned int id = 0; id < count; id++)
		pool_give_back(pool, (int)id);
	pool_publish(pool);
	return 0;
}

#endif
