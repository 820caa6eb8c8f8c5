/* Description: io_uring_get_sqe() hands out the ring's slots in order until
 * all of them are between kernel head and tail, then NULL. It clears flags,
 * ioprio, rw_flags, buf_index, personality, file_index, addr3 and pad, and
 * leaves opcode, fd, off, addr, len and user_data as they were. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "test.h"

static void fields(const struct io_uring_sqe *sqe)
{
	T_EQ(sqe->flags, 0);
	T_EQ(sqe->ioprio, 0);
	T_EQ(sqe->rw_flags, 0);
	T_EQ(sqe->buf_index, 0);
	T_EQ(sqe->personality, 0);
	T_EQ(sqe->file_index, 0);
	T_EQ(sqe->addr3, 0);
	T_EQ(sqe->__pad2[0], 0);
	T_EQ(sqe->opcode, 0xa5);
	T_EQ(sqe->fd, (int)0xa5a5a5a5);
	T_EQ(sqe->off, (long long)0xa5a5a5a5a5a5a5a5);
	T_EQ(sqe->addr, (long long)0xa5a5a5a5a5a5a5a5);
	T_EQ(sqe->len, 0xa5a5a5a5);
	T_EQ(sqe->user_data, (long long)0xa5a5a5a5a5a5a5a5);
}

int main(void)
{
	unsigned int step = t_flavour() == T_SQE128 ? 2 : 1, i;
	struct io_uring_sqe *sqe, apart;
	struct io_uring ring;

	T_RING(4, &ring, 0);
	memset(ring.sq.sqes, 0xa5, ring.sq.sqes_sz);
	for (i = 0; i < 4; i++) {
		T_EQ(io_uring_sq_ready(&ring), i);
		T_EQ(io_uring_sq_space_left(&ring), 4 - i);
		sqe = i & 1 ? io_uring_get_sqe(&ring) : _io_uring_get_sqe(&ring);
		T_PTR_EQ(sqe, ring.sq.sqes + i * step);
		fields(sqe);
		if (step == 2)
			T_EQ(sqe[1].user_data, (long long)0xa5a5a5a5a5a5a5a5);
		io_uring_prep_nop(sqe);
		io_uring_sqe_set_data64(sqe, i);
	}
	T_PTR_EQ(io_uring_get_sqe(&ring), NULL);
	T_PTR_EQ(_io_uring_get_sqe(&ring), NULL);
	T_EQ(io_uring_sq_ready(&ring), 4);
	T_EQ(io_uring_sq_space_left(&ring), 0);
	T_EQ(io_uring_load_sq_head(&ring), 0);
	/* Handed out is not yet published. */
	T_EQ(*ring.sq.ktail, 0);

	T_SUBMIT(&ring, 4);
	for (i = 0; i < 4; i++)
		T_EQ(t_reap(&ring).user_data, i);
	while (io_uring_sq_ready(&ring))
		;
	T_EQ(io_uring_load_sq_head(&ring), 4);
	T_EQ(*ring.sq.ktail, 4);
	T_EQ(io_uring_sq_space_left(&ring), 4);
	T_PTR_EQ(io_uring_get_sqe(&ring), ring.sq.sqes);
	io_uring_queue_exit(&ring);

	memset(&apart, 0xa5, sizeof(apart));
	io_uring_initialize_sqe(&apart);
	fields(&apart);
	return T_EXIT_PASS;
}
