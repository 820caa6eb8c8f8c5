/* needs: 2.3 */
#include "see.h"

/*
 * The ring's structure and what it reads into lie in memory that both
 * processes have; the parent submits, the child reaps what the parent sent.
 */
struct shared {
	struct io_uring ring;
	char text[16];
};

static struct shared *shared;

static void child(void)
{
	struct io_uring_cqe *cqe = SEE_NO_CQE;

	part("child");
	CALL(io_uring_wait_cqe(&shared->ring, &cqe));
	see_consume(&shared->ring, cqe);
	see("%s\n", shared->text);
	queue_nop(&shared->ring, 2);
	CALL(io_uring_submit(&shared->ring));
	CALL(io_uring_wait_cqe(&shared->ring, &cqe));
	see_consume(&shared->ring, cqe);
	CALL(io_uring_peek_cqe(&shared->ring, &cqe));
	queue_nop(&shared->ring, 3);
	CALL(io_uring_submit(&shared->ring));
	aside();
}

static void registered(void)
{
	part("child of a registered ring");
	queue_nop(&shared->ring, 4);
	CALL(io_uring_submit(&shared->ring));
	aside();
}

int main(void)
{
	struct io_uring_cqe *cqe = SEE_NO_CQE;
	struct io_uring_sqe *sqe;
	int fd = temporary_file(0);

	MUST(write(fd, "shared text", 11));
	shared = (struct shared *)mmap(NULL, sizeof(*shared),
				       PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 1;
	ring_up(&shared->ring, 4, 0);
	part("parent submits");
	sqe = io_uring_get_sqe(&shared->ring);
	io_uring_prep_read(sqe, fd, shared->text, 11, 0);
	sqe->user_data = 1;
	CALL(io_uring_submit_and_wait(&shared->ring, 1));
	aside();
	see_child(child);
	part("parent again");
	CALL(io_uring_wait_cqe(&shared->ring, &cqe));
	see_consume(&shared->ring, cqe);
	VALUE(io_uring_cq_ready(&shared->ring));
	see("sq %u-%u\n", shared->ring.sq.sqe_head, shared->ring.sq.sqe_tail);
	/* The index of a registered ring belongs to the task. */
	CALL(io_uring_register_ring_fd(&shared->ring));
	aside();
	see_child(registered);
	ring_down(&shared->ring);
	return 0;
}
