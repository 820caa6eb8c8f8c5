/* Description: a poll that the kernel ends because the CQ is full is armed again
 * by its watch, when the owner has let go and not before: a loop on a CQ of four
 * entries never goes deaf. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no poll watches */
#include "poll-watch.h"

#define ROUNDS 100
#define NOPS 4u

static struct io_uring ring;
static struct io_uring_poll_watch w;
/* Completions that said that no more would come. */
static int ended;

/* The next completion: that of a NOP, or the watch's, posted. */
static int reap(void)
{
	struct io_uring_cqe *cqe = pw_wait(&ring);
	int ret = 0;

	if (cqe->user_data == PW_DATA) {
		ended += !(cqe->flags & PW_MORE);
		ret = io_uring_poll_watch_post(&w, cqe);
		T_GE(ret, 0);
	}
	io_uring_cqe_seen(&ring, cqe);
	return ret;
}

static void fill_cq(void)
{
	unsigned int i;

	for (i = 0; i < NOPS; i++)
		t_queue_nop(&ring, i);
	pw_submit(&ring, NOPS);
	while (io_uring_cq_ready(&ring) < NOPS)
		T_GE(io_uring_get_events(&ring), 0);
}

/*
 * The wake-up comes when there is no room for its completion: whether that is
 * the end of a poll.
 */
static bool round_of_nops(int to, int from)
{
	int ret, before = ended;

	fill_cq();
	pw_write(to);
	/* Runs the poll where that is left to this thread. */
	while (!io_uring_cq_has_overflow(&ring))
		T_GE(io_uring_get_events(&ring), 0);
	do {
		ret = reap();
	} while (!ret);
	T_EQ(ret, PW_OWNED);
	if (t_lacks(6, 1, "end of a poll by a full CQ", ended, before)) {
		pw_release(&ring, &w);
		T_EQ(pw_drain(from), 1);
		return false;
	}
	T_EQ(ended, before + 1);

	/* Arming would report what the owner handles. */
	T_CHECK(!io_uring_poll_watch_owes(&w));
	T_EQ(io_uring_poll_watch_sync(&ring, &w), 0);
	T_EQ(io_uring_sq_ready(&ring), 0);
	PW_EVENTS(&w, POLLIN);
	T_EQ(pw_drain(from), 1);
	PW_NEXT(&w, PW_SYNC);
	T_CHECK(io_uring_poll_watch_owes(&w));
	PW_NEXT(&w, -EPERM);
	pw_sync(&ring, &w, 1);
	return true;
}

/* Wakes up so often that the CQ may overflow, and reads what was sent. */
static void round_of_events(int to, int from)
{
	__u32 events;
	int i, ret, got = 0;

	for (i = 0; i < 10; i++)
		pw_write(to);
	while (got < 10) {
		ret = reap();
		if (ret & PW_SYNC)
			pw_sync(&ring, &w, 1);
		if (!(ret & PW_OWNED))
			continue;
		while ((ret = io_uring_poll_watch_next(&w, &events)) == 1)
			got += pw_drain(from);
		if (ret)
			pw_sync(&ring, &w, 1);
	}
	T_EQ(got, 10);
}

int main(void)
{
	struct io_uring_params p;
	int sv[2], i;

	pw_needs_multishot();
	memset(&p, 0, sizeof(p));
	p.flags = IORING_SETUP_CQSIZE;
	p.cq_entries = NOPS;
	T_EQ(t_ring_init_params(4, &ring, &p), 0);
	T_EQ(p.cq_entries, NOPS);
	pw_socketpair(sv);
	pw_arm(&ring, &w, sv[0], POLLIN);

	for (i = 0; i < ROUNDS && round_of_nops(sv[1], sv[0]); i++)
		;
	for (i = 0; i < ROUNDS; i++)
		round_of_events(sv[1], sv[0]);

	/* And at last one that is alone. */
	pw_settle(&ring, &w);
	pw_one_event(&ring, &w, sv[1], sv[0]);
	pw_cancel(&ring, &w);
	io_uring_queue_exit(&ring);
	pw_close(sv);
	return T_EXIT_PASS;
}
