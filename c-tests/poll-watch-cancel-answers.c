/* Description: a cancelled poll watch is over when both the poll's last completion
 * and the removal's answer have come, in either order and not before; a removal
 * that came at the wrong moment (-EALREADY) is tried again. */
/* flavours: plain */
/* upstream: differs: liburing has no poll watches */
#include "poll-watch.h"

static struct io_uring ring;
static struct io_uring_poll_watch w;

static void sync_queues(enum pw_request wanted)
{
	T_EQ(io_uring_poll_watch_sync(&ring, &w), 0);
	T_CHECK(!io_uring_poll_watch_owes(&w));
	PW_QUEUED(&ring, wanted);
}

static void cancelled(void)
{
	T_EQ(io_uring_poll_watch_cancel(&w), PW_SYNC);
	T_CHECK(io_uring_poll_watch_owes(&w));
	sync_queues(PW_REMOVAL);
}

/* The terminal result, and nothing more; nothing may be owed to the end. */
static void over(int error)
{
	T_CHECK(!io_uring_poll_watch_owes(&w));
	PW_NEXT(&w, error);
	PW_NEXT(&w, -EPERM);
	PW_QUEUED(&ring, PW_NOTHING);
}

/*
 * Two completions of the kernel's: what the poll ends with, and the answer. Sync
 * is called a second time by somebody who need not, and queues nothing.
 */
static void both(int end, int answer, bool answer_first)
{
	pw_arm_by_hand(&ring, &w, POLLIN);
	cancelled();
	T_EQ(pw_post(&w, answer_first ? answer : end, 0), 0);
	PW_NEXT(&w, -EPERM);
	sync_queues(PW_NOTHING);
	T_EQ(pw_post(&w, answer_first ? end : answer, 0), PW_OWNED);
	over(-ECANCELED);
}

static void orders(void)
{
	static const int ends[] = {
		-ECANCELED, POLLIN, POLLIN | POLLHUP, -ENOMEM, -EBADF,
	};
	unsigned int i;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		both(ends[i], 0, true);
		both(ends[i], 0, false);
		both(ends[i], -ENOENT, true);
		both(ends[i], -ENOENT, false);
		/* Too late for a poll that was at its end. */
		both(ends[i], -EALREADY, false);
	}
}

/* The poll request was being handled and goes on. */
static void again(void)
{
	int i;

	pw_arm_by_hand(&ring, &w, POLLIN);
	cancelled();
	for (i = 0; i < 3; i++) {
		T_EQ(pw_post(&w, POLLIN, PW_MORE), 0);
		T_EQ(pw_post(&w, -EALREADY, 0), PW_SYNC);
		PW_NEXT(&w, -EPERM);
		T_CHECK(io_uring_poll_watch_owes(&w));
		sync_queues(PW_REMOVAL);
	}
	T_EQ(pw_post(&w, 0, 0), 0);
	T_EQ(pw_post(&w, -ECANCELED, 0), PW_OWNED);
	over(-ECANCELED);

	/* It ends before that removal is queued: one is, and is answered. */
	pw_arm_by_hand(&ring, &w, POLLIN);
	cancelled();
	T_EQ(pw_post(&w, -EALREADY, 0), PW_SYNC);
	T_EQ(pw_post(&w, -ECANCELED, 0), 0);
	PW_NEXT(&w, -EPERM);
	sync_queues(PW_REMOVAL);
	T_EQ(pw_post(&w, -ENOENT, 0), PW_OWNED);
	over(-ECANCELED);
}

/* Somebody has the events, or is told of them: no more are handed out. */
static void owned(void)
{
	pw_arm_by_hand(&ring, &w, POLLIN);
	T_EQ(pw_post(&w, POLLIN, PW_MORE), PW_OWNED);
	cancelled();
	T_EQ(pw_post(&w, POLLIN, PW_MORE), 0);
	T_EQ(pw_post(&w, POLLHUP, 0), 0);
	PW_NEXT(&w, 0);
	T_EQ(pw_post(&w, -ENOENT, 0), PW_OWNED);
	over(-ECANCELED);

	pw_arm_by_hand(&ring, &w, POLLIN);
	T_EQ(pw_post(&w, POLLIN, PW_MORE), PW_OWNED);
	PW_EVENTS(&w, POLLIN);
	cancelled();
	T_EQ(pw_post(&w, 0, 0), 0);
	T_EQ(pw_post(&w, -ECANCELED, 0), 0);
	over(-ECANCELED);
}

/* The SYNC of a re-arm is on its way: it finds the cancel, and ends it. */
static void told_before(void)
{
	pw_arm_by_hand(&ring, &w, POLLIN);
	T_EQ(pw_post(&w, POLLIN, 0), PW_OWNED);
	PW_EVENTS(&w, POLLIN);
	PW_NEXT(&w, PW_SYNC);
	T_EQ(io_uring_poll_watch_cancel(&w), 0);
	T_CHECK(io_uring_poll_watch_owes(&w));
	PW_NEXT(&w, -EPERM);
	sync_queues(PW_REMOVAL);
	T_EQ(pw_post(&w, -ENOENT, 0), PW_OWNED);
	over(-ECANCELED);
}

/* Kernels before 6.1 may show events behind the poll's end. */
static void overtaken(void)
{
	pw_arm_by_hand(&ring, &w, POLLIN);
	T_EQ(pw_post(&w, -ECANCELED, 0), PW_SYNC);
	T_EQ(pw_post(&w, POLLIN, PW_MORE), PW_OWNED);
	PW_EVENTS(&w, POLLIN);
	PW_NEXT(&w, 0);
	sync_queues(PW_POLL);
	cancelled();
	T_EQ(pw_post(&w, -ECANCELED, 0), 0);
	T_EQ(pw_post(&w, POLLIN, PW_MORE), 0);
	PW_NEXT(&w, -EPERM);
	T_EQ(pw_post(&w, 0, 0), PW_OWNED);
	over(-ECANCELED);
}

/* While an update is in flight, the poll's end with it. */
static void updating(int answer, int next)
{
	pw_arm_by_hand(&ring, &w, POLLIN);
	T_EQ(io_uring_poll_watch_modify(&ring, &w, POLLOUT), 0);
	PW_QUEUED_FOR(&ring, PW_UPDATE, POLLOUT);
	T_EQ(io_uring_poll_watch_cancel(&w), 0);
	sync_queues(PW_NOTHING);
	T_EQ(pw_post(&w, answer, 0), PW_SYNC);
	sync_queues(PW_REMOVAL);
	T_EQ(pw_post(&w, next, 0), 0);
	T_EQ(pw_post(&w, next == -ECANCELED ? 0 : -ECANCELED, 0), PW_OWNED);
	over(-ECANCELED);

	pw_arm_by_hand(&ring, &w, POLLIN);
	T_EQ(io_uring_poll_watch_modify(&ring, &w, POLLOUT), 0);
	PW_QUEUED_FOR(&ring, PW_UPDATE, POLLOUT);
	T_EQ(io_uring_poll_watch_cancel(&w), 0);
	T_EQ(pw_post(&w, POLLOUT, 0), 0);
	T_EQ(pw_post(&w, answer, 0), PW_OWNED);
	over(-ECANCELED);
}

int main(void)
{
	T_RING(256, &ring, 0);
	orders();
	again();
	owned();
	told_before();
	overtaken();
	updating(0, 0);
	updating(-ENOENT, -ECANCELED);
	updating(-EALREADY, -ECANCELED);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
