/* Description: a chain may open the socket that its slot sends go to, as a
 * registered file or as a descriptor, also in the place of a descriptor that
 * was another kind of socket at submission: the data arrives and the notifier
 * completes. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no notification slots */
#include "notif.h"

#include <sys/un.h>

static struct io_uring ring;
static struct notif_box box;
static unsigned int generation;

static struct io_uring_sqe *linked(struct io_uring_sqe *sqe, uint64_t data)
{
	io_uring_sqe_set_data64(sqe, data);
	io_uring_sqe_set_flags(sqe, IOSQE_IO_LINK);
	return sqe;
}

/* Two sends end the chain; before them `nr` requests whose result is 0. */
static void sent(unsigned int nr, unsigned int fd_of, int fd)
{
	unsigned int i;

	t_submit(&ring, nr + 2);
	NOTIF_COLLECT_ALL(&ring, &box, nr + 3);
	for (i = 0; i < nr; i++)
		NOTIF_TAKE(&box, i, i == fd_of ? fd : 0, 0);
	NOTIF_TAKE(&box, 10, 5, 0);
	NOTIF_TAKE(&box, 11, 4, 0);
	NOTIF_TAKE(&box, NOTIF_TAG(0), 0, generation);
	NOTIF_EMPTY(&box);
	generation++;
}

static void queue_sends(int fd, unsigned int flags)
{
	io_uring_sqe_set_flags(linked(notif_send(&ring, fd, "first", 5, 0, 0,
						 10), 10),
			       flags | IOSQE_IO_LINK);
	io_uring_sqe_set_flags(notif_send(&ring, fd, "last", 4, 0,
					  NOTIF_FLUSH, 11), flags);
}

static int accepted(int lfd)
{
	int fd = (int)T_SYS(accept4(lfd, NULL, NULL, SOCK_CLOEXEC));

	t_expect(fd, "firstlast", 9);
	return fd;
}

/* An accepted connection, as a registered file. */
static void accept_direct(int lfd, const struct sockaddr_in *addr)
{
	struct io_uring_sqe *sqe;
	int client = t_tcp_connect(addr);

	sqe = notif_sqe(&ring);
	io_uring_prep_accept_direct(sqe, lfd, NULL, NULL, 0, 1);
	linked(sqe, 0);
	queue_sends(1, IOSQE_FIXED_FILE);
	sent(1, 9, 0);
	t_expect(client, "firstlast", 9);
	close(client);
}

static void socket_direct(int lfd, const struct sockaddr_in *addr)
{
	struct io_uring_sqe *sqe = notif_sqe(&ring);

	io_uring_prep_socket_direct(sqe, AF_INET, SOCK_STREAM, 0, 2, 0);
	linked(sqe, 0);
	sqe = notif_sqe(&ring);
	io_uring_prep_connect(sqe, 2, (const struct sockaddr *)addr,
			      sizeof(*addr));
	io_uring_sqe_set_flags(linked(sqe, 1),
			       IOSQE_IO_LINK | IOSQE_FIXED_FILE);
	queue_sends(2, IOSQE_FIXED_FILE);
	sent(2, 9, 0);
	close(accepted(lfd));
}

/* The number that the next descriptor gets. */
static int next_fd(void)
{
	int fd = (int)T_SYS(dup(0));

	close(fd);
	return fd;
}

static void socket_by_number(int lfd, const struct sockaddr_in *addr)
{
	struct io_uring_sqe *sqe = notif_sqe(&ring);
	int fd = next_fd();

	io_uring_prep_socket(sqe, AF_INET, SOCK_STREAM, 0, 0);
	linked(sqe, 0);
	sqe = notif_sqe(&ring);
	io_uring_prep_connect(sqe, fd, (const struct sockaddr *)addr,
			      sizeof(*addr));
	linked(sqe, 1);
	queue_sends(fd, 0);
	sent(2, 0, fd);
	close(fd);
	close(accepted(lfd));
}

/* What is a TCP socket at submission is a local one when its turn comes. */
static void another_kind(void)
{
	struct sockaddr_un addr;
	struct io_uring_sqe *sqe;
	int rx, tcp[2], fd;

	memset(&addr, 0, sizeof(addr));
	addr.sun_family = AF_UNIX;
	snprintf(addr.sun_path + 1, sizeof(addr.sun_path) - 1,
		 "notif-chain-opens-%d", (int)getpid());
	rx = (int)T_SYS(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	T_SYS(bind(rx, (struct sockaddr *)&addr, sizeof(addr)));
	t_tcp_pair(tcp);
	/* The lowest number that is free, once it is closed. */
	fd = (int)T_SYS(dup(tcp[0]));
	close(tcp[0]);
	T_CHECK(next_fd() > fd);

	sqe = notif_sqe(&ring);
	io_uring_prep_close(sqe, fd);
	linked(sqe, 0);
	sqe = notif_sqe(&ring);
	io_uring_prep_socket(sqe, AF_UNIX, SOCK_DGRAM, 0, 0);
	linked(sqe, 1);
	sqe = notif_sqe(&ring);
	io_uring_prep_connect(sqe, fd, (struct sockaddr *)&addr, sizeof(addr));
	linked(sqe, 2);
	queue_sends(fd, 0);
	sent(3, 1, fd);
	t_expect(rx, "first", 5);
	t_expect(rx, "last", 4);
	close(fd);
	close(tcp[1]);
	close(rx);
}

int main(void)
{
	struct sockaddr_in addr;
	int lfd;

	T_RING(16, &ring, 0);
	T_NEEDS_OP(5, 19, IORING_OP_SOCKET);
	T_SPARSE_FILES(&ring, 4);
	lfd = t_tcp_listen(&addr);
	notif_register(&ring, 1);
	accept_direct(lfd, &addr);
	socket_direct(lfd, &addr);
	socket_by_number(lfd, &addr);
	/* Older kernels may look the descriptor up before the chain gets there. */
	if (!t_before(6, 12))
		another_kind();
	io_uring_queue_exit(&ring);
	close(lfd);
	return T_EXIT_PASS;
}
