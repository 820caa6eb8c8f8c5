/* Description: the sendmsg form, the vectored form and a destination address:
 * io_uring_prep_sendmsgzc(), _sendvzc() and _sendzc_set_addr() deliver the
 * same bytes as plain sends, and what they point to, except the data, may
 * change as soon as they were submitted. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no notification slots */
#include "notif.h"

static struct io_uring ring;
static unsigned int generation;

/* The SQE flushes slot 0. */
static void done(struct io_uring_sqe *sqe, int res)
{
	T_EQ(t_do(&ring, sqe), res);
	NOTIF_NEXT(&ring, NOTIF_TAG(0), 0, generation);
	generation++;
	NOTIF_QUIET(&ring);
}

static void streams(int fd, int peer)
{
	struct iovec vec[3] = { { (char *)"one ", 4 }, { NULL, 0 },
				{ (char *)"two", 3 } };
	struct io_uring_sqe *sqe;
	struct msghdr msg;

	memset(&msg, 0, sizeof(msg));
	msg.msg_iov = vec;
	msg.msg_iovlen = 3;
	sqe = notif_sqe(&ring);
	io_uring_prep_sendmsgzc(sqe, fd, &msg, MSG_NOSIGNAL, 0, NOTIF_FLUSH);
	done(sqe, 7);
	t_expect(peer, "one two", 7);
	sqe = notif_sqe(&ring);
	io_uring_prep_sendvzc(sqe, fd, vec, 3, MSG_NOSIGNAL, 0, NOTIF_FLUSH);
	done(sqe, 7);
	t_expect(peer, "one two", 7);
	sqe = notif_sqe(&ring);
	io_uring_prep_sendvzc(sqe, fd, vec, 0, MSG_NOSIGNAL, 0, NOTIF_FLUSH);
	done(sqe, 0);
	msg.msg_iovlen = 0;
	sqe = notif_sqe(&ring);
	io_uring_prep_sendmsgzc(sqe, fd, &msg, MSG_NOSIGNAL, 0, NOTIF_FLUSH);
	done(sqe, 0);
}

/* A whole batch, whose headers and vectors are gone when it has been taken. */
static void headers_are_copied(int fd, int peer)
{
	struct iovec *vec = notif_pages(8 * sizeof(*vec));
	struct msghdr *msg = notif_pages(4 * sizeof(*msg));
	static const char *const words[8] = { "a0", "b1", "c2", "d3",
					      "e4", "f5", "g6", "h7" };
	struct notif_box *box = notif_pages(sizeof(*box));
	unsigned int i;

	for (i = 0; i < 8; i++) {
		vec[i].iov_base = (void *)(uintptr_t)words[i];
		vec[i].iov_len = 2;
	}
	for (i = 0; i < 4; i++) {
		struct io_uring_sqe *sqe = notif_sqe(&ring);

		msg[i].msg_iov = &vec[i];
		msg[i].msg_iovlen = 1;
		io_uring_prep_sendmsgzc(sqe, fd, &msg[i], MSG_NOSIGNAL, 0, 0);
		io_uring_sqe_set_data64(sqe, i);
		io_uring_sqe_set_flags(sqe, IOSQE_IO_LINK);
	}
	for (i = 4; i < 8; i++) {
		struct io_uring_sqe *sqe = notif_sqe(&ring);

		io_uring_prep_sendvzc(sqe, fd, &vec[i], 1, MSG_NOSIGNAL, 0,
				      i == 7 ? NOTIF_FLUSH : 0);
		io_uring_sqe_set_data64(sqe, i);
		if (i < 7)
			io_uring_sqe_set_flags(sqe, IOSQE_IO_LINK);
	}
	t_submit(&ring, 8);
	/* The SQPOLL thread takes them when it likes. */
	while (io_uring_sq_ready(&ring))
		sched_yield();
	munmap(vec, 8 * sizeof(*vec));
	munmap(msg, 4 * sizeof(*msg));
	NOTIF_COLLECT_ALL(&ring, box, 9);
	for (i = 0; i < 8; i++)
		NOTIF_TAKE(box, i, 2, 0);
	NOTIF_TAKE(box, NOTIF_TAG(0), 0, generation);
	generation++;
	t_expect(peer, "a0b1c2d3e4f5g6h7", 16);
	munmap(box, sizeof(*box));
}

static void datagrams(void)
{
	struct iovec vec[2] = { { (char *)"data", 4 }, { (char *)"gram", 4 } };
	struct sockaddr_in to, from, seen;
	socklen_t len = sizeof(seen);
	struct io_uring_sqe *sqe;
	struct msghdr msg;
	char byte;
	int rx, tx;

	rx = t_udp(&to);
	tx = t_udp(&from);
	sqe = notif_sqe(&ring);
	io_uring_prep_sendzc(sqe, tx, "to you", 6, MSG_NOSIGNAL, 0,
			     NOTIF_FLUSH);
	io_uring_prep_sendzc_set_addr(sqe, (struct sockaddr *)&to, sizeof(to));
	done(sqe, 6);
	T_EQ(recvfrom(rx, &byte, 1, MSG_PEEK, (struct sockaddr *)&seen, &len),
	     1);
	T_EQ(seen.sin_port, from.sin_port);
	t_expect(rx, "to you", 6);
	sqe = notif_sqe(&ring);
	io_uring_prep_sendvzc(sqe, tx, vec, 2, MSG_NOSIGNAL, 0, NOTIF_FLUSH);
	io_uring_prep_sendzc_set_addr(sqe, (struct sockaddr *)&to, sizeof(to));
	done(sqe, 8);
	t_expect(rx, "datagram", 8);

	memset(&msg, 0, sizeof(msg));
	msg.msg_name = &to;
	msg.msg_namelen = sizeof(to);
	msg.msg_iov = vec;
	msg.msg_iovlen = 2;
	sqe = notif_sqe(&ring);
	io_uring_prep_sendmsgzc(sqe, tx, &msg, MSG_NOSIGNAL, 0, NOTIF_FLUSH);
	done(sqe, 8);
	t_expect(rx, "datagram", 8);
	/* Without any: an error of the socket. */
	sqe = notif_sqe(&ring);
	io_uring_prep_sendzc(sqe, tx, "x", 1, MSG_NOSIGNAL, 0, NOTIF_FLUSH);
	T_EQ(t_do(&ring, sqe), -EDESTADDRREQ);
	NOTIF_QUIET(&ring);
	close(rx);
	close(tx);
}

int main(void)
{
	int tcp[2], local[2];

	T_RING(16, &ring, 0);
	t_tcp_pair(tcp);
	t_socketpair(local);
	notif_register(&ring, 1);
	streams(tcp[0], tcp[1]);
	streams(local[0], local[1]);
	headers_are_copied(tcp[0], tcp[1]);
	headers_are_copied(local[0], local[1]);
	datagrams();
	io_uring_queue_exit(&ring);
	notif_close(tcp);
	notif_close(local);
	return T_EXIT_PASS;
}
