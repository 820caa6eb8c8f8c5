/* needs: 2.15 */
/* strace: features-none: -e inject=io_uring_setup:poke_exit=@arg2=10000000200000000000000000000000000000000000000000000000 */
/* strace: native-workers-missing: -e inject=io_uring_setup:poke_exit=@arg2=100000002000000000000000000000000000000001fd0300 */
/* strace: no-single-mmap: -e inject=io_uring_setup:poke_exit=@arg2=1000000020000000000000000000000000000000fefd0300 */
#include "see.h"

/*
 * The scenarios write over the beginning of struct io_uring_params after the
 * kernel did: 16 and 32 entries, no flags, and features that leave something
 * out.
 */
int main(void)
{
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	int ret;

	part("setup");
	ret = (int)CALL(io_uring_queue_init(16, &ring, 0));
	if (ret)
		return 0;
	see_ring(&ring);
	part("one round");
	queue_nop(&ring, 1);
	CALL(io_uring_submit_and_wait(&ring, 1));
	CALL(io_uring_wait_cqe(&ring, &cqe));
	see_consume(&ring, cqe);
	part("dontfork");
	CALL(io_uring_ring_dontfork(&ring));
	part("exit");
	io_uring_queue_exit(&ring);
	part("mlock size");
	CALL(io_uring_mlock_size(16, 0));
	CALL(io_uring_mlock_size(16, IORING_SETUP_SQE128));
	CALL(io_uring_mlock_size(16, IORING_SETUP_CQE32));
	return 0;
}
