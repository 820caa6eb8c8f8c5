/* Description: sqe_set_data(), _data64(), _flags() and _buf_group() write their
 * field and no other; user_data comes back untouched in the completion, where
 * cqe_get_data() and _data64() read it. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "file.h"

static struct io_uring_sqe dirty(void)
{
	struct io_uring_sqe sqe;

	memset(&sqe, 0x5a, sizeof(sqe));
	return sqe;
}

static void fields(void)
{
	struct io_uring_sqe sqe, want;
	int object;

	sqe = want = dirty();
	io_uring_sqe_set_data(&sqe, &object);
	want.user_data = (unsigned long)&object;
	T_MEM_EQ(&sqe, &want, sizeof(sqe));

	sqe = want = dirty();
	io_uring_sqe_set_data64(&sqe, 0x0123456789abcdefULL);
	want.user_data = 0x0123456789abcdefULL;
	T_MEM_EQ(&sqe, &want, sizeof(sqe));

	sqe = want = dirty();
	io_uring_sqe_set_flags(&sqe, IOSQE_ASYNC | IOSQE_IO_LINK);
	want.flags = IOSQE_ASYNC | IOSQE_IO_LINK;
	T_MEM_EQ(&sqe, &want, sizeof(sqe));

	sqe = want = dirty();
	io_uring_sqe_set_buf_group(&sqe, 65535);
	want.buf_group = 65535;
	T_MEM_EQ(&sqe, &want, sizeof(sqe));
}

int main(void)
{
	struct io_uring_cqe *cqe;
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int object;

	fields();
	T_RING(8, &ring, 0);
	sqe = t_sqe(&ring);
	io_uring_prep_nop(sqe);
	io_uring_sqe_set_data(sqe, &object);
	io_uring_sqe_set_flags(sqe, IOSQE_IO_DRAIN);
	t_submit(&ring, 1);
	T_EQ(io_uring_wait_cqe(&ring, &cqe), 0);
	T_PTR_EQ(io_uring_cqe_get_data(cqe), &object);
	T_EQ(io_uring_cqe_get_data64(cqe), (unsigned long)&object);
	io_uring_cqe_seen(&ring, cqe);

	sqe = t_sqe(&ring);
	io_uring_prep_nop(sqe);
	io_uring_sqe_set_data64(sqe, 0xfedcba9876543210ULL);
	t_submit(&ring, 1);
	T_EQ(io_uring_wait_cqe(&ring, &cqe), 0);
	T_CHECK(io_uring_cqe_get_data64(cqe) == 0xfedcba9876543210ULL);
	io_uring_cqe_seen(&ring, cqe);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
