/* Description: io_uring_memory_size[_params]() computes, without a ring, the
 * page-rounded bytes of one: SQEs plus rings, the SQ index array included
 * unless NO_SQARRAY is among the flags. The flags that do not matter are
 * ignored, the kernel's limits on entries are -EINVAL unless CLAMP is set,
 * and the caller's parameters stay as they are. */
/* flavours: plain */
#include "test.h"

static ssize_t size(unsigned int entries, unsigned int flags, unsigned int cq)
{
	struct io_uring_params p;
	ssize_t ret;

	memset(&p, 0, sizeof(p));
	p.flags = flags;
	p.cq_entries = cq;
	ret = io_uring_memory_size_params(entries, &p);
	T_EQ(p.flags, flags);
	T_EQ(p.cq_entries, cq);
	T_EQ(p.sq_entries, 0);
	if (!cq)
		T_EQ(io_uring_memory_size(entries, flags), ret);
	return ret;
}

static int without_system_calls(void *arg)
{
	(void)arg;
	t_seccomp_deny(__NR_io_uring_setup, EXDEV, NULL, 0);
	T_CHECK(io_uring_memory_size(8, 0) > 0);
	return T_EXIT_PASS;
}

int main(void)
{
	static const struct {
		unsigned int flags;
		long expect[5]; /* for 8, 64, 512, 4096 and 32768 entries */
	} table[] = {
		{ 0, { 8192, 8192, 53248, 413696, 3280896 } },
		{ IORING_SETUP_NO_SQARRAY, { 8192, 8192, 53248, 397312, 3149824 } },
		{ IORING_SETUP_SQE128, { 8192, 12288, 86016, 675840, 5378048 } },
		{ IORING_SETUP_CQE32, { 8192, 12288, 69632, 544768, 4329472 } },
		{ IORING_SETUP_CQE_MIXED, { 8192, 8192, 53248, 413696, 3280896 } },
		{ IORING_SETUP_SQE_MIXED, { 8192, 8192, 53248, 413696, 3280896 } },
		{ IORING_SETUP_NO_MMAP, { 8192, 8192, 53248, 413696, 3280896 } },
		{ 1U << 31, { 8192, 8192, 53248, 413696, 3280896 } },
	};
	unsigned int i, j, entries;

	if (sysconf(_SC_PAGESIZE) == 4096)
		for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
			for (j = 0, entries = 8; j < 5; j++, entries *= 8)
				T_EQ(size(entries, table[i].flags, 0),
				     table[i].expect[j]);

	/* Entries round up to a power of two. */
	for (i = 1025; i <= 2048; i += 341)
		T_EQ(size(i, 0, 0), size(2048, 0, 0));

	T_EQ(size(0, 0, 0), -EINVAL);
	T_EQ(size(0, IORING_SETUP_CLAMP, 0), -EINVAL);
	T_EQ(size(32769, 0, 0), -EINVAL);
	T_EQ(size(~0U, 0, 0), -EINVAL);
	T_EQ(size(32769, IORING_SETUP_CLAMP, 0), size(32768, 0, 0));
	T_EQ(size(~0U, IORING_SETUP_CLAMP, 0), size(32768, 0, 0));

	/* cq_entries counts only with CQSIZE, and then has rules of its own. */
	T_EQ(size(8, 0, 50000), size(8, 0, 0));
	T_EQ(size(8, IORING_SETUP_CQSIZE, 0), -EINVAL);
	T_EQ(size(8, IORING_SETUP_CQSIZE, 4), -EINVAL);
	T_EQ(size(8, IORING_SETUP_CQSIZE, 16), size(8, 0, 0));
	T_EQ(size(8, IORING_SETUP_CQSIZE, 65537), -EINVAL);
	T_EQ(size(8, IORING_SETUP_CQSIZE, 33000),
	     size(8, IORING_SETUP_CQSIZE, 65536));
	T_CHECK(size(8, IORING_SETUP_CQSIZE, 65536) > 65536 * 16);
	T_EQ(size(8, IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP, 100000),
	     size(8, IORING_SETUP_CQSIZE, 65536));

	T_EQ(t_fork_run(without_system_calls, NULL), T_EXIT_PASS);
	return T_EXIT_PASS;
}
