/* Description: what a poll watch refuses, each with its -errno and without any
 * change: bad descriptors, events and flags at init, what comes before arm or a
 * second time, other events that are none, and completions of something else. */
/* flavours: plain */
/* upstream: differs: liburing has no poll watches */
#include "poll-watch.h"

static struct io_uring ring;
static struct io_uring_poll_watch w;

/* A call that is refused leaves the watch as it was. */
#define REFUSED(call, error)                                                   \
	do {                                                                   \
		struct io_uring_poll_watch t_before_ = w;                      \
		T_EQ(call, error);                                             \
		T_CHECK(!memcmp(&w, &t_before_, sizeof(w)));                   \
		PW_QUEUED(&ring, PW_NOTHING);                                  \
	} while (0)

static int init(int fd, unsigned int events, unsigned int flags)
{
	return io_uring_poll_watch_init(&w, fd, events, PW_DATA, flags);
}

static int post_as(uint64_t data)
{
	struct io_uring_cqe cqe = {
		.user_data = data, .res = POLLIN, .flags = PW_MORE,
	};

	return io_uring_poll_watch_post(&w, &cqe);
}

static int next(void)
{
	__u32 events;

	return io_uring_poll_watch_next(&w, &events);
}

static void at_init(void)
{
	const unsigned int named = POLLIN | POLLPRI | POLLOUT | POLLERR |
		POLLHUP | POLLNVAL | POLLRDNORM | POLLRDBAND | POLLWRNORM |
		POLLWRBAND | POLLMSG | POLLRDHUP;
	unsigned int bit;

	memset(&w, 0x5a, sizeof(w));
	REFUSED(init(-1, POLLIN, 0), -EBADF);
	REFUSED(init(-100, POLLIN, IO_URING_POLL_WATCH_FIXED_FILE), -EBADF);
	REFUSED(init(0, 0, 0), -EINVAL);
	REFUSED(init(0, EPOLLEXCLUSIVE, 0), -EINVAL);
	REFUSED(init(0, EPOLLET, 0), -EINVAL);
	for (bit = 16; bit < 32; bit++)
		if (1U << bit != EPOLLEXCLUSIVE && 1U << bit != EPOLLET)
			REFUSED(init(0, POLLIN | 1U << bit, 0), -EINVAL);
	for (bit = 1; bit < 32; bit++)
		REFUSED(init(0, POLLIN, 1U << bit), -EINVAL);
	for (bit = 0; bit < 16; bit++)
		if (named >> bit & 1)
			T_EQ(init(0, 1U << bit, 0), 0);
		else
			REFUSED(init(0, 1U << bit, 0), -EINVAL);
	T_EQ(init(0, EPOLLIN | EPOLLET | EPOLLEXCLUSIVE,
		  IO_URING_POLL_WATCH_FIXED_FILE), 0);
}

/* Zeros, as of memory that nobody initialised, and a watch that is new. */
static void before_arm(void)
{
	unsigned int initialised;

	for (initialised = 0; initialised < 2; initialised++) {
		memset(&w, 0, sizeof(w));
		if (initialised)
			pw_init(&w, 0, POLLIN);
		else
			REFUSED(io_uring_poll_watch_arm(&ring, &w), -EINVAL);
		REFUSED(io_uring_poll_watch_modify(&ring, &w, POLLOUT),
			-EINVAL);
		REFUSED(io_uring_poll_watch_sync(&ring, &w), -EINVAL);
		REFUSED(io_uring_poll_watch_cancel(&w), -EINVAL);
		REFUSED(io_uring_poll_watch_owes(&w), false);
		REFUSED(next(), -EPERM);
		REFUSED(post_as(PW_DATA), -ENOENT);
		REFUSED(post_as(0), -ENOENT);
		REFUSED(pw_post(&w, -EBADF, 0), -ENOENT);
	}
}

static void armed(void)
{
	REFUSED(io_uring_poll_watch_arm(&ring, &w), -EALREADY);
	REFUSED(io_uring_poll_watch_modify(&ring, &w, 0), -EINVAL);
	REFUSED(io_uring_poll_watch_modify(&ring, &w, POLLIN | 1U << 16),
		-EINVAL);
	/* Neither stood there at init. */
	REFUSED(io_uring_poll_watch_modify(&ring, &w, EPOLLIN | EPOLLEXCLUSIVE),
		-EINVAL);
	REFUSED(io_uring_poll_watch_modify(&ring, &w, EPOLLIN | EPOLLET),
		-EINVAL);
	REFUSED(post_as(PW_DATA + 1), -ENOENT);
	/* A poll request with an error has no more to say. */
	REFUSED(pw_post(&w, -EBADF, PW_MORE), -ENOENT);
	REFUSED(next(), -EPERM);
	REFUSED(io_uring_poll_watch_sync(&ring, &w), 0);
}

/* No poll request is in flight, and later no removal either. */
static void ended(void)
{
	T_EQ(pw_post(&w, -ECANCELED, 0), PW_SYNC);
	REFUSED(post_as(PW_DATA + 1), -ENOENT);
	REFUSED(pw_post(&w, POLLIN, 0), -ENOENT);
	REFUSED(pw_post(&w, -ENOENT, 0), -ENOENT);
	REFUSED(io_uring_poll_watch_arm(&ring, &w), -EALREADY);

	/* The call of sync that is to come finds this. */
	T_EQ(io_uring_poll_watch_cancel(&w), 0);
	REFUSED(io_uring_poll_watch_cancel(&w), -EALREADY);
	REFUSED(io_uring_poll_watch_modify(&ring, &w, POLLOUT), -ECANCELED);
	T_EQ(io_uring_poll_watch_sync(&ring, &w), 0);
	PW_QUEUED(&ring, PW_REMOVAL);
	REFUSED(post_as(0), -ENOENT);
	T_EQ(pw_post(&w, -ENOENT, 0), PW_OWNED);
	REFUSED(pw_post(&w, -ENOENT, 0), -ENOENT);
	REFUSED(io_uring_poll_watch_arm(&ring, &w), -EALREADY);
	REFUSED(io_uring_poll_watch_cancel(&w), -EALREADY);
	PW_NEXT(&w, -ECANCELED);

	/* It is over, exactly once. */
	REFUSED(next(), -EPERM);
	REFUSED(post_as(PW_DATA), -ENOENT);
	REFUSED(io_uring_poll_watch_cancel(&w), -EINVAL);
	REFUSED(io_uring_poll_watch_sync(&ring, &w), -EINVAL);
	REFUSED(io_uring_poll_watch_modify(&ring, &w, POLLIN), -EINVAL);
	REFUSED(io_uring_poll_watch_owes(&w), false);
}

int main(void)
{
	T_RING(256, &ring, 0);
	at_init();
	before_arm();
	pw_arm_by_hand(&ring, &w, POLLIN);
	armed();
	ended();
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
