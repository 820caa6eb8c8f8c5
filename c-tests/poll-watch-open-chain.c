/* Description: a request that followed an SQE with IOSQE_IO_LINK or
 * IOSQE_IO_HARDLINK would belong to its chain and die with it, so arm, modify
 * and sync refuse with -EINVAL until the chain is closed or submitted. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no poll watches */
#include "poll-watch.h"

static struct io_uring ring;
static struct io_uring_poll_watch w;
static unsigned int nops;

static void nop(unsigned int flags)
{
	struct io_uring_sqe *sqe;

	sqe = t_queue_nop(&ring, 9);
	io_uring_sqe_set_flags(sqe, flags);
	nops++;
}

/*
 * Submits the NOPs, and perhaps a request of the watch with so many answers:
 * what post returned. The NOP at the end of a chain is late.
 */
static int run(unsigned int requests, unsigned int answers)
{
	unsigned int left = nops + answers;
	struct io_uring_cqe *cqe;
	int ret, bits = 0;

	pw_submit(&ring, nops + requests);
	nops = 0;
	while (left--) {
		cqe = pw_wait(&ring);
		if (cqe->user_data == PW_DATA) {
			ret = io_uring_poll_watch_post(&w, cqe);
			T_GE(ret, 0);
			bits |= ret;
		} else {
			T_EQ(cqe->res, 0);
		}
		io_uring_cqe_seen(&ring, cqe);
	}
	return bits;
}

/* The chain ends, in one way or the other. */
static void close_chain(bool submit)
{
	if (submit)
		T_EQ(run(0, 0), 0);
	else
		nop(0);
}

/* Refused behind an open chain, and nothing else happens. */
#define REFUSED_IN_CHAIN(call)                                                 \
	do {                                                                   \
		struct io_uring_poll_watch t_before_ = w;                      \
		unsigned int t_ready_;                                         \
		nop(flag);                                                     \
		t_ready_ = io_uring_sq_ready(&ring);                           \
		T_EQ(call, -EINVAL);                                           \
		if (t_flavour() != T_SQPOLL)                                   \
			T_EQ(io_uring_sq_ready(&ring), t_ready_);              \
		T_CHECK(!memcmp(&w, &t_before_, sizeof(w)));                   \
	} while (0)

static void test(unsigned int flag, bool submit, int to, int from)
{
	pw_init(&w, from, POLLIN);
	REFUSED_IN_CHAIN(io_uring_poll_watch_arm(&ring, &w));
	close_chain(submit);
	T_EQ(io_uring_poll_watch_arm(&ring, &w), 0);
	T_EQ(run(1, 0), 0);
	pw_one_event(&ring, &w, to, from);

	REFUSED_IN_CHAIN(io_uring_poll_watch_modify(&ring, &w, POLLPRI));
	close_chain(submit);
	T_EQ(io_uring_poll_watch_modify(&ring, &w, POLLIN | POLLPRI), 0);
	T_EQ(run(1, 1), 0);
	pw_one_event(&ring, &w, to, from);

	T_EQ(io_uring_poll_watch_cancel(&w), PW_SYNC);
	REFUSED_IN_CHAIN(io_uring_poll_watch_sync(&ring, &w));
	T_CHECK(io_uring_poll_watch_owes(&w));
	close_chain(submit);
	T_EQ(io_uring_poll_watch_sync(&ring, &w), 0);
	T_EQ(run(1, 2), PW_OWNED);
	PW_NEXT(&w, -ECANCELED);
	t_no_completion(&ring);
}

int main(void)
{
	unsigned int i;
	int fds[2];

	pw_needs_multishot();
	T_RING(16, &ring, 0);
	pw_pipe(fds);
	for (i = 0; i < 2; i++) {
		test(IOSQE_IO_LINK, i, fds[1], fds[0]);
		test(IOSQE_IO_HARDLINK, i, fds[1], fds[0]);
	}
	/* A flag that makes no chain. */
	nop(IOSQE_ASYNC);
	pw_init(&w, fds[0], POLLIN);
	T_EQ(io_uring_poll_watch_arm(&ring, &w), 0);
	T_EQ(run(1, 0), 0);
	pw_one_event(&ring, &w, fds[1], fds[0]);
	pw_cancel(&ring, &w);
	io_uring_queue_exit(&ring);
	pw_close(fds);
	return T_EXIT_PASS;
}
