/* Description: io_uring_register_sync_cancel() ends stuck slot sends by
 * user_data, by descriptor, all of them or any, and counts them as it counts
 * plain ones; their notifier stays active. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no notification slots */
#include "notif.h"

static struct io_uring ring;
static struct notif_box box;
static int a[2], b[2];

static void cancelled(unsigned int from, unsigned int to)
{
	unsigned int i;

	NOTIF_COLLECT_ALL(&ring, &box, to - from);
	for (i = from; i < to; i++)
		NOTIF_TAKE(&box, i, -ECANCELED, 0);
}

int main(void)
{
	const unsigned int all = IORING_ASYNC_CANCEL_ALL;
	struct io_uring_sqe *sqe;
	unsigned int i;

	T_RING(16, &ring, 0);
	T_EQ_SINCE(6, 0, "IORING_REGISTER_SYNC_CANCEL", t_sync_cancel(&ring, 1, -1, 0),
		   -ENOENT, -EINVAL);
	notif_full_pair(a);
	notif_full_pair(b);
	notif_register(&ring, 1);

	NOTIF_STUCK(&ring, a[0], 1);
	NOTIF_STUCK(&ring, a[0], 2);
	T_EQ(t_sync_cancel(&ring, 3, -1, 0), -ENOENT);
	T_EQ(t_sync_cancel(&ring, NOTIF_TAG(0), -1, 0), -ENOENT);
	NOTIF_QUIET(&ring);
	T_EQ(t_sync_cancel(&ring, 2, -1, 0), 0);
	cancelled(2, 3);
	T_EQ(t_sync_cancel(&ring, 1, -1, 0), 0);
	cancelled(1, 2);
	T_EQ(t_sync_cancel(&ring, 1, -1, 0), -ENOENT);

	NOTIF_STUCK(&ring, a[0], 4);
	NOTIF_STUCK(&ring, b[0], 5);
	T_EQ(t_sync_cancel(&ring, 0, b[0], IORING_ASYNC_CANCEL_FD), 0);
	cancelled(5, 6);
	NOTIF_STUCK(&ring, a[0], 5);
	T_EQ(t_sync_cancel(&ring, 0, a[0], IORING_ASYNC_CANCEL_FD | all), 2);
	cancelled(4, 6);

	/* Of one user_data, and one of them is a poll. */
	for (i = 0; i < 2; i++)
		NOTIF_STUCK(&ring, a[0], 7);
	sqe = notif_sqe(&ring);
	io_uring_prep_poll_add(sqe, b[1], POLLHUP);
	io_uring_sqe_set_data64(sqe, 7);
	t_submit(&ring, 1);
	while (io_uring_sq_ready(&ring))
		t_sleep_ms(1);
	T_EQ(t_sync_cancel(&ring, 7, -1, all), 3);
	NOTIF_COLLECT_ALL(&ring, &box, 3);
	for (i = 0; i < 3; i++)
		NOTIF_TAKE(&box, 7, -ECANCELED, 0);
	for (i = 0; i < 2; i++)
		NOTIF_STUCK(&ring, a[0], 8);
	for (i = 0; i < 2; i++) {
		T_EQ(t_sync_cancel(&ring, 8, -1, 0), 0);
		cancelled(8, 9);
	}

	NOTIF_STUCK(&ring, a[0], 10);
	NOTIF_STUCK(&ring, b[0], 11);
	NOTIF_STUCK(&ring, a[0], 12);
	T_EQ(t_sync_cancel(&ring, 0, -1, IORING_ASYNC_CANCEL_ANY | all), 3);
	cancelled(10, 13);

	/* None of them flushed. */
	notif_update(&ring, 0, 0, 1, 20);
	t_submit(&ring, 1);
	NOTIF_COLLECT_ALL(&ring, &box, 2);
	NOTIF_TAKE(&box, 20, 0, 0);
	NOTIF_TAKE(&box, NOTIF_TAG(0), 0, 0);
	io_uring_queue_exit(&ring);
	notif_close(a);
	notif_close(b);
	return T_EXIT_PASS;
}
