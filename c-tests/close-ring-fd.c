/* Description: io_uring_close_ring_fd() closes the descriptor of a registered
 * ring and returns 1; from then on submit, wait and register work by index.
 * Without the feature or a registered ring it is -EOPNOTSUPP or -EINVAL, on a
 * closed one -EBADF. Unregistering afterwards leaves enter_ring_fd at -1. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "test.h"

int main(void)
{
	struct io_uring ring;
	struct t_usage before = t_usage();
	unsigned int features;
	int fd, slot = -1;

	T_RING(8, &ring, 0);
	T_EQ_SINCE(6, 3, "IORING_FEAT_REG_REG_RING",
		   io_uring_close_ring_fd(&ring), -EINVAL, -EOPNOTSUPP);
	fd = ring.ring_fd;
	T_GE(fcntl(fd, F_GETFD), 0);

	T_EQ_SINCE(5, 18, "IORING_REGISTER_RING_FDS",
		   io_uring_register_ring_fd(&ring), 1, -EINVAL);
	features = ring.features;
	ring.features &= ~IORING_FEAT_REG_REG_RING;
	T_EQ(io_uring_close_ring_fd(&ring), -EOPNOTSUPP);
	ring.features = features;

	T_EQ(io_uring_close_ring_fd(&ring), 1);
	T_EQ(ring.ring_fd, -1);
	T_EQ(fcntl(fd, F_GETFD), -1);
	T_EQ(io_uring_close_ring_fd(&ring), -EBADF);

	t_queue_nop(&ring, 1);
	T_SUBMIT(&ring, 1);
	T_EQ(t_reap(&ring).user_data, 1);
	T_EQ(io_uring_register_files(&ring, &slot, 1), 0);
	T_EQ(io_uring_unregister_files(&ring), 0);
	io_uring_queue_exit(&ring);
	T_EQ(ring.enter_ring_fd, -1);
	T_NOTHING_LEAKED(before);

	T_RING(8, &ring, 0);
	T_EQ(io_uring_register_ring_fd(&ring), 1);
	T_EQ(io_uring_close_ring_fd(&ring), 1);
	T_EQ(io_uring_unregister_ring_fd(&ring), 1);
	T_EQ(ring.enter_ring_fd, -1);
	io_uring_queue_exit(&ring);
	T_NOTHING_LEAKED(before);
	return T_EXIT_PASS;
}
