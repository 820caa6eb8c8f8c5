/* Description: one send_bundle request sends all buffers of a group, several
 * with each completion, up to the given length in each, where 0 means no
 * limit; F_MORE tells that another completion follows. A bundle recv fills
 * several buffers. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "net.h"

#define NR 4

static char data[NR][4];

static void provide(struct io_uring_buf_ring *br, int nr)
{
	int i;

	for (i = 0; i < nr; i++)
		io_uring_buf_ring_add(br, data[i], sizeof(data[i]),
				      (unsigned short)i,
				      io_uring_buf_ring_mask(NR), i);
	io_uring_buf_ring_advance(br, nr);
}

/* Sends the whole group: how many completions it took, or the first error. */
static int bundle(struct io_uring *ring, int fd, size_t len)
{
	struct io_uring_sqe *sqe = t_sqe(ring);
	unsigned int next = 0;
	struct t_result r;
	int nr = 0;

	io_uring_prep_send_bundle(sqe, fd, len, 0);
	io_uring_sqe_set_flags(sqe, IOSQE_BUFFER_SELECT);
	io_uring_sqe_set_buf_group(sqe, 6);
	r = t_complete(ring, sqe);
	for (;;) {
		if (r.res < 0)
			return nr ? nr : r.res;
		T_GE(r.res, 1);
		if (len)
			T_LE(r.res, len);
		T_CHECK(r.flags & IORING_CQE_F_BUFFER);
		T_EQ(r.flags >> IORING_CQE_BUFFER_SHIFT, next);
		T_EQ(r.res % (int)sizeof(data[0]), 0);
		next += (unsigned int)r.res / sizeof(data[0]);
		nr++;
		if (!(r.flags & IORING_CQE_F_MORE))
			break;
		r = t_reap_as(ring, r.user_data);
	}
	T_EQ(next, NR);
	return nr;
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
	if (!(ring.features & IORING_FEAT_RECVSEND_BUNDLE))
		T_NEEDS(6, 10, "IORING_FEAT_RECVSEND_BUNDLE",
			bundle(&ring, sv[0], 0), -EOPNOTSUPP);
	br = io_uring_setup_buf_ring(&ring, NR, 6, 0, &err);
	T_NEEDS(5, 19, "IORING_REGISTER_PBUF_RING", err, -EINVAL);
	T_CHECK(br);
	memcpy(data, "aaaabbbbccccdddd", 16);
	provide(br, NR);

	T_EQ(bundle(&ring, sv[0], 0), 1);
	t_expect(sv[1], "aaaabbbbccccdddd", 16);
	provide(br, NR);
	T_EQ(bundle(&ring, sv[0], 8), 2);
	t_expect(sv[1], "aaaabbbbccccdddd", 16);
	T_EQ_SINCE(6, 8, "IORING_REGISTER_PBUF_STATUS",
		   io_uring_buf_ring_available(&ring, br, 6), 0, -EINVAL);
	T_EQ(bundle(&ring, sv[0], 0), -ENOBUFS);
	t_no_completion(&ring);

	memset(data, 0, sizeof(data));
	provide(br, NR);
	t_send_all(sv[0], "0123456789", 10);
	sqe = t_sqe(&ring);
	io_uring_prep_recv(sqe, sv[1], NULL, 0, 0);
	sqe->ioprio |= IORING_RECVSEND_BUNDLE;
	io_uring_sqe_set_flags(sqe, IOSQE_BUFFER_SELECT);
	io_uring_sqe_set_buf_group(sqe, 6);
	r = t_complete(&ring, sqe);
	/* How many it fills is the kernel's choice, but more than one. */
	T_GE(r.res, sizeof(data[0]) + 1);
	T_MEM_EQ(data, "0123456789", r.res);
	T_EQ(io_uring_buf_ring_available(&ring, br, 6),
	     NR - ((unsigned int)r.res + 3) / sizeof(data[0]));
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
