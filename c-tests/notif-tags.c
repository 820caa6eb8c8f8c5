/* Description: a notifier has the tag that its slot had when it came to be. An
 * update with a new tag flushes the notifiers of the range under their own tag
 * and names those that come after them; 0 keeps the tag, and a slot without a
 * notifier is left alone. NOTIF_COPY_TAG gives the flushed notifier the
 * user_data of the send that flushes it, once. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no notification slots */
#include "notif.h"

static struct io_uring ring;
static struct notif_box box;
static int sv[2];

/* One flushing send: the notifier says this. */
static void flush(unsigned int slot, uint64_t tag, unsigned int generation)
{
	notif_send(&ring, sv[0], "f", 1, slot, NOTIF_FLUSH, 1);
	t_submit(&ring, 1);
	NOTIF_NEXT(&ring, 1, 1, 0);
	NOTIF_NEXT(&ring, tag, 0, generation);
}

static void send_one(unsigned int slot)
{
	notif_send(&ring, sv[0], "s", 1, slot, 0, 2);
	t_submit(&ring, 1);
	NOTIF_NEXT(&ring, 2, 1, 0);
}

static void retag(uint64_t tag, unsigned int offset, unsigned int nr,
		  unsigned int notifiers)
{
	notif_update(&ring, tag, offset, nr, 3);
	t_submit(&ring, 1);
	NOTIF_COLLECT_ALL(&ring, &box, 1 + notifiers);
	NOTIF_TAKE(&box, 3, 0, 0);
}

static void odd_tags(void)
{
	struct io_uring_notification_slot slots[3];

	T_EQ(io_uring_unregister_notifications(&ring), 0);
	memset(slots, 0, sizeof(slots));
	slots[1].tag = 1;
	slots[2].tag = 1;
	T_EQ(io_uring_register_notifications(&ring, 3, slots), 0);
	flush(0, 0, 0);
	flush(1, 1, 0);
	flush(2, 1, 0);
	send_one(0);
	retag(LIBURING_UDATA_NOTIF - 1, 0, 1, 1);
	NOTIF_TAKE(&box, 0, 0, 1);
	flush(0, LIBURING_UDATA_NOTIF - 1, 2);
}

int main(void)
{
	unsigned int i, at;

	T_RING(32, &ring, 0);
	t_tcp_pair(sv);
	notif_register(&ring, 3);

	/* The flushed one keeps its own. */
	send_one(0);
	retag(500, 0, 1, 1);
	NOTIF_TAKE(&box, NOTIF_TAG(0), 0, 0);
	flush(0, 500, 1);
	flush(0, 500, 2);

	/* Without a notifier there is no new tag either. */
	retag(600, 0, 3, 0);
	flush(0, 500, 3);
	flush(1, NOTIF_TAG(1), 0);

	/* 0 keeps it. */
	send_one(0);
	retag(0, 0, 1, 1);
	NOTIF_TAKE(&box, 500, 0, 4);
	flush(0, 500, 5);

	/* A range, of which slot 1 has no notifier. */
	send_one(0);
	send_one(2);
	retag(700, 0, 3, 2);
	NOTIF_TAKE(&box, 500, 0, 6);
	NOTIF_TAKE(&box, NOTIF_TAG(2), 0, 0);
	NOTIF_EMPTY(&box);
	flush(0, 700, 7);
	flush(1, NOTIF_TAG(1), 1);
	flush(2, 700, 1);

	/* In one submission the order counts. */
	for (i = 0; i < 4; i++) {
		notif_send(&ring, sv[0], "t", 1, 0, 0, 10 + i);
		notif_update(&ring, 800 + i, 0, 1, 20 + i);
	}
	t_submit(&ring, 8);
	NOTIF_COLLECT_ALL(&ring, &box, 12);
	for (i = 0; i < 4; i++) {
		NOTIF_TAKE(&box, 10 + i, 1, 0);
		NOTIF_TAKE(&box, 20 + i, 0, 0);
		NOTIF_TAKE(&box, i ? 799 + i : 700, 0, 8 + i);
	}
	NOTIF_EMPTY(&box);
	flush(0, 803, 12);

	/* The tag of the flushing send, for this notifier alone. */
	send_one(0);
	notif_send(&ring, sv[0], "c", 1, 0, NOTIF_FLUSH | NOTIF_COPY_TAG, 900);
	t_submit(&ring, 1);
	NOTIF_NEXT(&ring, 900, 1, 0);
	NOTIF_NEXT(&ring, 900, 0, 13);
	flush(0, 803, 14);
	/* Also when the first send is the flushing one, and several times. */
	for (i = 0; i < 4; i++)
		notif_send(&ring, sv[0], "c", 1, 0,
			   NOTIF_FLUSH | NOTIF_COPY_TAG, 910 + i);
	t_submit(&ring, 4);
	NOTIF_COLLECT_ALL(&ring, &box, 8);
	for (i = 0; i < 4; i++) {
		at = NOTIF_TAKE(&box, 910 + i, 1, 0);
		T_GE(NOTIF_TAKE(&box, 910 + i, 0, 15 + i), at);
	}
	NOTIF_EMPTY(&box);
	/* A send that fails flushes nothing and names nothing. */
	send_one(0);
	notif_send(&ring, -1, "c", 1, 0, NOTIF_FLUSH | NOTIF_COPY_TAG, 920);
	t_submit(&ring, 1);
	NOTIF_NEXT(&ring, 920, -EBADF, 0);
	NOTIF_QUIET(&ring);
	flush(0, 803, 19);

	odd_tags();
	io_uring_queue_exit(&ring);
	notif_close(sv);
	return T_EXIT_PASS;
}
