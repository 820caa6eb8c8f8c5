/* Description: a NO_MMAP ring whose first, second or huge mapping fails, or
 * that the kernel refuses after they were made, leaves no mapping behind. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "test.h"

static int start(unsigned int cq_entries, unsigned int flags)
{
	struct io_uring_params p;
	struct io_uring ring;

	memset(&p, 0, sizeof(p));
	p.flags = IORING_SETUP_NO_MMAP | flags;
	if (cq_entries) {
		p.flags |= IORING_SETUP_CQSIZE;
		p.cq_entries = cq_entries;
	}
	t_flavour_params(&p);
	return io_uring_queue_init_params(8, &ring, &p);
}

static int no_memory(void *arg)
{
	const struct t_arg_match anonymous = {
		3, MAP_SHARED | MAP_ANONYMOUS, MAP_SHARED | MAP_ANONYMOUS,
	};
	struct t_usage before = t_usage();

	(void)arg;
	t_seccomp_deny(__NR_mmap, ENOMEM, &anonymous, 1);
	T_EQ(start(0, 0), -ENOMEM);
	T_EQ(start(0, IORING_SETUP_REGISTERED_FD_ONLY), -ENOMEM);
	T_NOTHING_LEAKED(before);
	return T_EXIT_PASS;
}

/* SQEs fit into an ordinary page, rings do not: the second one fails. */
static int no_second_mapping(void *arg)
{
	const struct t_arg_match huge = { 3, MAP_HUGETLB, MAP_HUGETLB };
	struct t_usage before = t_usage();

	(void)arg;
	t_seccomp_deny(__NR_mmap, ENOMEM, &huge, 1);
	T_EQ(start(4096, 0), -ENOMEM);
	T_NOTHING_LEAKED(before);
	return T_EXIT_PASS;
}

static int refused_afterwards(void *arg)
{
	struct t_usage before = t_usage();

	(void)arg;
	t_seccomp_deny(__NR_io_uring_setup, EPERM, NULL, 0);
	T_EQ(start(0, 0), -EPERM);
	T_EQ(start(0, IORING_SETUP_REGISTERED_FD_ONLY), -EPERM);
	T_NOTHING_LEAKED(before);
	return T_EXIT_PASS;
}

int main(void)
{
	T_EQ(t_fork_run(no_memory, NULL), T_EXIT_PASS);
	T_EQ(t_fork_run(no_second_mapping, NULL), T_EXIT_PASS);
	T_EQ(t_fork_run(refused_afterwards, NULL), T_EXIT_PASS);
	return T_EXIT_PASS;
}
