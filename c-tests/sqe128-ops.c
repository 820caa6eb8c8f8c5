/* Description: nop128 and uring_cmd128 write their 128-byte opcodes, and run on
 * rings with 128-byte SQEs, or mixed ones, where the kernel has them; one that
 * has not answers EINVAL. */
/* flavours: sqe128 */
#include "net.h"

static void encodings(void)
{
	struct io_uring_sqe sqe;

	memset(&sqe, 0, sizeof(sqe));
	io_uring_prep_nop128(&sqe);
	T_EQ(sqe.opcode, IORING_OP_NOP128);
	memset(&sqe, 0, sizeof(sqe));
	io_uring_prep_uring_cmd128(&sqe, 0x1234, 5);
	T_EQ(sqe.opcode, IORING_OP_URING_CMD128);
	T_EQ(sqe.cmd_op, 0x1234);
	T_EQ(sqe.fd, 5);
}

static struct io_uring_sqe *sqe128(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe128(ring);

	T_CHECK(sqe);
	return sqe;
}

/* On a mixed ring the entry takes two slots, and slots are what is counted. */
static int do128(struct io_uring *ring, struct io_uring_sqe *sqe)
{
	io_uring_sqe_set_data64(sqe, 1);
	t_submit(ring, ring->flags & IORING_SETUP_SQE_MIXED ? 2 : 1);
	return t_reap_as(ring, 1).res;
}

static void on(struct io_uring *ring)
{
	struct io_uring_probe *probe = io_uring_get_probe_ring(ring);
	struct io_uring_sqe *sqe;
	bool have;
	int sv[2];

	T_CHECK(probe);
	have = io_uring_opcode_supported(probe, IORING_OP_URING_CMD128);
	io_uring_free_probe(probe);
	sqe = sqe128(ring);
	io_uring_prep_nop128(sqe);
	T_EQ(do128(ring, sqe), have ? 0 : -EINVAL);

	t_tcp_pair(sv);
	t_send_all(sv[0], "12345", 5);
	sqe = sqe128(ring);
	io_uring_prep_uring_cmd128(sqe, SOCKET_URING_OP_SIOCINQ, sv[1]);
	T_EQ(do128(ring, sqe), have ? 5 : -EINVAL);
}

int main(void)
{
	struct io_uring ring;
	int ret;

	encodings();
	T_RING(8, &ring, IORING_SETUP_SQE128);
	on(&ring);
	io_uring_queue_exit(&ring);

	ret = io_uring_queue_init(8, &ring, IORING_SETUP_SQE_MIXED);
	if (!ret) {
		on(&ring);
		io_uring_queue_exit(&ring);
	} else {
		struct io_uring_params p;

		T_EQ(ret, -EINVAL);
		memset(&p, 0, sizeof(p));
		p.flags = IORING_SETUP_SQE_MIXED;
		T_EQ(syscall(__NR_io_uring_setup, 8, &p), -1);
	}
	return T_EXIT_PASS;
}
