/* Description: the result of io_uring_submit_and_wait_timeout(): the number
 * submitted when something was, also when the time ran out (the pointer tells
 * the two apart: NULL then); 0 when a completion was visible on entry, even
 * though it submits then as well; -ETIME and NULL when nothing was submitted
 * and the time ran out; -EAGAIN when nothing was asked for. */
/* flavours: plain defer sqe128 cqe32 */
#include "test.h"

static void queue_read(struct io_uring *ring, int fd, char *byte)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	T_CHECK(sqe != NULL);
	io_uring_prep_read(sqe, fd, byte, 1, 0);
	io_uring_sqe_set_data64(sqe, 99);
}

int main(void)
{
	struct __kernel_timespec ts = t_ms(20), far = t_ms(60000);
	struct io_uring_cqe *cqe = (void *)8;
	struct io_uring ring;
	long long start;
	int sv[2];
	char byte;

	T_RING(8, &ring, 0);
	t_socketpair(sv);

	start = t_now_ms();
	T_EQ(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &ts, NULL), -ETIME);
	T_PTR_EQ(cqe, NULL);
	T_GE(t_now_ms() - start, 19);
	cqe = (void *)8;
	T_EQ(io_uring_submit_and_wait_timeout(&ring, &cqe, 0, &far, NULL), -EAGAIN);
	T_PTR_EQ(cqe, NULL);
	T_EQ(io_uring_submit_and_wait_timeout(&ring, &cqe, 0, NULL, NULL), -EAGAIN);

	queue_read(&ring, sv[0], &byte);
	cqe = (void *)8;
	T_EQ(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &ts, NULL), 1);
	T_PTR_EQ(cqe, NULL);
	T_EQ(io_uring_sq_ready(&ring), 0);

	/* Two asked for, one there: what was submitted, and the one. */
	t_queue_nop(&ring, 1);
	T_EQ(io_uring_submit_and_wait_timeout(&ring, &cqe, 2, &ts, NULL), 1);
	T_CHECK(cqe != NULL);
	T_EQ(cqe->user_data, 1);

	/* Before 5.11 the timeout of the library is in the CQ ring as well. */
	if (!(ring.features & IORING_FEAT_EXT_ARG))
		T_NEEDS(5, 11, "IORING_FEAT_EXT_ARG", 2 - io_uring_cq_ready(&ring),
			0);

	/* From here on one is visible: 0, with and without something to submit. */
	T_EQ(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &far, NULL), 0);
	T_EQ(cqe->user_data, 1);
	T_EQ(io_uring_submit_and_wait_timeout(&ring, &cqe, 2, &ts, NULL), 0);
	T_EQ(cqe->user_data, 1);
	T_EQ(io_uring_submit_and_wait_timeout(&ring, &cqe, 0, NULL, NULL), 0);
	t_queue_nop(&ring, 2);
	T_EQ(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &far, NULL), 0);
	T_EQ(cqe->user_data, 1);
	T_EQ(io_uring_sq_ready(&ring), 0);
	T_EQ(io_uring_cq_ready(&ring), 2);
	t_queue_nop(&ring, 3);
	T_EQ(io_uring_submit_and_wait_timeout(&ring, &cqe, 3, NULL, NULL), 0);
	T_EQ(io_uring_cq_ready(&ring), 3);
	io_uring_cq_advance(&ring, 3);

	t_queue_nop(&ring, 4);
	t_queue_nop(&ring, 5);
	T_EQ(io_uring_submit_and_wait_timeout(&ring, &cqe, 2, &far, NULL), 2);
	T_EQ(cqe->user_data, 4);
	io_uring_cq_advance(&ring, 2);
	t_queue_nop(&ring, 6);
	T_EQ(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, NULL, NULL), 1);
	T_EQ(cqe->user_data, 6);
	io_uring_cq_advance(&ring, 1);
	t_queue_nop(&ring, 7);
	T_EQ(io_uring_submit_and_wait_timeout(&ring, &cqe, 0, NULL, NULL), 1);
	T_EQ(t_reap(&ring).user_data, 7);

	T_EQ(write(sv[1], "x", 1), 1);
	T_EQ(t_reap(&ring).user_data, 99);
	T_EQ(io_uring_cq_ready(&ring), 0);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
