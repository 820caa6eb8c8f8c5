/* Description: slots are registered again at once, with generations from 0,
 * while the completions of those before still arrive: by unregistering, every
 * active notifier has been flushed. Three hundred times nothing is leaked. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no notification slots */
#include "notif.h"

static struct io_uring ring;
static struct notif_box box;
static char large[1 << 20];
static int tcp[2], local[2], tight[2];

static void tags(unsigned int nr, uint64_t first)
{
	struct io_uring_notification_slot slots[8];
	unsigned int i;

	memset(slots, 0, sizeof(slots));
	for (i = 0; i < nr; i++)
		slots[i].tag = first + i;
	T_EQ(io_uring_register_notifications(&ring, nr, slots), 0);
}

static void cycle(uint64_t first)
{
	unsigned int i;

	/* 0 and 1 active, 2 flushed, 3 untouched. */
	tags(4, first);
	notif_send(&ring, tcp[0], "a", 1, 0, 0, 1);
	notif_send(&ring, local[0], "b", 1, 1, NOTIF_FLUSH, 2);
	notif_send(&ring, local[0], "c", 1, 1, 0, 3);
	notif_send(&ring, tcp[0], "d", 1, 2, NOTIF_FLUSH, 4);
	t_submit(&ring, 4);
	T_EQ(io_uring_unregister_notifications(&ring), 0);
	/* The same tags again: now they are other notifiers. */
	tags(1, first + 100);
	notif_send(&ring, tcp[0], "e", 1, 0, NOTIF_FLUSH, 5);
	t_submit(&ring, 1);
	T_EQ(io_uring_unregister_notifications(&ring), 0);
	notif_collect(&ring, &box, 10);
	for (i = 1; i <= 5; i++)
		NOTIF_TAKE(&box, i, 1, 0);
	NOTIF_TAKE(&box, first, 0, 0);
	NOTIF_TAKE(&box, first + 1, 0, 0);
	NOTIF_TAKE(&box, first + 1, 0, 1);
	NOTIF_TAKE(&box, first + 2, 0, 0);
	NOTIF_TAKE(&box, first + 100, 0, 0);
	NOTIF_EMPTY(&box);
	notif_discard(tcp[1], 3);
	notif_discard(local[1], 2);
}

/* Sends that are stuck, and sent but not yet acknowledged. */
static void in_flight(void)
{
	struct io_uring_sqe *sqe;
	struct t_result r;
	size_t filled;

	tags(2, 5000);
	filled = notif_fill(tight[0]);
	notif_send(&ring, tight[0], "stuck", 5, 0, 0, 1);
	t_submit(&ring, 1);
	NOTIF_QUIET(&ring);
	T_EQ(io_uring_unregister_notifications(&ring), 0);
	T_EQ(io_uring_unregister_notifications(&ring), -ENXIO);
	NOTIF_QUIET(&ring);
	tags(2, 6000);
	notif_send(&ring, tcp[0], "free", 4, 0, NOTIF_FLUSH, 2);
	t_submit(&ring, 1);
	NOTIF_NEXT(&ring, 2, 4, 0);
	NOTIF_NEXT(&ring, 6000, 0, 0);
	notif_discard(tcp[1], 4);
	notif_discard(tight[1], filled);
	NOTIF_NEXT(&ring, 1, 5, 0);
	notif_discard(tight[1], 5);
	NOTIF_NEXT(&ring, 5000, 0, 0);
	NOTIF_QUIET(&ring);

	/* A flushing send that ends after its slot is gone. */
	filled = notif_fill(tight[0]);
	notif_send(&ring, tight[0], "stuck", 5, 1, NOTIF_FLUSH, 3);
	notif_send(&ring, tcp[0], "joins", 5, 1, 0, 4);
	t_submit(&ring, 2);
	NOTIF_NEXT(&ring, 4, 5, 0);
	T_EQ(io_uring_unregister_notifications(&ring), 0);
	NOTIF_QUIET(&ring);
	tags(1, 7000);
	notif_discard(tight[1], filled);
	NOTIF_NEXT(&ring, 3, 5, 0);
	notif_discard(tight[1], 5);
	notif_discard(tcp[1], 5);
	NOTIF_COLLECT_ALL(&ring, &box, 2);
	NOTIF_TAKE(&box, 6001, 0, 0);
	NOTIF_TAKE(&box, 6001, 0, 1);

	/* In the hands of the network. */
	sqe = notif_send(&ring, tight[0], large, sizeof(large), 0, 0, 8);
	sqe->msg_flags |= MSG_DONTWAIT;
	t_submit(&ring, 1);
	r = t_reap_as(&ring, 8);
	T_GE(r.res, 1);
	T_EQ(io_uring_unregister_notifications(&ring), 0);
	tags(1, 8000);
	notif_discard(tight[1], (size_t)r.res);
	NOTIF_NEXT(&ring, 7000, 0, 0);
	NOTIF_QUIET(&ring);
	T_EQ(io_uring_unregister_notifications(&ring), 0);
}

int main(void)
{
	struct t_usage empty, before;
	unsigned int i;

	t_tcp_pair(tcp);
	notif_tight_pair(tight);
	t_socketpair(local);
	empty = t_usage();
	T_RING(16, &ring, 0);
	/* What is kept for the next use of the ring is there from now on. */
	for (i = 0; i < 20; i++)
		cycle(1000);
	before = t_usage();
	for (i = 0; i < 300; i++)
		cycle(1000 + i);
	T_NOTHING_LEAKED(before);
	in_flight();
	/* The largest array, alone. */
	for (i = 0; i < 50; i++) {
		notif_register(&ring, IO_NOTIF_MAX_SLOTS);
		T_EQ(io_uring_unregister_notifications(&ring), 0);
	}
	NOTIF_QUIET(&ring);
	io_uring_queue_exit(&ring);
	T_NOTHING_LEAKED(empty);
	notif_close(tcp);
	notif_close(tight);
	notif_close(local);
	return T_EXIT_PASS;
}
