/* Description: IOSQE_CQE_SKIP_SUCCESS leaves out the success completion of a
 * slot send or an update, and neither an error nor the notifier's
 * completion. It works on slot sends whatever the kernel makes of it. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no notification slots */
#include "notif.h"

static struct io_uring ring;
static struct notif_box box;

static void quiet(struct io_uring_sqe *sqe)
{
	io_uring_sqe_set_flags(sqe, IOSQE_CQE_SKIP_SUCCESS);
}

static void on(int fd, int peer, uint64_t tag)
{
	unsigned int i;

	/* Seventeen completions become one. */
	for (i = 0; i < 16; i++)
		quiet(notif_send(&ring, fd, "hush", 4, 0,
				 i == 15 ? NOTIF_FLUSH : 0, i));
	t_submit(&ring, 16);
	NOTIF_NEXT(&ring, tag, 0, 0);
	NOTIF_QUIET(&ring);
	for (i = 0; i < 16; i++)
		t_expect(peer, "hush", 4);

	/* The update says nothing, the notifiers do. */
	for (i = 0; i < 4; i++)
		quiet(notif_send(&ring, fd, "hush", 4, i, 0, i));
	quiet(notif_update(&ring, 0, 1, 3, 20));
	t_submit(&ring, 5);
	NOTIF_COLLECT_ALL(&ring, &box, 3);
	for (i = 1; i < 4; i++)
		NOTIF_TAKE(&box, tag + i, 0, 0);
	quiet(notif_update(&ring, 0, 0, 4, 21));
	t_submit(&ring, 1);
	NOTIF_NEXT(&ring, tag, 0, 1);
	quiet(notif_update(&ring, 0, 0, 4, 22));
	t_submit(&ring, 1);
	NOTIF_QUIET(&ring);

	/* Loud ones among the quiet ones. */
	for (i = 0; i < 8; i++) {
		struct io_uring_sqe *sqe = notif_send(&ring, fd, "half", 4, 2,
						      0, 30 + i);

		if (i % 2)
			quiet(sqe);
	}
	quiet(notif_send(&ring, fd, "half", 4, 2, NOTIF_FLUSH | NOTIF_COPY_TAG,
			 40));
	t_submit(&ring, 9);
	NOTIF_COLLECT_ALL(&ring, &box, 5);
	for (i = 0; i < 8; i += 2)
		NOTIF_TAKE(&box, 30 + i, 4, 0);
	NOTIF_TAKE(&box, 40, 0, 1);
	for (i = 0; i < 4 + 9; i++)
		t_expect(peer, i < 4 ? "hush" : "half", 4);

	/* Errors are seen. */
	quiet(notif_send(&ring, -1, "lost", 4, 3, NOTIF_FLUSH, 50));
	quiet(notif_send(&ring, fd, "lost", 4, 4, NOTIF_FLUSH, 51));
	quiet(notif_update(&ring, 0, 3, 2, 52));
	quiet(notif_update(&ring, 0, ~0U, 2, 53));
	t_submit(&ring, 4);
	NOTIF_COLLECT_ALL(&ring, &box, 4);
	NOTIF_TAKE(&box, 50, -EBADF, 0);
	NOTIF_TAKE(&box, 51, -EINVAL, 0);
	NOTIF_TAKE(&box, 52, -EINVAL, 0);
	NOTIF_TAKE(&box, 53, -EOVERFLOW, 0);
	quiet(notif_update(&ring, 0, 0, 4, 54));
	t_submit(&ring, 1);
	NOTIF_NEXT(&ring, tag + 3, 0, 1);
	NOTIF_QUIET(&ring);

	/* In a chain that holds. */
	for (i = 0; i < 3; i++)
		io_uring_sqe_set_flags(notif_send(&ring, fd, "link", 4, 1, 0,
						  60 + i),
				       IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS);
	notif_send(&ring, fd, "link", 4, 1, NOTIF_FLUSH, 63);
	t_submit(&ring, 4);
	NOTIF_COLLECT_ALL(&ring, &box, 2);
	T_LE(NOTIF_TAKE(&box, 63, 4, 0), 0);
	NOTIF_TAKE(&box, tag + 1, 0, 1);
	for (i = 0; i < 4; i++)
		t_expect(peer, "link", 4);
}

int main(void)
{
	int tcp[2], local[2];

	T_RING(32, &ring, 0);
	t_tcp_pair(tcp);
	t_socketpair(local);
	notif_register(&ring, 4);
	on(tcp[0], tcp[1], NOTIF_TAG(0));
	T_EQ(io_uring_unregister_notifications(&ring), 0);
	notif_register(&ring, 4);
	on(local[0], local[1], NOTIF_TAG(0));
	io_uring_queue_exit(&ring);
	notif_close(tcp);
	notif_close(local);
	return T_EXIT_PASS;
}
