/* Description: NULL where setup, ring registration, size and exit functions
 * need a ring or parameters is -EINVAL or -EFAULT, not a crash. */
/* flavours: plain */
/* upstream: differs: it dereferences the NULL pointer */
#include "test.h"

static struct io_uring ring;
static struct io_uring_params params;

/* In a child, so that a crash names the call that it comes from. */
#define REFUSED(call)                                                          \
	do {                                                                   \
		int status_;                                                   \
		pid_t pid_ = (pid_t)T_SYS(fork());                             \
		if (!pid_) {                                                   \
			long long got_;                                        \
			t_start();                                             \
			got_ = (long long)(call);                              \
			if (got_ != -EINVAL && got_ != -EFAULT)                \
				T_FAIL("%s: %lld seen, -EINVAL or -EFAULT "    \
				       "expected", #call, got_);               \
			_exit(T_EXIT_PASS);                                    \
		}                                                              \
		T_SYS(waitpid(pid_, &status_, 0));                             \
		if (WIFSIGNALED(status_))                                      \
			T_FAIL("%s: killed by signal %d", #call,               \
			       WTERMSIG(status_));                             \
		if (WEXITSTATUS(status_))                                      \
			_exit(WEXITSTATUS(status_));                           \
	} while (0)

/* For functions without such a result: they only have to come back. */
#define SURVIVES(call) REFUSED((call, -EINVAL))

int main(void)
{
	struct io_uring_restriction res;
	struct io_uring_mem_region_reg region;
	struct io_uring_reg_wait wait;
	struct io_uring_params p;
	char memory[8192];
	int fd;

	memset(&res, 0, sizeof(res));
	memset(&region, 0, sizeof(region));
	memset(&wait, 0, sizeof(wait));
	memset(&p, 0, sizeof(p));
	T_RING(4, &ring, 0);
	fd = io_uring_setup(4, &params);
	T_GE(fd, 0);

	REFUSED(io_uring_queue_init(4, NULL, 0));
	REFUSED(io_uring_queue_init_params(4, NULL, &p));
	REFUSED(io_uring_queue_init_params(4, &ring, NULL));
	REFUSED(io_uring_queue_init_mem(4, NULL, &p, memory, sizeof(memory)));
	REFUSED(io_uring_queue_init_mem(4, &ring, NULL, memory, sizeof(memory)));
	REFUSED(io_uring_queue_mmap(fd, &params, NULL));
	REFUSED(io_uring_queue_mmap(fd, NULL, &ring));
	REFUSED(io_uring_resize_rings(NULL, &p));
	REFUSED(io_uring_resize_rings(&ring, NULL));
	REFUSED(io_uring_ring_dontfork(NULL));
	REFUSED(io_uring_memory_size_params(4, NULL));
	/* On kernels since 5.12 the answer is 0 whatever the parameters are. */
	SURVIVES(io_uring_mlock_size_params(4, NULL));
	SURVIVES(io_uring_queue_exit(NULL));
	SURVIVES(io_uring_free_probe(NULL));
	SURVIVES(io_uring_get_probe_ring(NULL));

	REFUSED(io_uring_register_ring_fd(NULL));
	REFUSED(io_uring_unregister_ring_fd(NULL));
	REFUSED(io_uring_close_ring_fd(NULL));
	REFUSED(io_uring_enable_rings(NULL));
	REFUSED(io_uring_set_iowait(NULL, true));
	REFUSED(io_uring_register_restrictions(NULL, &res, 1));
	REFUSED(io_uring_register_probe(NULL, NULL, 0));
	REFUSED(io_uring_register_region(NULL, &region));
	REFUSED(io_uring_register_wait_reg(NULL, &wait, 1));
	return T_EXIT_PASS;
}
