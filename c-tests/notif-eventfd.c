/* Description: a program that waits on a registered eventfd alone sees every
 * notifier, also one for which the kernel has no completion left: flushed by
 * an update after its buffers were free, by an update without a completion of
 * its own, by unregistering, or of sockets without zero-copy. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no notification slots */
#include "notif-wake.h"

#include <sys/eventfd.h>

static int event;

static void wait_for_descriptor(void)
{
	struct pollfd pfd = { event, POLLIN, 0 };
	eventfd_t value;

	T_EQ(poll(&pfd, 1, 5000), 1);
	T_SYS(eventfd_read(event, &value));
}

int main(void)
{
	T_RING(16, &ring, 0);
	event = (int)T_SYS(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	T_EQ(io_uring_register_eventfd(&ring, event), 0);
	every_notifier_wakes();
	close(event);
	return T_EXIT_PASS;
}
