/* Description: sixteen sends on a slot, the last of which flushes it, post
 * no flags, and one of the notifier, after them: tag, 0, generation. Before
 * the flush the notifier posts nothing. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no notification slots */
#include "notif.h"

static struct io_uring ring;
static struct notif_box box;

int main(void)
{
	static char text[16][32];
	unsigned int round, i, at, last;
	int sv[2];

	T_RING(32, &ring, 0);
	t_tcp_pair(sv);
	notif_register(&ring, 1);

	for (round = 0; round < 5; round++) {

		last = 0;
		for (i = 0; i < 16; i++) {
			int len = snprintf(text[i], sizeof(text[i]),
					   "round %u send %u;", round, i);

			notif_send(&ring, sv[0], text[i], (size_t)len, 0,
				   i == 15 ? NOTIF_FLUSH : 0, 100 * round + i);
		}
		t_submit(&ring, 16);
		NOTIF_COLLECT_ALL(&ring, &box, 17);
		for (i = 0; i < 16; i++) {
			at = NOTIF_TAKE(&box, 100 * round + i,
					(int)strlen(text[i]), 0);
			last = at > last ? at : last;
		}
		T_GE(NOTIF_TAKE(&box, NOTIF_TAG(0), 0, round), last);
		NOTIF_EMPTY(&box);
		for (i = 0; i < 16; i++)
			t_expect(sv[1], text[i], strlen(text[i]));
	}

	/* One at a time, over several submissions. */
	for (i = 0; i < 3; i++) {
		notif_send(&ring, sv[0], "abc", 3, 0, 0, i);
		t_submit(&ring, 1);
		NOTIF_NEXT(&ring, i, 3, 0);
		NOTIF_QUIET(&ring);
	}
	notif_send(&ring, sv[0], "d", 1, 0, NOTIF_FLUSH, 3);
	t_submit(&ring, 1);
	NOTIF_NEXT(&ring, 3, 1, 0);
	NOTIF_NEXT(&ring, NOTIF_TAG(0), 0, 5);
	t_expect(sv[1], "abcabcabcd", 10);

	/* Of nothing at all. */
	notif_send(&ring, sv[0], NULL, 0, 0, NOTIF_FLUSH, 4);
	t_submit(&ring, 1);
	NOTIF_NEXT(&ring, 4, 0, 0);
	NOTIF_NEXT(&ring, NOTIF_TAG(0), 0, 6);

	/* A ring with slots is an ordinary ring. */
	t_queue_nop(&ring, 7);
	t_submit(&ring, 1);
	NOTIF_NEXT(&ring, 7, 0, 0);
	T_EQ(io_uring_unregister_notifications(&ring), 0);
	t_queue_nop(&ring, 8);
	t_submit(&ring, 1);
	NOTIF_NEXT(&ring, 8, 0, 0);
	NOTIF_QUIET(&ring);
	io_uring_queue_exit(&ring);
	notif_close(sv);
	return T_EXIT_PASS;
}
