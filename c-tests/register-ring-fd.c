/* Description: io_uring_register_ring_fd() returns 1 and makes every enter go
 * by index; again is -EEXIST. unregister_ring_fd() returns 1 and goes back to
 * the descriptor; again is -EINVAL. Indexes are taken and given back. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "test.h"

static void use(struct io_uring *ring, unsigned int data)
{
	t_queue_nop(ring, data);
	T_SUBMIT(ring, 1);
	T_EQ(t_reap(ring).user_data, data);
}

static int enters_by_index(void *arg)
{
	const struct t_arg_match by_index = { 3, IORING_ENTER_REGISTERED_RING,
					      IORING_ENTER_REGISTERED_RING };
	struct io_uring ring;

	(void)arg;
	T_RING(8, &ring, 0);
	T_EQ(io_uring_register_ring_fd(&ring), 1);
	t_seccomp_deny(__NR_io_uring_enter, EXDEV, &by_index, 1);
	T_EQ(io_uring_submit_and_wait(&ring, 1), -EXDEV);
	T_EQ(io_uring_get_events(&ring), -EXDEV);
	T_EQ(io_uring_unregister_ring_fd(&ring), 1);
	T_EQ(io_uring_get_events(&ring), 0);
	return T_EXIT_PASS;
}

int main(void)
{
	struct io_uring ring, second;
	struct t_usage before = t_usage();
	int i;

	T_RING(8, &ring, 0);
	T_EQ(io_uring_unregister_ring_fd(&ring), -EINVAL);
	T_EQ_SINCE(5, 18, "IORING_REGISTER_RING_FDS",
		   io_uring_register_ring_fd(&ring), 1, -EINVAL);
	T_EQ(ring.enter_ring_fd, 0);
	T_GE(ring.ring_fd, 0);
	T_EQ(io_uring_register_ring_fd(&ring), -EEXIST);
	use(&ring, 1);

	T_RING(8, &second, 0);
	T_EQ(io_uring_register_ring_fd(&second), 1);
	T_EQ(second.enter_ring_fd, 1);
	use(&second, 2);
	use(&ring, 3);

	T_EQ(io_uring_unregister_ring_fd(&ring), 1);
	T_EQ(ring.enter_ring_fd, ring.ring_fd);
	T_EQ(io_uring_unregister_ring_fd(&ring), -EINVAL);
	use(&ring, 4);
	use(&second, 5);
	io_uring_queue_exit(&second);

	/* Exit gives the index back: there are only 16 for each task. */
	for (i = 0; i < 40; i++) {
		T_RING(1, &second, 0);
		T_EQ(io_uring_register_ring_fd(&second), 1);
		T_EQ(second.enter_ring_fd, 0);
		io_uring_queue_exit(&second);
		T_EQ(second.enter_ring_fd, second.ring_fd);
	}
	io_uring_queue_exit(&ring);
	T_NOTHING_LEAKED(before);

	T_EQ(t_fork_run(enters_by_index, NULL), T_EXIT_PASS);
	return T_EXIT_PASS;
}
