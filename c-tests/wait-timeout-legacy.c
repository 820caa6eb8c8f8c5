/* Description: without IORING_FEAT_EXT_ARG (kernels before 5.11) a wait with a
 * timeout queues an internal TIMEOUT with user_data -1 and submits it together
 * with what is pending. Its CQE never reaches who waits or peeks: it is
 * consumed, and only peek_batch and for_each show it. The results are those of
 * later kernels: the timeout does not count among the entries submitted. */
/* flavours: plain defer sqe128 cqe32 */
/* upstream: differs: it returns the number submitted, timeout included, also at the end of the time */
#include "test.h"

static struct io_uring ring;

/* Lets every timer end and counts the internal completions that are left. */
static unsigned int drain(void)
{
	struct io_uring_cqe *cqe;
	unsigned int head, internal = 0;

	t_sleep_ms(40);
	T_EQ(io_uring_get_events(&ring), 0);
	io_uring_for_each_cqe(&ring, head, cqe)
		internal += cqe->user_data == LIBURING_UDATA_TIMEOUT;
	io_uring_cq_advance(&ring, io_uring_cq_ready(&ring));
	return internal;
}

int main(void)
{
	struct __kernel_timespec ts = t_ms(20);
	struct io_uring_cqe *cqe, *batch[4];
	unsigned int i;

	T_RING(4, &ring, 0);
	ring.features &= ~(IORING_FEAT_EXT_ARG | IORING_FEAT_MIN_TIMEOUT);

	/* Nothing comes: the timeout was submitted, and its CQE is gone. */
	cqe = (void *)8;
	T_EQ(io_uring_wait_cqe_timeout(&ring, &cqe, &ts), -ETIME);
	T_PTR_EQ(cqe, NULL);
	T_EQ(io_uring_cq_ready(&ring), 0);
	cqe = (void *)8;
	T_EQ(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &ts, NULL), -ETIME);
	T_PTR_EQ(cqe, NULL);
	T_EQ(io_uring_cq_ready(&ring), 0);

	/* Pending entries go out with it. Here the request ends the timeout, so
	 * its CQE follows at once, after the one that was waited for. */
	t_queue_nop(&ring, 1);
	T_EQ(io_uring_wait_cqes(&ring, &cqe, 1, &ts, NULL), 0);
	T_EQ(cqe->user_data, 1);
	T_EQ(io_uring_sq_ready(&ring), 0);
	io_uring_cqe_seen(&ring, cqe);
	t_sleep_ms(40);
	T_EQ(io_uring_get_events(&ring), 0);
	T_EQ(io_uring_cq_ready(&ring), 1);
	T_EQ(io_uring_peek_batch_cqe(&ring, batch, 4), 1);
	T_EQ(batch[0]->user_data, -1);
	T_EQ(io_uring_peek_cqe(&ring, &cqe), -EAGAIN);
	T_PTR_EQ(cqe, NULL);
	T_EQ(io_uring_cq_ready(&ring), 0);

	t_queue_nop(&ring, 2);
	T_EQ(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &ts, NULL), 1);
	T_EQ(cqe->user_data, 2);
	T_EQ(drain(), 1);

	/* A visible completion: what was queued goes out all the same. */
	t_queue_nop(&ring, 3);
	T_EQ(io_uring_submit(&ring), 1);
	T_EQ(io_uring_wait_cqes(&ring, &cqe, 1, &ts, NULL), 0);
	T_EQ(cqe->user_data, 3);
	T_EQ(drain(), 1);

	/* A timeout that ends with an error is the result of the peek. */
	t_queue_nop(&ring, LIBURING_UDATA_TIMEOUT);
	T_EQ(io_uring_submit(&ring), 1);
	ring.cq.cqes[(*ring.cq.khead & ring.cq.ring_mask)
		     << io_uring_cqe_shift(&ring)].res = -ECANCELED;
	cqe = (void *)8;
	T_EQ(__io_uring_peek_cqe(&ring, &cqe, NULL), -ECANCELED);
	T_PTR_EQ(cqe, NULL);
	T_EQ(io_uring_cq_ready(&ring), 0);

	/* No room for the timeout: what is there is submitted first. */
	for (i = 0; i < 4; i++)
		t_queue_nop(&ring, 10 + i);
	T_EQ(io_uring_wait_cqes(&ring, &cqe, 1, &ts, NULL), 0);
	T_EQ(cqe->user_data, 10);
	T_GE(io_uring_cq_ready(&ring), 4);
	T_EQ(drain(), 1);
	for (i = 0; i < 4; i++)
		t_queue_nop(&ring, 20 + i);
	T_EQ(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &ts, NULL), 0);
	T_EQ(cqe->user_data, 20);
	T_EQ(drain(), 1);

	/* Without a timespec there is no timeout to submit. */
	t_queue_nop(&ring, 30);
	T_EQ(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, NULL, NULL), 1);
	T_EQ(cqe->user_data, 30);
	T_EQ(drain(), 0);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
