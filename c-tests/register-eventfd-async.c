/* Description: an eventfd registered with register_eventfd_async() is signalled
 * for requests that complete asynchronously, not for those that complete while
 * they are submitted; after unregister_eventfd() for none. */
/* flavours: plain sqpoll sqe128 cqe32 */
#include "file.h"

#include <sys/eventfd.h>

/* What the eventfd has counted since the last look; it does not block. */
static uint64_t count(int efd)
{
	uint64_t n = 0;

	if (read(efd, &n, sizeof(n)) < 0)
		T_EQ(errno, EAGAIN);
	return n;
}

/* The signal may trail the completion by a moment. */
static uint64_t count_soon(int efd)
{
	long long end = t_now_ms() + 10000;
	uint64_t n;

	while (!(n = count(efd)) && t_now_ms() < end)
		t_sleep_ms(1);
	return n;
}

static void nop(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = t_sqe(ring);

	io_uring_prep_nop(sqe);
	T_EQ(t_do(ring, sqe), 0);
}

/* A read that has to wait for its data. */
static void late_read(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = t_sqe(ring);
	int fds[2];
	char byte;

	T_SYS(pipe(fds));
	io_uring_prep_read(sqe, fds[0], &byte, 1, 0);
	io_uring_sqe_set_flags(sqe, IOSQE_ASYNC);
	io_uring_sqe_set_data64(sqe, 5);
	t_submit(ring, 1);
	t_sleep_ms(20);
	t_no_completion(ring);
	T_EQ(write(fds[1], "x", 1), 1);
	T_EQ(t_reap_as(ring, 5).res, 1);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	struct io_uring ring;
	int efd = (int)T_SYS(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));

	T_RING(8, &ring, 0);
	T_EQ(io_uring_unregister_eventfd(&ring), -ENXIO);
	T_EQ(io_uring_register_eventfd_async(&ring, -1), -EBADF);
	T_EQ(io_uring_register_eventfd_async(&ring, efd), 0);
	T_EQ(io_uring_register_eventfd_async(&ring, efd), -EBUSY);
	T_EQ(io_uring_register_eventfd(&ring, efd), -EBUSY);

	if (t_flavour() != T_SQPOLL) {
		nop(&ring);
		T_EQ(count(efd), 0);
	}
	late_read(&ring);
	T_GE(count_soon(efd), 1);

	T_EQ(io_uring_unregister_eventfd(&ring), 0);
	T_EQ(io_uring_unregister_eventfd(&ring), -ENXIO);
	late_read(&ring);
	t_sleep_ms(20);
	T_EQ(count(efd), 0);

	/* The plain form, for contrast: every completion counts. */
	T_EQ(io_uring_register_eventfd(&ring, efd), 0);
	nop(&ring);
	T_EQ(count_soon(efd), 1);
	T_EQ(io_uring_unregister_eventfd(&ring), 0);
	nop(&ring);
	t_sleep_ms(20);
	T_EQ(count(efd), 0);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
