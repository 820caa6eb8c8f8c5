/* Description: the files_update operation changes slots of the fixed table like
 * the register call does, and with IORING_FILE_INDEX_ALLOC picks free slots
 * and stores their numbers. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "file.h"

static struct io_uring ring;

static int update(int *fds, unsigned int nr, int offset)
{
	struct io_uring_sqe *sqe = t_sqe(&ring);

	io_uring_prep_files_update(sqe, fds, nr, offset);
	return t_do(&ring, sqe);
}

int main(void)
{
	int fds[2] = { t_text_file("a"), t_text_file("b") };

	T_RING(8, &ring, 0);
	T_EQ(update(fds, 2, 0), -ENXIO);
	T_SPARSE_FILES(&ring, 5);
	T_EQ(update(fds, 2, 3), 2);
	T_EQ(t_read_slot(&ring, 3), 'a');
	T_EQ(t_read_slot(&ring, 4), 'b');
	T_EQ(t_read_slot(&ring, 0), -EBADF);
	T_EQ(update(fds, 2, 4), -EINVAL);

	T_EQ(update(fds, 2, (int)IORING_FILE_INDEX_ALLOC), 2);
	T_CHECK(fds[0] >= 0 && fds[0] < 3);
	T_CHECK(fds[1] >= 0 && fds[1] < 3);
	T_EQ(t_read_slot(&ring, fds[0]), 'a');
	T_EQ(t_read_slot(&ring, fds[1]), 'b');

	fds[0] = IORING_REGISTER_FILES_SKIP;
	fds[1] = -1;
	T_EQ(update(fds, 2, 3), 2);
	T_EQ(t_read_slot(&ring, 3), 'a');
	T_EQ(t_read_slot(&ring, 4), -EBADF);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
