/* Description: one multishot recv posts a completion with a provided buffer for
 * every piece that arrives, runs out with ENOBUFS, and ends with 0 at the end
 * of the stream. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "net.h"

#define NR 2

static char data[NR][16];

static void arm(struct io_uring *ring, int fd)
{
	struct io_uring_sqe *sqe = t_sqe(ring);

	io_uring_prep_recv_multishot(sqe, fd, NULL, 0, 0);
	io_uring_sqe_set_flags(sqe, IOSQE_BUFFER_SELECT);
	io_uring_sqe_set_buf_group(sqe, 2);
	io_uring_sqe_set_data64(sqe, 1);
	t_submit(ring, 1);
}

static void provide(struct io_uring_buf_ring *br)
{
	int i;

	for (i = 0; i < NR; i++)
		io_uring_buf_ring_add(br, data[i], sizeof(data[i]),
				      (unsigned short)i,
				      io_uring_buf_ring_mask(NR), i);
	io_uring_buf_ring_advance(br, NR);
}

static void piece(struct io_uring *ring, int fd, const char *text)
{
	struct t_result r;

	t_send_all(fd, text, strlen(text));
	r = t_reap_as(ring, 1);
	T_EQ(r.res, strlen(text));
	T_CHECK(r.flags & IORING_CQE_F_MORE);
	T_CHECK(r.flags & IORING_CQE_F_BUFFER);
	T_MEM_EQ(data[r.flags >> IORING_CQE_BUFFER_SHIFT], text, strlen(text));
}

int main(void)
{
	struct io_uring_buf_ring *br;
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct t_result r;
	int sv[2], err;

	t_tcp_pair(sv);
	T_RING(8, &ring, 0);
	br = io_uring_setup_buf_ring(&ring, NR, 2, 0, &err);
	T_NEEDS(5, 19, "IORING_REGISTER_PBUF_RING", err, -EINVAL);
	T_CHECK(br);
	provide(br);
	arm(&ring, sv[1]);
	piece(&ring, sv[0], "first");
	piece(&ring, sv[0], "second");

	t_send_all(sv[0], "third", 5);
	r = t_reap_as(&ring, 1);
	T_EQ(r.res, -ENOBUFS);
	T_EQ(r.flags & IORING_CQE_F_MORE, 0);

	/* What had no buffer is not lost. */
	provide(br);
	arm(&ring, sv[1]);
	r = t_reap_as(&ring, 1);
	T_EQ(r.res, 5);
	T_CHECK(r.flags & IORING_CQE_F_MORE);
	close(sv[0]);
	r = t_reap_as(&ring, 1);
	T_EQ(r.res, 0);
	T_EQ(r.flags & IORING_CQE_F_MORE, 0);

	/* A multishot receive has to take its buffers from a group. */
	sqe = t_sqe(&ring);
	io_uring_prep_recv_multishot(sqe, sv[1], data[0], 4, 0);
	T_EQ(t_do(&ring, sqe), -EINVAL);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
