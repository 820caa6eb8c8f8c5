/* Description: on an IORING_SETUP_SQE_MIXED ring 64-byte and 128-byte requests
 * are queued in any order around the end of the ring and all complete. */
/* flavours: plain defer */
#include "test.h"

#ifndef T_OP_NOP128
/* IORING_OP_NOP128 came to the kernel together with the flag, in 6.19. */
#define T_OP_NOP128 63
#endif

int main(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	unsigned int i;

	T_RING(8, &ring, IORING_SETUP_SQE_MIXED);
	for (i = 0; i < 50; i++) {
		t_queue_nop(&ring, 2 * i);
		sqe = io_uring_get_sqe128(&ring);
		T_CHECK(sqe != NULL);
		io_uring_prep_nop(sqe);
		sqe->opcode = T_OP_NOP128;
		io_uring_sqe_set_data64(sqe, 2 * i + 1);
		T_GE(io_uring_submit(&ring), 3);
		T_EQ(t_reap(&ring).user_data, 2 * i);
		T_EQ(t_reap(&ring).user_data, 2 * i + 1);
		T_EQ(io_uring_cq_ready(&ring), 0);
	}
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
