/* Description: io_uring_prep_notif_update() flushes the slots of a range that
 * have a notifier, and nothing else; a flush of a slot without one posts
 * nothing and uses no generation. Ranges that are empty or not registered are
 * -EINVAL, those beyond 32 bits -EOVERFLOW, and flush nothing. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no notification slots */
#include "notif.h"

static struct io_uring ring;
static struct notif_box box;

static int update(uint64_t new_tag, unsigned int offset, unsigned int nr)
{
	struct io_uring_sqe *sqe = notif_sqe(&ring);

	io_uring_prep_notif_update(sqe, new_tag, offset, nr);
	return t_do(&ring, sqe);
}

int main(void)
{
	unsigned int i;
	int sv[2];

	T_RING(32, &ring, 0);
	t_tcp_pair(sv);
	notif_register(&ring, 4);

	/* Nobody has a notifier. */
	T_EQ(update(0, 0, 4), 0);
	T_EQ(update(77, 2, 1), 0);
	NOTIF_QUIET(&ring);

	/* Slots 0, 1 and 2 have one; 1 to 3 are flushed. */
	for (i = 0; i < 6; i++)
		notif_send(&ring, sv[0], "six", 3, i % 3, 0, i);
	t_submit(&ring, 6);
	NOTIF_COLLECT_ALL(&ring, &box, 6);
	notif_update(&ring, 0, 1, 3, 10);
	t_submit(&ring, 1);
	NOTIF_COLLECT_ALL(&ring, &box, 3);
	NOTIF_TAKE(&box, 10, 0, 0);
	NOTIF_TAKE(&box, NOTIF_TAG(1), 0, 0);
	NOTIF_TAKE(&box, NOTIF_TAG(2), 0, 0);
	NOTIF_EMPTY(&box);

	/* Errors flush nothing. */
	T_EQ(update(1, 0, 0), -EINVAL);
	T_EQ(update(1, 4, 1), -EINVAL);
	T_EQ(update(1, 0, 5), -EINVAL);
	T_EQ(update(1, 2, 3), -EINVAL);
	T_EQ(update(1, 4, 0), -EINVAL);
	T_EQ(update(1, 0, ~0U), -EINVAL);
	T_EQ(update(1, ~0U, 0), -EINVAL);
	T_EQ(update(1, ~0U - 1, 1), -EINVAL);
	T_EQ(update(1, ~0U, 1), -EOVERFLOW);
	T_EQ(update(1, 1, ~0U), -EOVERFLOW);
	T_EQ(update(1, ~0U, ~0U), -EOVERFLOW);
	NOTIF_QUIET(&ring);

	/* Slot 0 alone is left, and once only. */
	notif_update(&ring, 0, 0, 4, 11);
	notif_update(&ring, 0, 0, 4, 12);
	t_submit(&ring, 2);
	NOTIF_COLLECT_ALL(&ring, &box, 3);
	NOTIF_TAKE(&box, 11, 0, 0);
	NOTIF_TAKE(&box, 12, 0, 0);
	NOTIF_TAKE(&box, NOTIF_TAG(0), 0, 0);
	NOTIF_EMPTY(&box);

	/* Send and update in one submission, many times over: in order. */
	for (i = 0; i < 8; i++) {
		notif_send(&ring, sv[0], "four", 4, 3, 0, 20 + i);
		notif_update(&ring, 0, 3, 1, 30 + i);
	}
	t_submit(&ring, 16);
	NOTIF_COLLECT_ALL(&ring, &box, 24);
	for (i = 0; i < 8; i++) {
		unsigned int sent = NOTIF_TAKE(&box, 20 + i, 4, 0);

		NOTIF_TAKE(&box, 30 + i, 0, 0);
		T_GE(NOTIF_TAKE(&box, NOTIF_TAG(3), 0, i), sent);
	}
	NOTIF_EMPTY(&box);

	/* After a flush by flag there is nothing left to flush. */
	notif_send(&ring, sv[0], "last", 4, 0, NOTIF_FLUSH, 40);
	notif_update(&ring, 0, 0, 1, 41);
	t_submit(&ring, 2);
	NOTIF_COLLECT_ALL(&ring, &box, 3);
	NOTIF_TAKE(&box, 40, 4, 0);
	NOTIF_TAKE(&box, 41, 0, 0);
	NOTIF_TAKE(&box, NOTIF_TAG(0), 0, 1);
	NOTIF_EMPTY(&box);

	T_EQ(io_uring_unregister_notifications(&ring), 0);
	T_EQ(update(0, 0, 1), -EINVAL);
	T_EQ(update(0, ~0U, 2), -EOVERFLOW);
	io_uring_queue_exit(&ring);
	notif_close(sv);
	return T_EXIT_PASS;
}
