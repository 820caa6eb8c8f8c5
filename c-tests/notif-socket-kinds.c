/* Description: a slot send works on every kind of socket that a plain send
 * works on, with zero-copy or without, alone and in a link chain; where the
 * data is copied the notifier completes with the sends. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no notification slots */
#include "notif.h"

static struct io_uring ring;
static struct notif_box box;
static unsigned int generation;

static void sends(int fd, int peer, unsigned int flags)
{
	static const char *const words[4] = { "first", "second", "third",
					      "fourth" };
	unsigned int i, last = 0, at;

	for (i = 0; i < 4; i++) {
		struct io_uring_sqe *sqe;

		sqe = notif_send(&ring, fd, words[i], strlen(words[i]), 0,
				 i == 3 ? NOTIF_FLUSH : 0, i);
		if (i < 3)
			io_uring_sqe_set_flags(sqe, flags);
	}
	t_submit(&ring, 4);
	NOTIF_COLLECT_ALL(&ring, &box, 5);
	for (i = 0; i < 4; i++) {
		at = NOTIF_TAKE(&box, i, (int)strlen(words[i]), 0);
		last = at > last ? at : last;
	}
	T_GE(NOTIF_TAKE(&box, NOTIF_TAG(0), 0, generation), last);
	NOTIF_EMPTY(&box);
	generation++;
	for (i = 0; i < 4; i++)
		t_expect(peer, words[i], strlen(words[i]));
}

/* Workers may overtake each other: the bytes count, in any order. */
static void by_workers(int fd, int peer)
{
	char text[4];
	unsigned int i;

	for (i = 0; i < 4; i++) {
		struct io_uring_sqe *sqe;

		sqe = notif_send(&ring, fd, &"abcd"[i], 1, 0, 0, i);
		io_uring_sqe_set_flags(sqe, IOSQE_ASYNC);
	}
	notif_update(&ring, 0, 0, 1, 4);
	t_submit(&ring, 5);
	NOTIF_COLLECT_ALL(&ring, &box, 6);
	for (i = 0; i < 4; i++)
		NOTIF_TAKE(&box, i, 1, 0);
	NOTIF_TAKE(&box, 4, 0, 0);
	NOTIF_TAKE(&box, NOTIF_TAG(0), 0, generation);
	generation++;
	for (i = 0; i < 4; i++)
		T_EQ(recv(peer, &text[i], 1, 0), 1);
	for (i = 0; i < 4; i++)
		T_CHECK(memchr(text, "abcd"[i], 4));
}

static void kind(int fd, int peer)
{
	sends(fd, peer, 0);
	sends(fd, peer, IOSQE_IO_LINK);
	sends(fd, peer, IOSQE_IO_HARDLINK);
	by_workers(fd, peer);
	sends(fd, peer, 0);
}

/* On one notifier. */
static void both_kinds(void)
{
	int tcp[2], local[2];

	t_tcp_pair(tcp);
	t_socketpair(local);
	notif_send(&ring, local[0], "local", 5, 0, 0, 1);
	notif_send(&ring, tcp[0], "tcp", 3, 0, 0, 2);
	notif_send(&ring, local[0], "flush", 5, 0, NOTIF_FLUSH, 3);
	t_submit(&ring, 3);
	NOTIF_COLLECT_ALL(&ring, &box, 4);
	NOTIF_TAKE(&box, 1, 5, 0);
	NOTIF_TAKE(&box, 2, 3, 0);
	NOTIF_TAKE(&box, 3, 5, 0);
	NOTIF_TAKE(&box, NOTIF_TAG(0), 0, generation);
	t_expect(local[1], "localflush", 10);
	t_expect(tcp[1], "tcp", 3);
	notif_close(tcp);
	notif_close(local);
}

int main(void)
{
	static const int local_types[] = {
		SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET,
	};
	struct sockaddr_in to;
	int sv[2], rx;
	unsigned int i;

	T_RING(16, &ring, 0);
	notif_register(&ring, 1);

	t_tcp_pair(sv);
	kind(sv[0], sv[1]);
	notif_close(sv);
	rx = t_udp(&to);
	sv[0] = (int)T_SYS(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	T_SYS(connect(sv[0], (struct sockaddr *)&to, sizeof(to)));
	kind(sv[0], rx);
	close(sv[0]);
	close(rx);
	for (i = 0; i < 3; i++) {
		T_SYS(socketpair(AF_UNIX, local_types[i] | SOCK_CLOEXEC, 0,
				 sv));
		kind(sv[0], sv[1]);
		notif_close(sv);
	}

	/* No socket at all. */
	T_SYS(pipe(sv));
	notif_send(&ring, sv[1], "pipe", 4, 0, NOTIF_FLUSH, 9);
	t_submit(&ring, 1);
	NOTIF_NEXT(&ring, 9, -ENOTSOCK, 0);
	NOTIF_QUIET(&ring);
	notif_close(sv);

	both_kinds();
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
