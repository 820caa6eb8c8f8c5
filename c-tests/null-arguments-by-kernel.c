/* Description: NULL that is the kernel's to judge comes back as its -EFAULT or
 * -EINVAL; NULL that is allowed works: no memory for queue_init_mem() means
 * the library's own, and free_probe(NULL) and cqe_seen(NULL) do nothing. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* valgrind: off: its report of the missing table cannot be suppressed */
#include "test.h"

int main(void)
{
	struct t_usage before = t_usage();
	struct io_uring_params p;
	struct io_uring ring;
	int ret;

	T_RING(4, &ring, 0);
	T_EQ(io_uring_setup(4, NULL), -EFAULT);
	T_EQ(io_uring_register_probe(&ring, NULL, 1), -EINVAL);
	T_EQ(io_uring_register_files(&ring, NULL, 1), -EFAULT);
	ret = io_uring_register_restrictions(&ring, NULL, 1);
	if (!t_lacks(5, 10, "IORING_REGISTER_RESTRICTIONS", ret, -EINVAL))
		T_EQ(ret, -EBADFD);
	T_EQ(io_uring_register_region(&ring, NULL), -EINVAL);
	io_uring_cqe_seen(&ring, NULL);
	T_EQ(*ring.cq.khead, 0);
	io_uring_free_probe(NULL);
	io_uring_queue_exit(&ring);

	memset(&p, 0, sizeof(p));
	t_flavour_params(&p);
	ret = io_uring_queue_init_mem(8, &ring, &p, NULL, 8192);
	T_NEEDS(6, 5, "IORING_SETUP_NO_MMAP", ret, -EINVAL);
	T_CHECK(ret > 0);
	T_NE(ring.flags & IORING_SETUP_NO_MMAP, 0);
	t_queue_nop(&ring, 1);
	T_SUBMIT(&ring, 1);
	T_EQ(t_reap(&ring).user_data, 1);
	io_uring_queue_exit(&ring);
	T_NOTHING_LEAKED(before);
	return T_EXIT_PASS;
}
