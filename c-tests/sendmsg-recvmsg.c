/* Description: sendmsg and recvmsg gather and scatter, name the peer, and carry
 * control data; recvmsg updates the caller's header. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "net.h"

static struct io_uring ring;

static struct msghdr message(struct iovec *iov, size_t nr)
{
	struct msghdr msg;

	memset(&msg, 0, sizeof(msg));
	msg.msg_iov = iov;
	msg.msg_iovlen = nr;
	return msg;
}

static void datagram(void)
{
	char a[4] = "one ", b[3] = "two", c[5] = "", d[16] = "";
	struct iovec out[2] = { { a, 4 }, { b, 3 } };
	struct iovec in[2] = { { c, 5 }, { d, 16 } };
	struct sockaddr_in to, from, seen;
	int rx = t_udp(&to), tx = t_udp(&from);
	struct io_uring_sqe *sqe;
	struct msghdr msg;

	msg = message(out, 2);
	msg.msg_name = &to;
	msg.msg_namelen = sizeof(to);
	sqe = t_sqe(&ring);
	io_uring_prep_sendmsg(sqe, tx, &msg, 0);
	T_EQ(t_do(&ring, sqe), 7);

	msg = message(in, 2);
	memset(&seen, 0, sizeof(seen));
	msg.msg_name = &seen;
	msg.msg_namelen = sizeof(seen);
	sqe = t_sqe(&ring);
	io_uring_prep_recvmsg(sqe, rx, &msg, MSG_PEEK);
	T_EQ(t_do(&ring, sqe), 7);
	T_MEM_EQ(c, "one t", 5);
	T_MEM_EQ(d, "wo", 2);
	T_EQ(seen.sin_port, from.sin_port);
	T_EQ(msg.msg_namelen, sizeof(seen));

	/* Peeked at, so it is still there, and now cut off. */
	msg = message(in, 1);
	sqe = t_sqe(&ring);
	io_uring_prep_recvmsg(sqe, rx, &msg, 0);
	T_EQ(t_do(&ring, sqe), 5);
	T_CHECK(msg.msg_flags & MSG_TRUNC);
	sqe = t_sqe(&ring);
	io_uring_prep_recvmsg(sqe, rx, &msg, MSG_DONTWAIT);
	T_EQ(t_do(&ring, sqe), -EAGAIN);
	close(rx);
	close(tx);
}

static void rights(void)
{
	union {
		struct cmsghdr hdr;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { (void *)"x", 1 };
	struct io_uring_sqe *sqe;
	struct msghdr msg;
	struct cmsghdr *c;
	int sv[2], fd;
	char byte;

	t_socketpair(sv);
	fd = t_text_file("a file on its way");
	memset(&control, 0, sizeof(control));
	msg = message(&iov, 1);
	msg.msg_control = &control;
	msg.msg_controllen = sizeof(control);
	c = CMSG_FIRSTHDR(&msg);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	sqe = t_sqe(&ring);
	io_uring_prep_sendmsg(sqe, sv[0], &msg, 0);
	T_EQ(t_do(&ring, sqe), 1);
	close(fd);

	memset(&control, 0, sizeof(control));
	iov.iov_base = &byte;
	msg = message(&iov, 1);
	msg.msg_control = &control;
	msg.msg_controllen = sizeof(control);
	sqe = t_sqe(&ring);
	io_uring_prep_recvmsg(sqe, sv[1], &msg, MSG_CMSG_CLOEXEC);
	T_EQ(t_do(&ring, sqe), 1);
	c = CMSG_FIRSTHDR(&msg);
	T_CHECK(c);
	T_EQ(c->cmsg_type, SCM_RIGHTS);
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	t_file_holds(fd, 0, "a file on its way");
	T_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
	close(sv[0]);
	close(sv[1]);
}

int main(void)
{
	T_RING(8, &ring, 0);
	datagram();
	rights();
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
