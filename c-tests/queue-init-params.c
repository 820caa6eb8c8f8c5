/* Description: io_uring_queue_init_params() hands the caller's parameters to
 * the kernel and the kernel's answer back: entries, offsets, features, and the
 * flags with IORING_SETUP_NO_SQARRAY added where the library added it. CQSIZE
 * rounds up to a power of two, CLAMP cuts to the kernel's limits. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "test.h"

static void start(struct io_uring *ring, struct io_uring_params *p,
		  unsigned int entries, unsigned int flags, unsigned int cq)
{
	memset(p, 0, sizeof(*p));
	p->flags = flags;
	p->cq_entries = cq;
	T_EQ(t_ring_init_params(entries, ring, p), 0);
	T_EQ(p->flags & ~IORING_SETUP_NO_SQARRAY, flags | t_flavour_flags());
	T_EQ(ring->flags, p->flags);
	T_EQ(ring->features, p->features);
	T_EQ(ring->sq.ring_entries, p->sq_entries);
	T_EQ(ring->cq.ring_entries, p->cq_entries);
	T_PTR_EQ(ring->sq.khead, (char *)ring->sq.ring_ptr + p->sq_off.head);
	T_PTR_EQ(ring->cq.cqes, (char *)ring->cq.ring_ptr + p->cq_off.cqes);
	T_EQ(ring->sq.array == NULL, !!(p->flags & IORING_SETUP_NO_SQARRAY));

	t_queue_nop(ring, 7);
	T_SUBMIT(ring, 1);
	T_EQ(t_reap(ring).user_data, 7);
	io_uring_queue_exit(ring);
}

int main(void)
{
	struct io_uring_params p;
	struct io_uring ring;
	struct t_usage before = t_usage();

	start(&ring, &p, 8, 0, 0);
	T_EQ(p.sq_entries, 8);
	T_EQ(p.cq_entries, 16);

	start(&ring, &p, 8, IORING_SETUP_CQSIZE, 100);
	T_EQ(p.sq_entries, 8);
	T_EQ(p.cq_entries, 128);

	start(&ring, &p, 100000, IORING_SETUP_CLAMP, 0);
	T_EQ(p.sq_entries, 32768);
	T_EQ(p.cq_entries, 65536);

	start(&ring, &p, 1, IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP, 1000000);
	T_EQ(p.sq_entries, 1);
	T_EQ(p.cq_entries, 65536);

	if (p.flags & IORING_SETUP_NO_SQARRAY) {
		memset(&p, 0, sizeof(p));
		p.flags = IORING_SETUP_NO_SQARRAY;
		T_EQ(t_ring_init_params(8, &ring, &p), 0);
		T_NE(ring.flags & IORING_SETUP_NO_SQARRAY, 0);
		io_uring_queue_exit(&ring);
	}
	T_NOTHING_LEAKED(before);
	return T_EXIT_PASS;
}
