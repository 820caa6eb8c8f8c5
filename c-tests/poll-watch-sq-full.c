/* Description: where the SQ is full a poll watch answers -EAGAIN to arm, modify
 * and sync and nothing is changed: what is owed stays owed, and is queued when
 * there is room. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no poll watches */
#include "poll-watch.h"

#define ENTRIES 4u

static struct io_uring ring;
static struct io_uring_poll_watch w;

/* Entries that are not submitted, so that the SQPOLL thread leaves them. */
static void fill_sq(void)
{
	unsigned int i;

	for (i = 0; i < ENTRIES; i++)
		t_queue_nop(&ring, i);
	T_EQ(io_uring_sq_space_left(&ring), 0);
}

static void empty_sq(void)
{
	unsigned int i;

	pw_submit(&ring, ENTRIES);
	for (i = 0; i < ENTRIES; i++)
		T_EQ(t_reap(&ring).user_data, i);
}

#define FULL(call)                                                             \
	do {                                                                   \
		struct io_uring_poll_watch t_before_ = w;                      \
		T_EQ(call, -EAGAIN);                                           \
		T_CHECK(!memcmp(&w, &t_before_, sizeof(w)));                   \
	} while (0)

int main(void)
{
	int fds[2];

	pw_needs_multishot();
	T_RING(ENTRIES, &ring, 0);
	pw_pipe(fds);

	pw_init(&w, fds[0], POLLIN);
	fill_sq();
	FULL(io_uring_poll_watch_arm(&ring, &w));
	/* It is not armed. */
	T_EQ(io_uring_poll_watch_cancel(&w), -EINVAL);
	empty_sq();
	T_EQ(io_uring_poll_watch_arm(&ring, &w), 0);
	pw_submit(&ring, 1);
	pw_one_event(&ring, &w, fds[1], fds[0]);

	/* What a poll request is armed with later is the old mask, too. */
	fill_sq();
	FULL(io_uring_poll_watch_modify(&ring, &w, POLLPRI));
	T_CHECK(!io_uring_poll_watch_owes(&w));
	empty_sq();
	pw_one_event(&ring, &w, fds[1], fds[0]);
	T_EQ(pw_take_away(&ring, &w), PW_SYNC);
	fill_sq();
	FULL(io_uring_poll_watch_sync(&ring, &w));
	T_CHECK(io_uring_poll_watch_owes(&w));
	empty_sq();
	T_CHECK(io_uring_poll_watch_owes(&w));
	pw_sync(&ring, &w, 1);
	pw_one_event(&ring, &w, fds[1], fds[0]);

	/* Room for a modify, none for the end. */
	pw_modify(&ring, &w, POLLIN | POLLPRI);
	T_EQ(pw_post_next(&ring, &w), 0);
	fill_sq();
	T_EQ(io_uring_poll_watch_cancel(&w), PW_SYNC);
	FULL(io_uring_poll_watch_sync(&ring, &w));
	T_CHECK(io_uring_poll_watch_owes(&w));
	T_EQ(io_uring_poll_watch_cancel(&w), -EALREADY);
	empty_sq();
	pw_sync(&ring, &w, 1);
	T_EQ(pw_end(&ring, &w), -ECANCELED);
	pw_quiet(&ring);
	io_uring_queue_exit(&ring);
	pw_close(fds);
	return T_EXIT_PASS;
}
