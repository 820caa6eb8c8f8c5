/* Description: with IOU_PBUF_RING_INC a buffer is consumed piece by piece:
 * completions of one buffer ID carry F_BUF_MORE until it is used up, and the
 * head of the ring moves only then. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "net.h"

static char data[2][100];

static struct t_result recv_piece(struct io_uring *ring, const int sv[2],
				  const char *text)
{
	struct io_uring_sqe *sqe;

	t_send_all(sv[0], text, strlen(text));
	sqe = t_sqe(ring);
	io_uring_prep_recv(sqe, sv[1], NULL, 0, 0);
	io_uring_sqe_set_flags(sqe, IOSQE_BUFFER_SELECT);
	io_uring_sqe_set_buf_group(sqe, 9);
	return t_complete(ring, sqe);
}

static void expect_head(struct io_uring *ring, uint16_t wanted)
{
	uint16_t head = 77;

	T_EQ_SINCE(6, 8, "IORING_REGISTER_PBUF_STATUS",
		   io_uring_buf_ring_head(ring, 9, &head), 0, -EINVAL);
	T_EQ(head, wanted);
}

int main(void)
{
	struct io_uring_buf_ring *br;
	struct io_uring ring;
	char rest[91];
	struct t_result r;
	int sv[2], err, i;

	t_socketpair(sv);
	T_RING(8, &ring, 0);
	br = io_uring_setup_buf_ring(&ring, 2, 9, IOU_PBUF_RING_INC, &err);
	T_NEEDS(6, 12, "IOU_PBUF_RING_INC", err, -EINVAL);
	T_CHECK(br);
	for (i = 0; i < 2; i++)
		io_uring_buf_ring_add(br, data[i], sizeof(data[i]),
				      (unsigned short)(40 + i),
				      io_uring_buf_ring_mask(2), i);
	io_uring_buf_ring_advance(br, 2);

	r = recv_piece(&ring, sv, "first");
	T_EQ(r.res, 5);
	T_EQ(r.flags & 0xffff0013U, 40U << IORING_CQE_BUFFER_SHIFT |
	     IORING_CQE_F_BUFFER | IORING_CQE_F_BUF_MORE);
	r = recv_piece(&ring, sv, "next");
	T_EQ(r.res, 4);
	T_EQ(r.flags & 0xffff0013U, 40U << IORING_CQE_BUFFER_SHIFT |
	     IORING_CQE_F_BUFFER | IORING_CQE_F_BUF_MORE);
	T_MEM_EQ(data[0], "firstnext", 9);
	expect_head(&ring, 0);
	T_EQ(io_uring_buf_ring_available(&ring, br, 9), 2);

	memset(rest, 'r', sizeof(rest));
	rest[90] = 0;
	r = recv_piece(&ring, sv, rest);
	T_EQ(r.res, 90);
	T_CHECK(r.flags & IORING_CQE_F_BUF_MORE);
	r = recv_piece(&ring, sv, "!");
	T_EQ(r.res, 1);
	T_EQ(r.flags & 0xffff0013U, 40U << IORING_CQE_BUFFER_SHIFT |
	     IORING_CQE_F_BUFFER);
	T_EQ(data[0][99], '!');
	expect_head(&ring, 1);

	r = recv_piece(&ring, sv, "second");
	T_EQ(r.res, 6);
	T_EQ(r.flags >> IORING_CQE_BUFFER_SHIFT, 41);
	T_MEM_EQ(data[1], "second", 6);
	T_EQ(io_uring_buf_ring_available(&ring, br, 9), 1);
	T_EQ(io_uring_free_buf_ring(&ring, br, 2, 9), 0);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
