/* needs: 2.3 */
/* strace: eagain-once: -e inject=io_uring_enter:error=EAGAIN:when=1 */
/* strace: ebusy: -e inject=io_uring_enter:error=EBUSY:when=2+3 */
/* strace: short: -e inject=io_uring_enter:retval=1:when=3 */
#include "see.h"

static struct io_uring ring;

static void queues(void)
{
	VALUE(io_uring_sq_ready(&ring));
	VALUE(io_uring_sq_space_left(&ring));
	VALUE(io_uring_cq_ready(&ring));
}

static void consume_all(void)
{
	struct io_uring_cqe *cqe;
	unsigned int head, n = 0;

	io_uring_for_each_cqe(&ring, head, cqe) {
		see_cqe(cqe);
		n++;
	}
	io_uring_cq_advance(&ring, n);
}

int main(void)
{
	struct io_uring_sqe *sqe;
	int i;

	ring_up(&ring, 4, 0);

	part("nothing");
	CALL(io_uring_submit(&ring));
	CALL(io_uring_submit_and_wait(&ring, 0));
	queues();

	part("one");
	queue_nop(&ring, 1);
	queues();
	CALL(io_uring_submit(&ring));
	queues();
	consume_all();

	part("full");
	for (i = 0; i < 4; i++)
		queue_nop(&ring, 10 + (uint64_t)i);
	queues();
	CALL_PTR(io_uring_get_sqe(&ring));
	CALL(io_uring_sqring_wait(&ring));
	CALL(io_uring_submit(&ring));
	queues();
	consume_all();

	part("submit and wait");
	queue_nop(&ring, 20);
	queue_nop(&ring, 21);
	CALL(io_uring_submit_and_wait(&ring, 2));
	consume_all();

	/* The kernel stops at the entry that it refuses. */
	part("bad opcode");
	queue_nop(&ring, 30);
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_nop(sqe);
	sqe->opcode = 250;
	sqe->user_data = 31;
	queue_nop(&ring, 32);
	CALL(io_uring_submit(&ring));
	queues();
	CALL(io_uring_submit(&ring));
	queues();
	CALL(io_uring_submit(&ring));
	queues();
	consume_all();

	part("bad opcode and wait");
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_nop(sqe);
	sqe->opcode = 250;
	sqe->user_data = 40;
	queue_nop(&ring, 41);
	CALL(io_uring_submit_and_wait(&ring, 1));
	queues();
	CALL(io_uring_submit(&ring));
	consume_all();

	part("left from one slot's last use");
	sqe = CALL_PTR(io_uring_get_sqe(&ring));
	memset(sqe, 0, sizeof(*sqe));
	io_uring_prep_nop(sqe);
	sqe->user_data = 50;
	CALL(io_uring_submit_and_wait(&ring, 1));
	/* The slot is free again, and still the program's to write to. */
	memset(sqe, 0xff, sizeof(*sqe));
	consume_all();
	for (i = 0; i < 3; i++)
		queue_nop(&ring, 51 + (uint64_t)i);
	CALL(io_uring_submit_and_wait(&ring, 3));
	consume_all();
	sqe = CALL_PTR(io_uring_get_sqe(&ring));
	{
		const unsigned char *byte = (const unsigned char *)sqe;
		unsigned int at;

		for (at = 0; at < sizeof(*sqe); at++)
			see("%02x%s", byte[at], at % 16 == 15 ? "\n" : " ");
	}
	memset(sqe, 0, sizeof(*sqe));
	io_uring_prep_nop(sqe);
	sqe->user_data = 54;
	CALL(io_uring_submit(&ring));
	consume_all();

	part("links and skipped completions");
	queue_nop(&ring, 60);
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_nop(sqe);
	sqe->user_data = 61;
	io_uring_sqe_set_flags(sqe, IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS);
	queue_nop(&ring, 62);
	CALL(io_uring_submit_and_wait(&ring, 2));
	consume_all();

	part("get events");
	CALL(io_uring_get_events(&ring));
	queue_nop(&ring, 70);
	CALL(io_uring_submit_and_get_events(&ring));
	consume_all();
	CALL(io_uring_submit_and_get_events(&ring));

	part("raw calls");
	CALL(io_uring_enter((unsigned int)ring.ring_fd, 0, 0, 0, NULL));
	CALL(io_uring_enter2((unsigned int)ring.ring_fd, 0, 0, 1U << 30, NULL, 0));
	CALL(io_uring_enter(1000, 0, 0, 0, NULL));
	CALL(io_uring_register(1000, IORING_REGISTER_PROBE, NULL, 0));
	CALL(io_uring_register((unsigned int)ring.ring_fd, 100, NULL, 0));

	ring_down(&ring);
	return 0;
}
