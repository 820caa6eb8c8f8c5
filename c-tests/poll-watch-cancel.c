/* Description: a poll watch that is cancelled ends with -ECANCELED, once, whatever
 * it is doing: idle, owned by somebody, with its descriptor closed, or with no
 * poll in the kernel. No event is handed out any more. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no poll watches */
#include "poll-watch.h"

static struct io_uring ring;
static struct io_uring_poll_watch w;
static int sv[2];

static void over(void)
{
	PW_NEXT(&w, -ECANCELED);
	PW_NEXT(&w, -EPERM);
	T_EQ(io_uring_poll_watch_cancel(&w), -EINVAL);
	T_CHECK(!io_uring_poll_watch_owes(&w));
	pw_quiet(&ring);
}

/* Posts both completions, of which the last one makes an owner, or none. */
static void post_both(int last)
{
	T_EQ(pw_post_next(&ring, &w), 0);
	T_EQ(pw_post_next(&ring, &w), last);
}

static void cancel_and_sync(void)
{
	T_EQ(io_uring_poll_watch_cancel(&w), PW_SYNC);
	T_CHECK(io_uring_poll_watch_owes(&w));
	T_EQ(io_uring_poll_watch_cancel(&w), -EALREADY);
	pw_sync(&ring, &w, 1);
}

static void idle(bool closed)
{
	int fd = (int)T_SYS(dup(sv[0]));

	pw_arm(&ring, &w, fd, POLLIN);
	pw_one_event(&ring, &w, sv[1], fd);
	if (closed)
		close(fd);
	cancel_and_sync();
	post_both(PW_OWNED);
	over();
	if (!closed)
		close(fd);
}

/* Before anything was submitted. */
static void at_once(void)
{
	pw_init(&w, sv[0], POLLIN);
	T_EQ(io_uring_poll_watch_arm(&ring, &w), 0);
	T_EQ(io_uring_poll_watch_cancel(&w), PW_SYNC);
	T_EQ(io_uring_poll_watch_sync(&ring, &w), 0);
	pw_submit(&ring, 2);
	post_both(PW_OWNED);
	over();
}

/* The owner has the events before it, and gets none after it. */
static void owned(void)
{
	pw_arm(&ring, &w, sv[0], POLLIN);
	pw_write(sv[1]);
	T_EQ(pw_own(&ring, &w), POLLIN);
	cancel_and_sync();
	post_both(0);
	T_EQ(pw_drain(sv[0]), 1);
	over();

	/* Told, and not yet there. */
	pw_arm(&ring, &w, sv[0], POLLIN);
	pw_write(sv[1]);
	T_EQ(pw_post_next(&ring, &w), PW_OWNED);
	cancel_and_sync();
	PW_NEXT(&w, 0);
	post_both(PW_OWNED);
	over();
	T_EQ(pw_drain(sv[0]), 1);
}

/* The owner cancels, and lets go before the kernel has answered. */
static void by_the_owner(void)
{
	pw_arm(&ring, &w, sv[0], POLLIN);
	pw_write(sv[1]);
	T_EQ(pw_own(&ring, &w), POLLIN);
	T_EQ(io_uring_poll_watch_cancel(&w), PW_SYNC);
	T_EQ(pw_drain(sv[0]), 1);
	/* Sync was asked for already. */
	PW_NEXT(&w, 0);
	PW_NEXT(&w, -EPERM);
	pw_sync(&ring, &w, 1);
	post_both(PW_OWNED);
	over();
}

/* Nothing is in the kernel; what was to be a re-arm ends the watch. */
static void ended(bool while_owned)
{
	pw_arm(&ring, &w, sv[0], POLLIN);
	if (while_owned) {
		pw_write(sv[1]);
		T_EQ(pw_own(&ring, &w), POLLIN);
		T_EQ(pw_drain(sv[0]), 1);
	}
	T_EQ(pw_take_away(&ring, &w), while_owned ? 0 : PW_SYNC);
	/* Where sync was asked for, that call will do. */
	T_EQ(io_uring_poll_watch_cancel(&w), while_owned ? PW_SYNC : 0);
	T_EQ(io_uring_poll_watch_cancel(&w), -EALREADY);
	pw_sync(&ring, &w, 1);
	T_EQ(pw_post_next(&ring, &w), while_owned ? 0 : PW_OWNED);
	over();
}

int main(void)
{
	pw_needs_multishot();
	T_RING(8, &ring, 0);
	pw_socketpair(sv);
	idle(false);
	idle(true);
	at_once();
	owned();
	by_the_owner();
	ended(false);
	ended(true);
	io_uring_queue_exit(&ring);
	pw_close(sv);
	return T_EXIT_PASS;
}
