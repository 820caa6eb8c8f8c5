/* Description: a poll watch reports what poll(2) does: room to write, urgent
 * data, the end of what a peer sends, and a hang-up, which is reported unasked,
 * once, and leaves the watch armed. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no poll watches */
#include "poll-watch.h"

static struct io_uring ring;
static struct io_uring_poll_watch w;

/* Reports until these have come; others were asked for as well. */
static void until(unsigned int wanted)
{
	unsigned int seen = 0;

	while ((seen & wanted) != wanted) {
		seen |= pw_own(&ring, &w);
		pw_release(&ring, &w);
	}
}

static void room_to_write(void)
{
	static const char block[4096];
	int sv[2];

	pw_socketpair(sv);
	pw_arm(&ring, &w, sv[0], POLLIN | POLLOUT);
	T_EQ(pw_own(&ring, &w), POLLOUT);
	while (write(sv[0], block, sizeof(block)) > 0)
		;
	T_EQ(errno, EAGAIN);
	pw_release(&ring, &w);
	pw_write(sv[1]);
	until(POLLIN);
	T_EQ(pw_drain(sv[0]), 1);
	T_GE(pw_drain(sv[1]), (int)sizeof(block));
	until(POLLOUT);
	pw_cancel(&ring, &w);
	pw_close(sv);
}

/* The kernel misses it where nothing else is asked for. */
static void urgent_data(void)
{
	char byte = 0;
	int sv[2];

	t_tcp_pair(sv);
	pw_arm(&ring, &w, sv[0], POLLIN | POLLPRI);
	T_EQ(send(sv[1], "!", 1, MSG_OOB), 1);
	until(POLLPRI);
	T_EQ(recv(sv[0], &byte, 1, MSG_OOB), 1);
	T_EQ(byte, '!');
	pw_cancel(&ring, &w);
	pw_close(sv);
}

static void end_of_input(void)
{
	int sv[2];

	t_tcp_pair(sv);
	pw_arm(&ring, &w, sv[0], EPOLLRDHUP);
	pw_write(sv[1]);
	pw_quiet(&ring);
	T_SYS(shutdown(sv[1], SHUT_WR));
	until(POLLRDHUP);
	pw_cancel(&ring, &w);
	pw_close(sv);
}

/* The peer is gone; with and without something that it left behind. */
static void hang_up(unsigned int left)
{
	int fds[2];

	pw_pipe(fds);
	pw_arm(&ring, &w, fds[0], POLLIN);
	close(fds[1]);
	fds[1] = -1;
	T_EQ(pw_own(&ring, &w), POLLHUP);
	T_EQ(pw_drain(fds[0]), 0);
	pw_release(&ring, &w);
	pw_quiet(&ring);
	T_CHECK(!io_uring_poll_watch_owes(&w));
	pw_cancel(&ring, &w);
	close(fds[0]);

	pw_socketpair(fds);
	pw_arm(&ring, &w, fds[0], POLLIN);
	if (left) {
		pw_write(fds[1]);
		until(POLLIN);
		T_EQ(pw_drain(fds[0]), 1);
		pw_write(fds[1]);
	}
	close(fds[1]);
	until(POLLHUP);
	T_EQ(pw_drain(fds[0]), left);
	pw_quiet(&ring);
	pw_cancel(&ring, &w);
	close(fds[0]);
}

/* An end that can only be written to: POLLERR is not asked for either. */
static void no_reader(void)
{
	int fds[2];

	pw_pipe(fds);
	pw_arm(&ring, &w, fds[1], POLLIN);
	close(fds[0]);
	T_EQ(pw_own(&ring, &w), POLLERR);
	pw_release(&ring, &w);
	pw_cancel(&ring, &w);
	close(fds[1]);
}

int main(void)
{
	pw_needs_multishot();
	T_RING(8, &ring, 0);
	room_to_write();
	urgent_data();
	end_of_input();
	hang_up(0);
	hang_up(1);
	no_reader();
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
