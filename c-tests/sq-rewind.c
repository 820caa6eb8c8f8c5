/* Description: with IORING_SETUP_SQ_REWIND every submit starts at slot 0: the
 * kernel's tail is never written, the count is passed to enter, and the local
 * tail is 0 afterwards. Checked in user space by setting the flag by hand,
 * and on kernels that have it with real requests. */
/* flavours: plain defer sqe128 cqe32 */
#include "test.h"

static void kernel_has_it(void)
{
	struct io_uring_params p;
	struct io_uring ring;
	unsigned int round, i;
	int ret;

	memset(&p, 0, sizeof(p));
	p.flags = IORING_SETUP_SQ_REWIND | IORING_SETUP_NO_SQARRAY;
	t_flavour_params(&p);
	ret = io_uring_queue_init_params(4, &ring, &p);
	T_EQ_SINCE(7, 0, "IORING_SETUP_SQ_REWIND", ret, 0, -EINVAL);
	for (round = 0; round < 10; round++) {
		for (i = 0; i <= round % 4; i++)
			t_queue_nop(&ring, i);
		T_EQ(io_uring_submit(&ring), i);
		T_EQ(ring.sq.sqe_tail, 0);
		while (i)
			T_EQ(t_reap(&ring).user_data, round % 4 + 1 - i--);
	}
	io_uring_queue_exit(&ring);
}

int main(void)
{
	struct io_uring ring;
	unsigned int i;

	T_RING(4, &ring, 0);
	ring.flags |= IORING_SETUP_SQ_REWIND;
	for (i = 0; i < 3; i++)
		T_PTR_EQ(t_queue_nop(&ring, i),
			 ring.sq.sqes + (i << io_uring_sqe_shift(&ring)));
	T_EQ(ring.sq.sqe_tail, 3);
	/* This kernel looks at its tail, which says: nothing. */
	T_EQ(io_uring_submit(&ring), 0);
	T_EQ(*ring.sq.ktail, 0);
	T_EQ(ring.sq.sqe_tail, 0);
	T_PTR_EQ(io_uring_get_sqe(&ring), ring.sq.sqes);
	ring.flags &= ~IORING_SETUP_SQ_REWIND;
	io_uring_queue_exit(&ring);

	kernel_has_it();
	return T_EXIT_PASS;
}
