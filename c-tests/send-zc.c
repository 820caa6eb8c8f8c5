/* Description: the zero-copy sends (send_zc, send_zc_fixed, sendmsg_zc and
 * sendmsg_zc_fixed) deliver their bytes and post two completions, the first
 * with F_MORE, the second with F_NOTIF; REPORT_USAGE makes the second say
 * whether the data was copied, as it is on loopback. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "net.h"

static struct io_uring ring;
/* Old kernels register anonymous memory only: no page is shared with .data. */
static char area[2][4096] __attribute__((aligned(65536)));

/* Submits, expects the two completions, and returns the result of the second. */
static int send_and_notify(struct io_uring_sqe *sqe, int len)
{
	struct t_result r = t_complete(&ring, sqe);
	uint64_t data = r.user_data;

	T_EQ(r.res, len);
	T_EQ(r.flags & (IORING_CQE_F_MORE | IORING_CQE_F_NOTIF),
	     IORING_CQE_F_MORE);
	r = t_reap_as(&ring, data);
	T_EQ(r.flags & (IORING_CQE_F_MORE | IORING_CQE_F_NOTIF),
	     IORING_CQE_F_NOTIF);
	return r.res;
}

int main(void)
{
	struct iovec reg[2] = { { area[0], 4096 }, { area[1], 4096 } };
	struct iovec vec[2] = { { area[1] + 5, 5 }, { area[1] + 4000, 3 } };
	struct io_uring_probe *probe;
	struct sockaddr_in to, from;
	struct io_uring_sqe *sqe;
	struct msghdr msg;
	struct t_result r;
	int sv[2], rx, tx;

	T_RING(8, &ring, 0);
	T_NEEDS_OP(6, 1, IORING_OP_SENDMSG_ZC);
	probe = io_uring_get_probe_ring(&ring);
	T_CHECK(probe);
	t_tcp_pair(sv);
	T_EQ(io_uring_register_buffers(&ring, reg, 2), 0);

	sqe = t_sqe(&ring);
	io_uring_prep_send_zc(sqe, sv[0], "zero copy", 9, 0, 0);
	T_EQ(send_and_notify(sqe, 9), 0);
	t_expect(sv[1], "zero copy", 9);
	sqe = t_sqe(&ring);
	io_uring_prep_send_zc(sqe, sv[0], "usage", 5, 0,
			      IORING_SEND_ZC_REPORT_USAGE);
	T_EQ((unsigned int)send_and_notify(sqe, 5),
	     IORING_NOTIF_USAGE_ZC_COPIED);
	t_expect(sv[1], "usage", 5);

	memcpy(area[1] + 5, "fixed", 5);
	memcpy(area[1] + 4000, "too", 3);
	sqe = t_sqe(&ring);
	io_uring_prep_send_zc_fixed(sqe, sv[0], area[1] + 5, 5, 0, 0, 1);
	T_EQ(send_and_notify(sqe, 5), 0);
	t_expect(sv[1], "fixed", 5);
	sqe = t_sqe(&ring);
	io_uring_prep_send_zc_fixed(sqe, sv[0], area[1] + 5, 5, 0, 0, 0);
	r = t_complete(&ring, sqe);
	T_EQ(r.res, -EFAULT);
	if (r.flags & IORING_CQE_F_MORE)
		t_reap_as(&ring, r.user_data);

	memset(&msg, 0, sizeof(msg));
	msg.msg_iov = vec;
	msg.msg_iovlen = 2;
	sqe = t_sqe(&ring);
	io_uring_prep_sendmsg_zc(sqe, sv[0], &msg, 0);
	T_EQ(send_and_notify(sqe, 8), 0);
	t_expect(sv[1], "fixedtoo", 8);
	/* Vectors of registered memory came together with the fixed readv. */
	if (io_uring_opcode_supported(probe, IORING_OP_READV_FIXED)) {
		sqe = t_sqe(&ring);
		io_uring_prep_sendmsg_zc_fixed(sqe, sv[0], &msg, 0, 1);
		T_EQ(send_and_notify(sqe, 8), 0);
		t_expect(sv[1], "fixedtoo", 8);
		sqe = t_sqe(&ring);
		io_uring_prep_sendmsg_zc_fixed(sqe, sv[0], &msg, 0, 0);
		r = t_complete(&ring, sqe);
		T_EQ(r.res, -EFAULT);
		if (r.flags & IORING_CQE_F_MORE)
			t_reap_as(&ring, r.user_data);
	}

	rx = t_udp(&to);
	tx = t_udp(&from);
	sqe = t_sqe(&ring);
	io_uring_prep_send_zc(sqe, tx, "datagram", 8, 0, 0);
	io_uring_prep_send_set_addr(sqe, (struct sockaddr *)&to, sizeof(to));
	T_EQ(send_and_notify(sqe, 8), 0);
	t_expect(rx, "datagram", 8);

	io_uring_free_probe(probe);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
