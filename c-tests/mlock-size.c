/* Description: io_uring_mlock_size[_params]() is what RLIMIT_MEMLOCK must
 * allow: 0 on kernels that do not charge rings to it, which a trial ring
 * tells; where no trial ring can be made it is the computed size, and invalid
 * entries are -EINVAL. The trial ring leaves nothing behind. */
/* flavours: plain */
#include "test.h"

static int no_rings(void *arg)
{
	struct io_uring_params p;

	(void)arg;
	t_seccomp_deny(__NR_io_uring_setup, ENOSYS, NULL, 0);
	T_EQ(io_uring_mlock_size(8, 0), io_uring_memory_size(8, 0));
	T_EQ(io_uring_mlock_size(4096, 0), io_uring_memory_size(4096, 0));
	memset(&p, 0, sizeof(p));
	p.flags = IORING_SETUP_CQSIZE;
	p.cq_entries = 65536;
	T_EQ(io_uring_mlock_size_params(8, &p),
	     io_uring_memory_size_params(8, &p));
	T_EQ(io_uring_mlock_size(0, 0), -EINVAL);
	return T_EXIT_PASS;
}

int main(void)
{
	struct t_usage before;
	struct io_uring_params p;
	struct io_uring ring;

	before = t_usage();
	T_RING(8, &ring, 0);
	if (ring.features & IORING_FEAT_NATIVE_WORKERS) {
		T_EQ(io_uring_mlock_size(8, 0), 0);
		T_EQ(io_uring_mlock_size(32768, 0), 0);
		T_EQ(io_uring_mlock_size(8, IORING_SETUP_SQPOLL), 0);
		memset(&p, 0, sizeof(p));
		p.flags = IORING_SETUP_CQSIZE;
		p.cq_entries = 100;
		T_EQ(io_uring_mlock_size_params(8, &p), 0);
		T_EQ(p.cq_entries, 100);
		T_EQ(p.flags, IORING_SETUP_CQSIZE);
		/* The trial is made with zeroed parameters, which 4 would fail. */
		p.cq_entries = 4;
		T_EQ(io_uring_mlock_size_params(8, &p), 0);
	} else {
		T_EQ(io_uring_mlock_size(8, 0), io_uring_memory_size(8, 0));
	}
	io_uring_queue_exit(&ring);
	T_EQ(io_uring_mlock_size(0, 0), -EINVAL);
	T_EQ(io_uring_mlock_size(32769, 0), -EINVAL);
	/* No trial ring of that size without CLAMP: the computed size. */
	T_EQ(io_uring_mlock_size(100000, IORING_SETUP_CLAMP),
	     io_uring_memory_size(32768, 0));
	T_NOTHING_LEAKED(before);

	T_EQ(t_fork_run(no_rings, NULL), T_EXIT_PASS);
	return T_EXIT_PASS;
}
