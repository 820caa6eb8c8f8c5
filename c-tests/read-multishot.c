/* Description: one multishot read of a pipe posts a completion with a provided
 * buffer for each write, and ends with 0 when the writer is gone. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "file.h"

#define NR 4

static char data[NR][8];

int main(void)
{
	static const char *const texts[] = { "one", "two", "three" };
	struct io_uring_buf_ring *br;
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct t_result r;
	unsigned int i;
	int fds[2], err;

	T_SYS(pipe(fds));
	T_RING(8, &ring, 0);
	T_NEEDS_OP(6, 7, IORING_OP_READ_MULTISHOT);
	br = io_uring_setup_buf_ring(&ring, NR, 300, 0, &err);
	T_NEEDS(5, 19, "IORING_REGISTER_PBUF_RING", err, -EINVAL);
	T_CHECK(br);
	for (i = 0; i < NR; i++)
		io_uring_buf_ring_add(br, data[i], sizeof(data[i]),
				      (unsigned short)i,
				      io_uring_buf_ring_mask(NR), (int)i);
	io_uring_buf_ring_advance(br, NR);

	/* The function itself asks for a buffer of the group. */
	sqe = t_sqe(&ring);
	io_uring_prep_read_multishot(sqe, fds[0], 0, 0, 300);
	io_uring_sqe_set_data64(sqe, 1);
	t_submit(&ring, 1);
	for (i = 0; i < 3; i++) {
		T_EQ(write(fds[1], texts[i], strlen(texts[i])),
		     strlen(texts[i]));
		r = t_reap_as(&ring, 1);
		T_EQ(r.res, strlen(texts[i]));
		T_CHECK(r.flags & IORING_CQE_F_MORE);
		T_EQ(r.flags >> IORING_CQE_BUFFER_SHIFT, i);
		T_MEM_EQ(data[i], texts[i], strlen(texts[i]));
	}
	close(fds[1]);
	r = t_reap_as(&ring, 1);
	T_EQ(r.res, 0);
	T_EQ(r.flags & IORING_CQE_F_MORE, 0);

	sqe = t_sqe(&ring);
	io_uring_prep_read_multishot(sqe, t_tmpfile(10), 0, 0, 300);
	T_EQ(t_do(&ring, sqe), -EBADFD);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
