/* Description: accept_direct and multishot_accept_direct put connections into
 * the fixed table: at the slot that was named, or at one the kernel picks and
 * returns. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "net.h"

static struct io_uring ring;

static void echo(int slot, int client)
{
	struct io_uring_sqe *sqe = t_sqe(&ring);

	io_uring_prep_send(sqe, slot, "fixed", 5, 0);
	io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE);
	T_EQ(t_do(&ring, sqe), 5);
	t_expect(client, "fixed", 5);
}

int main(void)
{
	struct sockaddr_in addr, peer;
	socklen_t len = sizeof(peer);
	struct io_uring_sqe *sqe;
	int lfd = t_tcp_listen(&addr), client, before, i;
	struct t_result r;
	int slot;

	T_RING(8, &ring, 0);
	T_SPARSE_FILES(&ring, 4);
	client = t_tcp_connect(&addr);
	before = t_open_fds();
	memset(&peer, 0, sizeof(peer));
	sqe = t_sqe(&ring);
	io_uring_prep_accept_direct(sqe, lfd, (struct sockaddr *)&peer, &len, 0,
				    2);
	T_EQ(t_do(&ring, sqe), 0);
	T_EQ(peer.sin_family, AF_INET);
	echo(2, client);
	T_EQ(t_open_fds(), before);
	close(client);

	client = t_tcp_connect(&addr);
	sqe = t_sqe(&ring);
	io_uring_prep_accept_direct(sqe, lfd, NULL, NULL, 0,
				    IORING_FILE_INDEX_ALLOC);
	slot = t_do(&ring, sqe);
	T_CHECK(slot == 0 || slot == 1 || slot == 3);
	echo(slot, client);
	close(client);

	sqe = t_sqe(&ring);
	io_uring_prep_multishot_accept_direct(sqe, lfd, NULL, NULL, 0);
	io_uring_sqe_set_data64(sqe, 1);
	t_submit(&ring, 1);
	for (i = 0; i < 2; i++) {
		client = t_tcp_connect(&addr);
		r = t_reap_as(&ring, 1);
		T_CHECK(r.res >= 0 && r.res < 4 && r.res != 2 && r.res != slot);
		T_CHECK(r.flags & IORING_CQE_F_MORE);
		echo(r.res, client);
		close(client);
	}
	/* The table is full: the request ends. */
	client = t_tcp_connect(&addr);
	r = t_reap_as(&ring, 1);
	T_EQ(r.res, -ENFILE);
	T_EQ(r.flags & IORING_CQE_F_MORE, 0);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
