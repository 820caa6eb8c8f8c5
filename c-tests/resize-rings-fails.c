/* Description: a resize that fails, in the kernel or when its new regions
 * cannot be mapped, is that error; exit afterwards leaves nothing behind. */
/* flavours: defer */
/* valgrind: off: the filter refuses valgrind's own mappings, too */
#include "test.h"

static int fails_at(void *arg)
{
	const struct t_arg_match region[] = {
		{ 4, 1U << 31, 0 },
		{ 5, ~0U, *(unsigned int *)arg },
	};
	struct io_uring_params p;
	struct t_usage before = t_usage();
	struct io_uring ring;
	int ret;

	T_RING(8, &ring, 0);
	t_seccomp_deny(__NR_mmap, ENOMEM, region, 2);
	memset(&p, 0, sizeof(p));
	p.sq_entries = 64;
	ret = io_uring_resize_rings(&ring, &p);
	T_EQ(p.flags, 0);
	T_NEEDS(6, 13, "IORING_REGISTER_RESIZE_RINGS", ret, -EINVAL);
	T_EQ(ret, -ENOMEM);
	io_uring_queue_exit(&ring);
	T_NOTHING_LEAKED(before);
	return T_EXIT_PASS;
}

static int closed_descriptor(void *arg)
{
	struct io_uring_params p;
	struct io_uring ring;
	int ret;

	(void)arg;
	T_RING(8, &ring, 0);
	T_EQ_SINCE(5, 18, "IORING_REGISTER_RING_FDS",
		   io_uring_register_ring_fd(&ring), 1, -EINVAL);
	T_EQ_SINCE(6, 3, "IORING_FEAT_REG_REG_RING",
		   io_uring_close_ring_fd(&ring), 1, -EOPNOTSUPP);
	memset(&p, 0, sizeof(p));
	p.sq_entries = 64;
	ret = io_uring_resize_rings(&ring, &p);
	T_EQ(p.flags, 0);
	T_NEEDS(6, 13, "IORING_REGISTER_RESIZE_RINGS", ret, -EINVAL);
	T_EQ(ret, -EBADF);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}

int main(void)
{
	static unsigned int offsets[] = { IORING_OFF_SQ_RING, IORING_OFF_SQES };

	T_EQ(t_fork_run(fails_at, &offsets[0]), T_EXIT_PASS);
	T_EQ(t_fork_run(fails_at, &offsets[1]), T_EXIT_PASS);
	T_EQ(t_fork_run(closed_descriptor, NULL), T_EXIT_PASS);
	return T_EXIT_PASS;
}
