/* Description: results are 0, positive or -errno; errno itself is never
 * written, neither by what succeeds nor by what fails. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "test.h"

#define MARK 4242
#define KEEPS(expr)                                                            \
	do {                                                                   \
		errno = MARK;                                                  \
		expr;                                                          \
		T_EQ(errno, MARK);                                             \
	} while (0)

int main(void)
{
	struct __kernel_timespec ts = t_ms(1);
	struct io_uring_params p;
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	int fd = 1 << 20, ret;

	T_NEEDS_RING();
	memset(&p, 0, sizeof(p));
	KEEPS(T_EQ(io_uring_queue_init(0, &ring, 0), -EINVAL));
	KEEPS(T_EQ(io_uring_queue_init_params(8, &ring, &p), 0));
	KEEPS(io_uring_queue_exit(&ring));
	KEEPS(T_EQ(io_uring_queue_mmap(-1, &p, &ring), -EBADF));
	KEEPS(T_EQ(io_uring_memory_size(0, 0), -EINVAL));
	KEEPS(T_EQ(io_uring_mlock_size(0, 0), -EINVAL));
	KEEPS(io_uring_free_probe(io_uring_get_probe()));
	T_RING(4, &ring, 0);
	KEEPS(T_EQ(io_uring_peek_cqe(&ring, &cqe), -EAGAIN));
	KEEPS(T_EQ(io_uring_wait_cqe_timeout(&ring, &cqe, &ts), -ETIME));
	KEEPS(T_EQ(io_uring_submit(&ring), 0));
	t_queue_nop(&ring, 1);
	KEEPS(T_GE(io_uring_submit(&ring), 0));
	KEEPS(t_reap(&ring));
	KEEPS(T_EQ(io_uring_get_events(&ring), 0));
	KEEPS(T_EQ(io_uring_register_files(&ring, &fd, 1), -EBADF));
	KEEPS(T_EQ(io_uring_unregister_files(&ring), -ENXIO));
	KEEPS(T_EQ(io_uring_unregister_eventfd(&ring), -ENXIO));
	KEEPS(ret = io_uring_enable_rings(&ring));
	if (!t_lacks(5, 10, "IORING_REGISTER_ENABLE_RINGS", ret, -EINVAL))
		T_EQ(ret, -EBADFD);
	KEEPS(T_EQ(io_uring_unregister_ring_fd(&ring), -EINVAL));
	KEEPS(ret = io_uring_register_ring_fd(&ring));
	if (!t_lacks(5, 18, "IORING_REGISTER_RING_FDS", ret, -EINVAL))
		T_EQ(ret, 1);
	KEEPS(T_EQ(io_uring_ring_dontfork(&ring), 0));
	KEEPS(io_uring_queue_exit(&ring));

	/* A ring whose descriptor is gone. */
	T_RING(4, &ring, 0);
	close(ring.ring_fd);
	if (t_flavour() != T_SQPOLL) {
		t_queue_nop(&ring, 1);
		KEEPS(T_EQ(io_uring_submit(&ring), -EBADF));
	}
	KEEPS(T_EQ(io_uring_wait_cqe(&ring, &cqe), -EBADF));
	ring.ring_fd = -1;
	KEEPS(io_uring_queue_exit(&ring));
	return T_EXIT_PASS;
}
