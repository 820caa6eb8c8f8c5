/* Description: send and recv carry bytes over a connection with their message
 * flags, sendto and send_set_addr name a datagram's destination. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "net.h"

static struct io_uring ring;

static void stream(void)
{
	struct io_uring_sqe *sqe;
	char buf[32];
	int sv[2];

	t_tcp_pair(sv);
	sqe = t_sqe(&ring);
	io_uring_prep_send(sqe, sv[0], "stream", 6, 0);
	T_EQ(t_do(&ring, sqe), 6);
	sqe = t_sqe(&ring);
	io_uring_prep_recv(sqe, sv[1], buf, sizeof(buf), MSG_PEEK);
	T_EQ(t_do(&ring, sqe), 6);
	T_MEM_EQ(buf, "stream", 6);
	sqe = t_sqe(&ring);
	io_uring_prep_recv(sqe, sv[1], buf, 2, 0);
	T_EQ(t_do(&ring, sqe), 2);
	t_expect(sv[1], "ream", 4);

	/* WAITALL completes once, with everything. */
	sqe = t_sqe(&ring);
	io_uring_prep_recv(sqe, sv[1], buf, 8, MSG_WAITALL);
	io_uring_sqe_set_data64(sqe, 1);
	t_submit(&ring, 1);
	t_send_all(sv[0], "half", 4);
	t_sleep_ms(10);
	t_no_completion(&ring);
	t_send_all(sv[0], "more", 4);
	T_EQ(t_reap_as(&ring, 1).res, 8);
	T_MEM_EQ(buf, "halfmore", 8);

	sqe = t_sqe(&ring);
	io_uring_prep_recv(sqe, sv[1], buf, 8, MSG_DONTWAIT);
	T_EQ(t_do(&ring, sqe), -EAGAIN);
	close(sv[1]);
	sqe = t_sqe(&ring);
	io_uring_prep_recv(sqe, sv[0], buf, 8, 0);
	T_EQ(t_do(&ring, sqe), 0);
	close(sv[0]);
}

static void datagrams(void)
{
	struct sockaddr_in to, from, seen;
	socklen_t len = sizeof(seen);
	struct io_uring_sqe *sqe;
	int rx = t_udp(&to), tx = t_udp(&from);
	char buf[32];

	sqe = t_sqe(&ring);
	io_uring_prep_sendto(sqe, tx, "sendto", 6, 0, (struct sockaddr *)&to,
			     sizeof(to));
	T_EQ_SINCE(6, 0, "address in IORING_OP_SEND", t_do(&ring, sqe), 6,
		   -EINVAL);
	T_EQ(recvfrom(rx, buf, sizeof(buf), 0, (struct sockaddr *)&seen, &len),
	     6);
	T_MEM_EQ(buf, "sendto", 6);
	T_EQ(seen.sin_port, from.sin_port);

	sqe = t_sqe(&ring);
	io_uring_prep_send(sqe, tx, "set_addr", 8, 0);
	io_uring_prep_send_set_addr(sqe, (struct sockaddr *)&to, sizeof(to));
	T_EQ(t_do(&ring, sqe), 8);
	t_expect(rx, "set_addr", 8);

	sqe = t_sqe(&ring);
	io_uring_prep_send(sqe, tx, "nowhere", 7, 0);
	T_EQ(t_do(&ring, sqe), -EDESTADDRREQ);
	sqe = t_sqe(&ring);
	io_uring_prep_sendto(sqe, tx, "short", 5, 0, (struct sockaddr *)&to, 3);
	T_EQ(t_do(&ring, sqe), -EINVAL);
	close(rx);
	close(tx);
}

int main(void)
{
	T_RING(8, &ring, 0);
	stream();
	datagrams();
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
