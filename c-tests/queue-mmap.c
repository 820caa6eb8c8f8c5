/* Description: io_uring_queue_mmap() makes a ring of a descriptor that
 * io_uring_setup() returned: zeroes the structure, maps, sets flags, features
 * and both descriptors. It fails with the kernel's error on a descriptor that
 * is no ring, which it leaves open. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "test.h"

int main(void)
{
	struct io_uring ring, other;
	struct t_usage before = t_usage();
	struct io_uring_params p;
	unsigned int i, j;
	int fd, null;

	memset(&p, 0, sizeof(p));
	t_flavour_params(&p);
	fd = io_uring_setup(8, &p);
	if (fd < 0)
		t_skip_if_kernel_refuses(8, &p, fd);
	T_GE(fd, 0);
	memset(&ring, 0xee, sizeof(ring));
	T_EQ(io_uring_queue_mmap(fd, &p, &ring), 0);
	T_EQ(ring.flags, t_flavour_flags());
	T_EQ(ring.features, p.features);
	T_EQ(ring.ring_fd, fd);
	T_EQ(ring.enter_ring_fd, fd);
	T_EQ(ring.int_flags, 0);
	T_EQ(ring.sq.ring_entries, 8);
	T_EQ(ring.cq.ring_entries, 16);
	T_EQ(ring.sq.sqe_head, 0);
	T_EQ(ring.sq.sqe_tail, 0);

	/* The library's setup fills the index array; here we do it ourselves. */
	T_CHECK(ring.sq.array != NULL);
	for (i = 0; i < 8; i++)
		ring.sq.array[i] = i;
	for (i = 0; i < 20; i++) {
		for (j = 0; j < 3; j++)
			t_queue_nop(&ring, i + j);
		T_SUBMIT(&ring, 3);
		for (j = 0; j < 3; j++)
			T_EQ(t_reap(&ring).user_data, i + j);
	}
	io_uring_queue_exit(&ring);
	T_NOTHING_LEAKED(before);

	null = (int)T_SYS(open("/dev/null", O_RDWR | O_CLOEXEC));
	T_EQ(io_uring_queue_mmap(null, &p, &other), -ENODEV);
	T_GE(fcntl(null, F_GETFD), 0);
	close(null);
	T_EQ(io_uring_queue_mmap(-1, &p, &other), -EBADF);
	T_NOTHING_LEAKED(before);
	return T_EXIT_PASS;
}
