/* Description: the slots of a ring are independent: each has its notifier,
 * its tag and its generations, up to 1024 of them; the flush of one says
 * nothing about another, and many notifiers of one slot may be in flight. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no notification slots */
#include "notif.h"

static struct io_uring ring;
static struct notif_box box;

static void two_slots(int fd)
{
	unsigned int i;

	/* Interleaved; only slot 1 is flushed. */
	for (i = 0; i < 8; i++)
		notif_send(&ring, fd, "interleaved", 11, i % 2,
			   i == 7 ? NOTIF_FLUSH : 0, i);
	t_submit(&ring, 8);
	NOTIF_COLLECT_ALL(&ring, &box, 9);
	for (i = 0; i < 8; i++)
		NOTIF_TAKE(&box, i, 11, 0);
	NOTIF_TAKE(&box, NOTIF_TAG(1), 0, 0);
	NOTIF_EMPTY(&box);

	/* Slot 1 goes on while slot 0 still has its first notifier. */
	for (i = 0; i < 6; i++)
		notif_send(&ring, fd, "x", 1, 1, NOTIF_FLUSH, 10 + i);
	notif_send(&ring, fd, "y", 1, 0, NOTIF_FLUSH, 16);
	t_submit(&ring, 7);
	NOTIF_COLLECT_ALL(&ring, &box, 14);
	for (i = 0; i < 6; i++) {
		unsigned int sent = NOTIF_TAKE(&box, 10 + i, 1, 0);

		T_GE(NOTIF_TAKE(&box, NOTIF_TAG(1), 0, 1 + i), sent);
	}
	NOTIF_TAKE(&box, 16, 1, 0);
	NOTIF_TAKE(&box, NOTIF_TAG(0), 0, 0);
	NOTIF_EMPTY(&box);
}

int main(void)
{
	struct io_uring_params p;
	struct sockaddr_in to;
	unsigned int i, round;
	int rx, tx;

	memset(&p, 0, sizeof(p));
	p.flags = IORING_SETUP_CQSIZE;
	p.cq_entries = 4096;
	T_EQ(t_ring_init_params(64, &ring, &p), 0);
	/* What does not fit into the receiver is lost, and may be. */
	rx = t_udp(&to);
	tx = (int)T_SYS(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	T_SYS(connect(tx, (struct sockaddr *)&to, sizeof(to)));

	notif_register(&ring, 2);
	two_slots(tx);
	T_EQ(io_uring_unregister_notifications(&ring), 0);

	notif_register(&ring, IO_NOTIF_MAX_SLOTS);
	for (round = 0; round < 2; round++) {
		for (i = 0; i < IO_NOTIF_MAX_SLOTS; i++) {
			notif_send(&ring, tx, "one of many", 11, i, 0, i);
			if (i % 64 == 63)
				t_submit(&ring, 64);
		}
		notif_collect(&ring, &box, IO_NOTIF_MAX_SLOTS);
		for (i = 0; i < IO_NOTIF_MAX_SLOTS; i++)
			NOTIF_TAKE(&box, i, 11, 0);
		NOTIF_QUIET(&ring);
		notif_update(&ring, 0, 0, IO_NOTIF_MAX_SLOTS, 5000);
		t_submit(&ring, 1);
		NOTIF_COLLECT_ALL(&ring, &box, IO_NOTIF_MAX_SLOTS + 1);
		NOTIF_TAKE(&box, 5000, 0, 0);
		for (i = 0; i < IO_NOTIF_MAX_SLOTS; i++)
			NOTIF_TAKE(&box, NOTIF_TAG(i), 0, round);
		NOTIF_EMPTY(&box);
	}
	io_uring_queue_exit(&ring);
	close(rx);
	close(tx);
	return T_EXIT_PASS;
}
