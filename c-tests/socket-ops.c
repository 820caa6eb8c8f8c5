/* Description: socket, bind, listen, accept, connect and shutdown build a TCP
 * connection, with addresses, flags and errors as the system calls have them. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "net.h"

static struct io_uring ring;

static int new_socket(int domain, int type, int protocol)
{
	struct io_uring_sqe *sqe = t_sqe(&ring);

	io_uring_prep_socket(sqe, domain, type, protocol, 0);
	return t_do(&ring, sqe);
}

static int option(int fd, int name)
{
	socklen_t len = sizeof(int);
	int value = -1;

	T_SYS(getsockopt(fd, SOL_SOCKET, name, &value, &len));
	return value;
}

static int listener(struct sockaddr_in *addr)
{
	socklen_t len = sizeof(*addr);
	struct io_uring_sqe *sqe;
	int fd, ret;

	fd = new_socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
	T_GE(fd, 0);
	T_EQ(option(fd, SO_TYPE), SOCK_STREAM);
	T_EQ(option(fd, SO_PROTOCOL), IPPROTO_TCP);
	T_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);

	memset(addr, 0, sizeof(*addr));
	addr->sin_family = AF_INET;
	addr->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sqe = t_sqe(&ring);
	io_uring_prep_bind(sqe, fd, (struct sockaddr *)addr, sizeof(*addr));
	ret = t_do(&ring, sqe);
	if (t_lacks(6, 11, "IORING_OP_BIND and _LISTEN", ret, -EINVAL)) {
		T_SYS(bind(fd, (struct sockaddr *)addr, sizeof(*addr)));
		T_SYS(getsockname(fd, (struct sockaddr *)addr, &len));
		T_SYS(listen(fd, 7));
		return fd;
	}
	T_EQ(ret, 0);
	T_SYS(getsockname(fd, (struct sockaddr *)addr, &len));
	T_NE(addr->sin_port, 0);
	sqe = t_sqe(&ring);
	io_uring_prep_bind(sqe, fd, (struct sockaddr *)addr, 4);
	T_EQ(t_do(&ring, sqe), -EINVAL);

	T_EQ(option(fd, SO_ACCEPTCONN), 0);
	sqe = t_sqe(&ring);
	io_uring_prep_listen(sqe, fd, 7);
	T_EQ(t_do(&ring, sqe), 0);
	T_EQ(option(fd, SO_ACCEPTCONN), 1);
	return fd;
}

int main(void)
{
	struct sockaddr_in addr, peer, name;
	socklen_t len = sizeof(peer);
	struct io_uring_sqe *sqe;
	int lfd, client, server, i, ret;

	T_RING(8, &ring, 0);
	T_NEEDS_OP(5, 19, IORING_OP_SOCKET);
	T_EQ(new_socket(AF_INET, 77, 0), -EINVAL);
	T_EQ(new_socket(4242, SOCK_STREAM, 0), -EAFNOSUPPORT);
	client = new_socket(AF_INET, SOCK_DGRAM, 0);
	T_GE(client, 0);
	T_EQ(option(client, SO_TYPE), SOCK_DGRAM);
	close(client);

	lfd = listener(&addr);
	client = new_socket(AF_INET, SOCK_STREAM, 0);
	sqe = t_sqe(&ring);
	io_uring_prep_connect(sqe, client, (struct sockaddr *)&addr,
			      sizeof(addr));
	T_EQ(t_do(&ring, sqe), 0);

	memset(&peer, 0, sizeof(peer));
	sqe = t_sqe(&ring);
	io_uring_prep_accept(sqe, lfd, (struct sockaddr *)&peer, &len,
			     SOCK_CLOEXEC | SOCK_NONBLOCK);
	server = t_do(&ring, sqe);
	T_GE(server, 0);
	T_EQ(fcntl(server, F_GETFD), FD_CLOEXEC);
	T_CHECK(fcntl(server, F_GETFL) & O_NONBLOCK);
	T_EQ(len, sizeof(peer));
	T_SYS(getsockname(client, (struct sockaddr *)&name, &len));
	T_EQ(peer.sin_port, name.sin_port);
	T_EQ(peer.sin_addr.s_addr, htonl(INADDR_LOOPBACK));

	/* Each direction is shut down by itself. */
	t_send_all(client, "to server", 9);
	sqe = t_sqe(&ring);
	io_uring_prep_shutdown(sqe, client, SHUT_WR);
	T_EQ(t_do(&ring, sqe), 0);
	T_SYS(fcntl(server, F_SETFL, 0));
	t_expect(server, "to server", 9);
	t_expect_eof(server);
	t_send_all(server, "to client", 9);
	t_expect(client, "to client", 9);
	sqe = t_sqe(&ring);
	io_uring_prep_shutdown(sqe, client, 77);
	T_EQ(t_do(&ring, sqe), -EINVAL);

	/* A listener without a pending connection, asked not to wait. */
	sqe = t_sqe(&ring);
	io_uring_prep_accept(sqe, lfd, NULL, NULL, 0);
	sqe->ioprio |= IORING_ACCEPT_DONTWAIT;
	ret = t_do(&ring, sqe);
	if (!t_lacks(6, 10, "IORING_ACCEPT_DONTWAIT", ret, -EINVAL))
		T_EQ(ret, -EAGAIN);

	close(lfd);
	for (i = 0; i < 2; i++) {
		client = new_socket(AF_INET, SOCK_STREAM, 0);
		sqe = t_sqe(&ring);
		io_uring_prep_connect(sqe, client, (struct sockaddr *)&addr,
				      i ? 3 : sizeof(addr));
		T_EQ(t_do(&ring, sqe), i ? -EINVAL : -ECONNREFUSED);
		close(client);
	}
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
