/* Description: io_uring_resize_rings() swaps both rings under a live ring:
 * pending SQEs and unread completions survive, sizes and mappings follow,
 * params.flags comes back as 0. NO_MMAP rings are refused with -EINVAL, and
 * a refused resize leaves a working ring. */
/* flavours: defer */
#include "test.h"

static int resize(struct io_uring *ring, unsigned int sq, unsigned int cq,
		  unsigned int flags)
{
	struct io_uring_params p;
	int ret;

	memset(&p, 0, sizeof(p));
	p.sq_entries = sq;
	p.cq_entries = cq;
	p.flags = flags | (cq ? IORING_SETUP_CQSIZE : 0);
	ret = io_uring_resize_rings(ring, &p);
	T_EQ(p.flags, 0);
	return ret;
}

static void resize_works(unsigned int flags)
{
	struct t_usage before = t_usage();
	struct io_uring ring;
	unsigned int i;

	T_RING(8, &ring, flags);
	/* Away from index 0, so that copied positions matter. */
	for (i = 0; i < 13; i++) {
		t_queue_nop(&ring, i);
		T_EQ(io_uring_submit(&ring), 1);
		T_EQ(t_reap(&ring).user_data, i);
	}
	for (i = 0; i < 3; i++)
		t_queue_nop(&ring, 100 + i);
	T_EQ(io_uring_submit(&ring), 3);
	T_EQ(io_uring_get_events(&ring), 0);
	T_EQ(io_uring_cq_ready(&ring), 3);
	T_EQ(ring.sq.sqe_tail, 16);

	T_EQ_SINCE(6, 13, "IORING_REGISTER_RESIZE_RINGS",
		   resize(&ring, 64, 256, 0), 0, -EINVAL);
	T_EQ(ring.sq.ring_entries, 64);
	T_EQ(ring.sq.ring_mask, 63);
	T_EQ(ring.cq.ring_entries, 256);
	T_EQ(ring.cq.ring_mask, 255);
	T_EQ(ring.sq.sqes_sz, 64 * 64);
	T_EQ(ring.sq.sqe_head, 16);
	T_EQ(ring.sq.sqe_tail, 16);
	/* One mapping for both rings or one for each, but none of the old. */
	T_LE(t_maps().ring, before.maps.ring + 3);
	if (ring.sq.array)
		for (i = 0; i < 64; i++)
			T_EQ(ring.sq.array[i], i);

	T_EQ(io_uring_cq_ready(&ring), 3);
	for (i = 0; i < 3; i++)
		T_EQ(t_reap(&ring).user_data, 100 + i);
	for (i = 0; i < 64; i++)
		t_queue_nop(&ring, 200 + i);
	T_PTR_EQ(io_uring_get_sqe(&ring), NULL);
	T_EQ(io_uring_submit(&ring), 64);
	for (i = 0; i < 64; i++)
		T_EQ(t_reap(&ring).user_data, 200 + i);

	/* Down again. */
	T_EQ(resize(&ring, 4, 8, 0), 0);
	T_EQ(ring.sq.ring_entries, 4);
	T_EQ(ring.cq.ring_entries, 8);
	for (i = 0; i < 50; i++) {
		t_queue_nop(&ring, i);
		T_EQ(io_uring_submit(&ring), 1);
		T_EQ(t_reap(&ring).user_data, i);
	}
	T_LE(t_maps().ring, before.maps.ring + 3);

	T_EQ(resize(&ring, 0, 0, 0), -EINVAL);
	T_EQ(resize(&ring, 8, 0, 1U << 31), -EINVAL);
	t_queue_nop(&ring, 9);
	T_EQ(io_uring_submit(&ring), 1);
	T_EQ(t_reap(&ring).user_data, 9);
	io_uring_queue_exit(&ring);
	T_NOTHING_LEAKED(before);
}

int main(void)
{
	struct io_uring_params p;
	struct io_uring ring;

	resize_works(0);
	resize_works(IORING_SETUP_NO_SQARRAY);

	T_RING(4, &ring, IORING_SETUP_NO_MMAP);
	memset(&p, 0, sizeof(p));
	p.sq_entries = 8;
	p.flags = IORING_SETUP_CLAMP;
	T_EQ(io_uring_resize_rings(&ring, &p), -EINVAL);
	T_EQ(p.flags, IORING_SETUP_CLAMP);
	io_uring_queue_exit(&ring);

	T_EQ(io_uring_queue_init(4, &ring, 0), 0);
	memset(&p, 0, sizeof(p));
	p.sq_entries = 8;
	T_EQ(io_uring_resize_rings(&ring, &p), -EINVAL);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
