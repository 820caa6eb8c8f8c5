/* Description: io_uring_poll_watch_handle() is all that a loop of one thread needs:
 * it takes every completion of a poll watch, arms again what the full CQ ended, and
 * gives the terminal result. Nothing is lost on a CQ of four entries. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no poll watches */
#include "poll-watch.h"

#define BYTES 3000
#define PIPES 6
#define ENTRIES 4

static struct io_uring ring;
static struct io_uring_poll_watch w[PIPES];
static int fds[PIPES][2];
static int got, ended, over;
/* The SQ was full when this one had to be synced. */
static bool owed[PIPES];

/* Before the loop waits: what is owed may be what it would wait for. */
static void sync_owed(void)
{
	int i, ret;

	for (i = 0; i < PIPES; i++) {
		if (!owed[i])
			continue;
		while ((ret = io_uring_poll_watch_sync(&ring, &w[i])) == -EAGAIN)
			pw_submit(&ring, ENTRIES);
		T_EQ(ret, 0);
		owed[i] = false;
	}
}

static void turn(struct io_uring_cqe *cqe)
{
	int i = (int)cqe->user_data, ret;
	__u32 events;

	T_LE(i, PIPES);
	ended += !(cqe->flags & PW_MORE);
	ret = io_uring_poll_watch_handle(&ring, &w[i], cqe, &events);
	io_uring_cqe_seen(&ring, cqe);
	while (ret == 1) {
		T_EQ(events, POLLIN);
		got += pw_drain(fds[i][0]);
		ret = io_uring_poll_watch_next(&w[i], &events);
		if (ret == PW_SYNC && !io_uring_poll_watch_sync(&ring, &w[i]))
			ret = 0;
	}
	if (ret == -ECANCELED) {
		over++;
	} else if (ret == PW_SYNC) {
		T_CHECK(io_uring_poll_watch_owes(&w[i]));
		owed[i] = true;
	} else {
		T_EQ(ret, 0);
	}
}

/* A turn of the loop: all that is there now, or the next one that comes. */
static void loop_once(void)
{
	struct io_uring_cqe *cqe;
	int ret;

	sync_owed();
	ret = io_uring_submit_and_wait(&ring, 1);
	if (ret != -EINTR)
		T_GE(ret, 0);
	while (!io_uring_peek_cqe(&ring, &cqe))
		turn(cqe);
}

int main(void)
{
	struct io_uring_params p;
	int i, sent = 0;

	pw_needs_multishot();
	memset(&p, 0, sizeof(p));
	p.flags = IORING_SETUP_CQSIZE;
	p.cq_entries = ENTRIES;
	T_EQ(t_ring_init_params(ENTRIES, &ring, &p), 0);
	for (i = 0; i < PIPES; i++) {
		pw_socketpair(fds[i]);
		T_EQ(io_uring_poll_watch_init(&w[i], fds[i][0], POLLIN,
					      (__u64)i, 0), 0);
		T_EQ(io_uring_poll_watch_arm(&ring, &w[i]), 0);
		pw_submit(&ring, 1);
	}

	while (sent < BYTES) {
		for (i = 0; i < 30; i++)
			pw_write(fds[sent++ % PIPES][1]);
		while (got < sent)
			loop_once();
	}
	T_EQ(got, BYTES);
	/* Of the updates and removals there is none yet. */
	if (!t_lacks(6, 1, "end of a poll by a full CQ", ended, 0))
		T_GE(ended, 10);

	for (i = 0; i < PIPES; i++) {
		int ret = io_uring_poll_watch_cancel(&w[i]);

		if (ret)
			T_EQ(ret, PW_SYNC);
		owed[i] |= ret == PW_SYNC;
		T_EQ(io_uring_poll_watch_cancel(&w[i]), -EALREADY);
	}
	while (over < PIPES)
		loop_once();
	pw_quiet(&ring);
	for (i = 0; i < PIPES; i++) {
		T_EQ(io_uring_poll_watch_cancel(&w[i]), -EINVAL);
		pw_close(fds[i]);
	}
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
