/* Description: a ring that starts with IORING_SETUP_R_DISABLED refuses work
 * with -EBADFD until io_uring_enable_rings(); the restrictions registered
 * before that decide which opcodes and registrations are -EACCES later. */
/* flavours: plain defer sqe128 cqe32 */
#include "test.h"

int main(void)
{
	struct io_uring_restriction res[2];
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fd = 0;

	T_RING(4, &ring, IORING_SETUP_R_DISABLED);
	t_queue_nop(&ring, 1);
	T_EQ(io_uring_submit(&ring), -EBADFD);
	T_EQ_SINCE(5, 10, "IORING_REGISTER_ENABLE_RINGS",
		   io_uring_enable_rings(&ring), 0, -EINVAL);
	T_EQ(io_uring_enable_rings(&ring), -EBADFD);
	T_EQ(io_uring_submit(&ring), 1);
	T_EQ(t_reap(&ring).user_data, 1);
	memset(res, 0, sizeof(res));
	T_EQ(io_uring_register_restrictions(&ring, res, 1), -EBADFD);
	io_uring_queue_exit(&ring);

	T_RING(4, &ring, IORING_SETUP_R_DISABLED);
	memset(res, 0, sizeof(res));
	res[0].opcode = IORING_RESTRICTION_SQE_OP;
	res[0].sqe_op = IORING_OP_NOP;
	res[1].opcode = IORING_RESTRICTION_REGISTER_OP;
	res[1].register_op = IORING_REGISTER_ENABLE_RINGS;
	T_EQ(io_uring_register_restrictions(&ring, res, 2), 0);
	T_EQ(io_uring_register_restrictions(&ring, res, 2), -EBUSY);
	T_EQ(io_uring_enable_rings(&ring), 0);

	t_queue_nop(&ring, 2);
	T_EQ(io_uring_submit(&ring), 1);
	T_EQ(t_reap(&ring).res, 0);
	sqe = io_uring_get_sqe(&ring);
	T_CHECK(sqe != NULL);
	io_uring_prep_read(sqe, 0, NULL, 0, 0);
	io_uring_sqe_set_data64(sqe, 3);
	T_EQ(io_uring_submit(&ring), 1);
	T_EQ(t_reap(&ring).res, -EACCES);
	T_EQ(io_uring_register_files(&ring, &fd, 1), -EACCES);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
