/* Description: a poll watch survives when the program cancels its poll with a
 * request of its own, by user_data, by descriptor, or with everything else on the
 * ring: it is owed again, and misses nothing that happened meanwhile. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no poll watches */
#include "poll-watch.h"

static struct io_uring ring;
static struct io_uring_poll_watch w;
static int fds[2];

enum way { BY_DATA, BY_POLL_REMOVE, BY_FD, ANY, BY_FD_AND_ALL };

static void prep(struct io_uring_sqe *sqe, enum way way)
{
	switch (way) {
	case BY_DATA:
		io_uring_prep_cancel64(sqe, PW_DATA, 0);
		break;
	case BY_POLL_REMOVE:
		io_uring_prep_poll_remove(sqe, PW_DATA);
		break;
	case BY_FD:
		io_uring_prep_cancel_fd(sqe, fds[0], 0);
		break;
	case ANY:
		io_uring_prep_cancel64(sqe, 0, IORING_ASYNC_CANCEL_ANY);
		break;
	case BY_FD_AND_ALL:
		io_uring_prep_cancel_fd(sqe, fds[0], IORING_ASYNC_CANCEL_ALL);
		break;
	}
	io_uring_sqe_set_data64(sqe, PW_OTHER);
}

/* Whether the kernel can do it, and did; then the watch has to be synced. */
static bool taken_away(enum way way, int wanted)
{
	struct io_uring_sqe *sqe = t_sqe(&ring);
	int nr, answers = 2, ret = -1;

	prep(sqe, way);
	pw_submit(&ring, 1);
	for (nr = 0; nr < answers; nr++) {
		struct io_uring_cqe *cqe = pw_wait(&ring);

		if (cqe->user_data == PW_DATA) {
			T_EQ(cqe->flags & PW_MORE, 0);
			ret = io_uring_poll_watch_post(&w, cqe);
		} else if (way >= BY_FD && t_lacks(5, 19, "cancel by descriptor",
						   cqe->res, -EINVAL)) {
			answers = 1;
		} else {
			T_EQ(cqe->res, way >= ANY);
		}
		io_uring_cqe_seen(&ring, cqe);
	}
	if (answers == 1)
		return false;
	T_EQ(ret, wanted);
	return true;
}

static void test(enum way way)
{
	pw_arm(&ring, &w, fds[0], POLLIN);
	pw_one_event(&ring, &w, fds[1], fds[0]);
	if (taken_away(way, PW_SYNC)) {
		T_CHECK(io_uring_poll_watch_owes(&w));
		/* The kernel reports nothing now, but what is there stays. */
		pw_write(fds[1]);
		t_no_completion(&ring);
		pw_sync(&ring, &w, 1);
		T_EQ(pw_own(&ring, &w), POLLIN);
		T_EQ(pw_drain(fds[0]), 1);
		pw_release(&ring, &w);
		pw_one_event(&ring, &w, fds[1], fds[0]);
	}

	/* While somebody handles an event, who is told at the end. */
	pw_write(fds[1]);
	T_EQ(pw_own(&ring, &w), POLLIN);
	if (taken_away(way, 0)) {
		T_CHECK(!io_uring_poll_watch_owes(&w));
		T_EQ(pw_drain(fds[0]), 1);
		PW_NEXT(&w, PW_SYNC);
		pw_sync(&ring, &w, 1);
	} else {
		T_EQ(pw_drain(fds[0]), 1);
		pw_release(&ring, &w);
	}
	pw_one_event(&ring, &w, fds[1], fds[0]);
	pw_cancel(&ring, &w);
}

int main(void)
{
	pw_needs_multishot();
	T_RING(8, &ring, 0);
	pw_pipe(fds);
	test(BY_DATA);
	test(BY_POLL_REMOVE);
	test(BY_FD);
	test(ANY);
	test(BY_FD_AND_ALL);
	io_uring_queue_exit(&ring);
	pw_close(fds);
	return T_EXIT_PASS;
}
