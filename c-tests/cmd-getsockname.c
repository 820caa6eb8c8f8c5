/* Description: cmd_getsockname returns the address of a socket or of its peer;
 * a kernel without the command says so, to the prep function as to an SQE that
 * is filled in by hand. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "net.h"

static struct io_uring ring;

static int by_prep(int fd, struct sockaddr_in *addr, socklen_t *len, int peer)
{
	struct io_uring_sqe *sqe = t_sqe(&ring);

	io_uring_prep_cmd_getsockname(sqe, fd, (struct sockaddr *)addr, len,
				      peer);
	return t_do(&ring, sqe);
}

static int by_hand(int fd, struct sockaddr_in *addr, socklen_t *len, int peer)
{
	struct io_uring_sqe *sqe = t_sqe(&ring);

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = fd;
	sqe->cmd_op = SOCKET_URING_OP_GETSOCKNAME;
	sqe->addr = (unsigned long)addr;
	sqe->addr3 = (unsigned long)len;
	sqe->optlen = (__u32)peer;
	return t_do(&ring, sqe);
}

int main(void)
{
	struct sockaddr_in seen, want;
	socklen_t len = sizeof(seen);
	int sv[2], ret;

	t_tcp_pair(sv);
	T_RING(8, &ring, 0);
	T_NEEDS_OP(5, 19, IORING_OP_URING_CMD);
	memset(&seen, 0, sizeof(seen));
	ret = by_hand(sv[0], &seen, &len, 0);
	if (ret < 0) {
		T_EQ(by_prep(sv[0], &seen, &len, 1), ret);
		T_NEEDS(6, 19, "SOCKET_URING_OP_GETSOCKNAME",
			by_prep(sv[0], &seen, &len, 0), -EOPNOTSUPP);
	}
	T_EQ(ret, 0);
	T_SYS(getsockname(sv[0], (struct sockaddr *)&want, &len));
	memset(&seen, 0, sizeof(seen));
	T_EQ(by_prep(sv[0], &seen, &len, 0), 0);
	T_EQ(len, sizeof(seen));
	T_MEM_EQ(&seen, &want, sizeof(want));
	T_SYS(getpeername(sv[0], (struct sockaddr *)&want, &len));
	memset(&seen, 0, sizeof(seen));
	T_EQ(by_prep(sv[0], &seen, &len, 1), 0);
	T_MEM_EQ(&seen, &want, sizeof(want));
	T_EQ(by_prep(sv[0], &seen, &len, 2), -EINVAL);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
