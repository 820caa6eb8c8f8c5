/* Description: a drain among slot sends waits for the sends before it and holds
 * those behind it; a send and an update may drain themselves, and sends go on
 * after a drain. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no notification slots */
#include "notif.h"

static struct io_uring ring;
static struct notif_box box;
static int sv[2];

static void drain(void)
{
	unsigned int round, i, at, nop;

	for (round = 0; round < 4; round++) {
		/* With and without the notifier's completion before it. */
		bool flush = round % 2;

		for (i = 0; i < 8; i++)
			notif_send(&ring, sv[0], "before", 6, 0,
				   flush && i == 7 ? NOTIF_FLUSH : 0, i);
		io_uring_sqe_set_flags(notif_nop(&ring, 20), IOSQE_IO_DRAIN);
		for (i = 0; i < 4; i++)
			notif_send(&ring, sv[0], "after", 5, 1, 0, 30 + i);
		notif_update(&ring, 0, 1, 1, 40);
		t_submit(&ring, 14);
		NOTIF_COLLECT_ALL(&ring, &box, 14 + flush + 1);
		nop = NOTIF_TAKE(&box, 20, 0, 0);
		for (i = 0; i < 8; i++)
			T_LE(NOTIF_TAKE(&box, i, 6, 0), nop);
		/* On old kernels they start together, and workers are quick. */
		at = t_before(6, 18) ? 0 : nop;
		for (i = 0; i < 4; i++)
			T_GE(NOTIF_TAKE(&box, 30 + i, 5, 0), at);
		T_GE(NOTIF_TAKE(&box, 40, 0, 0), at);
		T_GE(NOTIF_TAKE(&box, NOTIF_TAG(1), 0, round), at);
		if (flush)
			NOTIF_TAKE(&box, NOTIF_TAG(0), 0, round / 2);
		NOTIF_EMPTY(&box);
		notif_discard(sv[1], 8 * 6 + 4 * 5);
	}

	/* A send and an update that drain. */
	for (i = 0; i < 4; i++)
		notif_nop(&ring, i);
	io_uring_sqe_set_flags(notif_send(&ring, sv[0], "drains", 6, 0,
					  NOTIF_FLUSH, 10), IOSQE_IO_DRAIN);
	for (i = 0; i < 4; i++)
		notif_nop(&ring, 4 + i);
	io_uring_sqe_set_flags(notif_update(&ring, 0, 0, 2, 11),
			       IOSQE_IO_DRAIN);
	t_submit(&ring, 10);
	NOTIF_COLLECT_ALL(&ring, &box, 11);
	at = NOTIF_TAKE(&box, 10, 6, 0);
	nop = NOTIF_TAKE(&box, 11, 0, 0);
	for (i = 0; i < 4; i++) {
		T_LE(NOTIF_TAKE(&box, i, 0, 0), at);
		T_GE(NOTIF_TAKE(&box, 4 + i, 0, 0),
		     t_before(6, 18) ? 0 : at);
	}
	T_GE(nop, at);
	NOTIF_TAKE(&box, NOTIF_TAG(0), 0, 2);
	NOTIF_EMPTY(&box);
	notif_discard(sv[1], 6);

	/* Long after it. */
	for (i = 0; i < 3; i++) {
		notif_send(&ring, sv[0], "later", 5, 0, NOTIF_FLUSH, 50 + i);
		t_submit(&ring, 1);
		NOTIF_NEXT(&ring, 50 + i, 5, 0);
		NOTIF_NEXT(&ring, NOTIF_TAG(0), 0, 3 + i);
	}
	notif_discard(sv[1], 15);
}

int main(void)
{
	T_RING(32, &ring, 0);
	t_tcp_pair(sv);
	notif_register(&ring, 4);
	drain();
	io_uring_queue_exit(&ring);
	notif_close(sv);
	return T_EXIT_PASS;
}
