/* Description: a request may be prepared in a structure outside of the ring
 * and assigned as a whole to the entry that get_sqe() returned. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "test.h"

int main(void)
{
	struct io_uring_sqe mine, *sqe;
	struct io_uring ring;
	char byte = 0;
	int fd, i;

	T_RING(4, &ring, 0);
	fd = t_tmpfile(100);
	memset(&mine, 0, sizeof(mine));
	io_uring_prep_read(&mine, fd, &byte, 1, 0);
	for (i = 0; i < 20; i++) {
		mine.off = (uint64_t)i;
		io_uring_sqe_set_data64(&mine, 100 + (uint64_t)i);
		sqe = io_uring_get_sqe(&ring);
		while (!sqe)
			sqe = io_uring_get_sqe(&ring);
		*sqe = mine;
		T_SUBMIT(&ring, 1);
		T_EQ(t_reap(&ring).user_data, 100 + i);
		T_EQ((unsigned char)byte, (unsigned char)(i * 7));
	}
	close(fd);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
