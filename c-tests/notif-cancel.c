/* Description: a slot send that is stuck is cancelled like a plain one: by its
 * user_data, by its descriptor, all with one user_data or descriptor, or any.
 * It completes with -ECANCELED, flushes nothing and stays attached; what does
 * not match is left alone. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no notification slots */
#include "notif.h"

static struct io_uring ring;
static struct notif_box box;
static int a[2], b[2];
static unsigned int generation;

/* Queues a cancel request, by user_data unless `flags` say otherwise. */
static struct io_uring_sqe *cancel(uint64_t what, unsigned int flags)
{
	struct io_uring_sqe *sqe = notif_sqe(&ring);

	io_uring_prep_cancel64(sqe, what, (int)flags);
	io_uring_sqe_set_data64(sqe, 99);
	return sqe;
}

static void cancel_fd(int fd, unsigned int flags)
{
	struct io_uring_sqe *sqe = notif_sqe(&ring);

	io_uring_prep_cancel_fd(sqe, fd, flags);
	io_uring_sqe_set_data64(sqe, 99);
}

/* Submits the request; it reports `res`, and the sends from..to are over. */
static void cancels(int res, unsigned int from, unsigned int to)
{
	unsigned int i;

	t_submit(&ring, 1);
	NOTIF_COLLECT_ALL(&ring, &box, 1 + to - from);
	NOTIF_TAKE(&box, 99, res, 0);
	for (i = from; i < to; i++)
		NOTIF_TAKE(&box, i, -ECANCELED, 0);
	NOTIF_EMPTY(&box);
}

/* The notifier is active still, with its generation. */
static void flush(void)
{
	notif_update(&ring, 0, 0, 1, 98);
	t_submit(&ring, 1);
	NOTIF_COLLECT_ALL(&ring, &box, 2);
	NOTIF_TAKE(&box, 98, 0, 0);
	NOTIF_TAKE(&box, NOTIF_TAG(0), 0, generation);
	generation++;
}

static void by_user_data(void)
{
	struct io_uring_sqe *sqe;

	NOTIF_STUCK(&ring, a[0], 1);
	NOTIF_STUCK(&ring, a[0], 2);
	cancel(3, 0);
	cancels(-ENOENT, 0, 0);
	cancel(2, 0);
	cancels(0, 2, 3);
	sqe = notif_sqe(&ring);
	io_uring_prep_cancel(sqe, (void *)(uintptr_t)1, 0);
	io_uring_sqe_set_data64(sqe, 99);
	cancels(0, 1, 2);
	cancel(1, 0);
	cancels(-ENOENT, 0, 0);
	flush();

	/* In the submission that brings the send. */
	notif_send(&ring, a[0], "stuck", 5, 0, NOTIF_FLUSH, 1);
	cancel(1, 0);
	t_submit(&ring, 2);
	NOTIF_COLLECT_ALL(&ring, &box, 2);
	NOTIF_TAKE(&box, 99, 0, 0);
	NOTIF_TAKE(&box, 1, -ECANCELED, 0);
	flush();

	/* Quietly: the send says it. */
	NOTIF_STUCK(&ring, a[0], 1);
	sqe = cancel(1, 0);
	if (ring.features & IORING_FEAT_CQE_SKIP) {
		io_uring_sqe_set_flags(sqe, IOSQE_CQE_SKIP_SUCCESS);
		t_submit(&ring, 1);
		NOTIF_NEXT(&ring, 1, -ECANCELED, 0);
		NOTIF_QUIET(&ring);
	} else {
		cancels(0, 1, 2);
	}
	flush();

	/* What has completed is no longer there. */
	notif_send(&ring, b[0], "free", 4, 0, NOTIF_FLUSH, 5);
	t_submit(&ring, 1);
	NOTIF_NEXT(&ring, 5, 4, 0);
	NOTIF_NEXT(&ring, NOTIF_TAG(0), 0, generation);
	generation++;
	cancel(5, 0);
	cancels(-ENOENT, 0, 0);
	/* Nor can the notifier be cancelled by its tag. */
	notif_send(&ring, b[0], "free", 4, 0, 0, 5);
	t_submit(&ring, 1);
	NOTIF_NEXT(&ring, 5, 4, 0);
	cancel(NOTIF_TAG(0), 0);
	cancels(-ENOENT, 0, 0);
	cancel(5, 0);
	cancels(-ENOENT, 0, 0);
	flush();
}

/* Several with one user_data, of which one is no slot send. */
static void all_of_one_name(void)
{
	struct io_uring_sync_cancel_reg none;
	struct io_uring_sqe *sqe;
	unsigned int i;

	/* The library needs it for this. */
	memset(&none, 0, sizeof(none));
	if (t_lacks(6, 0, "IORING_REGISTER_SYNC_CANCEL",
		    io_uring_register_sync_cancel(&ring, &none), -EINVAL))
		return;
	NOTIF_STUCK(&ring, a[0], 7);
	NOTIF_STUCK(&ring, a[0], 7);
	sqe = notif_sqe(&ring);
	io_uring_prep_poll_add(sqe, b[0], POLLIN);
	io_uring_sqe_set_data64(sqe, 7);
	t_submit(&ring, 1);
	NOTIF_STUCK(&ring, a[0], 7);
	NOTIF_STUCK(&ring, a[0], 8);
	cancel(7, IORING_ASYNC_CANCEL_ALL);
	t_submit(&ring, 1);
	NOTIF_COLLECT_ALL(&ring, &box, 5);
	NOTIF_TAKE(&box, 99, 4, 0);
	for (i = 0; i < 4; i++)
		NOTIF_TAKE(&box, 7, -ECANCELED, 0);
	NOTIF_EMPTY(&box);

	/* One of them without the flag. */
	NOTIF_STUCK(&ring, a[0], 8);
	for (i = 0; i < 2; i++) {
		cancel(8, 0);
		cancels(0, 8, 9);
	}
	cancel(8, IORING_ASYNC_CANCEL_ALL);
	cancels(0, 0, 0);
	flush();
}

static void by_descriptor(void)
{
	int full[2];

	notif_full_pair(full);
	NOTIF_STUCK(&ring, a[0], 10);
	NOTIF_STUCK(&ring, full[0], 12);
	cancel_fd(full[0], 0);
	cancels(0, 12, 13);
	cancel_fd(full[0], 0);
	cancels(-ENOENT, 0, 0);
	NOTIF_STUCK(&ring, a[0], 11);
	NOTIF_STUCK(&ring, full[0], 20);
	cancel_fd(a[0], IORING_ASYNC_CANCEL_ALL);
	cancels(2, 10, 12);
	cancel_fd(full[0], IORING_ASYNC_CANCEL_ALL);
	cancels(1, 20, 21);
	flush();
	notif_close(full);
}

static void any(void)
{
	struct io_uring_sqe *sqe;

	NOTIF_STUCK(&ring, a[0], 30);
	cancel(0, IORING_ASYNC_CANCEL_ANY);
	cancels(1, 30, 31);
	NOTIF_STUCK(&ring, a[0], 31);
	NOTIF_STUCK(&ring, a[0], 32);
	sqe = notif_sqe(&ring);
	io_uring_prep_poll_add(sqe, b[0], POLLIN);
	io_uring_sqe_set_data64(sqe, 33);
	t_submit(&ring, 1);
	cancel(0, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
	cancels(3, 31, 34);
	flush();
}

/* A send that the kernel gave to a worker, which waits for room. */
static void in_a_worker(void)
{
	struct io_uring_sqe *sqe = notif_send(&ring, a[0], "stuck", 5, 0,
					      NOTIF_FLUSH, 40);

	io_uring_sqe_set_flags(sqe, IOSQE_ASYNC);
	t_submit(&ring, 1);
	NOTIF_QUIET(&ring);
	cancel(40, 0);
	t_submit(&ring, 1);
	notif_collect(&ring, &box, 2);
	/* One that runs is interrupted, or has gone to wait for a poll. */
	if (box.r[0].user_data == 99 ? box.r[0].res == -EALREADY
				     : box.r[1].res == -EALREADY)
		NOTIF_TAKE(&box, 99, -EALREADY, 0);
	else
		NOTIF_TAKE(&box, 99, 0, 0);
	T_LE(box.r[box.gone[0]].res, -1);
	T_EQ(box.r[box.gone[0]].user_data, 40);
	flush();
}

int main(void)
{
	struct t_result r;

	T_RING(16, &ring, 0);
	notif_full_pair(a);
	t_tcp_pair(b);
	notif_register(&ring, 1);
	by_user_data();
	in_a_worker();
	cancel(12345, IORING_ASYNC_CANCEL_ALL);
	t_submit(&ring, 1);
	r = t_reap_as(&ring, 99);
	T_EQ_SINCE(5, 19, "flags of a cancel request", r.res, 0, -EINVAL);
	all_of_one_name();
	by_descriptor();
	any();
	io_uring_queue_exit(&ring);
	notif_close(a);
	notif_close(b);
	return T_EXIT_PASS;
}
