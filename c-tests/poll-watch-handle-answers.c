/* Description: what io_uring_poll_watch_handle() makes of each completion: events
 * with 1, the terminal result, 0 where nobody is needed, SYNC where the SQ is full
 * or a chain is open, and -ENOENT of a completion that is not the watch's. */
/* flavours: plain */
/* upstream: differs: liburing has no poll watches */
#include "poll-watch.h"

#define ENTRIES 64u

static struct io_uring ring;
static struct io_uring_poll_watch w;
static __u32 events;

static int handle_as(uint64_t data, int res, unsigned int flags)
{
	struct io_uring_cqe cqe = {
		.user_data = data, .res = res, .flags = flags,
	};

	events = 0xdeadbeef;
	return io_uring_poll_watch_handle(&ring, &w, &cqe, &events);
}

/* The result, and events with a 1 only. */
#define HANDLE(res, flags, wanted)                                             \
	do {                                                                   \
		T_EQ(handle_as(PW_DATA, res, flags), wanted);                  \
		if ((wanted) != 1)                                             \
			T_EQ(events, 0xdeadbeef);                              \
	} while (0)

#define HANDLE_EVENTS(res, flags)                                              \
	do {                                                                   \
		HANDLE(res, flags, 1);                                         \
		T_EQ(events, res);                                             \
	} while (0)

static void events_and_end(void)
{
	pw_arm_by_hand(&ring, &w, POLLIN);
	T_EQ(handle_as(PW_DATA + 1, POLLIN, PW_MORE), -ENOENT);
	HANDLE(-EBADF, PW_MORE, -ENOENT);
	HANDLE_EVENTS(POLLIN, PW_MORE);
	PW_NEXT(&w, 0);

	/* Over, with an event: armed again when the owner has let go. */
	HANDLE_EVENTS(POLLIN | POLLHUP, 0);
	PW_QUEUED(&ring, PW_NOTHING);
	PW_NEXT(&w, PW_SYNC);
	T_EQ(io_uring_poll_watch_sync(&ring, &w), 0);
	PW_QUEUED_FOR(&ring, PW_POLL, POLLIN);

	/* And without: at once. */
	HANDLE(-ECANCELED, 0, 0);
	PW_QUEUED_FOR(&ring, PW_POLL, POLLIN);
	T_CHECK(!io_uring_poll_watch_owes(&w));

	/* Answers of updates need nobody, or are tried again. */
	T_EQ(io_uring_poll_watch_modify(&ring, &w, POLLOUT), 0);
	PW_QUEUED_FOR(&ring, PW_UPDATE, POLLOUT);
	HANDLE(-EALREADY, 0, 0);
	PW_QUEUED_FOR(&ring, PW_UPDATE, POLLOUT);
	HANDLE(0, 0, 0);
	PW_QUEUED(&ring, PW_NOTHING);

	T_EQ(io_uring_poll_watch_cancel(&w), PW_SYNC);
	T_EQ(io_uring_poll_watch_sync(&ring, &w), 0);
	PW_QUEUED(&ring, PW_REMOVAL);
	HANDLE(POLLOUT, PW_MORE, 0);
	HANDLE(0, 0, 0);
	HANDLE(-ECANCELED, 0, -ECANCELED);
	HANDLE(-ECANCELED, 0, -ENOENT);
	PW_QUEUED(&ring, PW_NOTHING);
}

static void failure(void)
{
	pw_arm_by_hand(&ring, &w, POLLIN);
	HANDLE(-EBADF, 0, -EBADF);
	HANDLE(-EBADF, 0, -ENOENT);
}

/* What the watch waits for, before what it is owed can be queued. */
static struct io_uring_sqe *block(bool chain)
{
	struct io_uring_sqe *last = t_queue_nop(&ring, 1);

	if (chain)
		io_uring_sqe_set_flags(last, IOSQE_IO_LINK);
	while (!chain && io_uring_sq_space_left(&ring))
		last = t_queue_nop(&ring, 1);
	return last;
}

static void blocked(bool chain)
{
	int error = chain ? -EINVAL : -EAGAIN, round;

	pw_init(&w, 0, POLLIN);
	T_EQ(io_uring_poll_watch_arm(&ring, &w), 0);
	for (round = 0; round < 2; round++) {
		unsigned int ready;

		block(chain);
		ready = io_uring_sq_ready(&ring);
		if (round) {
			HANDLE_EVENTS(POLLIN, 0);
			PW_NEXT(&w, PW_SYNC);
		} else {
			HANDLE(-ECANCELED, 0, PW_SYNC);
		}
		T_EQ(io_uring_poll_watch_sync(&ring, &w), error);
		T_EQ(io_uring_sq_ready(&ring), ready);
		T_CHECK(io_uring_poll_watch_owes(&w));
		/* The kernel takes what is there. */
		*ring.sq.khead += ready;
		T_EQ(io_uring_poll_watch_sync(&ring, &w), 0);
		T_EQ(io_uring_sq_ready(&ring), 1);
		T_CHECK(!io_uring_poll_watch_owes(&w));
	}

	/* The end is owed, and the answer says that once more. */
	T_EQ(io_uring_poll_watch_cancel(&w), PW_SYNC);
	T_EQ(io_uring_poll_watch_sync(&ring, &w), 0);
	block(chain);
	HANDLE(-EALREADY, 0, PW_SYNC);
	T_CHECK(io_uring_poll_watch_owes(&w));
	*ring.sq.khead += io_uring_sq_ready(&ring);
	T_EQ(io_uring_poll_watch_sync(&ring, &w), 0);
	HANDLE(0, 0, 0);
	HANDLE(-ECANCELED, 0, -ECANCELED);
	*ring.sq.khead += io_uring_sq_ready(&ring);
}

int main(void)
{
	T_RING(ENTRIES, &ring, 0);
	events_and_end();
	failure();
	blocked(false);
	blocked(true);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
