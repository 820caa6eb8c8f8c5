/* Description: a file that is always ready, as regular ones are, ends a poll
 * with its events; a poll watch reports them and is armed again, each time. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no poll watches */
#include "poll-watch.h"

static struct io_uring ring;
static struct io_uring_poll_watch w;

int main(void)
{
	int fd, i;

	pw_needs_multishot();
	T_RING(8, &ring, 0);
	fd = t_tmpfile(10);
	pw_arm(&ring, &w, fd, POLLIN | POLLOUT);
	for (i = 0; i < 20; i++) {
		T_EQ(pw_post_next(&ring, &w), PW_OWNED);
		PW_EVENTS(&w, POLLIN | POLLOUT);
		t_no_completion(&ring);
		PW_NEXT(&w, PW_SYNC);
		pw_sync(&ring, &w, 1);
	}
	/* Other events, and the end, of what is never in the kernel for long. */
	T_EQ(pw_post_next(&ring, &w), PW_OWNED);
	T_EQ(io_uring_poll_watch_modify(&ring, &w, POLLOUT), 0);
	PW_EVENTS(&w, POLLIN | POLLOUT);
	PW_NEXT(&w, PW_SYNC);
	pw_sync(&ring, &w, 1);
	T_EQ(pw_own(&ring, &w), POLLOUT);
	PW_NEXT(&w, PW_SYNC);
	T_EQ(io_uring_poll_watch_cancel(&w), 0);
	pw_sync(&ring, &w, 1);
	T_EQ(pw_post_next(&ring, &w), PW_OWNED);
	PW_NEXT(&w, -ECANCELED);
	pw_quiet(&ring);
	io_uring_queue_exit(&ring);
	close(fd);
	return T_EXIT_PASS;
}
