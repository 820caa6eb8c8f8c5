/* Description: a multishot recvmsg puts header, sender's name, control data and
 * payload of each message into a provided buffer, and the recvmsg functions
 * take them out: SCM_RIGHTS over a Unix socket, IP_PKTINFO over UDP, and a
 * message that was cut off. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "net.h"

#define NR   4
#define SIZE 512
#define BGID 8

static unsigned char data[NR][SIZE] __attribute__((aligned(16)));

/* Arms the receive; `msg` says how much room each part has. */
static struct io_uring_buf_ring *arm(struct io_uring *ring, int fd,
				     struct msghdr *msg, unsigned int size)
{
	struct io_uring_buf_ring *br;
	struct io_uring_sqe *sqe;
	int i, err;

	br = io_uring_setup_buf_ring(ring, NR, BGID, 0, &err);
	T_NEEDS(5, 19, "IORING_REGISTER_PBUF_RING", err, -EINVAL);
	T_CHECK(br);
	for (i = 0; i < NR; i++)
		io_uring_buf_ring_add(br, data[i], size, (unsigned short)i,
				      io_uring_buf_ring_mask(NR), i);
	io_uring_buf_ring_advance(br, NR);
	sqe = t_sqe(ring);
	io_uring_prep_recvmsg_multishot(sqe, fd, msg, MSG_TRUNC);
	io_uring_sqe_set_flags(sqe, IOSQE_BUFFER_SELECT);
	io_uring_sqe_set_buf_group(sqe, BGID);
	io_uring_sqe_set_data64(sqe, 1);
	t_submit(ring, 1);
	return br;
}

static struct io_uring_recvmsg_out *next(struct io_uring *ring,
					 struct msghdr *msg, int *len)
{
	struct t_result r = t_reap_as(ring, 1);
	struct io_uring_recvmsg_out *o;

	T_GE(r.res, 1);
	T_CHECK(r.flags & IORING_CQE_F_MORE);
	T_CHECK(r.flags & IORING_CQE_F_BUFFER);
	*len = r.res;
	o = io_uring_recvmsg_validate(data[r.flags >> IORING_CQE_BUFFER_SHIFT],
				      r.res, msg);
	T_CHECK(o);
	return o;
}

static void expect_payload(struct io_uring_recvmsg_out *o, struct msghdr *msg,
			   int len, const char *text)
{
	T_EQ(o->payloadlen, strlen(text));
	T_EQ(io_uring_recvmsg_payload_length(o, len, msg), strlen(text));
	T_MEM_EQ(io_uring_recvmsg_payload(o, msg), text, strlen(text));
	T_EQ(o->flags & MSG_TRUNC, 0);
}

static void send_fd(int sock, const char *text, int fd)
{
	union {
		struct cmsghdr hdr;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { (void *)(uintptr_t)text, strlen(text) };
	struct msghdr msg;
	struct cmsghdr *c;

	memset(&msg, 0, sizeof(msg));
	memset(&control, 0, sizeof(control));
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	msg.msg_control = &control;
	msg.msg_controllen = sizeof(control);
	c = CMSG_FIRSTHDR(&msg);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	T_EQ(sendmsg(sock, &msg, 0), strlen(text));
}

static void unix_rights(void)
{
	struct io_uring_recvmsg_out *o;
	struct io_uring_buf_ring *br;
	struct io_uring ring;
	struct msghdr msg;
	struct cmsghdr *c;
	int sv[2], fd, len;

	T_SYS(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv));
	T_RING(8, &ring, 0);
	memset(&msg, 0, sizeof(msg));
	msg.msg_controllen = CMSG_SPACE(sizeof(int));
	br = arm(&ring, sv[1], &msg, SIZE);

	fd = t_text_file("passed along");
	send_fd(sv[0], "with a file", fd);
	close(fd);
	o = next(&ring, &msg, &len);
	T_EQ(o->namelen, 0);
	expect_payload(o, &msg, len, "with a file");
	c = io_uring_recvmsg_cmsg_firsthdr(o, &msg);
	T_CHECK(c);
	T_EQ(c->cmsg_level, SOL_SOCKET);
	T_EQ(c->cmsg_type, SCM_RIGHTS);
	T_EQ(c->cmsg_len, CMSG_LEN(sizeof(int)));
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	t_file_holds(fd, 0, "passed along");
	T_PTR_EQ(io_uring_recvmsg_cmsg_nexthdr(o, &msg, c), NULL);

	t_send_all(sv[0], "without", 7);
	o = next(&ring, &msg, &len);
	expect_payload(o, &msg, len, "without");
	T_EQ(o->controllen, 0);
	T_PTR_EQ(io_uring_recvmsg_cmsg_firsthdr(o, &msg), NULL);
	T_EQ(io_uring_free_buf_ring(&ring, br, NR, BGID), 0);
	io_uring_queue_exit(&ring);
}

static void udp_pktinfo(void)
{
	struct sockaddr_in to, from;
	struct io_uring_recvmsg_out *o;
	struct io_uring_buf_ring *br;
	struct io_uring ring;
	struct msghdr msg;
	struct cmsghdr *c;
	int rx = t_udp(&to), tx = t_udp(&from), one = 1, len, seen = 0;

	T_SYS(setsockopt(rx, IPPROTO_IP, IP_PKTINFO, &one, sizeof(one)));
	T_SYS(setsockopt(rx, IPPROTO_IP, IP_RECVTTL, &one, sizeof(one)));
	T_RING(8, &ring, 0);
	memset(&msg, 0, sizeof(msg));
	msg.msg_namelen = sizeof(struct sockaddr_in);
	msg.msg_controllen = 128;
	br = arm(&ring, rx, &msg, 16 + 16 + 128 + 10);

	T_EQ(sendto(tx, "datagram", 8, 0, (struct sockaddr *)&to, sizeof(to)), 8);
	o = next(&ring, &msg, &len);
	expect_payload(o, &msg, len, "datagram");
	T_EQ(o->namelen, sizeof(from));
	T_MEM_EQ(io_uring_recvmsg_name(o), &from, sizeof(from));
	for (c = io_uring_recvmsg_cmsg_firsthdr(o, &msg); c;
	     c = io_uring_recvmsg_cmsg_nexthdr(o, &msg, c)) {
		T_EQ(c->cmsg_level, IPPROTO_IP);
		if (c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof(info));
			T_EQ(ntohl(info.ipi_addr.s_addr), INADDR_LOOPBACK);
			seen |= 1;
		} else if (c->cmsg_type == IP_TTL) {
			seen |= 2;
		}
	}
	T_EQ(seen, 3);

	/* Twelve bytes into room for ten. */
	T_EQ(sendto(tx, "0123456789ab", 12, 0, (struct sockaddr *)&to,
		    sizeof(to)), 12);
	o = next(&ring, &msg, &len);
	T_EQ(io_uring_recvmsg_payload_length(o, len, &msg), 10);
	T_MEM_EQ(io_uring_recvmsg_payload(o, &msg), "0123456789", 10);
	T_CHECK(o->flags & MSG_TRUNC);
	T_EQ(o->payloadlen, 12);
	T_EQ(io_uring_free_buf_ring(&ring, br, NR, BGID), 0);
	io_uring_queue_exit(&ring);
}

int main(void)
{
	unix_rights();
	udp_pktinfo();
	return T_EXIT_PASS;
}
