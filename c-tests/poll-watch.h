/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the tests of poll watches share: the part of a loop that reaps, the part
 * of an owner, and completions of the test's own making.
 */
#ifndef T_POLL_WATCH_H
#define T_POLL_WATCH_H

#include "net.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#define PW_OWNED IO_URING_POLL_WATCH_OWNED
#define PW_SYNC IO_URING_POLL_WATCH_SYNC
#define PW_MORE IORING_CQE_F_MORE

/* The user_data of all watches of a test that has but one at a time. */
#define PW_DATA 0x7761746368ULL

/* ---- files ------------------------------------------------------------- */

static inline void pw_pipe(int fds[2])
{
	T_SYS(pipe2(fds, O_CLOEXEC | O_NONBLOCK));
}

/* Every byte that is sent is a wake-up, also where bytes wait already. */
static inline void pw_socketpair(int sv[2])
{
	T_SYS(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
			 sv));
}

static inline void pw_close(int fds[2])
{
	close(fds[0]);
	close(fds[1]);
}

static inline void pw_write(int fd)
{
	T_EQ(write(fd, "x", 1), 1);
}

/* Reads until -EAGAIN or the end, and returns the number of bytes. */
static inline int pw_drain(int fd)
{
	char block[256];
	ssize_t got;
	int sum = 0;

	while ((got = read(fd, block, sizeof(block))) > 0)
		sum += (int)got;
	if (got < 0)
		T_EQ(errno, EAGAIN);
	return sum;
}

/* ---- the submitting side ----------------------------------------------- */

/*
 * Submits, and lets the kernel come to rest: while the SQPOLL thread arms a poll,
 * one wake-up may give two events, and where polls are left to this thread, one
 * that was woken is neither updated nor removed before it had its turn.
 */
static inline void pw_submit(struct io_uring *ring, unsigned int nr)
{
	t_submit(ring, nr);
	while (io_uring_sq_ready(ring))
		sched_yield();
	if (ring->flags & IORING_SETUP_DEFER_TASKRUN)
		T_GE(io_uring_get_events(ring), 0);
}

/* Queues what the watch owes: so many requests. */
static inline void pw_sync(struct io_uring *ring,
			   struct io_uring_poll_watch *w, unsigned int nr)
{
	T_EQ(io_uring_poll_watch_sync(ring, w), 0);
	T_CHECK(!io_uring_poll_watch_owes(w));
	pw_submit(ring, nr);
}

static inline void pw_init(struct io_uring_poll_watch *w, int fd,
			   unsigned int events)
{
	T_EQ(io_uring_poll_watch_init(w, fd, events, PW_DATA, 0), 0);
}

static inline void pw_arm(struct io_uring *ring, struct io_uring_poll_watch *w,
			  int fd, unsigned int events)
{
	pw_init(w, fd, events);
	T_EQ(io_uring_poll_watch_arm(ring, w), 0);
	pw_submit(ring, 1);
}

static inline void pw_modify(struct io_uring *ring,
			     struct io_uring_poll_watch *w, unsigned int events)
{
	T_EQ(io_uring_poll_watch_modify(ring, w, events), 0);
	pw_submit(ring, 1);
}

/* ---- the completing side ----------------------------------------------- */

static inline struct io_uring_cqe *pw_wait(struct io_uring *ring)
{
	struct io_uring_cqe *cqe;
	int ret;

	do {
		ret = io_uring_wait_cqe(ring, &cqe);
	} while (ret == -EINTR);
	T_EQ(ret, 0);
	return cqe;
}

/* Takes the next completion, which is the watch's, to the watch. */
static inline int pw_post_next(struct io_uring *ring,
			       struct io_uring_poll_watch *w)
{
	struct io_uring_cqe *cqe = pw_wait(ring);
	int ret;

	T_EQ(cqe->user_data, PW_DATA);
	ret = io_uring_poll_watch_post(w, cqe);
	if (ret < 0)
		T_FAIL("post of res %d, flags 0x%x: %d", cqe->res, cqe->flags,
		       ret);
	io_uring_cqe_seen(ring, cqe);
	return ret;
}

/* Reaps until there is an owner, and syncs what is owed meanwhile. */
static inline void pw_until_owned(struct io_uring *ring,
				  struct io_uring_poll_watch *w)
{
	int ret;

	do {
		ret = pw_post_next(ring, w);
		if (ret & PW_SYNC)
			pw_sync(ring, w, 1);
	} while (!(ret & PW_OWNED));
}

/* The events of the next owner, who goes on owning the watch. */
static inline unsigned int pw_own(struct io_uring *ring,
				  struct io_uring_poll_watch *w)
{
	__u32 events;

	pw_until_owned(ring, w);
	T_EQ(io_uring_poll_watch_next(w, &events), 1);
	T_NE(events, 0);
	return events;
}

/* The owner gives the watch up, which is not over. */
static inline void pw_release(struct io_uring *ring,
			      struct io_uring_poll_watch *w)
{
	__u32 events;
	int ret;

	do {
		ret = io_uring_poll_watch_next(w, &events);
	} while (ret == 1);
	if (ret == PW_SYNC)
		pw_sync(ring, w, 1);
	else
		T_EQ(ret, 0);
}

/* Nobody owns the watch: the terminal result, whatever comes before it. */
static inline int pw_end(struct io_uring *ring, struct io_uring_poll_watch *w)
{
	__u32 events;
	int ret;

	for (;;) {
		pw_until_owned(ring, w);
		do {
			ret = io_uring_poll_watch_next(w, &events);
		} while (ret == 1);
		if (ret < 0)
			return ret;
		if (ret == PW_SYNC)
			pw_sync(ring, w, 1);
	}
}

/* No completion comes, also when it is given time. */
static inline void pw_quiet(struct io_uring *ring)
{
	int i;

	for (i = 0; i < 15; i++) {
		t_no_completion(ring);
		t_sleep_ms(1);
	}
}

/* Takes what there is to its end, until nothing is there and nothing owed. */
static inline void pw_settle(struct io_uring *ring,
			     struct io_uring_poll_watch *w)
{
	int ret;

	do {
		t_sleep_ms(2);
		T_GE(io_uring_get_events(ring), 0);
		while (io_uring_cq_ready(ring)) {
			ret = pw_post_next(ring, w);
			if (ret & PW_SYNC)
				pw_sync(ring, w, 1);
			if (ret & PW_OWNED)
				pw_release(ring, w);
		}
	} while (io_uring_poll_watch_owes(w) || io_uring_cq_has_overflow(ring));
	pw_quiet(ring);
}

/* Nobody owns the watch, and sync was called as often as was asked for. */
static inline void pw_cancel(struct io_uring *ring,
			     struct io_uring_poll_watch *w)
{
	T_EQ(io_uring_poll_watch_cancel(w), PW_SYNC);
	pw_sync(ring, w, 1);
	T_EQ(pw_end(ring, w), -ECANCELED);
	t_no_completion(ring);
}

/* A wake-up arrives as exactly these events, and is handled. */
static inline void pw_one_event(struct io_uring *ring,
				struct io_uring_poll_watch *w, int to, int from)
{
	pw_write(to);
	T_EQ(pw_own(ring, w), POLLIN);
	T_EQ(pw_drain(from), 1);
	pw_release(ring, w);
}

/* Of the test's own requests, of which there is one at a time. */
#define PW_OTHER 9u

/*
 * The program cancels the poll as it may cancel any request, with one of its
 * own: what post makes of that.
 */
static inline int pw_take_away(struct io_uring *ring,
			       struct io_uring_poll_watch *w)
{
	struct io_uring_sqe *sqe = t_sqe(ring);
	int nr, ret = -1;

	io_uring_prep_cancel64(sqe, PW_DATA, 0);
	io_uring_sqe_set_data64(sqe, PW_OTHER);
	pw_submit(ring, 1);
	for (nr = 0; nr < 2; nr++) {
		struct io_uring_cqe *cqe = pw_wait(ring);

		if (cqe->user_data == PW_OTHER)
			T_EQ(cqe->res, 0);
		else
			ret = io_uring_poll_watch_post(w, cqe);
		io_uring_cqe_seen(ring, cqe);
	}
	return ret;
}

/* ---- completions by hand ----------------------------------------------- */

/*
 * A watch takes any completion with its user_data, so a sequence that the
 * kernel produces once a year is played to it. Nothing is submitted.
 */
static inline int pw_post(struct io_uring_poll_watch *w, int res,
			  unsigned int flags)
{
	struct io_uring_cqe cqe = {
		.user_data = PW_DATA, .res = res, .flags = flags,
	};

	return io_uring_poll_watch_post(w, &cqe);
}

enum pw_request { PW_NOTHING, PW_POLL, PW_UPDATE, PW_REMOVAL };

/*
 * What stands in the SQ of a plain ring since the last time, of the watch: one
 * request or none. *events are those that it asks for.
 */
static inline enum pw_request pw_queued(struct io_uring *ring,
					unsigned int *events)
{
	static unsigned int seen;
	unsigned int nr = io_uring_sq_ready(ring) - seen;
	const struct io_uring_sqe *sqe;

	if (!nr)
		return PW_NOTHING;
	T_EQ(nr, 1);
	sqe = &ring->sq.sqes[seen++ & ring->sq.ring_mask];
	T_EQ(sqe->user_data, PW_DATA);
	T_EQ(sqe->flags, 0);
	*events = __io_uring_prep_poll_mask(sqe->poll32_events);
	if (sqe->opcode == IORING_OP_POLL_ADD) {
		T_EQ(sqe->len, IORING_POLL_ADD_MULTI);
		return PW_POLL;
	}
	T_EQ(sqe->opcode, IORING_OP_POLL_REMOVE);
	T_EQ(sqe->addr, PW_DATA);
	if (!sqe->len)
		return PW_REMOVAL;
	/* Without the second flag the kernel refuses it. */
	T_EQ(sqe->len, IORING_POLL_UPDATE_EVENTS | IORING_POLL_ADD_MULTI);
	return PW_UPDATE;
}

#define PW_QUEUED(ring, wanted)                                                \
	do {                                                                   \
		unsigned int t_mask_;                                          \
		T_EQ(pw_queued(ring, &t_mask_), wanted);                       \
	} while (0)

/* As PW_QUEUED(), of a request that has events. */
#define PW_QUEUED_FOR(ring, wanted, mask)                                      \
	do {                                                                   \
		unsigned int t_mask_ = 0;                                      \
		T_EQ(pw_queued(ring, &t_mask_), wanted);                       \
		T_EQ(t_mask_, mask);                                           \
	} while (0)

/* An armed watch, of which nothing gets to the kernel. */
static inline void pw_arm_by_hand(struct io_uring *ring,
				  struct io_uring_poll_watch *w,
				  unsigned int events)
{
	pw_init(w, 0, events);
	T_EQ(io_uring_poll_watch_arm(ring, w), 0);
	PW_QUEUED_FOR(ring, PW_POLL, events);
}

/* The owner's last call. */
#define PW_NEXT(w, wanted)                                                     \
	do {                                                                   \
		__u32 t_left_ = 0xdeadbeef;                                    \
		T_EQ(io_uring_poll_watch_next(w, &t_left_), wanted);           \
		/* Written with 1 only. */                                     \
		T_EQ(t_left_, 0xdeadbeef);                                     \
	} while (0)

/* The owner's call that gives events. */
#define PW_EVENTS(w, wanted)                                                   \
	do {                                                                   \
		__u32 t_got_ = 0;                                              \
		T_EQ(io_uring_poll_watch_next(w, &t_got_), 1);                 \
		T_EQ(t_got_, wanted);                                          \
	} while (0)

/* ---- kernels ----------------------------------------------------------- */

/*
 * A kernel without multishot polls ends the watch with -EINVAL, and with it the
 * test.
 */
static inline void pw_needs_multishot(void)
{
	struct io_uring_poll_watch w;
	struct io_uring ring;
	int fds[2], ret;

	T_NEEDS_RING();
	T_EQ(io_uring_queue_init(4, &ring, 0), 0);
	pw_pipe(fds);
	pw_arm(&ring, &w, fds[0], POLLIN);
	/* There is an event in any case. */
	pw_write(fds[1]);
	ret = pw_post_next(&ring, &w);
	T_EQ(ret, PW_OWNED);
	ret = io_uring_poll_watch_next(&w, &(__u32){ 0 });
	T_EQ_SINCE(5, 13, "IORING_POLL_ADD_MULTI", ret, 1, -EINVAL);
	io_uring_queue_exit(&ring);
	pw_close(fds);
}

#endif /* T_POLL_WATCH_H */
