/* Description: io_uring_queue_init_mem() refuses memory that does not start
 * on a page (-EINVAL) and bad entries or flags, and leaks nothing. */
/* flavours: plain */
#include "test.h"

int main(void)
{
	struct io_uring_params p;
	struct io_uring ring;
	struct t_usage before;
	char *memory;

	T_NEEDS_RING();
	memory = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	T_CHECK(memory != MAP_FAILED);
	before = t_usage();

	memset(&p, 0, sizeof(p));
	T_EQ(io_uring_queue_init_mem(8, &ring, &p, memory + 64, 1 << 19), -EINVAL);
	memset(&p, 0, sizeof(p));
	T_EQ(io_uring_queue_init_mem(0, &ring, &p, memory, 1 << 20), -EINVAL);
	memset(&p, 0, sizeof(p));
	T_EQ(io_uring_queue_init_mem(32769, &ring, &p, memory, 1 << 20), -EINVAL);
	memset(&p, 0, sizeof(p));
	p.flags = 1U << 31;
	T_EQ(io_uring_queue_init_mem(8, &ring, &p, memory, 1 << 20), -EINVAL);
	memset(&p, 0, sizeof(p));
	T_EQ(io_uring_queue_init_mem(32768, &ring, &p, memory, 1 << 20), -ENOMEM);
	T_NOTHING_LEAKED(before);
	return T_EXIT_PASS;
}
