/* Description: a ring may end with poll watches that are armed, owned, owed or
 * cancelled; from then on they are memory of the program, as are those of another
 * ring, which goes on. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no poll watches */
#include "poll-watch.h"

enum state { ARMED, EVENT, OWNED, UPDATED, OWED, CANCELLED, STATES };

static int fds[2];

/* A watch that was left in the middle of something. */
static struct io_uring_poll_watch *leave_in(struct io_uring *ring,
					    enum state state)
{
	struct io_uring_poll_watch *w = malloc(sizeof(*w));

	T_CHECK(w != NULL);
	pw_arm(ring, w, fds[0], POLLIN);
	switch (state) {
	case EVENT:
		pw_write(fds[1]);
		break;
	case OWNED:
		pw_write(fds[1]);
		T_EQ(pw_own(ring, w), POLLIN);
		break;
	case UPDATED:
		pw_modify(ring, w, POLLPRI);
		break;
	case OWED:
		T_EQ(pw_take_away(ring, w), PW_SYNC);
		break;
	case CANCELLED:
		T_EQ(io_uring_poll_watch_cancel(w), PW_SYNC);
		T_EQ(io_uring_poll_watch_sync(ring, w), 0);
		break;
	default:
		break;
	}
	return w;
}

int main(void)
{
	struct io_uring_poll_watch *w, other;
	struct io_uring ring, stays;
	enum state state;
	int sv[2], round;

	pw_needs_multishot();
	T_RING(8, &stays, 0);
	pw_socketpair(sv);
	pw_arm(&stays, &other, sv[0], POLLIN);
	for (round = 0; round < 4; round++) {
		for (state = ARMED; state < STATES; state++) {
			pw_pipe(fds);
			T_RING(8, &ring, 0);
			w = leave_in(&ring, state);
			io_uring_queue_exit(&ring);
			/* The same memory, on a new ring. */
			if (round % 2) {
				struct io_uring twin;

				T_RING(8, &twin, 0);
				pw_drain(fds[0]);
				pw_arm(&twin, w, fds[0], POLLIN);
				pw_one_event(&twin, w, fds[1], fds[0]);
				pw_cancel(&twin, w);
				io_uring_queue_exit(&twin);
			}
			memset(w, 0xff, sizeof(*w));
			free(w);
			pw_close(fds);
			pw_one_event(&stays, &other, sv[1], sv[0]);
		}
	}
	pw_cancel(&stays, &other);
	pw_quiet(&stays);
	io_uring_queue_exit(&stays);
	pw_close(sv);
	return T_EXIT_PASS;
}
