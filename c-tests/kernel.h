/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What a test needs of the kernel. A test names the version of Linux that
 * brought a feature; on an older kernel the documented error must come back,
 * and on one that is new enough nothing may be missing. Distributions bring
 * features to older kernels, so there the feature may be present as well.
 *
 * A launcher that hides a part of io_uring names the version that is as old as
 * what is left in the environment variable RING_KERNEL.
 */
#ifndef T_KERNEL_H
#define T_KERNEL_H

#include <sys/utsname.h>

/* Whether io_uring here may be older than that of the given version. */
static inline bool t_before(int major, int minor)
{
	const char *text = getenv("RING_KERNEL");
	int here_major, here_minor;
	struct utsname uts;

	if (!text || !*text) {
		if (uname(&uts))
			T_FAIL("uname: %s", strerror(errno));
		text = uts.release;
	}
	if (sscanf(text, "%d.%d", &here_major, &here_minor) != 2)
		T_FAIL("no version of a kernel: \"%s\"", text);
	return here_major < major || (here_major == major && here_minor < minor);
}

/*
 * Whether the kernel is too old for `what`, which came with the given version:
 * then `error` is what a program gets to see.
 */
static inline bool t_lacks(int major, int minor, const char *what,
			   long long seen, long long error)
{
	if (seen != error || !t_before(major, minor))
		return false;
	printf("old kernel: no %s before %d.%d: %s\n", what, major, minor,
	       error ? strerror((int)-error) : "ignored");
	return true;
}

/* The test ends well when the kernel is too old and says so as documented. */
#define T_NEEDS(major, minor, what, seen, error)                               \
	do {                                                                   \
		if (t_lacks(major, minor, what, seen, error))                  \
			exit(T_EXIT_PASS);                                     \
	} while (0)

/* As T_EQ(), unless the kernel is too old and `error` is seen instead. */
#define T_EQ_SINCE(major, minor, what, seen, wanted, error)                    \
	do {                                                                   \
		long long t_since_ = (long long)(seen);                        \
		T_NEEDS(major, minor, what, t_since_, error);                  \
		if (t_since_ != (long long)(wanted))                           \
			t_fail(__FILE__, __LINE__,                             \
			       "expected %s == %s: %lld seen, %lld expected",  \
			       #seen, #wanted, t_since_, (long long)(wanted)); \
	} while (0)

/* As t_lacks(), of an opcode: its request completes with -EINVAL. */
static inline bool t_lacks_op(int major, int minor, int op, const char *name)
{
	struct io_uring_probe *probe = io_uring_get_probe();
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	bool known;
	int ret;

	if (!probe)
		return false;
	known = io_uring_opcode_supported(probe, op);
	io_uring_free_probe(probe);
	if (known)
		return false;
	ret = io_uring_queue_init(1, &ring, 0);
	if (ret)
		T_FAIL("io_uring_queue_init: %d", ret);
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_rw(op, sqe, -1, NULL, 0, 0);
	/* Before 5.15 the submission itself reports what it cannot start. */
	ret = io_uring_submit_and_wait(&ring, 1);
	if (ret == 1)
		ret = io_uring_wait_cqe(&ring, &cqe);
	if (!ret)
		ret = cqe->res;
	io_uring_queue_exit(&ring);
	if (!t_lacks(major, minor, name, ret, -EINVAL))
		T_FAIL("the kernel has no %s, and answers %d", name, ret);
	return true;
}

#define T_NEEDS_OP(major, minor, op)                                           \
	do {                                                                   \
		if (t_lacks_op(major, minor, op, #op))                         \
			exit(T_EXIT_PASS);                                     \
	} while (0)

/* Ends the test if the kernel is too old for one of these IORING_SETUP_*. */
static inline void t_needs_setup_flags(unsigned int flags, long long seen)
{
	static const struct {
		unsigned int flag;
		int major, minor;
		const char *name;
	} since[] = {
		{ IORING_SETUP_SQE_MIXED, 6, 19, "IORING_SETUP_SQE_MIXED" },
		{ IORING_SETUP_CQE_MIXED, 6, 18, "IORING_SETUP_CQE_MIXED" },
		{ IORING_SETUP_HYBRID_IOPOLL, 6, 13,
		  "IORING_SETUP_HYBRID_IOPOLL" },
		{ IORING_SETUP_NO_SQARRAY, 6, 6, "IORING_SETUP_NO_SQARRAY" },
		{ IORING_SETUP_REGISTERED_FD_ONLY, 6, 5,
		  "IORING_SETUP_REGISTERED_FD_ONLY" },
		{ IORING_SETUP_NO_MMAP, 6, 5, "IORING_SETUP_NO_MMAP" },
		{ IORING_SETUP_DEFER_TASKRUN, 6, 1,
		  "IORING_SETUP_DEFER_TASKRUN" },
		{ IORING_SETUP_SINGLE_ISSUER, 6, 0,
		  "IORING_SETUP_SINGLE_ISSUER" },
		{ IORING_SETUP_SQE128, 5, 19, "IORING_SETUP_SQE128" },
		{ IORING_SETUP_CQE32, 5, 19, "IORING_SETUP_CQE32" },
		{ IORING_SETUP_COOP_TASKRUN, 5, 19,
		  "IORING_SETUP_COOP_TASKRUN" },
		{ IORING_SETUP_TASKRUN_FLAG, 5, 19,
		  "IORING_SETUP_TASKRUN_FLAG" },
		{ IORING_SETUP_SUBMIT_ALL, 5, 18, "IORING_SETUP_SUBMIT_ALL" },
		{ IORING_SETUP_R_DISABLED, 5, 10, "IORING_SETUP_R_DISABLED" },
	};
	unsigned int i;

	T_NEEDS(5, 1, "io_uring", seen, -ENOSYS);
	for (i = 0; i < sizeof(since) / sizeof(since[0]); i++)
		if (flags & since[i].flag)
			T_NEEDS(since[i].major, since[i].minor, since[i].name,
				seen, -EINVAL);
}

#endif /* T_KERNEL_H */
