/* Description: buffers become visible by buf_ring_advance(), or together with
 * consumed completions by buf_ring_cq_advance() and __buf_ring_cq_advance();
 * buf_ring_available() and buf_ring_head() say what the kernel has left, also
 * after the 16-bit counters have wrapped. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "net.h"

#define NR   4
#define BGID 3

static char data[NR][64];

static void expect_head(struct io_uring *ring, uint16_t wanted)
{
	uint16_t head = (uint16_t)~wanted;

	T_EQ(io_uring_buf_ring_head(ring, BGID, &head), 0);
	T_EQ(head, wanted);
}

/* Leaves the completion in the ring, for the caller to consume. */
static int recv_one(struct io_uring *ring, const int sv[2], char byte)
{
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	int bid;

	t_send_all(sv[0], &byte, 1);
	sqe = t_sqe(ring);
	io_uring_prep_recv(sqe, sv[1], NULL, 0, 0);
	io_uring_sqe_set_flags(sqe, IOSQE_BUFFER_SELECT);
	io_uring_sqe_set_buf_group(sqe, BGID);
	io_uring_sqe_set_data64(sqe, 1);
	t_submit(ring, 1);
	T_EQ(io_uring_wait_cqe(ring, &cqe), 0);
	T_EQ(cqe->res, 1);
	T_CHECK(cqe->flags & IORING_CQE_F_BUFFER);
	bid = (int)(cqe->flags >> IORING_CQE_BUFFER_SHIFT);
	T_EQ(data[bid][0], byte);
	return bid;
}

static void put(struct io_uring_buf_ring *br, int bid, int offset)
{
	io_uring_buf_ring_add(br, data[bid], sizeof(data[bid]),
			      (unsigned short)bid, io_uring_buf_ring_mask(NR),
			      offset);
}

int main(void)
{
	struct io_uring_buf_ring *br;
	struct io_uring ring;
	unsigned int round, rounds;
	uint16_t head;
	int sv[2], err, i, bid;

	t_socketpair(sv);
	T_RING(8, &ring, 0);
	T_EQ_SINCE(6, 8, "IORING_REGISTER_PBUF_STATUS",
		   io_uring_buf_ring_head(&ring, BGID, &head), -ENOENT,
		   -EINVAL);
	br = io_uring_setup_buf_ring(&ring, NR, BGID, 0, &err);
	T_CHECK(br);
	T_EQ(io_uring_buf_ring_available(&ring, br, BGID), 0);
	T_EQ(io_uring_buf_ring_available(&ring, br, BGID + 1), -ENOENT);
	expect_head(&ring, 0);

	/* Added, but not yet the kernel's: the tail has not moved. */
	for (i = 0; i < NR; i++)
		put(br, i, i);
	T_EQ(br->tail, 0);
	T_EQ(br->bufs[2].addr, (unsigned long)data[2]);
	T_EQ(br->bufs[2].len, sizeof(data[2]));
	T_EQ(br->bufs[2].bid, 2);
	io_uring_buf_ring_advance(br, 1);
	T_EQ(io_uring_buf_ring_available(&ring, br, BGID), 1);
	io_uring_buf_ring_advance(br, NR - 1);
	T_EQ(io_uring_buf_ring_available(&ring, br, BGID), NR);

	T_EQ(recv_one(&ring, sv, 'a'), 0);
	io_uring_cq_advance(&ring, 1);
	T_EQ(recv_one(&ring, sv, 'b'), 1);
	T_EQ(io_uring_cq_ready(&ring), 1);
	expect_head(&ring, 2);
	T_EQ(io_uring_buf_ring_available(&ring, br, BGID), 2);

	/* Two buffers go back, one completion is consumed. */
	put(br, 0, 0);
	put(br, 1, 1);
	__io_uring_buf_ring_cq_advance(&ring, br, 1, 2);
	T_EQ(io_uring_cq_ready(&ring), 0);
	T_EQ(br->tail, NR + 2);
	T_EQ(io_uring_buf_ring_available(&ring, br, BGID), NR);

	/*
	 * From here on one buffer for one completion, past the wrap. With
	 * SQPOLL each round waits for a thread to be scheduled, and the
	 * counters are the same ones.
	 */
	rounds = ring.flags & IORING_SETUP_SQPOLL ? 256 : 65536;
	for (round = 2; round < rounds + 2 * NR; round++) {
		bid = recv_one(&ring, sv, (char)round);
		T_EQ(bid, round % NR);
		put(br, bid, 0);
		io_uring_buf_ring_cq_advance(&ring, br, 1);
		if (io_uring_cq_ready(&ring))
			T_FAIL("round %u: a completion is left", round);
	}
	expect_head(&ring, (uint16_t)(rounds + 2 * NR));
	T_EQ(br->tail, (uint16_t)(rounds + 3 * NR));
	T_EQ(io_uring_buf_ring_available(&ring, br, BGID), NR);
	T_EQ(io_uring_free_buf_ring(&ring, br, NR, BGID), 0);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
