/* Description: a ring made by io_uring_queue_mmap() from a descriptor with an
 * index array has that array filled with the identity, so that more than one
 * entry can be submitted right away. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: it leaves the array zeroed, and submits entry 0 again and again */
#include "test.h"

int main(void)
{
	struct io_uring_params p;
	struct io_uring ring;
	unsigned int i;
	int fd;

	memset(&p, 0, sizeof(p));
	t_flavour_params(&p);
	fd = io_uring_setup(8, &p);
	if (fd < 0)
		t_skip_if_kernel_refuses(8, &p, fd);
	T_GE(fd, 0);
	T_EQ(io_uring_queue_mmap(fd, &p, &ring), 0);
	T_CHECK(ring.sq.array != NULL);
	for (i = 0; i < 8; i++)
		T_EQ(ring.sq.array[i], i);
	for (i = 0; i < 8; i++)
		t_queue_nop(&ring, i);
	T_SUBMIT(&ring, 8);
	for (i = 0; i < 8; i++)
		T_EQ(t_reap(&ring).user_data, i);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
