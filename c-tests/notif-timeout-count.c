/* Description: a timeout that counts completions counts those that the program
 * sees, and not the notifications of the kernel. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no notification slots */
#include "notif.h"

static struct io_uring ring;
static struct notif_box box;
static int sv[2];

static void counting_timeout(void)
{
	struct __kernel_timespec never = t_ms(60000);
	struct io_uring_sqe *sqe;
	unsigned int i;

	sqe = notif_sqe(&ring);
	io_uring_prep_timeout(sqe, &never, 4, 0);
	io_uring_sqe_set_data64(sqe, 50);
	t_submit(&ring, 1);
	for (i = 0; i < 3; i++) {
		notif_send(&ring, sv[0], "one", 3, 0, 0, i);
		t_submit(&ring, 1);
		NOTIF_NEXT(&ring, i, 3, 0);
		NOTIF_QUIET(&ring);
	}
	notif_send(&ring, sv[0], "one", 3, 0, 0, 3);
	t_submit(&ring, 1);
	NOTIF_COLLECT_ALL(&ring, &box, 2);
	NOTIF_TAKE(&box, 3, 3, 0);
	NOTIF_TAKE(&box, 50, 0, 0);
	notif_discard(sv[1], 12);
}

int main(void)
{
	T_RING(32, &ring, 0);
	t_tcp_pair(sv);
	notif_register(&ring, 4);
	counting_timeout();
	io_uring_queue_exit(&ring);
	notif_close(sv);
	return T_EXIT_PASS;
}
