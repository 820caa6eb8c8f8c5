/* Description: submission stops at a request that the kernel cannot start: the
 * kernel's count is returned, sq_ready() shows what is left, and the next
 * submit of whatever form submits the rest. */
/* flavours: plain defer sqe128 cqe32 */
#include "test.h"

static void queue_bad_then_good(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = t_queue_nop(ring, 1);

	sqe->opcode = 250;
	t_queue_nop(ring, 2);
	t_queue_nop(ring, 3);
}

static void reap_three(struct io_uring *ring)
{
	struct t_result r;

	r = t_reap(ring);
	T_EQ(r.user_data, 1);
	T_EQ(r.res, -EINVAL);
	T_EQ(t_reap(ring).user_data, 2);
	T_EQ(t_reap(ring).user_data, 3);
}

static void reap_all(struct io_uring *ring)
{
	reap_three(ring);
	T_EQ(io_uring_cq_ready(ring), 0);
}

int main(void)
{
	struct __kernel_timespec ts = t_ms(10);
	struct io_uring_cqe *cqe = NULL;
	struct io_uring ring;

	T_RING(8, &ring, 0);
	queue_bad_then_good(&ring);
	T_EQ(io_uring_submit(&ring), 1);
	T_EQ(io_uring_sq_ready(&ring), 2);
	T_EQ(io_uring_sq_space_left(&ring), 6);
	T_EQ(io_uring_submit(&ring), 2);
	T_EQ(io_uring_sq_ready(&ring), 0);
	T_EQ(io_uring_submit(&ring), 0);
	reap_all(&ring);

	queue_bad_then_good(&ring);
	T_EQ(io_uring_submit_and_wait(&ring, 3), 1);
	T_EQ(io_uring_sq_ready(&ring), 2);
	T_EQ(io_uring_submit_and_get_events(&ring), 2);
	reap_all(&ring);

	queue_bad_then_good(&ring);
	T_EQ(io_uring_submit_and_wait_timeout(&ring, &cqe, 3, &ts, NULL), 1);
	T_CHECK(cqe != NULL);
	T_EQ(cqe->user_data, 1);
	/* The library's own timeout is among the rest, which the wait submits. */
	if (!(ring.features & IORING_FEAT_EXT_ARG)) {
		reap_three(&ring);
		T_NEEDS(5, 11, "IORING_FEAT_EXT_ARG",
			io_uring_sq_ready(&ring), 0);
	}
	T_EQ(io_uring_sq_ready(&ring), 2);
	T_EQ(io_uring_submit_and_wait(&ring, 3), 2);
	reap_all(&ring);
	io_uring_queue_exit(&ring);

	/* SUBMIT_ALL: the kernel goes on. */
	T_RING(8, &ring, IORING_SETUP_SUBMIT_ALL);
	queue_bad_then_good(&ring);
	T_EQ(io_uring_submit(&ring), 3);
	T_EQ(io_uring_sq_ready(&ring), 0);
	reap_all(&ring);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
