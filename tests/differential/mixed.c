/* needs: 2.15 */
#include "see.h"

static struct io_uring ring;

static void nop(uint64_t data, unsigned int flags)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

	io_uring_prep_nop(sqe);
	sqe->nop_flags = flags;
	sqe->user_data = data;
}

static void iterate(void)
{
	struct io_uring_cqe *cqe;
	unsigned int head, slots = 0;

	io_uring_for_each_cqe(&ring, head, cqe) {
		see_cqe(cqe);
		slots += io_uring_cqe_nr(cqe);
	}
	VALUE(slots);
	io_uring_cq_advance(&ring, slots);
}

static void completions(void)
{
	struct io_uring_cqe *cqe, *cqes[16];
	unsigned int i, n;

	aside();
	if (io_uring_queue_init(8, &ring, IORING_SETUP_CQE_MIXED)) {
		see("no IORING_SETUP_CQE_MIXED in this kernel\n");
		return;
	}
	part("cqe_mixed");
	see_ring(&ring);
	nop(1, 0);
	nop(2, IORING_NOP_CQE32);
	nop(3, 0);
	CALL(io_uring_submit(&ring));
	iterate();
	/* The end of the ring: a completion of two slots does not fit. */
	for (n = 0; n < 4; n++) {
		for (i = 0; i < 4; i++)
			nop(10 * n + i + 10, i & 1 ? IORING_NOP_CQE32 : 0);
		CALL(io_uring_submit(&ring));
		VALUE(io_uring_cq_ready(&ring));
		if (n == 0)
			iterate();
		while (n == 1 && !io_uring_peek_cqe(&ring, &cqe))
			see_consume(&ring, cqe);
		while (n == 2) {
			unsigned int got, slots = 0;

			got = (unsigned int)CALL(
				io_uring_peek_batch_cqe(&ring, cqes, 3));
			if (!got)
				break;
			for (i = 0; i < got; i++) {
				see_cqe(cqes[i]);
				slots += io_uring_cqe_nr(cqes[i]);
			}
			io_uring_cq_advance(&ring, slots);
		}
		while (n == 3 && io_uring_cq_ready(&ring)) {
			cqe = SEE_NO_CQE;
			CALL(io_uring_wait_cqe(&ring, &cqe));
			see_consume(&ring, cqe);
		}
	}
	ring_down(&ring);
}

static void submissions(void)
{
	struct io_uring_sqe *sqe;
	unsigned int i;

	/*
	 * A kernel that knows IORING_SETUP_SQE_MIXED is not needed: which slots
	 * the library takes is its own affair. Both get a NOP of 64 bytes.
	 */
	ring_up(&ring, 8, 0);
	ring.flags |= IORING_SETUP_SQE_MIXED;
	for (i = 0; i < 12; i++) {
		part("sqe_mixed");
		if (i % 3)
			nop(i, 0);
		sqe = CALL_PTR(io_uring_get_sqe128(&ring));
		if (sqe) {
			see("slot %td\n", sqe - ring.sq.sqes);
			io_uring_prep_nop(&sqe[0]);
			sqe[0].user_data = 100 + i;
			memset(&sqe[1], 0, sizeof(*sqe));
			io_uring_prep_nop(&sqe[1]);
			sqe[1].user_data = 200 + i;
		}
		VALUE(io_uring_sq_ready(&ring));
		VALUE(io_uring_sq_space_left(&ring));
		if (i & 1) {
			CALL(io_uring_submit(&ring));
			iterate();
		}
	}
	part("no room for two");
	for (i = 0; i < 7; i++)
		nop(200 + i, 0);
	CALL_PTR(io_uring_get_sqe128(&ring));
	CALL(io_uring_submit(&ring));
	iterate();
	part("no room for three at the end");
	while (ring.sq.sqe_tail % 8 != 1)
		nop(300, 0);
	CALL(io_uring_submit(&ring));
	iterate();
	for (i = 0; i < 6; i++)
		nop(301 + i, 0);
	CALL_PTR(io_uring_get_sqe128(&ring));
	VALUE(io_uring_sq_ready(&ring));
	CALL(io_uring_submit(&ring));
	iterate();
	ring_down(&ring);

	ring_up(&ring, 8, 0);
	part("get_sqe128 on a plain ring");
	CALL_PTR(io_uring_get_sqe128(&ring));
	ring_down(&ring);
	ring_up(&ring, 8, IORING_SETUP_SQE128);
	part("get_sqe128 on large entries");
	sqe = CALL_PTR(io_uring_get_sqe128(&ring));
	io_uring_prep_nop(sqe);
	sqe->user_data = 5;
	sqe = CALL_PTR(io_uring_get_sqe128(&ring));
	see("slot %td\n", sqe - ring.sq.sqes);
	io_uring_prep_nop(sqe);
	sqe->user_data = 6;
	CALL(io_uring_submit(&ring));
	iterate();
	ring_down(&ring);
}

static void rewind_queue(void)
{
	part("sq_rewind");
	CALL(io_uring_queue_init(8, &ring, IORING_SETUP_SQ_REWIND) <= 0);
	/* The flag's effect in the library does not need the kernel's. */
	ring_up(&ring, 8, 0);
	part("rewound");
	ring.flags |= IORING_SETUP_SQ_REWIND;
	nop(1, 0);
	nop(2, 0);
	VALUE(io_uring_sq_ready(&ring));
	VALUE(io_uring_sq_space_left(&ring));
	CALL(io_uring_submit(&ring));
	VALUE(ring.sq.sqe_head);
	VALUE(ring.sq.sqe_tail);
	VALUE(*ring.sq.ktail);
	CALL(io_uring_submit(&ring));
	ring_down(&ring);
}

int main(void)
{
	completions();
	submissions();
	rewind_queue();
	return 0;
}
