/* Description: io_uring_queue_init_mem() lays the rings out in the caller's
 * memory, SQEs first, and returns the bytes used, rounded to pages, so that
 * rings can be packed back to back; the same number as io_uring_memory_size()
 * for a ring without index array. Exit never unmaps that memory. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "test.h"

#define MEMORY (16u << 20)

/* A closed ring's SQPOLL thread may touch its memory a little longer: every
 * ring gets memory that none had before. */
static char *memory;
static size_t used;

static int start(struct io_uring *ring, unsigned int entries, size_t size)
{
	struct io_uring_params p;
	char *at = memory + used;
	int ret;

	T_LE(used + size, MEMORY);
	memset(&p, 0, sizeof(p));
	t_flavour_params(&p);
	ret = io_uring_queue_init_mem(entries, ring, &p, at, size);
	if (ret < 0)
		return ret;
	T_EQ(p.flags, t_flavour_flags() | IORING_SETUP_NO_MMAP |
			      (p.flags & IORING_SETUP_NO_SQARRAY));
	T_EQ(ring->flags, p.flags);
	T_EQ(ret % sysconf(_SC_PAGESIZE), 0);
	T_PTR_EQ(ring->sq.sqes, at);
	T_EQ(ring->sq.sqes_sz, 0);
	T_EQ(ring->sq.ring_sz, 0);
	T_EQ(ring->cq.ring_sz, 0);
	T_EQ(p.sq_off.user_addr, (uintptr_t)ring->sq.sqes);
	T_EQ(p.cq_off.user_addr, (uintptr_t)ring->cq.ring_ptr);
	T_PTR_EQ(ring->cq.ring_ptr, ring->sq.ring_ptr);
	T_CHECK((char *)ring->cq.ring_ptr > at);
	T_CHECK((char *)ring->cq.ring_ptr < at + ret);
	used += (size_t)ret;
	return ret;
}

static void use(struct io_uring *ring)
{
	unsigned int nr = 3 * ring->sq.ring_entries;

	T_NOPS(ring, nr < 500 ? nr : 500);
}

int main(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct io_uring ring, packed[3];
	struct t_usage before;
	unsigned int entries;
	int i, ret;

	T_NEEDS_RING();
	memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	T_CHECK(memory != MAP_FAILED);
	before = t_usage();

	for (entries = 1; entries <= 4096; entries *= 2) {
		ret = start(&ring, entries, 1 << 20);
		T_NEEDS(6, 5, "IORING_SETUP_NO_MMAP", ret, -EINVAL);
		T_CHECK(ret > 0);
		if (ring.flags & IORING_SETUP_NO_SQARRAY)
			T_EQ(ret, io_uring_memory_size(
					  entries, t_flavour_flags() |
						   IORING_SETUP_NO_SQARRAY));
		if (t_flavour() == T_PLAIN && page == 4096 &&
		    (ring.flags & IORING_SETUP_NO_SQARRAY)) {
			if (entries == 8)
				T_EQ(ret, 8192);
			if (entries == 512)
				T_EQ(ret, 53248);
			if (entries == 4096)
				T_EQ(ret, 397312);
		}
		use(&ring);
		io_uring_queue_exit(&ring);

		/* Exactly that much is enough, and a page less is not. */
		T_EQ(start(&ring, entries, (size_t)ret), ret);
		use(&ring);
		io_uring_queue_exit(&ring);
		T_EQ(start(&ring, entries, (size_t)ret - page), -ENOMEM);
	}
	T_EQ(start(&ring, 8, 0), -ENOMEM);
	T_NOTHING_LEAKED(before);
	memory[0] = 1;
	memory[MEMORY - 1] = 1;

	for (i = 0; i < 3; i++)
		T_CHECK(start(&packed[i], 64, 1 << 16) > 0);
	for (i = 0; i < 3; i++)
		use(&packed[i]);
	for (i = 0; i < 3; i++)
		io_uring_queue_exit(&packed[i]);
	T_NOTHING_LEAKED(before);
	return T_EXIT_PASS;
}
