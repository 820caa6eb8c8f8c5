/* Description: the kernel counts a file table against RLIMIT_NOFILE. On
 * EMFILE the three ways to register one raise the soft limit by the number of
 * slots and try once more; where the hard limit forbids that, EMFILE stays. */
/* flavours: plain */
/* valgrind: off: it keeps the limit of open files to itself */
#include "file.h"

#include <sys/resource.h>

#define SLOTS 96U

static int by_array(struct io_uring *ring, int *fds, __u64 *tags)
{
	(void)tags;
	return io_uring_register_files(ring, fds, SLOTS);
}

static int by_tags(struct io_uring *ring, int *fds, __u64 *tags)
{
	return io_uring_register_files_tags(ring, fds, tags, SLOTS);
}

static int sparse(struct io_uring *ring, int *fds, __u64 *tags)
{
	(void)fds;
	(void)tags;
	return io_uring_register_files_sparse(ring, SLOTS);
}

static int (*const forms[])(struct io_uring *, int *, __u64 *) = {
	by_array,
	by_tags,
	sparse,
};

static int run(void *arg)
{
	rlim_t hard = *(rlim_t *)arg;
	struct rlimit seen, want = { 64, hard };
	int fds[SLOTS];
	unsigned int i;
	int ret;

	memset(fds, 0xff, sizeof(fds));
	T_SYS(setrlimit(RLIMIT_NOFILE, &want));
	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct io_uring ring;
		__u64 tags[SLOTS];

		memset(tags, 0, sizeof(tags));
		want.rlim_cur = 64;
		T_SYS(setrlimit(RLIMIT_NOFILE, &want));
		T_RING(8, &ring, 0);
		ret = forms[i](&ring, fds, tags);
		if (forms[i] == by_tags)
			T_NEEDS(5, 13, "IORING_REGISTER_FILES2", ret, -EINVAL);
		if (forms[i] == sparse)
			T_NEEDS(5, 19, "IORING_RSRC_REGISTER_SPARSE", ret,
				-EINVAL);
		T_EQ(ret, hard > 64 ? 0 : -EMFILE);
		T_SYS(getrlimit(RLIMIT_NOFILE, &seen));
		T_EQ(seen.rlim_cur, hard > 64 ? 64 + SLOTS : 64);
		T_EQ(seen.rlim_max, hard);
		io_uring_queue_exit(&ring);
	}
	return T_EXIT_PASS;
}

int main(void)
{
	rlim_t roomy = 1024, tight = 64;

	T_EQ(t_fork_run(run, &roomy), T_EXIT_PASS);
	/* Root may raise even the hard limit; an ordinary program may not. */
	if (geteuid() == 0)
		T_SYS(setuid(65534));
	T_EQ(t_fork_run(run, &tight), T_EXIT_PASS);
	return T_EXIT_PASS;
}
