/* Description: one multishot accept posts a completion with F_MORE for each
 * connection until it is cancelled. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "net.h"

int main(void)
{
	struct sockaddr_in addr;
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct t_result r;
	int lfd = t_tcp_listen(&addr), i;

	T_RING(8, &ring, 0);
	sqe = t_sqe(&ring);
	io_uring_prep_multishot_accept(sqe, lfd, NULL, NULL, SOCK_CLOEXEC);
	io_uring_sqe_set_data64(sqe, 1);
	t_submit(&ring, 1);
	for (i = 0; i < 3; i++) {
		int client = t_tcp_connect(&addr);

		r = t_reap_as(&ring, 1);
		T_NEEDS(5, 19, "IORING_ACCEPT_MULTISHOT", r.res, -EINVAL);
		T_GE(r.res, 0);
		T_CHECK(r.flags & IORING_CQE_F_MORE);
		T_EQ(fcntl(r.res, F_GETFD), FD_CLOEXEC);
		t_send_all(client, "hi", 2);
		t_expect(r.res, "hi", 2);
		close(client);
		close(r.res);
	}
	sqe = t_sqe(&ring);
	io_uring_prep_cancel64(sqe, 1, 0);
	io_uring_sqe_set_data64(sqe, 2);
	t_submit(&ring, 1);
	for (i = 0; i < 2; i++) {
		r = t_reap(&ring);
		T_EQ(r.res, r.user_data == 1 ? -ECANCELED : 0);
		T_EQ(r.flags & IORING_CQE_F_MORE, 0);
	}
	t_no_completion(&ring);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
