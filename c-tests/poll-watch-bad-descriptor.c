/* Description: a poll watch whose poll fails for good ends by itself with the
 * error, once, after the events that came before; a cancel in between makes
 * -ECANCELED of it. The memory can then be initialised again. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no poll watches */
#include "poll-watch.h"

static struct io_uring ring;
static struct io_uring_poll_watch w;

static void arm(int fd, unsigned int flags)
{
	T_EQ(io_uring_poll_watch_init(&w, fd, POLLIN, PW_DATA, flags), 0);
	T_EQ(io_uring_poll_watch_arm(&ring, &w), 0);
	pw_submit(&ring, 1);
}

/* The result is there once. */
static void over(int error)
{
	PW_NEXT(&w, error);
	PW_NEXT(&w, -EPERM);
	T_CHECK(!io_uring_poll_watch_owes(&w));
	t_no_completion(&ring);
}

static void failed(int fd, unsigned int flags, int error)
{
	arm(fd, flags);
	T_EQ(pw_post_next(&ring, &w), PW_OWNED);
	T_CHECK(!io_uring_poll_watch_owes(&w));
	T_EQ(io_uring_poll_watch_modify(&ring, &w, POLLOUT), error);
	over(error);

	/* Somebody cancels what has failed. */
	arm(fd, flags);
	T_EQ(pw_post_next(&ring, &w), PW_OWNED);
	T_EQ(io_uring_poll_watch_cancel(&w), 0);
	T_EQ(io_uring_poll_watch_cancel(&w), -EALREADY);
	over(-ECANCELED);
}

/* Somebody owns the watch, and has not taken the events, when it fails. */
static void events_first(void)
{
	pw_arm_by_hand(&ring, &w, POLLIN);
	T_EQ(pw_post(&w, POLLIN, PW_MORE), PW_OWNED);
	T_EQ(pw_post(&w, -EBADF, 0), 0);
	T_CHECK(!io_uring_poll_watch_owes(&w));
	PW_EVENTS(&w, POLLIN);
	over(-EBADF);
}

/* The answer to an update is still to come. */
static void answer_first(int answer)
{
	pw_arm_by_hand(&ring, &w, POLLIN);
	T_EQ(io_uring_poll_watch_modify(&ring, &w, POLLOUT), 0);
	PW_QUEUED_FOR(&ring, PW_UPDATE, POLLOUT);
	T_EQ(pw_post(&w, -EOPNOTSUPP, 0), 0);
	PW_NEXT(&w, -EPERM);
	T_EQ(pw_post(&w, answer, 0), PW_OWNED);
	over(-EOPNOTSUPP);
}

int main(void)
{
	int table[2] = { -1, -1 }, fds[2], closed;

	pw_needs_multishot();
	T_RING(256, &ring, 0);
	pw_pipe(fds);
	closed = (int)T_SYS(dup(fds[0]));
	close(closed);

	/* The SQPOLL thread must not see what is only played. */
	if (t_flavour() == T_PLAIN) {
		events_first();
		answer_first(-ENOENT);
		answer_first(-EALREADY);
		answer_first(0);
		io_uring_queue_exit(&ring);
		T_RING(256, &ring, 0);
	}

	failed(closed, 0, -EBADF);
	/* No table, no such index, nothing there. */
	failed(0, IO_URING_POLL_WATCH_FIXED_FILE, -EBADF);
	T_EQ(io_uring_register_files(&ring, table, 2), 0);
	failed(2, IO_URING_POLL_WATCH_FIXED_FILE, -EBADF);
	failed(INT32_MAX, IO_URING_POLL_WATCH_FIXED_FILE, -EBADF);
	failed(1, IO_URING_POLL_WATCH_FIXED_FILE, -EBADF);

	pw_arm(&ring, &w, fds[0], POLLIN);
	pw_one_event(&ring, &w, fds[1], fds[0]);
	pw_cancel(&ring, &w);
	io_uring_queue_exit(&ring);
	pw_close(fds);
	return T_EXIT_PASS;
}
