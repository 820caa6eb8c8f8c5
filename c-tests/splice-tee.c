/* Description: splice moves bytes between a pipe and a file at given offsets,
 * also from a fixed file; tee copies between pipes without consuming. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "file.h"

static struct io_uring ring;

static void pipe_holds(int fd, const char *text)
{
	char seen[64];

	T_EQ(read(fd, seen, strlen(text)), strlen(text));
	T_MEM_EQ(seen, text, strlen(text));
}

int main(void)
{
	struct io_uring_sqe *sqe;
	int in, out, a[2], b[2];

	T_RING(8, &ring, 0);
	in = t_text_file("0123456789");
	out = t_text_file("..........");
	T_SYS(pipe(a));
	T_SYS(pipe(b));

	sqe = t_sqe(&ring);
	io_uring_prep_splice(sqe, in, 2, a[1], -1, 5, 0);
	T_EQ(t_do(&ring, sqe), 5);
	T_EQ(lseek(in, 0, SEEK_CUR), 0);

	sqe = t_sqe(&ring);
	io_uring_prep_tee(sqe, a[0], b[1], 4, 0);
	T_EQ(t_do(&ring, sqe), 4);
	pipe_holds(b[0], "2345");

	sqe = t_sqe(&ring);
	io_uring_prep_splice(sqe, a[0], -1, out, 3, 100, SPLICE_F_MOVE);
	T_EQ(t_do(&ring, sqe), 5);
	t_file_holds(out, 0, "...23456..");

	/* An offset of -1 is the file's own position, and moves it. */
	T_SYS(lseek(in, 7, SEEK_SET));
	sqe = t_sqe(&ring);
	io_uring_prep_splice(sqe, in, -1, b[1], -1, 2, 0);
	T_EQ(t_do(&ring, sqe), 2);
	T_EQ(lseek(in, 0, SEEK_CUR), 9);
	pipe_holds(b[0], "78");

	T_EQ(io_uring_register_files(&ring, &in, 1), 0);
	sqe = t_sqe(&ring);
	io_uring_prep_splice(sqe, 0, 0, b[1], -1, 1, SPLICE_F_FD_IN_FIXED);
	T_EQ(t_do(&ring, sqe), 1);
	pipe_holds(b[0], "0");

	T_EQ(io_uring_register_files_update(&ring, 0, &a[0], 1), 1);
	T_EQ(write(a[1], "tee", 3), 3);
	sqe = t_sqe(&ring);
	io_uring_prep_tee(sqe, 0, b[1], 3, SPLICE_F_FD_IN_FIXED);
	T_EQ(t_do(&ring, sqe), 3);
	pipe_holds(b[0], "tee");
	pipe_holds(a[0], "tee");

	sqe = t_sqe(&ring);
	io_uring_prep_splice(sqe, in, 0, out, 0, 1, 0);
	T_EQ(t_do(&ring, sqe), -EINVAL);
	sqe = t_sqe(&ring);
	io_uring_prep_tee(sqe, in, out, 1, 0);
	T_EQ(t_do(&ring, sqe), -EINVAL);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
