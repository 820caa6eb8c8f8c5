/* needs: 2.3 */
#include "see.h"

static struct io_uring ring, other;

int main(void)
{
	struct io_uring_sqe *sqe;

	ring_up(&ring, 4, 0);
	ring_up(&other, 4, 0);
	part("message");
	sqe = io_uring_get_sqe(&ring);
	memset(sqe, 0, sizeof(*sqe));
	io_uring_prep_msg_ring(sqe, other.ring_fd, 77, 1234, 0);
	sqe->user_data = 1;
	CALL(io_uring_submit_and_wait(&ring, 1));
	reap(&ring, 1);
	CALL(io_uring_get_events(&other));
	reap(&other, 1);
	part("to no ring");
	sqe = io_uring_get_sqe(&ring);
	memset(sqe, 0, sizeof(*sqe));
	io_uring_prep_msg_ring(sqe, 0, 77, 1234, 0);
	sqe->user_data = 2;
	CALL(io_uring_submit_and_wait(&ring, 1));
	reap(&ring, 1);
#if API >= 215
	part("with flags");
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_msg_ring_cqe_flags(sqe, other.ring_fd, 78, 5678, 0, 0x40);
	sqe->user_data = 3;
	CALL(io_uring_submit_and_wait(&ring, 1));
	reap(&ring, 1);
	CALL(io_uring_get_events(&other));
	reap(&other, 1);
	part("descriptor");
	MUST(io_uring_register_files(&ring, (int[2]){ 0, 1 }, 2));
	MUST(io_uring_register_files_sparse(&other, 2));
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_msg_ring_fd(sqe, other.ring_fd, 1, 0, 90, 0);
	sqe->user_data = 4;
	CALL(io_uring_submit_and_wait(&ring, 1));
	reap(&ring, 1);
	CALL(io_uring_get_events(&other));
	reap(&other, 1);
	part("without a ring");
	{
		struct io_uring_sqe local;

		memset(&local, 0, sizeof(local));
		io_uring_prep_msg_ring(&local, other.ring_fd, 79, 99, 0);
		CALL(io_uring_register_sync_msg(&local));
		CALL(io_uring_get_events(&other));
		reap(&other, 1);
		io_uring_prep_msg_ring(&local, 900, 79, 99, 0);
		CALL(io_uring_register_sync_msg(&local));
		io_uring_prep_nop(&local);
		CALL(io_uring_register_sync_msg(&local));
	}
#endif
	ring_down(&other);
	ring_down(&ring);
	return 0;
}
