/* Description: io_uring_queue_exit() resets nothing in the structure, which
 * programs use as they like afterwards; a program that closed ring_fd itself
 * sets it to -1, and exit then closes no descriptor, so a number that was
 * reused meanwhile stays open. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "test.h"

#include <poll.h>

int main(void)
{
	struct io_uring ring, copy;
	struct t_usage before = t_usage();
	int reused, fd;

	T_RING(8, &ring, 0);
	copy = ring;
	io_uring_queue_exit(&ring);
	T_EQ(memcmp(&ring, &copy, sizeof(ring)), 0);
	T_NOTHING_LEAKED(before);

	/* Closed by the program; the number now belongs to somebody else. */
	T_RING(8, &ring, 0);
	fd = ring.ring_fd;
	T_EQ(close(fd), 0);
	ring.ring_fd = -1;
	reused = (int)T_SYS(open("/dev/null", O_RDONLY | O_CLOEXEC));
	T_EQ(reused, fd);
	io_uring_queue_exit(&ring);
	T_GE(fcntl(reused, F_GETFD), 0);
	close(reused);
	T_NOTHING_LEAKED(before);

	/* The structure may be reused, and be moved between init and exit. */
	T_RING(8, &ring, 0);
	copy = ring;
	memset(&ring, 0xee, sizeof(ring));
	t_queue_nop(&copy, 3);
	T_SUBMIT(&copy, 1);
	T_EQ(t_reap(&copy).user_data, 3);
	io_uring_queue_exit(&copy);
	T_NOTHING_LEAKED(before);

	/* With requests still in flight. */
	T_RING(8, &ring, 0);
	{
		struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
		int sv[2];

		t_socketpair(sv);
		T_CHECK(sqe != NULL);
		io_uring_prep_poll_add(sqe, sv[0], POLLIN);
		T_SUBMIT(&ring, 1);
		io_uring_queue_exit(&ring);
		close(sv[0]);
		close(sv[1]);
	}
	T_NOTHING_LEAKED(before);
	return T_EXIT_PASS;
}
