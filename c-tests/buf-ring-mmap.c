/* Description: with IOU_PBUF_RING_MMAP the kernel allocates the buffer ring,
 * and the program maps it at an offset made of the group ID;
 * register_buf_ring() puts its flags into the caller's structure. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "net.h"

int main(void)
{
	struct io_uring_buf_ring *br;
	struct io_uring_buf_reg reg;
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct t_result r;
	char data[32] = "";
	size_t size = 4 * sizeof(struct io_uring_buf);
	int sv[2];
	void *mem;

	T_RING(8, &ring, 0);
	memset(&reg, 0, sizeof(reg));
	reg.ring_entries = 4;
	reg.bgid = 11;
	reg.flags = IOU_PBUF_RING_INC;
	T_EQ_SINCE(6, 12, "IOU_PBUF_RING_INC",
		   io_uring_register_buf_ring(&ring, &reg, IOU_PBUF_RING_MMAP),
		   0, -EINVAL);
	T_EQ(reg.flags, IOU_PBUF_RING_INC | IOU_PBUF_RING_MMAP);

	mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring.ring_fd,
		   (off_t)(IORING_OFF_PBUF_RING |
			   (11ULL << IORING_OFF_PBUF_SHIFT)));
	T_CHECK(mem != MAP_FAILED);
	br = mem;
	io_uring_buf_ring_init(br);
	io_uring_buf_ring_add(br, data, sizeof(data), 21,
			      io_uring_buf_ring_mask(4), 0);
	io_uring_buf_ring_advance(br, 1);

	t_socketpair(sv);
	t_send_all(sv[0], "mapped", 6);
	sqe = t_sqe(&ring);
	io_uring_prep_recv(sqe, sv[1], NULL, 0, 0);
	io_uring_sqe_set_flags(sqe, IOSQE_BUFFER_SELECT);
	io_uring_sqe_set_buf_group(sqe, 11);
	r = t_complete(&ring, sqe);
	T_EQ(r.res, 6);
	T_EQ(r.flags >> IORING_CQE_BUFFER_SHIFT, 21);
	T_CHECK(r.flags & IORING_CQE_F_BUF_MORE);
	T_MEM_EQ(data, "mapped", 6);

	T_SYS(munmap(mem, size));
	T_EQ(io_uring_unregister_buf_ring(&ring, 11), 0);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
