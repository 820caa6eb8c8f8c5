/* Description: a thread that waits for a completion wakes up with that of a
 * notifier, when another thread unregisters the slots or flushes by an update
 * without a completion of its own, long after the buffers were free. */
/* flavours: plain sqpoll sqe128 cqe32 */
/* valgrind: off: it stops all threads while one is in io_uring_enter(2) */
/* upstream: differs: liburing has no notification slots */
#include "notif.h"

static struct io_uring ring;
static volatile int waiting;

static void *waiter(void *arg)
{
	const unsigned int *generation = arg;
	struct t_result r;

	waiting = 1;
	r = t_reap(&ring);
	T_EQ(r.user_data, NOTIF_TAG(0));
	T_EQ(r.res, 0);
	T_EQ(r.flags, *generation);
	return NULL;
}

static void wait_and(unsigned int generation, void (*wake)(void))
{
	pthread_t thread;

	waiting = 0;
	T_EQ(pthread_create(&thread, NULL, waiter, &generation), 0);
	while (!waiting)
		sched_yield();
	t_sleep_ms(10);
	wake();
	T_EQ(pthread_join(thread, NULL), 0);
}

static void unregister(void)
{
	T_EQ(io_uring_unregister_notifications(&ring), 0);
}

static void update(void)
{
	io_uring_sqe_set_flags(notif_update(&ring, 0, 0, 1, 9),
			       IOSQE_CQE_SKIP_SUCCESS);
	t_submit(&ring, 1);
}

int main(void)
{
	int tcp[2], local[2];
	unsigned int i;

	T_RING(8, &ring, 0);
	t_tcp_pair(tcp);
	t_socketpair(local);
	for (i = 0; i < 4; i++) {
		int *sv = i % 2 ? tcp : local;

		notif_register(&ring, 1);
		notif_send(&ring, sv[0], "wake", 4, 0, 0, 1);
		t_submit(&ring, 1);
		NOTIF_NEXT(&ring, 1, 4, 0);
		NOTIF_QUIET(&ring);
		wait_and(0, update);
		notif_send(&ring, sv[0], "wake", 4, 0, 0, 2);
		t_submit(&ring, 1);
		NOTIF_NEXT(&ring, 2, 4, 0);
		NOTIF_QUIET(&ring);
		wait_and(1, unregister);
		NOTIF_QUIET(&ring);
		t_expect(sv[1], "wakewake", 8);
	}
	io_uring_queue_exit(&ring);
	notif_close(tcp);
	notif_close(local);
	return T_EXIT_PASS;
}
