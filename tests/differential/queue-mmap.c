/* needs: 2.3 */
#include "see.h"

static struct io_uring ring;

/* A descriptor that the program got from the kernel itself. */
static void map(const char *name, unsigned int flags)
{
	struct io_uring_cqe *cqe = SEE_NO_CQE;
	struct io_uring_params p;
	unsigned int i;
	int fd;

	aside();
	memset(&p, 0, sizeof(p));
	p.flags = flags;
	fd = (int)MUST(io_uring_setup(4, &p));
	memset(&ring, 0x5a, sizeof(ring));
	part(name);
	CALL(io_uring_queue_mmap(fd, &p, &ring));
	see_ring(&ring);
	if (ring.sq.array) {
		see("array");
		for (i = 0; i < 4; i++)
			see(" %u", ring.sq.array[i]);
		see("\n");
	}
	queue_nop(&ring, 1);
	CALL(io_uring_submit(&ring));
	CALL(io_uring_peek_cqe(&ring, &cqe));
	see_consume(&ring, cqe);
	io_uring_queue_exit(&ring);
}

int main(void)
{
	struct io_uring_params p;

	map("with an array", 0);
	/* IORING_SETUP_NO_SQARRAY, which 2.3 does not know. */
	map("without an array", 1U << 16);
	map("iopoll", IORING_SETUP_IOPOLL);
	map("large entries", IORING_SETUP_SQE128 | IORING_SETUP_CQE32);
	part("no descriptor");
	memset(&p, 0, sizeof(p));
	p.sq_entries = 4;
	p.cq_entries = 8;
	CALL(io_uring_queue_mmap(900, &p, &ring));
	return 0;
}
