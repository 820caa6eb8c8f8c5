/* needs: 2.15 */
/* strace: refused: -e inject=io_uring_register:error=ENOMEM */
#include "see.h"

#define DEFER (IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN)

static struct io_uring ring;

static void resize(const char *name, unsigned int sq, unsigned int cq,
		   unsigned int flags)
{
	struct io_uring_params p;

	part(name);
	memset(&p, 0, sizeof(p));
	p.sq_entries = sq;
	p.cq_entries = cq;
	p.flags = flags;
	CALL(io_uring_resize_rings(&ring, &p));
	see_params(&p);
	see_ring(&ring);
}

static void consume_all(void)
{
	struct io_uring_cqe *cqe;

	while (!io_uring_peek_cqe(&ring, &cqe))
		see_consume(&ring, cqe);
}

int main(void)
{
	unsigned int i;

	ring_up(&ring, 4, DEFER);
	/* Something in both queues, not at their beginning. */
	for (i = 0; i < 3; i++)
		queue_nop(&ring, i);
	MUST(io_uring_submit_and_wait(&ring, 3));
	io_uring_cq_advance(&ring, 2);
	queue_nop(&ring, 10);
	queue_nop(&ring, 11);

	resize("larger", 16, 0, 0);
	part("kept");
	CALL(io_uring_submit_and_wait(&ring, 2));
	consume_all();
	resize("smaller", 2, 0, 0);
	resize("with a CQ", 8, 64, IORING_SETUP_CQSIZE);
	resize("same", 8, 64, IORING_SETUP_CQSIZE);
	resize("no entries", 0, 0, 0);
	resize("too many", 40000, 0, 0);
	resize("clamped", 40000, 0, IORING_SETUP_CLAMP);
	resize("flags", 8, 0, IORING_SETUP_SQPOLL);
	for (i = 0; i < 6; i++) {
		queue_nop(&ring, 20 + i);
		MUST(io_uring_submit_and_wait(&ring, i + 1));
	}
	resize("too small for what is there", 1, 2, IORING_SETUP_CQSIZE);
	part("afterwards");
	consume_all();
	queue_nop(&ring, 30);
	CALL(io_uring_submit_and_wait(&ring, 1));
	consume_all();
	CALL(io_uring_ring_dontfork(&ring));
	part("exit");
	io_uring_queue_exit(&ring);

	ring_up(&ring, 4, DEFER);
	CALL(io_uring_register_ring_fd(&ring));
	resize("registered", 8, 0, 0);
	part("exit of a registered ring");
	io_uring_queue_exit(&ring);
	ring_up(&ring, 4, DEFER);
	CALL(io_uring_register_ring_fd(&ring));
	CALL(io_uring_close_ring_fd(&ring));
	part("closed");
	{
		struct io_uring_params p;

		memset(&p, 0, sizeof(p));
		p.sq_entries = 8;
		CALL(io_uring_resize_rings(&ring, &p));
		see_params(&p);
	}
	ring_up(&ring, 4, 0);
	resize("without defer taskrun", 8, 0, 0);
	ring_down(&ring);
	return 0;
}
