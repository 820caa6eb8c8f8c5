/* Description: events of a poll watch are merged until the owner takes them;
 * there is one owner at a time, who gives the watch up when nothing is left, and
 * the next event makes another. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no poll watches */
#include "poll-watch.h"

static struct io_uring ring;
static struct io_uring_poll_watch w;

static void merged(void)
{
	int sv[2], i;

	pw_socketpair(sv);
	pw_arm(&ring, &w, sv[0], POLLIN | POLLRDHUP);
	pw_quiet(&ring);
	T_CHECK(!io_uring_poll_watch_owes(&w));

	/* One completion each: the SQPOLL thread would merge them as well. */
	for (i = 0; i < 3; i++) {
		pw_write(sv[1]);
		T_EQ(pw_post_next(&ring, &w), i ? 0 : PW_OWNED);
	}
	PW_EVENTS(&w, POLLIN);
	T_EQ(pw_drain(sv[0]), 3);
	PW_NEXT(&w, 0);
	PW_NEXT(&w, -EPERM);

	/* Different ones, and one that comes while the owner handles these. */
	pw_write(sv[1]);
	T_EQ(pw_post_next(&ring, &w), PW_OWNED);
	T_SYS(shutdown(sv[1], SHUT_WR));
	T_EQ(pw_post_next(&ring, &w), 0);
	PW_EVENTS(&w, POLLIN | POLLRDHUP);
	T_EQ(pw_drain(sv[0]), 1);
	PW_NEXT(&w, 0);

	pw_cancel(&ring, &w);
	pw_close(sv);
}

/* The second event is without the first one's, which was not taken yet. */
static void merged_kinds(void)
{
	eventfd_t value;
	int fd;

	fd = (int)T_SYS(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	pw_arm(&ring, &w, fd, POLLIN | POLLOUT);
	T_EQ(pw_post_next(&ring, &w), PW_OWNED);
	T_SYS(eventfd_write(fd, UINT64_MAX - 1));
	T_EQ(pw_post_next(&ring, &w), 0);
	PW_EVENTS(&w, POLLIN | POLLOUT);
	T_SYS(eventfd_read(fd, &value));
	T_EQ(pw_post_next(&ring, &w), 0);
	PW_EVENTS(&w, POLLOUT);
	PW_NEXT(&w, 0);
	pw_cancel(&ring, &w);
	close(fd);
}

static void while_owned(void)
{
	int sv[2];

	pw_socketpair(sv);
	pw_arm(&ring, &w, sv[0], POLLIN);
	pw_write(sv[1]);
	T_EQ(pw_post_next(&ring, &w), PW_OWNED);
	PW_EVENTS(&w, POLLIN);
	T_EQ(pw_drain(sv[0]), 1);
	pw_write(sv[1]);
	T_EQ(pw_post_next(&ring, &w), 0);
	PW_EVENTS(&w, POLLIN);
	T_EQ(pw_drain(sv[0]), 1);
	PW_NEXT(&w, 0);
	pw_cancel(&ring, &w);
	pw_close(sv);
}

/* Given up and taken again; each event is one owner's. */
static void again_and_again(void)
{
	int fd, i;

	fd = (int)T_SYS(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	pw_arm(&ring, &w, fd, POLLIN);
	for (i = 1; i < 200; i++) {
		eventfd_t value;

		T_SYS(eventfd_write(fd, (eventfd_t)i));
		T_EQ(pw_post_next(&ring, &w), PW_OWNED);
		PW_EVENTS(&w, POLLIN);
		T_SYS(eventfd_read(fd, &value));
		T_EQ(value, i);
		PW_NEXT(&w, 0);
	}
	t_no_completion(&ring);
	pw_cancel(&ring, &w);
	close(fd);
}

/* Not even events of which the owner has heard nothing are gone. */
static void level_at_arm(void)
{
	int fds[2];

	pw_pipe(fds);
	pw_write(fds[1]);
	pw_arm(&ring, &w, fds[0], POLLIN);
	T_EQ(pw_own(&ring, &w), POLLIN);
	T_EQ(pw_drain(fds[0]), 1);
	pw_release(&ring, &w);
	pw_one_event(&ring, &w, fds[1], fds[0]);
	pw_cancel(&ring, &w);
	pw_close(fds);
}

int main(void)
{
	pw_needs_multishot();
	T_RING(8, &ring, 0);
	merged();
	merged_kinds();
	while_owned();
	again_and_again();
	level_at_arm();
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
