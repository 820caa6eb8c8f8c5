/* Description: socket_direct and socket_direct_alloc put a socket into the fixed
 * table, at a given or a free slot, and make no descriptor; the other socket
 * operations and fixed_fd_install then work on the slot. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "net.h"

static struct io_uring ring;

/* Gives a fixed file a descriptor, so that plain system calls can look at it. */
static int install(int slot, unsigned int flags)
{
	struct io_uring_sqe *sqe = t_sqe(&ring);

	io_uring_prep_fixed_fd_install(sqe, slot, flags);
	return t_do(&ring, sqe);
}

static void expect_type(int slot, int domain, int type)
{
	socklen_t len = sizeof(int);
	int fd = install(slot, 0), seen;

	T_NEEDS(6, 8, "IORING_OP_FIXED_FD_INSTALL", fd, -EINVAL);
	T_GE(fd, 0);
	T_SYS(getsockopt(fd, SOL_SOCKET, SO_TYPE, &seen, &len));
	T_EQ(seen, type);
	T_SYS(getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &seen, &len));
	T_EQ(seen, domain);
	close(fd);
}

int main(void)
{
	struct sockaddr_in addr;
	struct io_uring_sqe *sqe;
	int before, fd, slot, lfd = t_tcp_listen(&addr);

	T_RING(8, &ring, 0);
	T_SPARSE_FILES(&ring, 3);
	T_NEEDS_OP(5, 19, IORING_OP_SOCKET);
	before = t_open_fds();
	sqe = t_sqe(&ring);
	io_uring_prep_socket_direct(sqe, AF_INET, SOCK_STREAM, 0, 1, 0);
	T_EQ(t_do(&ring, sqe), 0);
	sqe = t_sqe(&ring);
	io_uring_prep_socket_direct(sqe, AF_UNIX, SOCK_DGRAM, 0,
				    IORING_FILE_INDEX_ALLOC, 0);
	slot = t_do(&ring, sqe);
	T_CHECK(slot == 0 || slot == 2);
	sqe = t_sqe(&ring);
	io_uring_prep_socket_direct_alloc(sqe, AF_INET, SOCK_DGRAM, 0, 0);
	T_EQ(t_do(&ring, sqe), 2 - slot);
	sqe = t_sqe(&ring);
	io_uring_prep_socket_direct_alloc(sqe, AF_INET, SOCK_DGRAM, 0, 0);
	T_EQ(t_do(&ring, sqe), -ENFILE);
	sqe = t_sqe(&ring);
	io_uring_prep_socket_direct(sqe, AF_INET, SOCK_STREAM, 0, 9, 0);
	T_EQ(t_do(&ring, sqe), -EINVAL);
	T_EQ(t_open_fds(), before);
	expect_type(1, AF_INET, SOCK_STREAM);
	expect_type(slot, AF_UNIX, SOCK_DGRAM);
	expect_type(2 - slot, AF_INET, SOCK_DGRAM);

	sqe = t_sqe(&ring);
	io_uring_prep_connect(sqe, 1, (struct sockaddr *)&addr, sizeof(addr));
	io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE);
	T_EQ(t_do(&ring, sqe), 0);
	fd = (int)T_SYS(accept(lfd, NULL, NULL));
	sqe = t_sqe(&ring);
	io_uring_prep_send(sqe, 1, "direct", 6, 0);
	io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE);
	T_EQ(t_do(&ring, sqe), 6);
	t_expect(fd, "direct", 6);
	close(fd);

	fd = install(1, 0);
	T_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
	fd = install(1, IORING_FIXED_FD_NO_CLOEXEC);
	T_EQ(fcntl(fd, F_GETFD), 0);
	close(fd);
	T_EQ(install(77, 0), -EBADF);
	T_EQ(install(1, 1U << 20), -EINVAL);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
