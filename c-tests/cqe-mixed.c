/* Description: IORING_SETUP_CQE_MIXED: a 32-byte completion carries
 * IORING_CQE_F_32 and counts two slots in cqe_nr(), cqe_seen() and cq_ready().
 * One that does not fit in front of the ring's end is preceded by a filler
 * with IORING_CQE_F_SKIP, which waiting and peeking consume silently, while
 * for_each and the iterator show it. */
/* flavours: plain sqpoll defer sqe128 */
#include "test.h"

static void queue(struct io_uring *ring, unsigned int data, bool big)
{
	struct io_uring_sqe *sqe = t_queue_nop(ring, data);

	if (big) {
		sqe->nop_flags = IORING_NOP_CQE32;
		sqe->off = data + 1000;
		sqe->addr = data + 2000;
	}
	T_SUBMIT(ring, 1);
}

static void check(struct io_uring_cqe *cqe, unsigned int data, bool big)
{
	T_EQ(cqe->user_data, data);
	T_EQ(cqe->res, 0);
	T_EQ(!!(cqe->flags & IORING_CQE_F_32), big);
	T_EQ(io_uring_cqe_nr(cqe), big ? 2 : 1);
	if (big) {
		T_EQ(cqe->big_cqe[0], data + 1000);
		T_EQ(cqe->big_cqe[1], data + 2000);
	}
}

int main(void)
{
	struct io_uring_cqe *cqe, *batch[8];
	struct io_uring_cqe_iter iter;
	struct io_uring ring;
	unsigned int i, head, n;
	bool big;

	T_RING(4, &ring, IORING_SETUP_CQE_MIXED);
	T_EQ(ring.cq.ring_entries, 8);
	T_EQ(io_uring_cqe_shift(&ring), 0);

	/* Sizes 1, 2, 2, 1, 2, 2, ... meet the end of the ring at both parities. */
	for (i = 0; i < 100; i++) {
		big = i % 3 != 0;
		queue(&ring, i, big);
		T_EQ(io_uring_wait_cqe(&ring, &cqe), 0);
		check(cqe, i, big);
		T_CHECK(!big || cqe != &ring.cq.cqes[7]);
		io_uring_cqe_seen(&ring, cqe);
		T_EQ(io_uring_cq_ready(&ring), 0);
	}

	/* Up to slot 6, so that one small and one big one wrap with a filler. */
	while ((*ring.cq.khead & 7) != 6) {
		queue(&ring, 1, false);
		T_EQ(io_uring_wait_cqe(&ring, &cqe), 0);
		io_uring_cqe_seen(&ring, cqe);
	}
	queue(&ring, 500, false);
	queue(&ring, 501, true);
	T_EQ(io_uring_wait_cqe_nr(&ring, &cqe, 2), 0);
	while (io_uring_cq_ready(&ring) < 4)
		T_EQ(io_uring_get_events(&ring), 0);

	n = 0;
	io_uring_for_each_cqe(&ring, head, cqe) {
		if (n == 0)
			check(cqe, 500, false);
		if (n == 1) {
			T_PTR_EQ(cqe, &ring.cq.cqes[7]);
			T_NE(cqe->flags & IORING_CQE_F_SKIP, 0);
			T_EQ(cqe->user_data, 0);
		}
		if (n == 2)
			check(cqe, 501, true);
		n++;
	}
	T_EQ(n, 3);

	n = 0;
	iter = io_uring_cqe_iter_init(&ring);
	while (io_uring_cqe_iter_next(&iter, &cqe))
		n++;
	T_EQ(n, 3);

	/* peek_batch stops in front of a filler that is not at the head. */
	T_EQ(io_uring_peek_batch_cqe(&ring, batch, 8), 1);
	check(batch[0], 500, false);
	io_uring_cq_advance(&ring, 1);
	T_EQ(io_uring_cq_ready(&ring), 3);
	T_EQ(io_uring_peek_batch_cqe(&ring, batch, 8), 1);
	check(batch[0], 501, true);
	T_EQ(io_uring_cq_ready(&ring), 2);
	io_uring_cqe_seen(&ring, batch[0]);
	T_EQ(io_uring_cq_ready(&ring), 0);

	/* The same at the head through skip_cqe() itself. */
	while ((*ring.cq.khead & 7) != 7) {
		queue(&ring, 1, false);
		T_EQ(io_uring_wait_cqe(&ring, &cqe), 0);
		io_uring_cqe_seen(&ring, cqe);
	}
	queue(&ring, 600, true);
	while (io_uring_cq_ready(&ring) < 3)
		T_EQ(io_uring_get_events(&ring), 0);
	T_EQ(io_uring_peek_cqe(&ring, &cqe), 0);
	check(cqe, 600, true);
	T_EQ(io_uring_cq_ready(&ring), 2);
	io_uring_cqe_seen(&ring, cqe);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
