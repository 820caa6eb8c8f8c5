/* Description: IORING_SETUP_NO_MMAP without memory of the caller's: the
 * library maps pages of its own, says in the parameters where SQEs and rings
 * are, and unmaps them at exit. SQEs that do not fit into 2 MB are -ENOMEM. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "test.h"

int main(void)
{
	struct t_usage before = t_usage();
	struct io_uring_params p;
	struct io_uring ring;

	memset(&p, 0, sizeof(p));
	p.flags = IORING_SETUP_NO_MMAP;
	T_EQ(t_ring_init_params(8, &ring, &p), 0);
	T_NE(ring.flags & IORING_SETUP_NO_MMAP, 0);
	T_GE(ring.ring_fd, 0);
	T_EQ(ring.enter_ring_fd, ring.ring_fd);
	T_EQ(p.sq_off.user_addr, (uintptr_t)ring.sq.sqes);
	T_EQ(p.cq_off.user_addr, (uintptr_t)ring.cq.ring_ptr);
	T_PTR_EQ(ring.cq.ring_ptr, ring.sq.ring_ptr);
	T_EQ(ring.sq.ring_entries, 8);
	T_EQ(ring.cq.ring_entries, 16);
	T_EQ(t_maps().ring, before.maps.ring);
	T_EQ(t_maps().shared, before.maps.shared + 2);
	T_NOPS(&ring, 40);
	io_uring_queue_exit(&ring);
	T_NOTHING_LEAKED(before);

	memset(&p, 0, sizeof(p));
	p.flags = IORING_SETUP_NO_MMAP | IORING_SETUP_SQE128;
	t_flavour_params(&p);
	T_EQ(io_uring_queue_init_params(32768, &ring, &p), -ENOMEM);
	T_NOTHING_LEAKED(before);
	return T_EXIT_PASS;
}
