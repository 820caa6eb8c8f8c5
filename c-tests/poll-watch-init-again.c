/* Description: the memory of a poll watch that is over is a new one's at once,
 * with the same user_data and even another file under the same number: no
 * completion of the old one is left, and none hits the new one. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no poll watches */
#include "poll-watch.h"

static struct io_uring ring;

/* A life of a watch, which leaves it at different moments. */
static void live(struct io_uring_poll_watch *w, int round)
{
	int fds[2];

	pw_pipe(fds);
	pw_arm(&ring, w, fds[0], POLLIN);
	if (round % 5 > 0)
		pw_one_event(&ring, w, fds[1], fds[0]);
	if (round % 5 > 1)
		pw_modify(&ring, w, POLLIN | POLLPRI);
	if (round % 5 > 2) {
		T_EQ(pw_post_next(&ring, w), 0);
		pw_write(fds[1]);
	}
	if (round % 5 > 3)
		close(fds[1]);
	if (round % 5 == 2) {
		/* The removal waits for the update. */
		T_EQ(io_uring_poll_watch_cancel(w), 0);
		T_EQ(pw_end(&ring, w), -ECANCELED);
	} else {
		pw_cancel(&ring, w);
	}
	t_no_completion(&ring);
	close(fds[0]);
	if (round % 5 <= 3)
		close(fds[1]);
}

int main(void)
{
	struct io_uring_poll_watch *w;
	int round;

	pw_needs_multishot();
	T_RING(8, &ring, 0);
	w = malloc(sizeof(*w));
	T_CHECK(w != NULL);
	for (round = 0; round < 200; round++) {
		live(w, round);
		/* Not written any more. */
		if (round % 2) {
			free(w);
			w = malloc(sizeof(*w));
			T_CHECK(w != NULL);
		}
		memset(w, 0xff, sizeof(*w));
		if (round % 20 < 5)
			pw_quiet(&ring);
		T_EQ(((unsigned char *)w)[0], 0xff);
	}
	free(w);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
