/* Description: a registration that the kernel refuses is that error, changes
 * nothing about the ring and leaks nothing: ring descriptor, buffer ring,
 * resize, eventfd, enabling. */
/* flavours: plain defer sqe128 cqe32 */
#include "test.h"

static void refuse(unsigned int opcode)
{
	const struct t_arg_match match = { 1, 0x7fffffff, opcode };

	t_seccomp_deny(__NR_io_uring_register, EXDEV, &match, 1);
}

static int all_refused(void *arg)
{
	struct io_uring ring, before_ring;
	struct io_uring_buf_ring *br;
	struct io_uring_params p;
	struct t_usage before;
	int err = 0;

	(void)arg;
	T_RING(8, &ring, 0);
	before = t_usage();
	before_ring = ring;
	refuse(IORING_REGISTER_RING_FDS);
	refuse(IORING_UNREGISTER_RING_FDS);
	refuse(IORING_REGISTER_PBUF_RING);
	refuse(IORING_REGISTER_RESIZE_RINGS);
	refuse(IORING_REGISTER_EVENTFD);
	refuse(IORING_REGISTER_ENABLE_RINGS);
	refuse(IORING_REGISTER_RESTRICTIONS);
	refuse(IORING_REGISTER_MEM_REGION);
	T_EQ(io_uring_register_ring_fd(&ring), -EXDEV);
	br = io_uring_setup_buf_ring(&ring, 8, 1, 0, &err);
	T_PTR_EQ(br, NULL);
	T_EQ(err, -EXDEV);
	memset(&p, 0, sizeof(p));
	p.sq_entries = 16;
	T_EQ(io_uring_resize_rings(&ring, &p), -EXDEV);
	T_EQ(p.flags, 0);
	T_EQ(io_uring_register_eventfd(&ring, 0), -EXDEV);
	T_EQ(io_uring_enable_rings(&ring), -EXDEV);
	T_EQ(io_uring_register_restrictions(&ring, NULL, 0), -EXDEV);
	T_EQ(io_uring_register_region(&ring, NULL), -EXDEV);

	T_EQ(memcmp(&ring, &before_ring, sizeof(ring)), 0);
	T_NOTHING_LEAKED(before);
	t_queue_nop(&ring, 1);
	T_EQ(io_uring_submit(&ring), 1);
	T_EQ(t_reap(&ring).user_data, 1);
	return T_EXIT_PASS;
}

/* Unregistering that fails keeps the ring on its index. */
static int unregister_refused(void *arg)
{
	struct io_uring ring;

	(void)arg;
	T_RING(8, &ring, 0);
	T_EQ_SINCE(5, 18, "IORING_REGISTER_RING_FDS",
		   io_uring_register_ring_fd(&ring), 1, -EINVAL);
	refuse(IORING_UNREGISTER_RING_FDS);
	T_EQ(io_uring_unregister_ring_fd(&ring), -EXDEV);
	T_EQ(ring.enter_ring_fd, 0);
	t_queue_nop(&ring, 1);
	T_EQ(io_uring_submit(&ring), 1);
	T_EQ(t_reap(&ring).user_data, 1);
	return T_EXIT_PASS;
}

static int no_memory_for_buffers(void *arg)
{
	const struct t_arg_match private = {
		3, MAP_PRIVATE | MAP_ANONYMOUS, MAP_PRIVATE | MAP_ANONYMOUS,
	};
	struct t_usage before;
	struct io_uring ring;
	int err = 0;

	(void)arg;
	T_RING(8, &ring, 0);
	before = t_usage();
	t_seccomp_deny(__NR_mmap, ENOMEM, &private, 1);
	T_PTR_EQ(io_uring_setup_buf_ring(&ring, 8, 1, 0, &err), NULL);
	T_EQ(err, -ENOMEM);
	T_NOTHING_LEAKED(before);
	return T_EXIT_PASS;
}

int main(void)
{
	T_EQ(t_fork_run(all_refused, NULL), T_EXIT_PASS);
	T_EQ(t_fork_run(unregister_refused, NULL), T_EXIT_PASS);
	T_EQ(t_fork_run(no_memory_for_buffers, NULL), T_EXIT_PASS);
	return T_EXIT_PASS;
}
