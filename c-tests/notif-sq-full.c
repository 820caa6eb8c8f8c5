/* Description: the SQ is as large as on any ring: a full one takes nothing
 * more, whatever is in it, and submission makes room for as many entries as
 * before. Unregistering needs no entry of a full SQ and does not submit what
 * is in it. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no notification slots */
#include "notif.h"

static struct io_uring ring;
static struct notif_box box;

/* All of them are the program's, after waiting for the SQPOLL thread. */
static void all_free(void)
{
	while ((ring.flags & IORING_SETUP_SQPOLL) &&
	       io_uring_sq_space_left(&ring) < 4)
		sched_yield();
	T_EQ(io_uring_sq_space_left(&ring), 4);
}

int main(void)
{
	struct io_uring_params p;
	unsigned int round, i;
	int sv[2];

	memset(&p, 0, sizeof(p));
	p.flags = IORING_SETUP_CQSIZE;
	p.cq_entries = 64;
	T_EQ(t_ring_init_params(4, &ring, &p), 0);
	t_tcp_pair(sv);
	notif_register(&ring, 3);

	for (round = 0; round < 20; round++) {
		all_free();
		for (i = 0; i < 3; i++)
			notif_send(&ring, sv[0], "full", 4, i, 0, i);
		T_EQ(io_uring_sq_space_left(&ring), 1);
		notif_update(&ring, 0, 0, 3, 3);
		T_EQ(io_uring_sq_space_left(&ring), 0);
		T_PTR_EQ(io_uring_get_sqe(&ring), NULL);
		t_submit(&ring, 4);
		NOTIF_COLLECT_ALL(&ring, &box, 7);
		for (i = 0; i < 3; i++) {
			NOTIF_TAKE(&box, i, 4, 0);
			NOTIF_TAKE(&box, NOTIF_TAG(i), 0, round);
		}
		NOTIF_TAKE(&box, 3, 0, 0);
		NOTIF_EMPTY(&box);
		notif_discard(sv[1], 12);
	}

	/* All flushing, all in one notifier each. */
	all_free();
	for (i = 0; i < 4; i++)
		notif_send(&ring, sv[0], "f", 1, 0, NOTIF_FLUSH, i);
	t_submit(&ring, 4);
	NOTIF_COLLECT_ALL(&ring, &box, 8);
	for (i = 0; i < 4; i++) {
		NOTIF_TAKE(&box, i, 1, 0);
		NOTIF_TAKE(&box, NOTIF_TAG(0), 0, 20 + i);
	}

	/* Unregister while the SQ is full. */
	all_free();
	notif_send(&ring, sv[0], "u", 1, 1, 0, 5);
	t_submit(&ring, 1);
	NOTIF_NEXT(&ring, 5, 1, 0);
	all_free();
	for (i = 0; i < 4; i++)
		notif_nop(&ring, 10 + i);
	T_EQ(io_uring_unregister_notifications(&ring), 0);
	NOTIF_NEXT(&ring, NOTIF_TAG(1), 0, 20);
	NOTIF_QUIET(&ring);
	T_EQ(io_uring_sq_space_left(&ring), 0);
	T_EQ(io_uring_sq_ready(&ring), 4);
	t_submit(&ring, 4);
	for (i = 0; i < 4; i++)
		NOTIF_NEXT(&ring, 10 + i, 0, 0);
	NOTIF_QUIET(&ring);
	io_uring_queue_exit(&ring);
	notif_close(sv);
	return T_EXIT_PASS;
}
