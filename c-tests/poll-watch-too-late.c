/* Description: an update or a removal that finds a poll woken and not yet run is
 * answered with -EALREADY and tried again. A loop that submits, and then waits
 * for a completion, gets to the end: trying again does not keep the kernel from
 * running the poll, also where that is left to the waiting thread. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no poll watches */
#include "poll-watch.h"

/* With the second one at the latest the poll has had its turn. */
#define RETRIES 1000

static struct io_uring ring;
static struct io_uring_poll_watch w;
static int retries;

static void sync_owed(void)
{
	T_EQ(io_uring_poll_watch_sync(&ring, &w), 0);
	if (++retries > RETRIES)
		T_FAIL("tried again %d times", retries);
}

/* One turn of a loop: what next returned, 0 where nobody owns the watch. */
static int turn(__u32 *events)
{
	int ret;

	T_GE(io_uring_submit(&ring), 0);
	ret = pw_post_next(&ring, &w);
	if (ret & PW_SYNC)
		sync_owed();
	if (!(ret & PW_OWNED))
		return 0;
	ret = io_uring_poll_watch_next(&w, events);
	if (ret == PW_SYNC)
		sync_owed();
	return ret == PW_SYNC ? 0 : ret;
}

int main(void)
{
	__u32 events;
	int sv[2], i, ret;

	pw_needs_multishot();
	T_RING(8, &ring, 0);
	pw_socketpair(sv);
	for (i = 0; i < 100; i++) {
		retries = 0;
		pw_arm(&ring, &w, sv[0], POLLIN);
		/* Woken, and nobody has waited since. */
		pw_write(sv[1]);
		T_EQ(io_uring_poll_watch_modify(&ring, &w, POLLIN | POLLPRI), 0);
		while (!(ret = turn(&events)))
			;
		T_EQ(ret, 1);
		T_EQ(pw_drain(sv[0]), 1);
		while ((ret = io_uring_poll_watch_next(&w, &events)) == 1)
			;
		if (ret)
			sync_owed();

		pw_write(sv[1]);
		if (io_uring_poll_watch_cancel(&w))
			sync_owed();
		while (!(ret = turn(&events)))
			;
		T_EQ(ret, -ECANCELED);
		T_EQ(pw_drain(sv[0]), 1);
		t_no_completion(&ring);
	}
	io_uring_queue_exit(&ring);
	pw_close(sv);
	return T_EXIT_PASS;
}
