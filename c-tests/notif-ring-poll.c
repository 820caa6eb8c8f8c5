/* Description: a program that waits on the descriptor of the ring, by poll(2),
 * sees every notifier, also one for which the kernel has no completion left:
 * flushed by an update after its buffers were free, by an update without a
 * completion of its own, by unregistering, or of sockets without zero-copy. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no notification slots */
#include "notif-wake.h"

static void wait_for_descriptor(void)
{
	struct pollfd pfd = { ring.ring_fd, POLLIN, 0 };

	T_EQ(poll(&pfd, 1, 5000), 1);
}

int main(void)
{
	T_RING(16, &ring, 0);
	every_notifier_wakes();
	return T_EXIT_PASS;
}
