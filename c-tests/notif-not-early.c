/* Description: a flushed notifier does not complete while the network still
 * holds a buffer of it: not by flag, not by an update, not when the slots are
 * unregistered. Where the data was copied it completes at once. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no notification slots */
#include "notif.h"

static struct io_uring ring;
static char large[16 << 20];

static bool zero_copy(void)
{
	struct io_uring_probe *probe = io_uring_get_probe();
	bool known = false;

	if (probe)
		known = io_uring_opcode_supported(probe, IORING_OP_SEND_ZC);
	io_uring_free_probe(probe);
	return known;
}

enum how { BY_FLAG, BY_UPDATE, BY_UNREGISTER };

static void held(enum how how, bool waits)
{
	struct io_uring_sqe *sqe;
	struct t_result r;
	unsigned int i;
	int sv[2];

	t_tcp_pair(sv);
	notif_register(&ring, 2);
	/* More than the receiver takes: a part stays with the sender. */
	sqe = notif_send(&ring, sv[0], large, sizeof(large), 0,
			 how == BY_FLAG ? NOTIF_FLUSH : 0, 1);
	sqe->msg_flags |= MSG_DONTWAIT;
	t_submit(&ring, 1);
	r = t_reap_as(&ring, 1);
	T_GE(r.res, 1);
	T_LE(r.res, sizeof(large) - 1);
	if (how == BY_UPDATE) {
		notif_update(&ring, 0, 0, 2, 2);
		t_submit(&ring, 1);
		NOTIF_NEXT(&ring, 2, 0, 0);
	} else if (how == BY_UNREGISTER) {
		T_EQ(io_uring_unregister_notifications(&ring), 0);
	}
	for (i = 0; waits && i < 5; i++)
		NOTIF_QUIET(&ring);
	notif_discard(sv[1], (size_t)r.res);
	NOTIF_NEXT(&ring, NOTIF_TAG(0), 0, 0);
	NOTIF_QUIET(&ring);
	if (how != BY_UNREGISTER)
		T_EQ(io_uring_unregister_notifications(&ring), 0);
	NOTIF_QUIET(&ring);
	notif_close(sv);
}

int main(void)
{
	bool waits;

	T_RING(8, &ring, 0);
	waits = zero_copy();
	held(BY_FLAG, waits);
	held(BY_UPDATE, waits);
	held(BY_UNREGISTER, waits);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
