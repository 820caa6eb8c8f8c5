/* Description: a kernel without io_uring (-ENOSYS), a policy that forbids it
 * (-EPERM), a full descriptor table (-EMFILE) and lack of memory (-ENOMEM)
 * come back from every way to make a ring, with no descriptor and no mapping
 * left behind. */
/* flavours: plain */
/* valgrind: off: it keeps the limit of open files to itself */
#include "test.h"

#include <sys/resource.h>

static char *memory;

static void every_way(int error)
{
	static const unsigned int flags[] = {
		0,
		IORING_SETUP_NO_SQARRAY,
		IORING_SETUP_NO_MMAP,
		IORING_SETUP_NO_MMAP | IORING_SETUP_REGISTERED_FD_ONLY,
		IORING_SETUP_SQPOLL,
		IORING_SETUP_SQE128 | IORING_SETUP_CQE32,
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
	};
	struct t_usage before = t_usage();
	struct io_uring_params p;
	struct io_uring ring;
	unsigned int i;

	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		T_EQ(io_uring_queue_init(8, &ring, flags[i]), -error);
		memset(&p, 0, sizeof(p));
		p.flags = flags[i];
		T_EQ(io_uring_queue_init_params(8, &ring, &p), -error);
		T_EQ(p.flags, flags[i] | IORING_SETUP_NO_SQARRAY);
		T_NOTHING_LEAKED(before);
		memset(&p, 0, sizeof(p));
		p.flags = flags[i];
		T_EQ(io_uring_queue_init_mem(8, &ring, &p, memory, 1 << 16),
		     -error);
		T_NOTHING_LEAKED(before);
	}
	memset(&p, 0, sizeof(p));
	T_EQ(io_uring_setup(8, &p), -error);
	T_PTR_EQ(io_uring_get_probe(), NULL);
	T_NOTHING_LEAKED(before);
}

static int refused(void *arg)
{
	int error = *(int *)arg;

	t_seccomp_deny(__NR_io_uring_setup, error, NULL, 0);
	every_way(error);
	return T_EXIT_PASS;
}

static int no_descriptor_left(void *arg)
{
	struct rlimit limit;
	struct io_uring ring;
	struct io_uring_params p;
	struct t_usage before;
	int maps, ret;

	(void)arg;
	/* One descriptor for reading /proc, which setup must not get. */
	before = t_usage();
	maps = (int)T_SYS(dup(0));
	limit.rlim_cur = limit.rlim_max = (rlim_t)maps + 1;
	T_SYS(setrlimit(RLIMIT_NOFILE, &limit));
	T_EQ(io_uring_queue_init(8, &ring, 0), -EMFILE);
	ret = io_uring_queue_init(8, &ring, IORING_SETUP_NO_MMAP);
	if (!t_lacks(6, 5, "IORING_SETUP_NO_MMAP", ret, -EINVAL))
		T_EQ(ret, -EMFILE);
	memset(&p, 0, sizeof(p));
	ret = io_uring_queue_init_mem(8, &ring, &p, memory, 1 << 16);
	if (!t_lacks(6, 5, "IORING_SETUP_NO_MMAP", ret, -EINVAL))
		T_EQ(ret, -EMFILE);
	T_PTR_EQ(io_uring_get_probe(), NULL);
	close(maps);
	T_NOTHING_LEAKED(before);
	T_EQ(io_uring_queue_init(8, &ring, 0), 0);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}

int main(void)
{
	static int errors[] = { ENOSYS, EPERM, EMFILE, ENOMEM };
	unsigned int i;

	T_NEEDS_RING();
	memory = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	T_CHECK(memory != MAP_FAILED);
	for (i = 0; i < 4; i++)
		T_EQ(t_fork_run(refused, &errors[i]), T_EXIT_PASS);
	T_EQ(t_fork_run(no_descriptor_left, NULL), T_EXIT_PASS);
	return T_EXIT_PASS;
}
