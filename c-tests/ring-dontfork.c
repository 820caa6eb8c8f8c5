/* Description: io_uring_ring_dontfork() keeps SQEs and both rings out of
 * children: touching them there is a SIGSEGV, where an ordinary ring's memory
 * is inherited. -EINVAL for a ring that was never set up. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "test.h"

/* Stored, because valgrind drops a load whose value nobody uses. */
static volatile unsigned char seen;

static int touch(void *p)
{
	signal(SIGSEGV, SIG_DFL);
	seen = *(volatile unsigned char *)p;
	return 0;
}

int main(void)
{
	const int killed = 128 + SIGSEGV;
	struct io_uring ring, none;

	T_RING(8, &ring, 0);
	T_EQ(t_fork_run(touch, ring.sq.sqes), 0);
	T_EQ(t_fork_run(touch, ring.sq.ktail), 0);
	T_EQ(t_fork_run(touch, ring.cq.cqes), 0);
	T_EQ(io_uring_ring_dontfork(&ring), 0);
	T_EQ(t_fork_run(touch, ring.sq.sqes), killed);
	T_EQ(t_fork_run(touch, ring.sq.ktail), killed);
	T_EQ(t_fork_run(touch, ring.cq.cqes), killed);
	t_queue_nop(&ring, 1);
	T_SUBMIT(&ring, 1);
	T_EQ(t_reap(&ring).user_data, 1);
	io_uring_queue_exit(&ring);

	memset(&none, 0, sizeof(none));
	T_EQ(io_uring_ring_dontfork(&none), -EINVAL);

	/* Separate ring mappings, as kernels before 5.4 make them. */
	T_RING(8, &ring, 0);
	if (ring.cq.ring_ptr == ring.sq.ring_ptr) {
		void *copy = mmap(NULL, ring.cq.ring_sz, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_POPULATE, ring.ring_fd,
				  IORING_OFF_CQ_RING);

		if (copy != MAP_FAILED) {
			ring.cq.ring_ptr = copy;
			T_EQ(io_uring_ring_dontfork(&ring), 0);
			T_EQ(t_fork_run(touch, copy), killed);
			T_EQ(t_fork_run(touch, ring.sq.ktail), killed);
			munmap(copy, ring.cq.ring_sz);
			ring.cq.ring_ptr = ring.sq.ring_ptr;
		}
	}
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
