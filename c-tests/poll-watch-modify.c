/* Description: modify changes the events of a poll watch in the kernel, where it
 * stays a multishot poll, and checks them against the state of the file as arming
 * does. One that comes before the last was answered waits for it; one that finds
 * no poll in the kernel takes effect with the next. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no poll watches */
#include "poll-watch.h"

static struct io_uring ring;
static struct io_uring_poll_watch w;
static int sv[2];

/* An owner comes with these events; before it may be one with older ones. */
static void until(unsigned int wanted)
{
	unsigned int seen;

	do {
		seen = pw_own(&ring, &w);
		pw_release(&ring, &w);
	} while (!(seen & wanted));
}

static void there_and_back(void)
{
	int i;

	pw_arm(&ring, &w, sv[0], POLLIN);
	for (i = 0; i < 20; i++) {
		pw_modify(&ring, &w, POLLOUT);
		/* There is room already: the level is looked at. */
		until(POLLOUT);
		pw_settle(&ring, &w);
		/* Still multishot, and no longer for input. */
		pw_write(sv[1]);
		pw_quiet(&ring);
		pw_modify(&ring, &w, POLLIN);
		until(POLLIN);
		T_EQ(pw_drain(sv[0]), 1);
		pw_settle(&ring, &w);
		pw_one_event(&ring, &w, sv[1], sv[0]);
	}
	pw_cancel(&ring, &w);
}

/* The first is in the kernel or on its way there; the last one counts. */
static void one_after_the_other(void)
{
	pw_arm(&ring, &w, sv[0], POLLIN);
	pw_modify(&ring, &w, POLLRDHUP);
	T_CHECK(!io_uring_poll_watch_owes(&w));
	T_EQ(io_uring_poll_watch_modify(&ring, &w, POLLPRI), 0);
	T_EQ(io_uring_poll_watch_modify(&ring, &w, POLLOUT), 0);
	/* They are not queued, and nobody is told before the answer came. */
	if (t_flavour() != T_SQPOLL)
		T_EQ(io_uring_sq_ready(&ring), 0);
	T_CHECK(!io_uring_poll_watch_owes(&w));
	T_EQ(pw_post_next(&ring, &w), PW_SYNC);
	T_CHECK(io_uring_poll_watch_owes(&w));
	pw_sync(&ring, &w, 1);
	until(POLLOUT);
	pw_settle(&ring, &w);
	pw_cancel(&ring, &w);
}

/* Between the end of one poll request and the next. */
static void in_between(void)
{
	pw_arm(&ring, &w, sv[0], POLLIN);
	T_EQ(pw_take_away(&ring, &w), PW_SYNC);
	T_EQ(io_uring_poll_watch_modify(&ring, &w, POLLOUT), 0);
	T_CHECK(io_uring_poll_watch_owes(&w));
	pw_sync(&ring, &w, 1);
	T_EQ(pw_own(&ring, &w), POLLOUT);
	pw_release(&ring, &w);
	pw_cancel(&ring, &w);
}

/* The owner itself, which is what a writer does that could not go on. */
static void by_the_owner(void)
{
	pw_arm(&ring, &w, sv[0], POLLIN);
	pw_write(sv[1]);
	T_EQ(pw_own(&ring, &w), POLLIN);
	pw_modify(&ring, &w, POLLIN | POLLOUT);
	T_EQ(pw_drain(sv[0]), 1);
	pw_release(&ring, &w);
	until(POLLOUT);
	pw_settle(&ring, &w);
	pw_write(sv[1]);
	until(POLLIN);
	T_EQ(pw_drain(sv[0]), 1);
	pw_settle(&ring, &w);
	pw_cancel(&ring, &w);
}

int main(void)
{
	pw_needs_multishot();
	T_RING(8, &ring, 0);
	pw_socketpair(sv);
	there_and_back();
	one_after_the_other();
	in_between();
	by_the_owner();
	io_uring_queue_exit(&ring);
	pw_close(sv);
	return T_EXIT_PASS;
}
