/* Description: a buffer ring is set up and freed by the library in one call
 * each, or registered by the program over memory of its own; either way the
 * kernel takes buffers from it, and a failure leaves nothing behind. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "net.h"

#define NR 8

static char data[NR][64];

static void add_all(struct io_uring_buf_ring *br)
{
	int i;

	for (i = 0; i < NR; i++)
		io_uring_buf_ring_add(br, data[i], sizeof(data[i]),
				      (unsigned short)i,
				      io_uring_buf_ring_mask(NR), i);
	io_uring_buf_ring_advance(br, NR);
}

/* One receive that takes its buffer from the group: the buffer ID, or -errno. */
static int recv_from_group(struct io_uring *ring, int bgid)
{
	struct io_uring_sqe *sqe;
	struct t_result r;
	int sv[2], bid;

	t_socketpair(sv);
	t_send_all(sv[0], "text", 4);
	sqe = t_sqe(ring);
	io_uring_prep_recv(sqe, sv[1], NULL, 0, 0);
	io_uring_sqe_set_flags(sqe, IOSQE_BUFFER_SELECT);
	io_uring_sqe_set_buf_group(sqe, bgid);
	r = t_complete(ring, sqe);
	close(sv[0]);
	close(sv[1]);
	if (r.res < 0)
		return r.res;
	T_EQ(r.res, 4);
	T_CHECK(r.flags & IORING_CQE_F_BUFFER);
	bid = (int)(r.flags >> IORING_CQE_BUFFER_SHIFT);
	T_CHECK(bid < NR);
	T_MEM_EQ(data[bid], "text", 4);
	return bid;
}

static void by_library(struct io_uring *ring)
{
	struct io_uring_buf_ring *br;
	struct t_usage before = t_usage();
	int err = 1;

	br = io_uring_setup_buf_ring(ring, NR, 5, 0, &err);
	T_NEEDS(5, 19, "IORING_REGISTER_PBUF_RING", err, -EINVAL);
	T_CHECK(br);
	T_EQ(err, 0);
	T_EQ(br->tail, 0);
	add_all(br);
	T_EQ(br->tail, NR);
	T_EQ(recv_from_group(ring, 5), 0);
	T_EQ(recv_from_group(ring, 5), 1);
	T_EQ(recv_from_group(ring, 6), -ENOBUFS);
	T_EQ(io_uring_free_buf_ring(ring, br, NR, 5), 0);
	T_EQ(recv_from_group(ring, 5), -ENOBUFS);
	T_NOTHING_LEAKED(before);
}

static void refused(struct io_uring *ring)
{
	struct io_uring_buf_ring *br;
	struct t_usage before;
	int err = 0;

	/* Not a group of before: old kernels go on where that one ended. */
	br = io_uring_setup_buf_ring(ring, NR, 15, 0, &err);
	T_CHECK(br);
	before = t_usage();
	T_PTR_EQ(io_uring_setup_buf_ring(ring, NR, 15, 0, &err), NULL);
	T_EQ(err, -EEXIST);
	err = 0;
	T_PTR_EQ(io_uring_setup_buf_ring(ring, 7, 16, 0, &err), NULL);
	T_EQ(err, -EINVAL);
	err = 0;
	T_PTR_EQ(io_uring_setup_buf_ring(ring, NR, 16, 1U << 15, &err), NULL);
	T_EQ(err, -EINVAL);
	err = 0;
	T_PTR_EQ(io_uring_setup_buf_ring(ring, 0, 16, 0, &err), NULL);
	T_EQ(err, -EINVAL);
	T_NOTHING_LEAKED(before);

	/*
	 * The memory is kept when the kernel does not let go of it. (Old kernels
	 * have the first 64 groups from the start.)
	 */
	T_EQ(io_uring_free_buf_ring(ring, br, NR, 600), -ENOENT);
	add_all(br);
	T_EQ(recv_from_group(ring, 15), 0);
	T_EQ(io_uring_free_buf_ring(ring, br, NR, 15), 0);
}

static void by_program(struct io_uring *ring)
{
	struct io_uring_buf_ring *br;
	struct io_uring_buf_reg reg;
	long page = sysconf(_SC_PAGESIZE);
	void *mem;

	T_EQ(posix_memalign(&mem, (size_t)page, (size_t)page), 0);
	memset(mem, 0xa5, (size_t)page);
	br = mem;
	memset(&reg, 0, sizeof(reg));
	reg.ring_addr = (unsigned long)mem;
	reg.ring_entries = NR;
	reg.bgid = 65535;
	T_EQ(io_uring_register_buf_ring(ring, &reg, 0), 0);
	T_EQ(io_uring_register_buf_ring(ring, &reg, 0), -EEXIST);
	io_uring_buf_ring_init(br);
	T_EQ(br->tail, 0);
	add_all(br);
	T_EQ(recv_from_group(ring, 65535), 0);
	T_EQ(io_uring_unregister_buf_ring(ring, 65535), 0);
	T_EQ(io_uring_unregister_buf_ring(ring, 65535), -ENOENT);
	T_EQ(recv_from_group(ring, 65535), -ENOBUFS);

	reg.ring_addr++;
	T_EQ(io_uring_register_buf_ring(ring, &reg, 0), -EINVAL);
	free(mem);
}

int main(void)
{
	struct io_uring ring;

	T_RING(8, &ring, 0);
	T_EQ(io_uring_buf_ring_mask(1), 0);
	T_EQ(io_uring_buf_ring_mask(NR), NR - 1);
	T_EQ(io_uring_buf_ring_mask(32768), 32767);
	by_library(&ring);
	refused(&ring);
	by_program(&ring);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
