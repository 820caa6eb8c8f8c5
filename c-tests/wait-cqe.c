/* Description: io_uring_wait_cqe() and io_uring_wait_cqe_nr() block until one
 * or that many completions are there and return 0 with the oldest one; for
 * nr = 0 and an empty ring it is -EAGAIN with the pointer set to NULL. Waiting
 * submits nothing. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* valgrind: off: it delivers no signal during io_uring_enter(2) */
#include "test.h"

struct writer {
	int fd;
	int bytes;
};

static void *write_later(void *arg)
{
	struct writer *w = arg;
	int i;

	for (i = 0; i < w->bytes; i++) {
		t_sleep_ms(10);
		T_EQ(write(w->fd, "x", 1), 1);
	}
	return NULL;
}

int main(void)
{
	struct io_uring_cqe *cqe = (void *)8;
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct writer w;
	pthread_t thread;
	char buf[3];
	int sv[2], i;

	T_RING(4, &ring, 0);
	T_EQ(io_uring_wait_cqe_nr(&ring, &cqe, 0), -EAGAIN);
	T_PTR_EQ(cqe, NULL);

	t_socketpair(sv);
	w.fd = sv[1];
	w.bytes = 1;
	sqe = io_uring_get_sqe(&ring);
	T_CHECK(sqe != NULL);
	io_uring_prep_read(sqe, sv[0], buf, 1, 0);
	io_uring_sqe_set_data64(sqe, 1);
	T_SUBMIT(&ring, 1);
	T_EQ(pthread_create(&thread, NULL, write_later, &w), 0);
	T_EQ(io_uring_wait_cqe(&ring, &cqe), 0);
	T_EQ(cqe->user_data, 1);
	T_EQ(cqe->res, 1);
	io_uring_cqe_seen(&ring, cqe);
	T_EQ(pthread_join(thread, NULL), 0);

	/* An entry that is only queued stays queued. */
	w.bytes = 3;
	for (i = 0; i < 3; i++) {
		sqe = io_uring_get_sqe(&ring);
		while (!sqe)
			sqe = io_uring_get_sqe(&ring);
		io_uring_prep_read(sqe, sv[0], buf + i, 1, 0);
		io_uring_sqe_set_data64(sqe, 10 + (uint64_t)i);
	}
	T_SUBMIT(&ring, 3);
	while (io_uring_sq_ready(&ring))
		;
	t_queue_nop(&ring, 20);
	T_EQ(pthread_create(&thread, NULL, write_later, &w), 0);
	T_EQ(io_uring_wait_cqe_nr(&ring, &cqe, 3), 0);
	T_GE(cqe->user_data, 10);
	T_EQ(io_uring_cq_ready(&ring), 3);
	T_EQ(io_uring_sq_ready(&ring), 1);
	/* More than enough is there: at once. */
	T_EQ(io_uring_wait_cqe_nr(&ring, &cqe, 2), 0);
	T_EQ(io_uring_wait_cqe_nr(&ring, &cqe, 0), 0);
	T_PTR_EQ(cqe, ring.cq.cqes + ((*ring.cq.khead & ring.cq.ring_mask)
				      << io_uring_cqe_shift(&ring)));
	io_uring_cq_advance(&ring, 3);
	T_EQ(pthread_join(thread, NULL), 0);
	T_SUBMIT(&ring, 1);
	T_EQ(t_reap(&ring).user_data, 20);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
