/* Description: provide_buffers puts nr equal pieces of one area into a group
 * under consecutive IDs, requests take them from there, and remove_buffers
 * takes back up to nr and returns how many there were. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "net.h"

static char data[4][32];

static struct t_result recv_from_group(struct io_uring *ring, const int sv[2])
{
	struct io_uring_sqe *sqe = t_sqe(ring);

	io_uring_prep_recv(sqe, sv[1], NULL, sizeof(data[0]), 0);
	io_uring_sqe_set_flags(sqe, IOSQE_BUFFER_SELECT);
	io_uring_sqe_set_buf_group(sqe, 77);
	return t_complete(ring, sqe);
}

int main(void)
{
	unsigned int seen = 0, i;
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct t_result r;
	int sv[2];

	t_socketpair(sv);
	T_RING(8, &ring, 0);
	sqe = t_sqe(&ring);
	io_uring_prep_provide_buffers(sqe, data, sizeof(data[0]), 4, 77, 500);
	T_EQ(t_do(&ring, sqe), 0);

	for (i = 0; i < 2; i++) {
		unsigned int bid;

		t_send_all(sv[0], "provided", 8);
		r = recv_from_group(&ring, sv);
		T_EQ(r.res, 8);
		T_CHECK(r.flags & IORING_CQE_F_BUFFER);
		bid = r.flags >> IORING_CQE_BUFFER_SHIFT;
		T_CHECK(bid >= 500 && bid < 504);
		T_CHECK(!(seen & 1U << (bid - 500)));
		seen |= 1U << (bid - 500);
		T_MEM_EQ(data[bid - 500], "provided", 8);
	}

	sqe = t_sqe(&ring);
	io_uring_prep_remove_buffers(sqe, 1, 77);
	T_EQ(t_do(&ring, sqe), 1);
	sqe = t_sqe(&ring);
	io_uring_prep_remove_buffers(sqe, 100, 77);
	T_EQ(t_do(&ring, sqe), 1);
	t_send_all(sv[0], "none left", 9);
	T_EQ(recv_from_group(&ring, sv).res, -ENOBUFS);

	sqe = t_sqe(&ring);
	io_uring_prep_remove_buffers(sqe, 1, 78);
	T_EQ(t_do(&ring, sqe), -ENOENT);
	sqe = t_sqe(&ring);
	io_uring_prep_provide_buffers(sqe, data, sizeof(data[0]), 4, 77, 65534);
	T_EQ_SINCE(6, 1, "bound for buffer IDs", t_do(&ring, sqe), -EINVAL, 0);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
