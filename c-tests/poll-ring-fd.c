/* Description: ring_fd is a descriptor that can be polled: readable exactly
 * while completions are waiting, so it fits into an event loop. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "test.h"

#include <poll.h>

int main(void)
{
	struct pollfd pfd;
	struct io_uring ring;
	int i;

	T_RING(4, &ring, 0);
	pfd.fd = ring.ring_fd;
	pfd.events = POLLIN;
	for (i = 0; i < 10; i++) {
		T_EQ(poll(&pfd, 1, 0), 0);
		t_queue_nop(&ring, 1);
		T_SUBMIT(&ring, 1);
		T_EQ(poll(&pfd, 1, 5000), 1);
		T_NE(pfd.revents & POLLIN, 0);
		T_EQ(t_reap(&ring).user_data, 1);
	}
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
