/* Description: io_uring_get_probe() returns NULL, and leaks neither memory nor
 * its ring, where rings or the probe are refused; so does get_probe_ring(). */
/* flavours: plain */
#include "test.h"

static int no_setup(void *arg)
{
	struct t_usage before = t_usage();

	(void)arg;
	t_seccomp_deny(__NR_io_uring_setup, ENOSYS, NULL, 0);
	T_PTR_EQ(io_uring_get_probe(), NULL);
	T_NOTHING_LEAKED(before);
	return T_EXIT_PASS;
}

static int no_probe(void *arg)
{
	const struct t_arg_match opcode = { 1, ~0U, IORING_REGISTER_PROBE };
	struct t_usage before;
	struct io_uring ring;
	char *first, *last;
	int i;

	(void)arg;
	T_RING(4, &ring, 0);
	before = t_usage();
	t_seccomp_deny(__NR_io_uring_register, EINVAL, &opcode, 1);
	first = malloc(1);
	for (i = 0; i < 2000; i++) {
		T_PTR_EQ(io_uring_get_probe_ring(&ring), NULL);
		if (i < 20)
			T_PTR_EQ(io_uring_get_probe(), NULL);
	}
	/* 2000 leaked tables of 2 KB would have moved the heap by 4 MB. */
	last = malloc(1);
	if (!t_in_memory_tool())
		T_CHECK(llabs((long long)(last - first)) < (1 << 20));
	free(first);
	free(last);
	T_NOTHING_LEAKED(before);
	return T_EXIT_PASS;
}

int main(void)
{
	T_EQ(t_fork_run(no_setup, NULL), T_EXIT_PASS);
	T_EQ(t_fork_run(no_probe, NULL), T_EXIT_PASS);
	return T_EXIT_PASS;
}
