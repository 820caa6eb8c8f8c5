/* Description: the library needs a small ring of its own to post a notifier
 * for which the kernel has no completion left. While no descriptor is free for
 * it, a wait returns the error; nothing is lost, and a later wait delivers. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no notification slots */
#include "notif.h"

#include <sys/resource.h>

static struct io_uring ring;

static int refused(void *arg)
{
	const struct t_arg_match post = { 1, ~0U,
					  IORING_REGISTER_SEND_MSG_RING };
	struct rlimit limit, none;
	struct io_uring_cqe *cqe = NULL;
	struct t_usage before;
	int sv[2], ret;

	(void)arg;
	t_socketpair(sv);
	/* What newer kernels can do without a ring. */
	t_seccomp_deny(__NR_io_uring_register, EINVAL, &post, 1);
	before = t_usage();
	T_RING(8, &ring, 0);
	notif_register(&ring, 1);
	notif_send(&ring, sv[0], "x", 1, 0, 0, 1);
	t_submit(&ring, 1);
	NOTIF_NEXT(&ring, 1, 1, 0);
	t_expect(sv[1], "x", 1);

	T_SYS(getrlimit(RLIMIT_NOFILE, &limit));
	none = limit;
	none.rlim_cur = 0;
	T_SYS(setrlimit(RLIMIT_NOFILE, &none));
	T_EQ(io_uring_unregister_notifications(&ring), 0);
	ret = io_uring_wait_cqe(&ring, &cqe);
	if (ret) {
		T_EQ(ret, -EMFILE);
		T_EQ(io_uring_wait_cqe(&ring, &cqe), -EMFILE);
		T_EQ(io_uring_peek_cqe(&ring, &cqe), -EAGAIN);
		T_SYS(setrlimit(RLIMIT_NOFILE, &limit));
		NOTIF_NEXT(&ring, NOTIF_TAG(0), 0, 0);
	} else {
		/* The ring was there before. */
		T_EQ(cqe->user_data, NOTIF_TAG(0));
		io_uring_cqe_seen(&ring, cqe);
		T_SYS(setrlimit(RLIMIT_NOFILE, &limit));
	}
	NOTIF_QUIET(&ring);

	/* Nothing is wrong with the ring. */
	notif_register(&ring, 1);
	t_queue_nop(&ring, 2);
	t_submit(&ring, 1);
	NOTIF_NEXT(&ring, 2, 0, 0);
	io_uring_queue_exit(&ring);
	T_NOTHING_LEAKED(before);
	notif_close(sv);
	return 0;
}

int main(void)
{
	T_NEEDS_RING();
	T_EQ(t_fork_run(refused, NULL), 0);
	return T_EXIT_PASS;
}
