/* Description: rings on which a notifier's completion could not be told from
 * something else have no slots: with IORING_SETUP_CQE_MIXED bit 15 of flags is
 * taken. They stay usable. */
/* flavours: plain defer */
/* upstream: differs: liburing has no notification slots */
#include "notif.h"

static void refuses(unsigned int flags)
{
	struct io_uring_notification_slot slot;
	struct t_usage before = t_usage();
	struct io_uring ring;

	memset(&slot, 0, sizeof(slot));
	T_RING(8, &ring, flags);
	T_EQ(io_uring_register_notifications(&ring, 1, &slot), -EINVAL);
	T_EQ(io_uring_unregister_notifications(&ring), -ENXIO);
	t_queue_nop(&ring, 1);
	t_submit(&ring, 1);
	T_EQ(t_reap_as(&ring, 1).res, 0);
	io_uring_queue_exit(&ring);
	T_NOTHING_LEAKED(before);
}

int main(void)
{
	refuses(IORING_SETUP_CQE_MIXED);
	return T_EXIT_PASS;
}
