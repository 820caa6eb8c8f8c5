/* Description: a ring whose descriptor was closed behind the library's back
 * answers -EBADF from everything that enters the kernel. */
/* flavours: plain defer sqe128 cqe32 */
#include "test.h"

int main(void)
{
	struct __kernel_timespec ts = t_ms(10);
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	int fd = 0, ret;

	T_RING(4, &ring, 0);
	T_EQ(close(ring.ring_fd), 0);
	T_EQ(io_uring_submit(&ring), 0);
	T_EQ(io_uring_peek_cqe(&ring, &cqe), -EAGAIN);
	t_queue_nop(&ring, 1);
	T_EQ(io_uring_submit(&ring), -EBADF);
	T_EQ(io_uring_submit_and_wait(&ring, 1), -EBADF);
	T_EQ(io_uring_submit_and_get_events(&ring), -EBADF);
	T_EQ(io_uring_get_events(&ring), -EBADF);
	cqe = (void *)8;
	T_EQ(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &ts, NULL), -EBADF);
	T_PTR_EQ(cqe, NULL);
	cqe = (void *)8;
	T_EQ(io_uring_wait_cqe(&ring, &cqe), -EBADF);
	T_PTR_EQ(cqe, NULL);
	T_EQ(io_uring_wait_cqes(&ring, &cqe, 1, &ts, NULL), -EBADF);
	/* Before 5.11 each time limit is an entry of the library's. */
	T_EQ(io_uring_sq_ready(&ring), ring.features & IORING_FEAT_EXT_ARG ? 1 : 3);
	T_EQ(io_uring_register_files(&ring, &fd, 1), -EBADF);
	ret = io_uring_enable_rings(&ring);
	if (!t_lacks(5, 10, "IORING_REGISTER_ENABLE_RINGS", ret, -EINVAL))
		T_EQ(ret, -EBADF);
	ret = io_uring_register_ring_fd(&ring);
	if (!t_lacks(5, 18, "IORING_REGISTER_RING_FDS", ret, -EINVAL))
		T_EQ(ret, -EBADF);
	T_PTR_EQ(io_uring_get_probe_ring(&ring), NULL);
	ring.ring_fd = -1;
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
