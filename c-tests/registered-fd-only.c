/* Description: IORING_SETUP_REGISTERED_FD_ONLY: ring_fd is -1, the index of the
 * registered ring is in enter_ring_fd, and submit, wait and register work
 * through it. Exit unregisters it, which is visible: the index is free again
 * and enter_ring_fd becomes -1. No descriptor is ever opened. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "test.h"

static void use(struct io_uring *ring)
{
	struct io_uring_probe *probe;
	int ev = -1;

	T_EQ(ring->ring_fd, -1);
	T_EQ(ring->enter_ring_fd, 0);
	T_NE(ring->features & IORING_FEAT_REG_REG_RING, 0);

	t_queue_nop(ring, 5);
	t_queue_nop(ring, 6);
	T_EQ(io_uring_submit_and_wait(ring, 2), 2);
	T_EQ(t_reap(ring).user_data, 5);
	T_EQ(t_reap(ring).user_data, 6);

	T_EQ(io_uring_register_files(ring, &ev, 1), 0);
	T_EQ(io_uring_unregister_files(ring), 0);
	probe = io_uring_get_probe_ring(ring);
	T_CHECK(probe != NULL);
	T_CHECK(io_uring_opcode_supported(probe, IORING_OP_NOP));
	io_uring_free_probe(probe);
}

int main(void)
{
	struct t_usage before = t_usage();
	struct io_uring_params p;
	struct io_uring ring;
	int round;
	char *memory;

	for (round = 0; round < 3; round++) {
		memset(&p, 0, sizeof(p));
		p.flags = IORING_SETUP_NO_MMAP | IORING_SETUP_REGISTERED_FD_ONLY;
		T_EQ(t_ring_init_params(8, &ring, &p), 0);
		T_EQ(t_open_fds(), before.fds);
		use(&ring);
		io_uring_queue_exit(&ring);
		T_NEEDS(5, 18, "IORING_UNREGISTER_RING_FDS", ring.enter_ring_fd,
			0);
		T_EQ(ring.enter_ring_fd, -1);
		T_NOTHING_LEAKED(before);
	}

	/* With caller memory NO_MMAP is implied. */
	memory = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	T_CHECK(memory != MAP_FAILED);
	before = t_usage();
	memset(&p, 0, sizeof(p));
	p.flags = IORING_SETUP_REGISTERED_FD_ONLY;
	t_flavour_params(&p);
	T_CHECK(io_uring_queue_init_mem(8, &ring, &p, memory, 1 << 16) > 0);
	T_EQ(t_open_fds(), before.fds);
	use(&ring);
	io_uring_queue_exit(&ring);
	T_NOTHING_LEAKED(before);
	return T_EXIT_PASS;
}
