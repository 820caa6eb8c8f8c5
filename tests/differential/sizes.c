/* needs: 2.15 */
/* strace: enosys: -e inject=io_uring_setup:error=ENOSYS */
#include "see.h"

static void sizes(unsigned int entries, unsigned int flags, unsigned int cq)
{
	struct io_uring_params p;
	long memory, locked;

	memset(&p, 0, sizeof(p));
	p.flags = flags;
	p.cq_entries = cq;
	memory = (long)io_uring_memory_size_params(entries, &p);
	see("%u %#x %u: memory %ld flags %#x", entries, flags, cq, memory,
	    p.flags);
	memset(&p, 0, sizeof(p));
	p.flags = flags;
	p.cq_entries = cq;
	locked = (long)io_uring_mlock_size_params(entries, &p);
	see(" locked %ld flags %#x\n", locked, p.flags);
}

int main(void)
{
	static const unsigned int entries[] = { 0, 1, 2, 3, 7, 64, 100, 1024,
						4096, 32768, 32769, 70000,
						0x80000001U, 0xffffffffU };
	static const unsigned int flags[] = {
		0,
		IORING_SETUP_CLAMP,
		IORING_SETUP_SQE128,
		IORING_SETUP_CQE32,
		IORING_SETUP_SQE128 | IORING_SETUP_CQE32,
		IORING_SETUP_NO_SQARRAY,
		IORING_SETUP_CLAMP | IORING_SETUP_SQE128 | IORING_SETUP_CQE32,
		IORING_SETUP_SQE_MIXED | IORING_SETUP_CQE_MIXED,
		1U << 30,
	};
	static const unsigned int cqs[] = { 0, 1, 4, 100, 65536, 65537,
					    0xffffffffU };
	unsigned int i, j, k;
	char name[40];

	for (j = 0; j < sizeof(flags) / sizeof(flags[0]); j++) {
		snprintf(name, sizeof(name), "flags %#x", flags[j]);
		part(name);
		for (i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
			sizes(entries[i], flags[j], 9);
		snprintf(name, sizeof(name), "flags %#x with a CQ", flags[j]);
		part(name);
		for (i = 0; i < 8; i += 3)
			for (k = 0; k < sizeof(cqs) / sizeof(cqs[0]); k++)
				sizes(entries[i], flags[j] | IORING_SETUP_CQSIZE,
				      cqs[k]);
	}
	part("by flags");
	CALL(io_uring_memory_size(8, 0));
	CALL(io_uring_memory_size(4096, IORING_SETUP_CQE32));
	CALL(io_uring_memory_size(0, 0));
	CALL(io_uring_mlock_size(8, 0));
	CALL(io_uring_mlock_size(0, 0));
	CALL(io_uring_mlock_size(8, IORING_SETUP_SQPOLL));
	return 0;
}
