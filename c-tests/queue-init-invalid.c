/* Description: what the kernel refuses comes back as -EINVAL, with the
 * caller's flags restored because the attempt without an index array was
 * repeated without it; REGISTERED_FD_ONLY without NO_MMAP never reaches the
 * kernel. Nothing is leaked. */
/* flavours: plain */
#include "test.h"

static int attempt(unsigned int entries, unsigned int flags, unsigned int cq)
{
	struct io_uring_params p;
	struct io_uring ring;
	int ret;

	memset(&p, 0, sizeof(p));
	p.flags = flags;
	p.cq_entries = cq;
	ret = io_uring_queue_init_params(entries, &ring, &p);
	T_EQ(p.flags, flags);
	return ret;
}

static int never_reaches_the_kernel(void *arg)
{
	(void)arg;
	t_seccomp_deny(__NR_io_uring_setup, EXDEV, NULL, 0);
	T_EQ(attempt(8, IORING_SETUP_REGISTERED_FD_ONLY, 0), -EINVAL);
	return T_EXIT_PASS;
}

int main(void)
{
	struct io_uring ring;
	struct t_usage before = t_usage();

	T_NEEDS_RING();
	T_EQ(attempt(0, 0, 0), -EINVAL);
	T_EQ(attempt(32769, 0, 0), -EINVAL);
	T_EQ(attempt(8, 1U << 31, 0), -EINVAL);
	T_EQ(attempt(8, IORING_SETUP_DEFER_TASKRUN, 0), -EINVAL);
	T_EQ(attempt(8, IORING_SETUP_CQSIZE, 0), -EINVAL);
	T_EQ(attempt(8, IORING_SETUP_CQSIZE, 4), -EINVAL);
	T_EQ(attempt(8, IORING_SETUP_CQSIZE, 65537), -EINVAL);
	T_EQ(attempt(0, IORING_SETUP_NO_MMAP, 0), -EINVAL);
	T_EQ(attempt(8, IORING_SETUP_REGISTERED_FD_ONLY, 0), -EINVAL);

	T_EQ(io_uring_queue_init(0, &ring, 0), -EINVAL);
	T_EQ(io_uring_queue_init(32769, &ring, 0), -EINVAL);
	T_EQ(io_uring_queue_init(8, &ring, 1U << 31), -EINVAL);

	T_EQ(t_fork_run(never_reaches_the_kernel, NULL), T_EXIT_PASS);
	T_NOTHING_LEAKED(before);
	return T_EXIT_PASS;
}
