/* needs: 2.15 */
#include "see.h"

#define SIZE (1UL << 21)

static struct io_uring ring;
static char *memory;

static void with_memory(const char *name, unsigned int entries,
			unsigned int flags, size_t size)
{
	struct io_uring_cqe *cqe = SEE_NO_CQE;
	struct io_uring_params p;
	long used;

	part(name);
	memset(&p, 0, sizeof(p));
	p.flags = flags;
	used = CALL(io_uring_queue_init_mem(entries, &ring, &p, memory, size));
	see_params(&p);
	see("user_addr %s %s\n", p.sq_off.user_addr ? "set" : "0",
	    p.cq_off.user_addr ? "set" : "0");
	if (used < 0)
		return;
	see_ring(&ring);
	see("sqes at %td, rings at %td\n", (char *)ring.sq.sqes - memory,
	    (char *)ring.sq.ring_ptr - memory);
	queue_nop(&ring, 1);
	CALL(io_uring_submit(&ring));
	CALL(io_uring_peek_cqe(&ring, &cqe));
	see_consume(&ring, cqe);
	CALL(io_uring_ring_dontfork(&ring));
	io_uring_queue_exit(&ring);
}

static void no_mmap(const char *name, unsigned int entries, unsigned int flags)
{
	struct io_uring_params p;

	part(name);
	memset(&p, 0, sizeof(p));
	p.flags = IORING_SETUP_NO_MMAP | flags;
	if (CALL(io_uring_queue_init_params(entries, &ring, &p)))
		return;
	see_ring(&ring);
	see("user_addr %s %s\n", p.sq_off.user_addr ? "set" : "0",
	    p.cq_off.user_addr ? "set" : "0");
	queue_nop(&ring, 1);
	CALL(io_uring_submit_and_wait(&ring, 1));
	reap(&ring, 1);
	io_uring_queue_exit(&ring);
}

int main(void)
{
	memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return 1;
	with_memory("8 entries", 8, 0, SIZE);
	with_memory("512 entries", 512, 0, SIZE);
	with_memory("4096 entries", 4096, 0, SIZE);
	with_memory("just enough", 8, 0, 8192);
	with_memory("one page", 8, 0, 4096);
	with_memory("too little", 64, 0, 4096);
	with_memory("nothing", 8, 0, 0);
	with_memory("large entries", 64,
		    IORING_SETUP_SQE128 | IORING_SETUP_CQE32, SIZE);
	with_memory("registered only", 8, IORING_SETUP_REGISTERED_FD_ONLY, SIZE);
	with_memory("no entries", 0, 0, SIZE);
	with_memory("too many entries", 40000, 0, SIZE);
	with_memory("array refused", 8, IORING_SETUP_NO_SQARRAY, SIZE);

	no_mmap("no_mmap, 8 entries", 8, 0);
	no_mmap("no_mmap, 32 entries", 32, 0);
	no_mmap("no_mmap, 64 entries", 64, 0);
	no_mmap("no_mmap, registered only", 8, IORING_SETUP_REGISTERED_FD_ONLY);
	no_mmap("no_mmap, too many", 32768, IORING_SETUP_SQE128);
	part("registered only without no_mmap");
	CALL(io_uring_queue_init(8, &ring, IORING_SETUP_REGISTERED_FD_ONLY));
	return 0;
}
