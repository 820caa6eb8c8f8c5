/* Description: on a DEFER_TASKRUN ring completions of other tasks' doing show
 * up only when this task enters with GETEVENTS: peek does so by itself where
 * TASKRUN_FLAG tells it to, io_uring_get_events() and
 * io_uring_submit_and_get_events() do so always. */
/* flavours: plain sqe128 cqe32 */
#include "test.h"

#define FLAGS (IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN)

static void arm(struct io_uring *ring, int fd, char *byte, uint64_t data)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	T_CHECK(sqe != NULL);
	io_uring_prep_read(sqe, fd, byte, 1, 0);
	io_uring_sqe_set_data64(sqe, data);
}

int main(void)
{
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	int sv[2];
	char byte;

	t_socketpair(sv);

	T_RING(4, &ring, FLAGS);
	arm(&ring, sv[0], &byte, 1);
	T_EQ(io_uring_submit(&ring), 1);
	T_EQ(write(sv[1], "x", 1), 1);
	T_EQ(io_uring_peek_cqe(&ring, &cqe), -EAGAIN);
	T_EQ(io_uring_cq_ready(&ring), 0);
	T_EQ(io_uring_get_events(&ring), 0);
	T_EQ(io_uring_cq_ready(&ring), 1);
	T_EQ(io_uring_peek_cqe(&ring, &cqe), 0);
	T_EQ(cqe->user_data, 1);
	T_EQ(cqe->res, 1);
	io_uring_cqe_seen(&ring, cqe);

	arm(&ring, sv[0], &byte, 2);
	T_EQ(io_uring_submit(&ring), 1);
	T_EQ(write(sv[1], "y", 1), 1);
	t_queue_nop(&ring, 3);
	T_EQ(io_uring_submit_and_get_events(&ring), 1);
	T_EQ(io_uring_cq_ready(&ring), 2);
	t_reap(&ring);
	t_reap(&ring);
	/* Nothing to submit: still asks for events. */
	arm(&ring, sv[0], &byte, 4);
	T_EQ(io_uring_submit(&ring), 1);
	T_EQ(write(sv[1], "z", 1), 1);
	T_EQ(io_uring_submit_and_get_events(&ring), 0);
	T_EQ(io_uring_cq_ready(&ring), 1);
	T_EQ(t_reap(&ring).user_data, 4);
	io_uring_queue_exit(&ring);

	T_RING(4, &ring, FLAGS | IORING_SETUP_TASKRUN_FLAG);
	arm(&ring, sv[0], &byte, 5);
	T_EQ(io_uring_submit(&ring), 1);
	T_EQ(write(sv[1], "x", 1), 1);
	T_NE(*ring.sq.kflags & IORING_SQ_TASKRUN, 0);
	T_EQ(io_uring_cq_ready(&ring), 0);
	T_EQ(io_uring_peek_cqe(&ring, &cqe), 0);
	T_EQ(cqe->user_data, 5);
	io_uring_cqe_seen(&ring, cqe);

	/* And so does a submit that has nothing to submit. */
	arm(&ring, sv[0], &byte, 6);
	T_EQ(io_uring_submit(&ring), 1);
	T_EQ(write(sv[1], "x", 1), 1);
	T_NE(*ring.sq.kflags & IORING_SQ_TASKRUN, 0);
	T_EQ(io_uring_submit(&ring), 0);
	T_EQ(io_uring_cq_ready(&ring), 1);
	T_EQ(t_reap(&ring).user_data, 6);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
