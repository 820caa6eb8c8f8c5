/* Description: io_uring_queue_init() returns 0 and leaves a ring whose every
 * field describes the kernel's rings: no index array where the kernel can do
 * without one, the ring mask and size as plain values, both rings in a single
 * mapping. queue_exit() gives the descriptor and the mappings back. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "test.h"

static unsigned int no_sqarray_here(void)
{
	struct io_uring_params p;
	long fd;

	memset(&p, 0, sizeof(p));
	p.flags = IORING_SETUP_NO_SQARRAY;
	fd = syscall(__NR_io_uring_setup, 1, &p);
	if (fd < 0)
		return 0;
	close((int)fd);
	return IORING_SETUP_NO_SQARRAY;
}

int main(void)
{
	unsigned int sqarray = no_sqarray_here();
	size_t sqe_size = t_flavour() == T_SQE128 ? 128 : 64;
	struct io_uring ring;
	struct t_usage before = t_usage();
	unsigned int i;

	T_NEEDS_RING();
	memset(&ring, 0xee, sizeof(ring));
	T_EQ(io_uring_queue_init(6, &ring, t_flavour_flags()), 0);

	T_EQ(ring.flags, t_flavour_flags() | sqarray);
	T_GE(ring.ring_fd, 0);
	T_EQ(ring.enter_ring_fd, ring.ring_fd);
	T_NE(ring.features & IORING_FEAT_NODROP, 0);
	T_EQ(ring.int_flags, 0);

	T_EQ(ring.sq.ring_entries, 8);
	T_EQ(ring.sq.ring_mask, 7);
	T_EQ(*ring.sq.kring_entries, 8);
	T_EQ(*ring.sq.kring_mask, 7);
	T_EQ(ring.sq.sqe_head, 0);
	T_EQ(ring.sq.sqe_tail, 0);
	T_EQ(*ring.sq.khead, 0);
	T_EQ(*ring.sq.ktail, 0);
	T_EQ(*ring.sq.kdropped, 0);
	T_EQ(ring.sq.sqes_sz, 8 * sqe_size);
	if (sqarray) {
		T_PTR_EQ(ring.sq.array, NULL);
	} else {
		for (i = 0; i < 8; i++)
			T_EQ(ring.sq.array[i], i);
	}

	T_EQ(ring.cq.ring_entries, 16);
	T_EQ(ring.cq.ring_mask, 15);
	T_EQ(*ring.cq.kring_entries, 16);
	T_EQ(*ring.cq.kring_mask, 15);
	T_EQ(*ring.cq.khead, 0);
	T_EQ(*ring.cq.ktail, 0);
	T_EQ(*ring.cq.koverflow, 0);
	T_CHECK(ring.cq.kflags != NULL);

	if (ring.features & IORING_FEAT_SINGLE_MMAP) {
		T_PTR_EQ(ring.cq.ring_ptr, ring.sq.ring_ptr);
		T_EQ(ring.cq.ring_sz, ring.sq.ring_sz);
		T_EQ(t_maps().ring, before.maps.ring + 2);
	}
	T_CHECK((char *)ring.cq.cqes >= (char *)ring.cq.ring_ptr);
	T_LE((char *)(ring.cq.cqes + 16), (char *)ring.cq.ring_ptr + ring.cq.ring_sz);

	/* RocksDB marks entries that it has seen by writing into them. */
	ring.cq.cqes[3].user_data = 0x1234;
	T_EQ(ring.cq.cqes[3].user_data, 0x1234);

	T_NOPS(&ring, 20);
	io_uring_queue_exit(&ring);
	T_NOTHING_LEAKED(before);
	return T_EXIT_PASS;
}
