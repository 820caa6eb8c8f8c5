/* needs: 2.3 */
#include "see.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static struct io_uring ring;

static struct io_uring_sqe *next(uint64_t data)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

	memset(sqe, 0, sizeof(*sqe));
	sqe->user_data = data;
	return sqe;
}

/* The data is set last: older prep functions clear it. */
static void run(struct io_uring_sqe *sqe, uint64_t data, unsigned int count)
{
	sqe->user_data = data;
	CALL(io_uring_submit_and_wait(&ring, count));
	reap(&ring, count);
}

static void streams(void)
{
	struct io_uring_sqe *sqe;
	struct msghdr msg;
	struct iovec iov;
	char buf[64];
	int sv[2];

	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, sv));
	part("send and recv");
	sqe = next(1);
	io_uring_prep_send(sqe, sv[0], "hello", 5, 0);
	run(sqe, 1, 1);
	memset(buf, 0, sizeof(buf));
	sqe = next(2);
	io_uring_prep_recv(sqe, sv[1], buf, sizeof(buf), 0);
	run(sqe, 2, 1);
	see("%s\n", buf);

	part("sendmsg and recvmsg");
	memset(&msg, 0, sizeof(msg));
	iov.iov_base = (void *)"message";
	iov.iov_len = 7;
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	sqe = next(3);
	io_uring_prep_sendmsg(sqe, sv[0], &msg, 0);
	run(sqe, 3, 1);
	iov.iov_base = buf;
	iov.iov_len = sizeof(buf);
	sqe = next(4);
	io_uring_prep_recvmsg(sqe, sv[1], &msg, 0);
	run(sqe, 4, 1);
	see("%s %d\n", buf, msg.msg_flags);

	part("nothing to receive");
	sqe = next(5);
	io_uring_prep_recv(sqe, sv[1], buf, sizeof(buf), MSG_DONTWAIT);
	run(sqe, 5, 1);
	part("shutdown");
	sqe = next(6);
	io_uring_prep_shutdown(sqe, sv[0], SHUT_WR);
	run(sqe, 6, 1);
	sqe = next(7);
	io_uring_prep_recv(sqe, sv[1], buf, sizeof(buf), 0);
	run(sqe, 7, 1);
	aside();
	close(sv[0]);
	close(sv[1]);
}

static void connections(void)
{
	struct sockaddr_in addr;
	struct io_uring_sqe *sqe;
	socklen_t len = sizeof(addr);
	int listening, fd;

	listening = (int)MUST(socket(AF_INET, SOCK_STREAM, 0));
	memset(&addr, 0, sizeof(addr));
	addr.sin_family = AF_INET;
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	MUST(bind(listening, (struct sockaddr *)&addr, sizeof(addr)));
	MUST(listen(listening, 4));
	MUST(getsockname(listening, (struct sockaddr *)&addr, &len));

	part("socket, connect, accept");
	sqe = next(10);
	io_uring_prep_socket(sqe, AF_INET, SOCK_STREAM, 0, 0);
	run(sqe, 10, 1);
	fd = listening + 1;
	sqe = next(11);
	io_uring_prep_connect(sqe, fd, (struct sockaddr *)&addr, sizeof(addr));
	run(sqe, 11, 1);
	sqe = next(12);
	io_uring_prep_accept(sqe, listening, NULL, NULL, SOCK_CLOEXEC);
	run(sqe, 12, 1);
	part("direct accept");
	CALL(io_uring_register_files_sparse(&ring, 4));
	sqe = next(13);
	io_uring_prep_socket_direct(sqe, AF_INET, SOCK_STREAM, 0, 1, 0);
	run(sqe, 13, 1);
	sqe = next(14);
	io_uring_prep_connect(sqe, 1, (struct sockaddr *)&addr, sizeof(addr));
	sqe->flags |= IOSQE_FIXED_FILE;
	run(sqe, 14, 1);
	sqe = next(15);
	io_uring_prep_accept_direct(sqe, listening, NULL, NULL, 0, 3);
	run(sqe, 15, 1);
	sqe = next(16);
	io_uring_prep_close_direct(sqe, 3);
	run(sqe, 16, 1);
	sqe = next(17);
	io_uring_prep_close_direct(sqe, 3);
	run(sqe, 17, 1);
	part("multishot accept");
	sqe = next(18);
	io_uring_prep_multishot_accept(sqe, listening, NULL, NULL, 0);
	sqe->user_data = 18;
	CALL(io_uring_submit(&ring));
	aside();
	fd = (int)MUST(socket(AF_INET, SOCK_STREAM, 0));
	MUST(connect(fd, (struct sockaddr *)&addr, sizeof(addr)));
	reap(&ring, 1);
	part("multishot accept, cancelled");
	sqe = next(19);
	io_uring_prep_cancel64(sqe, 18, 0);
	run(sqe, 19, 2);
	aside();
	close(fd);
	close(listening);
}

static void zero_copy(void)
{
	struct io_uring_sqe *sqe;
	int sv[2];

	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, sv));
	part("zero copy on a socket without it");
	sqe = next(30);
	io_uring_prep_send_zc(sqe, sv[0], "zero", 4, 0, 0);
	run(sqe, 30, 1);
#if API >= 215
	part("commands on sockets");
	{
		int value = 0, size = sizeof(value);

		sqe = next(31);
		io_uring_prep_cmd_sock(sqe, SOCKET_URING_OP_GETSOCKOPT, sv[0],
				       SOL_SOCKET, SO_TYPE, &value, size);
		run(sqe, 31, 1);
		VALUE(value);
	}
	part("bind and listen");
	{
		struct sockaddr_in addr;
		int fd = (int)MUST(socket(AF_INET, SOCK_STREAM, 0));

		memset(&addr, 0, sizeof(addr));
		addr.sin_family = AF_INET;
		addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		sqe = next(32);
		io_uring_prep_bind(sqe, fd, (struct sockaddr *)&addr,
				   sizeof(addr));
		run(sqe, 32, 1);
		sqe = next(33);
		io_uring_prep_listen(sqe, fd, 4);
		run(sqe, 33, 1);
		close(fd);
	}
#endif
	aside();
	close(sv[0]);
	close(sv[1]);
}

/* The helpers that read what a multishot recvmsg wrote. */
static void message_parts(void)
{
	static char buf[256];
	struct io_uring_recvmsg_out *out;
	struct msghdr msg;
	int length;

	part("recvmsg helpers");
	memset(&msg, 0, sizeof(msg));
	msg.msg_namelen = 16;
	msg.msg_controllen = 32;
	for (length = 0; length < 100; length += 13) {
		struct io_uring_recvmsg_out *o;

		out = (struct io_uring_recvmsg_out *)buf;
		out->namelen = 16;
		out->controllen = 32;
		out->payloadlen = 20;
		o = io_uring_recvmsg_validate(buf, length, &msg);
		see("%d: %s", length, o ? "valid" : "invalid");
		if (o)
			see(" name %td payload %td length %u first %s",
			    (char *)io_uring_recvmsg_name(o) - buf,
			    (char *)io_uring_recvmsg_payload(o, &msg) - buf,
			    io_uring_recvmsg_payload_length(o, length, &msg),
			    io_uring_recvmsg_cmsg_firsthdr(o, &msg) ? "yes"
								    : "no");
		see("\n");
	}
}

int main(void)
{
	ring_up(&ring, 8, 0);
	streams();
	connections();
	zero_copy();
	message_parts();
	ring_down(&ring);
	return 0;
}
