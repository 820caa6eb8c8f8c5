/* Description: readv and writev gather and scatter; the second forms also take
 * RWF_ flags, of which APPEND, NOWAIT and an unknown one show. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "file.h"

#include <sys/uio.h>

int main(void)
{
	char a[4] = "abcd", b[3] = "efg", c[5] = "", d[5] = "";
	struct iovec out[2] = { { a, sizeof(a) }, { b, sizeof(b) } };
	struct iovec in[2] = { { c, sizeof(c) }, { d, sizeof(d) } };
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fd = t_tmpfile(0);

	T_RING(8, &ring, 0);
	sqe = t_sqe(&ring);
	io_uring_prep_writev(sqe, fd, out, 2, 3);
	T_EQ(t_do(&ring, sqe), 7);
	t_file_holds(fd, 3, "abcdefg");
	sqe = t_sqe(&ring);
	io_uring_prep_readv(sqe, fd, in, 2, 4);
	T_EQ(t_do(&ring, sqe), 6);
	T_MEM_EQ(c, "bcdef", 5);
	T_EQ(d[0], 'g');
	sqe = t_sqe(&ring);
	io_uring_prep_readv(sqe, fd, in, 1, 5);
	T_EQ(t_do(&ring, sqe), 5);
	T_MEM_EQ(c, "cdefg", 5);

	/* The flag wins over the offset. */
	sqe = t_sqe(&ring);
	io_uring_prep_writev2(sqe, fd, out, 1, 0, RWF_APPEND);
	T_EQ(t_do(&ring, sqe), 4);
	t_file_holds(fd, 3, "abcdefgabcd");
	T_EQ(lseek(fd, 0, SEEK_END), 14);
	sqe = t_sqe(&ring);
	io_uring_prep_writev2(sqe, fd, out, 2, 1, RWF_DSYNC);
	T_EQ(t_do(&ring, sqe), 7);
	t_file_holds(fd, 1, "abcdefg");

	sqe = t_sqe(&ring);
	io_uring_prep_readv2(sqe, fd, in, 2, 1, 0);
	T_EQ(t_do(&ring, sqe), 10);
	T_MEM_EQ(c, "abcde", 5);
	T_MEM_EQ(d, "fgg", 2);
	sqe = t_sqe(&ring);
	io_uring_prep_readv2(sqe, fd, in, 2, 1, 1 << 30);
	T_EQ(t_do(&ring, sqe), -EOPNOTSUPP);
	sqe = t_sqe(&ring);
	io_uring_prep_writev2(sqe, fd, out, 2, 1, 1 << 30);
	T_EQ(t_do(&ring, sqe), -EOPNOTSUPP);

	sqe = t_sqe(&ring);
	io_uring_prep_readv(sqe, fd, in, 1025, 0);
	T_EQ(t_do(&ring, sqe), -EINVAL);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
