/* Description: a send that fails does not flush: its notifier stays active
 * with its tag and its generation, later sends join it, and so do those that
 * were submitted together with it. So it is with a send that comes short of
 * MSG_WAITALL; a short send without that flag has succeeded. A failed send is
 * attached all the same. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no notification slots */
#include "notif.h"

static struct io_uring ring;
static struct notif_box box;
static char large[4 << 20];

static void separate_submissions(int fd)
{
	notif_send(&ring, fd, "a", 1, 0, 0, 1);
	t_submit(&ring, 1);
	NOTIF_NEXT(&ring, 1, 1, 0);
	notif_send(&ring, -1, "b", 1, 0, NOTIF_FLUSH, 2);
	t_submit(&ring, 1);
	NOTIF_NEXT(&ring, 2, -EBADF, 0);
	NOTIF_QUIET(&ring);
	notif_send(&ring, fd, "c", 1, 0, NOTIF_FLUSH, 3);
	t_submit(&ring, 1);
	NOTIF_NEXT(&ring, 3, 1, 0);
	NOTIF_NEXT(&ring, NOTIF_TAG(0), 0, 0);
	NOTIF_QUIET(&ring);
}

static void one_submission(int fd)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		notif_send(&ring, fd, "d", 1, 0, 0, 10 + 4 * i);
		notif_send(&ring, -1, "e", 1, 0, NOTIF_FLUSH, 11 + 4 * i);
		notif_send(&ring, fd, "f", 1, 0, 0, 12 + 4 * i);
		notif_send(&ring, fd, "g", 1, 0, NOTIF_FLUSH, 13 + 4 * i);
	}
	/* Another slot, of which every send fails; an update flushes it. */
	for (i = 0; i < 3; i++)
		notif_send(&ring, -1, "h", 1, 1, NOTIF_FLUSH, 30 + i);
	notif_update(&ring, 0, 1, 1, 33);
	notif_send(&ring, fd, "i", 1, 1, NOTIF_FLUSH, 34);
	t_submit(&ring, 17);
	NOTIF_COLLECT_ALL(&ring, &box, 22);
	for (i = 0; i < 3; i++) {
		NOTIF_TAKE(&box, 10 + 4 * i, 1, 0);
		NOTIF_TAKE(&box, 11 + 4 * i, -EBADF, 0);
		NOTIF_TAKE(&box, 12 + 4 * i, 1, 0);
		T_LE(NOTIF_TAKE(&box, 13 + 4 * i, 1, 0), 21);
		NOTIF_TAKE(&box, NOTIF_TAG(0), 0, 1 + i);
		NOTIF_TAKE(&box, 30 + i, -EBADF, 0);
	}
	NOTIF_TAKE(&box, 33, 0, 0);
	NOTIF_TAKE(&box, 34, 1, 0);
	NOTIF_TAKE(&box, NOTIF_TAG(1), 0, 0);
	NOTIF_TAKE(&box, NOTIF_TAG(1), 0, 1);
	NOTIF_EMPTY(&box);
}

/* A flushing send of more than the connection takes. */
static void send_large(int sv[2], int flags, unsigned int slot, uint64_t data)
{
	struct io_uring_sqe *sqe;

	t_tcp_pair(sv);
	notif_small_buffers(sv);
	sqe = notif_sqe(&ring);
	io_uring_prep_sendzc(sqe, sv[0], large, sizeof(large),
			     flags | MSG_NOSIGNAL, slot, NOTIF_FLUSH);
	io_uring_sqe_set_data64(sqe, data);
	t_submit(&ring, 1);
}

/* The other end goes away in the middle of a send. */
static void short_of_all(void)
{
	struct io_uring_sqe *sqe;
	struct t_result r;
	int sv[2];

	send_large(sv, MSG_WAITALL, 2, 40);
	/* Until the kernel has taken a part of it. */
	notif_discard(sv[1], 1000);
	t_sleep_ms(20);
	close(sv[1]);
	r = t_reap_as(&ring, 40);
	T_GE(r.res, 1);
	T_LE(r.res, sizeof(large) - 1);
	T_EQ(r.flags, 0);
	NOTIF_QUIET(&ring);
	/* Also without any byte. */
	sqe = notif_sqe(&ring);
	io_uring_prep_sendzc(sqe, sv[0], large, 10, MSG_NOSIGNAL, 2,
			     NOTIF_FLUSH);
	io_uring_sqe_set_data64(sqe, 41);
	t_submit(&ring, 1);
	T_LE(t_reap_as(&ring, 41).res, -1);
	NOTIF_QUIET(&ring);
	notif_update(&ring, 0, 2, 1, 42);
	t_submit(&ring, 1);
	NOTIF_NEXT(&ring, 42, 0, 0);
	close(sv[0]);
	NOTIF_NEXT(&ring, NOTIF_TAG(2), 0, 0);
	NOTIF_QUIET(&ring);
}

static void short_is_success(void)
{
	struct t_result r;
	int sv[2];

	send_large(sv, MSG_DONTWAIT, 3, 50);
	r = t_reap_as(&ring, 50);
	T_GE(r.res, 1);
	T_LE(r.res, sizeof(large) - 1);
	notif_discard(sv[1], (size_t)r.res);
	NOTIF_NEXT(&ring, NOTIF_TAG(3), 0, 0);
	NOTIF_QUIET(&ring);
	notif_close(sv);
}

int main(void)
{
	int sv[2];

	T_RING(32, &ring, 0);
	t_tcp_pair(sv);
	notif_register(&ring, 4);
	separate_submissions(sv[0]);
	t_expect(sv[1], "ac", 2);
	one_submission(sv[0]);
	t_expect(sv[1], "dfgdfgdfgi", 10);
	short_of_all();
	short_is_success();
	io_uring_queue_exit(&ring);
	notif_close(sv);
	return T_EXIT_PASS;
}
