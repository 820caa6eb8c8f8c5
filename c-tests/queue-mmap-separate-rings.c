/* Description: without IORING_FEAT_SINGLE_MMAP the CQ ring is mapped on its own
 * and unmapped on its own. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "test.h"

int main(void)
{
	struct t_usage before = t_usage();
	struct io_uring_params p;
	struct io_uring ring;
	int fd;

	memset(&p, 0, sizeof(p));
	t_flavour_params(&p);
	p.flags |= IORING_SETUP_NO_SQARRAY;
	fd = io_uring_setup(8, &p);
	if (fd < 0)
		t_skip_if_kernel_refuses(8, &p, fd);
	T_NEEDS(6, 6, "IORING_SETUP_NO_SQARRAY", fd, -EINVAL);
	T_GE(fd, 0);
	p.features &= ~IORING_FEAT_SINGLE_MMAP;
	T_EQ(io_uring_queue_mmap(fd, &p, &ring), 0);
	T_CHECK(ring.cq.ring_ptr != ring.sq.ring_ptr);
	T_EQ(t_maps().ring, before.maps.ring + 3);
	T_PTR_EQ(ring.cq.khead, (char *)ring.cq.ring_ptr + p.cq_off.head);
	T_PTR_EQ(ring.sq.khead, (char *)ring.sq.ring_ptr + p.sq_off.head);
	T_PTR_EQ(ring.sq.array, NULL);
	T_NOPS(&ring, 20);
	io_uring_queue_exit(&ring);
	T_NOTHING_LEAKED(before);
	return T_EXIT_PASS;
}
