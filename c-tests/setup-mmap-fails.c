/* Description: whichever of the kernel's regions cannot be mapped, setup fails
 * with that error, what was mapped before is unmapped and the descriptor
 * closed; queue_mmap() leaves the descriptor to its caller. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* valgrind: off: the filter refuses valgrind's own mappings, too */
#include "test.h"

static void deny(unsigned int offset)
{
	/* Offset 0 is that of anonymous mappings too: those have fd -1. */
	const struct t_arg_match region[] = {
		{ 4, 1U << 31, 0 },
		{ 5, ~0U, offset },
	};

	t_seccomp_deny(__NR_mmap, ENOMEM, region, 2);
}

static int region_fails(void *arg)
{
	struct t_usage before = t_usage();
	struct io_uring_params p;
	struct io_uring ring;

	deny(*(unsigned int *)arg);
	T_EQ(io_uring_queue_init(8, &ring, t_flavour_flags()), -ENOMEM);
	T_NOTHING_LEAKED(before);
	memset(&p, 0, sizeof(p));
	t_flavour_params(&p);
	T_EQ(io_uring_queue_init_params(8, &ring, &p), -ENOMEM);
	T_NOTHING_LEAKED(before);
	T_PTR_EQ(io_uring_get_probe(), NULL);
	T_NOTHING_LEAKED(before);
	return T_EXIT_PASS;
}

/* Separate ring mappings, as kernels before 5.4 want them. */
static int separate_region_fails(void *arg)
{
	struct io_uring_params p;
	struct t_usage before;
	struct io_uring ring;
	int fd;

	memset(&p, 0, sizeof(p));
	t_flavour_params(&p);
	fd = io_uring_setup(8, &p);
	T_GE(fd, 0);
	p.features &= ~IORING_FEAT_SINGLE_MMAP;
	before = t_usage();
	deny(*(unsigned int *)arg);
	T_EQ(io_uring_queue_mmap(fd, &p, &ring), -ENOMEM);
	T_NOTHING_LEAKED(before);
	T_GE(fcntl(fd, F_GETFD), 0);
	return T_EXIT_PASS;
}

int main(void)
{
	static unsigned int offsets[] = {
		IORING_OFF_SQ_RING,
		IORING_OFF_SQES,
		IORING_OFF_CQ_RING,
	};
	struct io_uring ring;
	unsigned int i;

	T_RING(8, &ring, 0);
	if (ring.features & IORING_FEAT_SINGLE_MMAP)
		for (i = 0; i < 2; i++)
			T_EQ(t_fork_run(region_fails, &offsets[i]), T_EXIT_PASS);
	for (i = 0; i < 3; i++)
		T_EQ(t_fork_run(separate_region_fails, &offsets[i]),
		     T_EXIT_PASS);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
