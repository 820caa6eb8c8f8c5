/* Description: SQPOLL: while the thread is awake, submit publishes the entries
 * without a system call; once it sleeps it sets NEED_WAKEUP and the next
 * submit wakes it. sqring_wait() returns 0 at once when there is room, and
 * makes room when there is none. */
/* flavours: plain cqe32 */
#include "test.h"

static void start(struct io_uring *ring, unsigned int entries, unsigned int idle)
{
	struct io_uring_params p;

	memset(&p, 0, sizeof(p));
	p.flags = IORING_SETUP_SQPOLL;
	p.sq_thread_idle = idle;
	T_EQ(t_ring_init_params(entries, ring, &p), 0);
	T_NE(ring->flags & IORING_SETUP_SQPOLL, 0);
}

static void asleep(struct io_uring *ring)
{
	while (!(IO_URING_READ_ONCE(*ring->sq.kflags) & IORING_SQ_NEED_WAKEUP))
		t_sleep_ms(1);
}

static int no_enter_while_awake(void *arg)
{
	struct io_uring *ring = arg;
	unsigned int i;
	int ret;

	/* A wake-up first: from here on the thread spins for ten seconds. */
	t_queue_nop(ring, 0);
	T_EQ(io_uring_submit_and_wait(ring, 1) >= 0, 1);
	t_reap(ring);
	t_seccomp_deny(__NR_io_uring_enter, EXDEV, NULL, 0);
	for (i = 0; i < 100; i++) {
		t_queue_nop(ring, i);
		ret = io_uring_submit(ring);
		T_GE(ret, 0);
		T_LE(ret, 4);
		while (!io_uring_cq_ready(ring))
			;
		T_EQ(t_reap(ring).user_data, i);
	}
	return T_EXIT_PASS;
}

static int fresh_ring_without_enter(void *arg)
{
	struct io_uring ring;

	(void)arg;
	start(&ring, 4, 10000);
	return no_enter_while_awake(&ring);
}

/* Waiting for room is an enter of its own, with SQ_WAIT. */
static int room_is_an_enter(void *arg)
{
	const struct t_arg_match wait = { 3, IORING_ENTER_SQ_WAIT,
					  IORING_ENTER_SQ_WAIT };
	struct io_uring ring;
	unsigned int i;

	(void)arg;
	start(&ring, 4, 1);
	asleep(&ring);
	T_EQ_SINCE(5, 10, "IORING_ENTER_SQ_WAIT",
		   __io_uring_sqring_wait(&ring), 0, -EINVAL);
	t_seccomp_deny(__NR_io_uring_enter, EXDEV, &wait, 1);
	T_EQ(io_uring_sqring_wait(&ring), 0);
	for (i = 0; i < 4; i++)
		t_queue_nop(&ring, i);
	/* Full, and the thread sleeps: nobody makes room meanwhile. */
	T_EQ(io_uring_sqring_wait(&ring), -EXDEV);
	T_EQ(__io_uring_sqring_wait(&ring), -EXDEV);
	return T_EXIT_PASS;
}

static int wakeup_is_an_enter(void *arg)
{
	const struct t_arg_match wakeup = { 3, IORING_ENTER_SQ_WAKEUP,
					    IORING_ENTER_SQ_WAKEUP };
	struct io_uring ring;

	(void)arg;
	start(&ring, 4, 1);
	asleep(&ring);
	t_seccomp_deny(__NR_io_uring_enter, EXDEV, &wakeup, 1);
	t_queue_nop(&ring, 1);
	T_EQ(io_uring_submit(&ring), -EXDEV);
	return T_EXIT_PASS;
}

int main(void)
{
	struct io_uring ring;
	unsigned int i;
	int ret;

	start(&ring, 4, 1);
	for (i = 0; i < 5; i++) {
		asleep(&ring);
		t_queue_nop(&ring, i);
		T_EQ(io_uring_submit(&ring), 1);
		T_EQ(t_reap(&ring).user_data, i);
	}

	/* Nothing pending: no wake-up either. */
	asleep(&ring);
	T_EQ(io_uring_submit(&ring), 0);

	T_EQ(io_uring_sqring_wait(&ring), 0);
	for (i = 0; i < 4; i++)
		t_queue_nop(&ring, i);
	T_PTR_EQ(io_uring_get_sqe(&ring), NULL);
	T_GE(io_uring_submit(&ring), 0);
	ret = io_uring_sqring_wait(&ring);
	if (!t_lacks(5, 10, "IORING_ENTER_SQ_WAIT", ret, -EINVAL)) {
		T_GE(ret, 0);
		T_CHECK(io_uring_sq_space_left(&ring) > 0);
		T_CHECK(io_uring_get_sqe(&ring) != NULL);
	}
	io_uring_queue_exit(&ring);

	T_EQ(t_fork_run(fresh_ring_without_enter, NULL), T_EXIT_PASS);
	T_EQ(t_fork_run(room_is_an_enter, NULL), T_EXIT_PASS);
	T_EQ(t_fork_run(wakeup_is_an_enter, NULL), T_EXIT_PASS);

	/* Not a polled ring: nothing to wait for, even when it is full. */
	T_RING(1, &ring, 0);
	t_queue_nop(&ring, 1);
	T_EQ(io_uring_sqring_wait(&ring), 0);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
