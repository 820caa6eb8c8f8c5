/* needs: 2.3 */
/* strace: einval-once: -e inject=io_uring_setup:error=EINVAL:when=1 */
/* strace: einval: -e inject=io_uring_setup:error=EINVAL */
/* strace: enosys: -e inject=io_uring_setup:error=ENOSYS */
/* strace: emfile: -e inject=io_uring_setup:error=EMFILE */
/* strace: bad-descriptor: -e inject=io_uring_setup:retval=500 */
#include "see.h"

static struct io_uring ring;

static void params_then_ring(void)
{
	struct io_uring_params p;
	int ret;

	part("params");
	memset(&p, 0, sizeof(p));
	p.flags = IORING_SETUP_CQSIZE;
	p.cq_entries = 32;
	ret = io_uring_queue_init_params(4, &ring, &p);
	see("ret %d\n", ret);
	see("flags %#x\n", p.flags);
	if (!ret)
		io_uring_queue_exit(&ring);
}

int main(void)
{
	struct io_uring_probe *probe;

	part("ring");
	if (CALL(io_uring_queue_init(4, &ring, 0)) == 0)
		io_uring_queue_exit(&ring);
	params_then_ring();
	part("probe");
	probe = CALL_PTR(io_uring_get_probe());
	if (probe)
		io_uring_free_probe(probe);
	part("mlock size");
	CALL(io_uring_mlock_size(64, 0));
	CALL(io_uring_mlock_size(0, 0));
	CALL(io_uring_mlock_size(64, IORING_SETUP_CQSIZE));
	CALL(io_uring_mlock_size(40000, IORING_SETUP_CLAMP));
	return 0;
}
