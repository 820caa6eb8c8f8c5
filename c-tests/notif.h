/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the tests of notification slots share: sends on slots, and a box for
 * completions, whose order is mostly left to the network.
 */
#ifndef T_NOTIF_H
#define T_NOTIF_H

#include "net.h"

/* The tag of a slot after notif_register(). */
#define NOTIF_TAG(slot) (0x7461670000000000ULL + (slot))

#define NOTIF_FLUSH IORING_RECVSEND_NOTIF_FLUSH
#define NOTIF_COPY_TAG IORING_RECVSEND_NOTIF_COPY_TAG

/*
 * Before Linux 5.18 the kernel cannot be asked for a completion, and chains and
 * batches end differently; before 5.11 the library's own timeouts are in the CQ.
 * Then the basics are tested, of plain sends, and the test is over.
 */
static inline void notif_needs_messages(void)
{
	struct io_uring_notification_slot slot = { .tag = NOTIF_TAG(0) };
	struct io_uring_cqe *cqe;
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	unsigned int i;
	int sv[2];

	T_EQ(io_uring_queue_init(32, &ring, 0), 0);
	if (!t_lacks(5, 11, "IORING_FEAT_EXT_ARG",
		     ring.features & IORING_FEAT_EXT_ARG, 0) &&
	    !t_lacks_op(5, 18, IORING_OP_MSG_RING, "IORING_OP_MSG_RING")) {
		io_uring_queue_exit(&ring);
		return;
	}
	t_socketpair(sv);
	T_EQ(io_uring_register_notifications(&ring, 1, &slot), 0);
	for (i = 0; i < 16; i++) {
		sqe = t_sqe(&ring);
		io_uring_prep_sendzc(sqe, sv[0], "old", 3, MSG_NOSIGNAL, 0,
				     i == 15 ? NOTIF_FLUSH : 0);
		io_uring_sqe_set_data64(sqe, i);
	}
	t_submit(&ring, 16);
	for (i = 0; i < 17; i++) {
		T_EQ(io_uring_wait_cqe(&ring, &cqe), 0);
		T_EQ(cqe->user_data, i < 16 ? i : NOTIF_TAG(0));
		T_EQ(cqe->res, i < 16 ? 3 : 0);
		T_EQ(cqe->flags, 0);
		io_uring_cqe_seen(&ring, cqe);
	}
	for (i = 1; i < 3; i++) {
		sqe = t_sqe(&ring);
		io_uring_prep_sendzc(sqe, sv[0], "old", 3, MSG_NOSIGNAL, 0, 0);
		io_uring_sqe_set_data64(sqe, 20);
		t_submit(&ring, 1);
		T_EQ(t_reap_as(&ring, 20).res, 3);
		if (i == 1) {
			sqe = t_sqe(&ring);
			io_uring_prep_notif_update(sqe, 0, 0, 1);
			io_uring_sqe_set_data64(sqe, 21);
			t_submit(&ring, 1);
			T_EQ(t_reap_as(&ring, 21).res, 0);
		} else {
			T_EQ(io_uring_unregister_notifications(&ring), 0);
		}
		T_EQ(t_reap_as(&ring, NOTIF_TAG(0)).flags, i);
	}
	io_uring_queue_exit(&ring);
	exit(T_EXIT_PASS);
}

static inline void notif_register(struct io_uring *ring, unsigned int nr)
{
	static struct io_uring_notification_slot slots[IO_NOTIF_MAX_SLOTS];
	unsigned int i;

	notif_needs_messages();
	memset(slots, 0, sizeof(slots));
	for (i = 0; i < nr; i++)
		slots[i].tag = NOTIF_TAG(i);
	T_EQ(io_uring_register_notifications(ring, nr, slots), 0);
	/* The library has a copy. */
	memset(slots, 0xff, sizeof(slots));
}

/* As t_sqe(), but the SQPOLL thread may be slow to make room. */
static inline struct io_uring_sqe *notif_sqe(struct io_uring *ring)
{
	while ((ring->flags & IORING_SETUP_SQPOLL) &&
	       !io_uring_sq_space_left(ring))
		sched_yield();
	return t_sqe(ring);
}

/* Queues a send of a slot. */
static inline struct io_uring_sqe *notif_send(struct io_uring *ring, int fd,
					      const void *buf, size_t len,
					      unsigned int slot,
					      unsigned int zc_flags,
					      uint64_t data)
{
	struct io_uring_sqe *sqe = notif_sqe(ring);

	io_uring_prep_sendzc(sqe, fd, buf, len, MSG_NOSIGNAL, slot, zc_flags);
	io_uring_sqe_set_data64(sqe, data);
	return sqe;
}

/* Queues an update, which flushes. */
static inline struct io_uring_sqe *notif_update(struct io_uring *ring,
						uint64_t new_tag,
						unsigned int offset,
						unsigned int nr, uint64_t data)
{
	struct io_uring_sqe *sqe = notif_sqe(ring);

	io_uring_prep_notif_update(sqe, new_tag, offset, nr);
	io_uring_sqe_set_data64(sqe, data);
	return sqe;
}

static inline struct io_uring_sqe *notif_nop(struct io_uring *ring,
					     uint64_t data)
{
	struct io_uring_sqe *sqe = notif_sqe(ring);

	io_uring_prep_nop(sqe);
	io_uring_sqe_set_data64(sqe, data);
	return sqe;
}

/* Gives completions that nobody asked for the time to arrive. */
#define NOTIF_QUIET_MS 15

/* No further completion comes. */
#define NOTIF_QUIET(ring)                                                      \
	do {                                                                   \
		struct io_uring_cqe *t_late_ = notif_late(ring);               \
		if (t_late_)                                                   \
			T_FAIL("unexpected completion: user_data 0x%llx, "     \
			       "res %d, flags 0x%x",                           \
			       (unsigned long long)t_late_->user_data,         \
			       t_late_->res, t_late_->flags);                  \
	} while (0)

static inline struct io_uring_cqe *notif_late(struct io_uring *ring)
{
	long long end = t_now_ms() + NOTIF_QUIET_MS;
	struct io_uring_cqe *cqe;

	do {
		if (io_uring_get_events(ring) < 0)
			T_FAIL("io_uring_get_events");
		if (!io_uring_peek_cqe(ring, &cqe))
			return cqe;
		t_sleep_ms(1);
	} while (t_now_ms() < end);
	return NULL;
}

#define NOTIF_BOX 4096u

struct notif_box {
	unsigned int nr;
	unsigned int taken;
	struct t_result r[NOTIF_BOX];
	bool gone[NOTIF_BOX];
};

/* Fills the box with the next nr completions. */
static inline void notif_collect(struct io_uring *ring, struct notif_box *box,
				 unsigned int nr)
{
	if (nr > NOTIF_BOX)
		T_FAIL("notif_collect: %u", nr);
	memset(box, 0, sizeof(*box));
	while (box->nr < nr)
		box->r[box->nr++] = t_reap(ring);
}

/* As notif_collect(), and nothing comes after them. */
#define NOTIF_COLLECT_ALL(ring, box, nr)                                       \
	do {                                                                   \
		notif_collect(ring, box, nr);                                  \
		NOTIF_QUIET(ring);                                             \
	} while (0)

static inline void notif_dump(const struct notif_box *box)
{
	unsigned int i;

	for (i = 0; i < box->nr; i++)
		printf("  %s user_data 0x%llx, res %d, flags 0x%x\n",
		       box->gone[i] ? "taken:" : "left: ",
		       (unsigned long long)box->r[i].user_data, box->r[i].res,
		       box->r[i].flags);
}

/* Takes this completion out of the box, and returns its place. */
#define NOTIF_TAKE(box, data, res, flags)                                      \
	notif_take(__FILE__, __LINE__, box, data, res, flags)

static inline unsigned int notif_take(const char *file, int line,
				      struct notif_box *box, uint64_t data,
				      int res, unsigned int flags)
{
	unsigned int i;

	for (i = 0; i < box->nr; i++) {
		struct t_result *r = &box->r[i];

		if (box->gone[i] || r->user_data != data || r->res != res ||
		    r->flags != flags)
			continue;
		box->gone[i] = true;
		box->taken++;
		return i;
	}
	notif_dump(box);
	t_fail(file, line,
	       "no completion with user_data 0x%llx, res %d, flags 0x%x",
	       (unsigned long long)data, res, flags);
}

/* Everything has been taken out. */
#define NOTIF_EMPTY(box)                                                       \
	do {                                                                   \
		if ((box)->taken != (box)->nr) {                               \
			notif_dump(box);                                       \
			T_FAIL("%u completions too many",                      \
			       (box)->nr - (box)->taken);                      \
		}                                                              \
	} while (0)

/* The next completion, in all of its parts. */
#define NOTIF_NEXT(ring, data, result, fl)                                     \
	do {                                                                   \
		struct t_result t_next_ = t_reap(ring);                        \
		T_EQ(t_next_.user_data, data);                                 \
		T_EQ(t_next_.res, result);                                     \
		T_EQ(t_next_.flags, fl);                                       \
	} while (0)

/* ---- sockets ----------------------------------------------------------- */

static inline void notif_close(int sv[2])
{
	close(sv[0]);
	close(sv[1]);
}

static inline void notif_small_buffers(int sv[2])
{
	int size = 4096;

	T_SYS(setsockopt(sv[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)));
	T_SYS(setsockopt(sv[1], SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)));
}

/*
 * A connection that little fills. TCP of older kernels finds room again for
 * what it has refused, so there it is a local one.
 */
static inline void notif_tight_pair(int sv[2])
{
	if (t_before(6, 12))
		t_socketpair(sv);
	else
		t_tcp_pair(sv);
	notif_small_buffers(sv);
}

/*
 * Sends until the socket takes no more, and returns how many bytes it took.
 * On TCP the last room may open up a moment later.
 */
static inline size_t notif_fill(int fd)
{
	static const char block[4096];
	size_t total = 0, len = sizeof(block);
	int full = 0;

	while (full < 5) {
		ssize_t ret = send(fd, block, len, MSG_DONTWAIT | MSG_NOSIGNAL);

		/* A few bytes may go where a block does not. */
		if (ret < 0 && errno == EAGAIN && len > 1) {
			len = 1;
			continue;
		}
		if (ret > 0) {
			total += (size_t)ret;
			full = 0;
			continue;
		}
		if (errno != EAGAIN)
			T_FAIL("send: %s", strerror(errno));
		full++;
		t_sleep_ms(2);
	}
	return total;
}

/* A full connection: nothing is read from it. */
static inline void notif_full_pair(int sv[2])
{
	notif_tight_pair(sv);
	notif_fill(sv[0]);
}

/* A flushing send that gets stuck in a full connection. */
#define NOTIF_STUCK(ring, fd, data)                                            \
	do {                                                                   \
		notif_send(ring, fd, "stuck", 5, 0, NOTIF_FLUSH, data);        \
		t_submit(ring, 1);                                             \
		while (io_uring_sq_ready(ring))                                \
			t_sleep_ms(1);                                         \
		NOTIF_QUIET(ring);                                             \
	} while (0)

/* Reads and forgets exactly this many bytes. */
static inline void notif_discard(int fd, size_t len)
{
	char block[4096];

	while (len) {
		ssize_t got = recv(fd, block,
				   len < sizeof(block) ? len : sizeof(block),
				   0);

		if (got <= 0)
			T_FAIL("recv: %zd, %zu bytes missing", got, len);
		len -= (size_t)got;
	}
}

/* Memory that buffers can be registered in on every kernel. */
static inline void *notif_pages(size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		T_FAIL("mmap: %s", strerror(errno));
	return p;
}

#endif /* T_NOTIF_H */
