/* Description: cmd_sock carries the socket commands: bytes queued in and out,
 * getsockopt, whose result is the length, and setsockopt; uring_cmd carries
 * the same ones bare. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "net.h"

static struct io_uring ring;

static int sock(int op, int fd, int level, int name, void *value, int len)
{
	struct io_uring_sqe *sqe = t_sqe(&ring);

	io_uring_prep_cmd_sock(sqe, op, fd, level, name, value, len);
	return t_do(&ring, sqe);
}

int main(void)
{
	struct io_uring_sqe *sqe;
	socklen_t len = sizeof(int);
	int sv[2], value, seen;

	t_tcp_pair(sv);
	T_RING(8, &ring, 0);
	T_NEEDS_OP(5, 19, IORING_OP_URING_CMD);
	T_EQ_SINCE(6, 7, "SOCKET_URING_OP_SIOCINQ",
		   sock(SOCKET_URING_OP_SIOCINQ, sv[1], 0, 0, NULL, 0), 0,
		   -EOPNOTSUPP);
	t_send_all(sv[0], "seven b", 7);
	T_EQ(sock(SOCKET_URING_OP_SIOCINQ, sv[1], 0, 0, NULL, 0), 7);
	T_EQ(sock(SOCKET_URING_OP_SIOCOUTQ, sv[1], 0, 0, NULL, 0), 0);
	sqe = t_sqe(&ring);
	io_uring_prep_uring_cmd(sqe, SOCKET_URING_OP_SIOCINQ, sv[1]);
	T_EQ(t_do(&ring, sqe), 7);
	sqe = t_sqe(&ring);
	__io_uring_prep_uring_cmd(sqe, IORING_OP_URING_CMD,
				  SOCKET_URING_OP_SIOCINQ, sv[1]);
	T_EQ(t_do(&ring, sqe), 7);

	t_expect(sv[1], "seven b", 7);
	T_EQ(sock(SOCKET_URING_OP_SIOCINQ, sv[1], 0, 0, NULL, 0), 0);

	value = 1;
	T_EQ(sock(SOCKET_URING_OP_SETSOCKOPT, sv[0], SOL_SOCKET, SO_KEEPALIVE,
		  &value, sizeof(value)), 0);
	T_SYS(getsockopt(sv[0], SOL_SOCKET, SO_KEEPALIVE, &seen, &len));
	T_EQ(seen, 1);
	seen = 77;
	T_EQ(sock(SOCKET_URING_OP_GETSOCKOPT, sv[0], SOL_SOCKET, SO_KEEPALIVE,
		  &seen, sizeof(seen)), sizeof(seen));
	T_EQ(seen, 1);
	value = 0;
	T_EQ(sock(SOCKET_URING_OP_SETSOCKOPT, sv[0], IPPROTO_TCP, TCP_NODELAY,
		  &value, sizeof(value)), 0);
	T_SYS(getsockopt(sv[0], IPPROTO_TCP, TCP_NODELAY, &seen, &len));
	T_EQ(seen, 0);

	T_EQ(sock(SOCKET_URING_OP_GETSOCKOPT, sv[0], SOL_SOCKET, 4242, &seen,
		  sizeof(seen)), -ENOPROTOOPT);
	T_EQ(sock(SOCKET_URING_OP_GETSOCKOPT, sv[0], IPPROTO_TCP, TCP_NODELAY,
		  &seen, sizeof(seen)), -EOPNOTSUPP);
	T_EQ(sock(4242, sv[0], 0, 0, NULL, 0), -EOPNOTSUPP);
	sqe = t_sqe(&ring);
	io_uring_prep_uring_cmd(sqe, SOCKET_URING_OP_SIOCINQ, t_tmpfile(0));
	T_EQ(t_do(&ring, sqe), -EOPNOTSUPP);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
