/* needs: 2.3 */
#include "see.h"

static struct io_uring ring;

static void nops(unsigned int from, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		queue_nop(&ring, from + i);
		if (!io_uring_sq_space_left(&ring))
			io_uring_submit(&ring);
	}
	io_uring_submit(&ring);
}

static void batch(unsigned int count)
{
	struct io_uring_cqe *cqes[16];
	unsigned int i, n;

	n = (unsigned int)CALL(io_uring_peek_batch_cqe(&ring, cqes, count));
	for (i = 0; i < n; i++)
		see_cqe(cqes[i]);
	VALUE(io_uring_cq_ready(&ring));
	io_uring_cq_advance(&ring, n);
}

static void iterate(unsigned int stop_at)
{
	struct io_uring_cqe *cqe;
	unsigned int head, n = 0;

	io_uring_for_each_cqe(&ring, head, cqe) {
		see("head %u: ", head);
		see_cqe(cqe);
		if (++n == stop_at)
			break;
	}
	see("iterated %u, ready %u\n", n, io_uring_cq_ready(&ring));
	io_uring_cq_advance(&ring, n);
}

static void overflow(const char *name, unsigned int flags)
{
	ring_up(&ring, 2, flags);
	part(name);
	nops(1, 10);
	VALUE(io_uring_cq_ready(&ring));
	VALUE(io_uring_cq_has_overflow(&ring));
	VALUE(*ring.cq.koverflow);
	VALUE(*ring.sq.kflags);
	batch(16);
	VALUE(io_uring_cq_has_overflow(&ring));
	batch(2);
	iterate(0);
	iterate(0);
	CALL(io_uring_get_events(&ring));
	iterate(0);
	CALL(io_uring_get_events(&ring));
	batch(16);
	batch(16);

	part("submit while it overflows");
	nops(20, 7);
	queue_nop(&ring, 30);
	CALL(io_uring_submit(&ring));
	iterate(0);
	CALL(io_uring_submit(&ring));
	iterate(0);
	{
		struct io_uring_cqe *cqe = SEE_NO_CQE;

		CALL(io_uring_peek_cqe(&ring, &cqe));
		see_consume(&ring, cqe);
		while (!io_uring_peek_cqe(&ring, &cqe))
			see_consume(&ring, cqe);
	}
	VALUE(io_uring_cq_has_overflow(&ring));
	ring_down(&ring);
}

static void each(const char *name, unsigned int flags)
{
	ring_up(&ring, 8, flags);
	part(name);
	batch(4);
	iterate(0);
	nops(1, 5);
	batch(2);
	batch(16);
	nops(10, 5);
	iterate(2);
	iterate(0);
	/* Past the end of the ring. */
	nops(20, 12);
	iterate(0);
	nops(40, 12);
	batch(16);
	io_uring_cq_advance(&ring, 0);
	io_uring_cqe_seen(&ring, NULL);
	see_ring(&ring);
	ring_down(&ring);
}

int main(void)
{
	each("plain", 0);
	each("cqe32", IORING_SETUP_CQE32);
	each("sqe128", IORING_SETUP_SQE128);
	each("defer taskrun",
	     IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
	overflow("overflow", 0);
	overflow("overflow with defer taskrun",
		 IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
	return 0;
}
