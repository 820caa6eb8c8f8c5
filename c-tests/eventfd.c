/* Description: a registered eventfd counts completions; one at a time per
 * ring. io_uring_cq_eventfd_toggle() switches that off and on by a flag in the
 * ring, which io_uring_cq_eventfd_enabled() reads; a ring without that flag
 * word is always enabled and cannot be switched off (-EOPNOTSUPP). */
/* flavours: plain defer sqe128 cqe32 */
#include "test.h"

#include <sys/eventfd.h>

static long long counted(int fd)
{
	uint64_t n;

	if (read(fd, &n, sizeof(n)) != sizeof(n))
		return 0;
	return (long long)n;
}

static void one_nop(struct io_uring *ring)
{
	t_queue_nop(ring, 1);
	T_EQ(io_uring_submit(ring), 1);
	t_reap(ring);
}

int main(void)
{
	struct io_uring ring;
	unsigned int *kflags;
	int fd;

	fd = (int)T_SYS(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
	T_RING(4, &ring, 0);
	T_EQ(io_uring_unregister_eventfd(&ring), -ENXIO);
	one_nop(&ring);
	T_EQ(counted(fd), 0);
	T_EQ(io_uring_register_eventfd(&ring, fd), 0);
	T_EQ(io_uring_register_eventfd(&ring, fd), -EBUSY);
	one_nop(&ring);
	T_EQ(counted(fd), 1);
	one_nop(&ring);
	one_nop(&ring);
	T_EQ(counted(fd), 2);

	T_EQ(io_uring_cq_eventfd_enabled(&ring), 1);
	T_EQ(io_uring_cq_eventfd_toggle(&ring, true), 0);
	T_EQ(*ring.cq.kflags & IORING_CQ_EVENTFD_DISABLED, 0);
	T_EQ(io_uring_cq_eventfd_toggle(&ring, false), 0);
	T_EQ(io_uring_cq_eventfd_enabled(&ring), 0);
	T_NE(*ring.cq.kflags & IORING_CQ_EVENTFD_DISABLED, 0);
	one_nop(&ring);
	T_EQ(counted(fd), 0);
	T_EQ(io_uring_cq_eventfd_toggle(&ring, true), 0);
	T_EQ(io_uring_cq_eventfd_enabled(&ring), 1);
	one_nop(&ring);
	T_EQ(counted(fd), 1);

	kflags = ring.cq.kflags;
	ring.cq.kflags = NULL;
	T_EQ(io_uring_cq_eventfd_enabled(&ring), 1);
	T_EQ(io_uring_cq_eventfd_toggle(&ring, true), 0);
	T_EQ(io_uring_cq_eventfd_toggle(&ring, false), -EOPNOTSUPP);
	ring.cq.kflags = kflags;

	T_EQ(io_uring_unregister_eventfd(&ring), 0);
	one_nop(&ring);
	T_EQ(counted(fd), 0);
	T_EQ(io_uring_register_eventfd(&ring, -1), -EBADF);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
