/* Description: one thread submits while another waits with timeouts: waiting
 * does not touch the SQ, so no lock is needed and nothing is lost. */
/* flavours: plain sqpoll sqe128 cqe32 */
/* valgrind: off: it stops all threads while one is in io_uring_enter(2) */
#include "test.h"

#define OPERATIONS 20000u

static struct io_uring ring;
static volatile int submitter_done;

static void *submitter(void *arg)
{
	unsigned int i;

	(void)arg;
	for (i = 0; i < OPERATIONS; i++) {
		t_queue_nop(&ring, i);
		/* Leave room: the ring may not overflow, or order is lost. */
		while (io_uring_cq_ready(&ring) > ring.cq.ring_entries / 2)
			sched_yield();
		T_SUBMIT(&ring, 1);
	}
	submitter_done = 1;
	return NULL;
}

int main(void)
{
	struct __kernel_timespec ts = t_ms(1), far = t_ms(60000);
	struct io_uring_cqe *cqe;
	unsigned int seen = 0;
	pthread_t thread;
	int ret, how = 0;

	T_RING(16, &ring, 0);
	if (!(ring.features & IORING_FEAT_EXT_ARG)) {
		/* Waiting submits, so a second thread may not. */
		t_queue_nop(&ring, 0);
		T_EQ(io_uring_wait_cqe_timeout(&ring, &cqe, &far), 0);
		T_EQ(cqe->user_data, 0);
		T_NEEDS(5, 11, "IORING_FEAT_EXT_ARG",
			ring.sq.sqe_tail - *ring.sq.ktail, 0);
	}
	T_EQ(pthread_create(&thread, NULL, submitter, NULL), 0);
	while (seen < OPERATIONS) {
		switch (how++ % 3) {
		case 0:
			ret = io_uring_wait_cqe_timeout(&ring, &cqe, &ts);
			break;
		case 1:
			ret = io_uring_wait_cqes(&ring, &cqe, 1, &ts, NULL);
			break;
		default:
			ret = io_uring_wait_cqe(&ring, &cqe);
			break;
		}
		if (ret == -ETIME)
			continue;
		T_EQ(ret, 0);
		T_EQ(cqe->user_data, seen);
		seen++;
		io_uring_cqe_seen(&ring, cqe);
	}
	T_EQ(pthread_join(thread, NULL), 0);
	T_EQ(submitter_done, 1);
	T_EQ(io_uring_cq_ready(&ring), 0);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
