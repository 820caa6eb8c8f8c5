/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * poll HOW FILES BATCH OPS [CHUNKS]: two threads that handle the events of 64
 * descriptors, whichever has time, and no two of them one descriptor at once.
 * A number goes to and fro in each of 32 pairs; a thread that finds one reads
 * it and writes it to the other side, less one, until it is used up.
 * FILES are "eventfd" or "socket" (AF_UNIX, messages of 64 bytes). A thread
 * takes up to BATCH events at a time. After the time it prints the system calls
 * for one event.
 *
 * HOW the threads learn of events, and keep others away:
 *   watch    poll watches on a ring that both threads use
 *   oneshot  single polls on such a ring, queued again after the event; the
 *            new ones of a batch are submitted together
 *   epoll    EPOLLONESHOT, and epoll_ctl() after the event
 *   edge     EPOLLET, which keeps nobody away: only as a measure
 *
 * The threads take turns at the CQ: one takes its batch, and leaves the CQ to the
 * other before it handles what it took. Who finds nothing there waits without
 * having it, or the other would have to wait for its events as well. (With many
 * threads all who wait are woken for one completion; a server would let one wait
 * for all.) What goes into the SQ has a lock of its own, because submitting takes
 * its time.
 *
 * With watches nothing goes in, and a thread that finds completions makes no
 * system call for them: the kernel posts them on the way out of whatever call
 * the thread that armed the watch makes next, here its reads and writes. Without
 * IORING_SETUP_COOP_TASKRUN it would interrupt that thread. A server whose
 * threads compute for long between two calls should let it.
 *
 * Calls are counted where they are made, and those of the locks with them.
 */
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <liburing.h>

#include "bench.h"

#define WORKERS 2
#define PAIRS 32
#define WATCHED (2 * PAIRS)
#define MAX_BATCH 64
#define MESSAGE 64
#define CACHE_LINES 128

#ifndef IO_URING_POLL_WATCH_OWNED
/* The original has none: only the other ways are measured. */
#define IO_URING_POLL_WATCH_OWNED 1
#define IO_URING_POLL_WATCH_SYNC 2
struct io_uring_poll_watch {
	uint64_t opaque[8];
};
#define io_uring_poll_watch_init(watch, fd, events, data, flags) (-ENOSYS)
#define io_uring_poll_watch_arm(ring, watch) (-ENOSYS)
#define io_uring_poll_watch_sync(ring, watch) (-ENOSYS)
#define io_uring_poll_watch_post(watch, cqe) (-ENOSYS)
#define io_uring_poll_watch_next(watch, events) (-ENOSYS)
#endif

enum how { WATCH, ONESHOT, EPOLL, EDGE };

struct watched {
	int in;
	int out;
	struct io_uring_poll_watch watch;
} __attribute__((aligned(CACHE_LINES)));

struct worker {
	pthread_t thread;
	unsigned int index;
	/* Written by the worker alone. */
	atomic_long calls;
} __attribute__((aligned(CACHE_LINES)));

/* 0: free, 1: taken, 2: taken, and somebody may be waiting. */
struct lock {
	atomic_int state;
} __attribute__((aligned(CACHE_LINES)));

static struct {
	enum how how;
	unsigned int batch;
	size_t message_size;
	struct io_uring ring;
	int epoll;

	struct lock reaping;
	struct lock submitting;
	struct watched watched[WATCHED];
	struct worker workers[WORKERS];

	pthread_barrier_t armed;
	atomic_int running;
	sem_t done;
} bench;

static inline void count_call(struct worker *me)
{
	long calls = atomic_load_explicit(&me->calls, memory_order_relaxed);

	atomic_store_explicit(&me->calls, calls + 1, memory_order_relaxed);
}

static void take(struct worker *me, struct lock *lock)
{
	int free = 0;

	if (atomic_compare_exchange_strong(&lock->state, &free, 1))
		return;
	while (atomic_exchange(&lock->state, 2)) {
		count_call(me);
		syscall(SYS_futex, &lock->state, FUTEX_WAIT_PRIVATE, 2, NULL);
	}
}

static void give(struct worker *me, struct lock *lock)
{
	if (atomic_exchange(&lock->state, 0) == 2) {
		count_call(me);
		syscall(SYS_futex, &lock->state, FUTEX_WAKE_PRIVATE, 1);
	}
}

static void write_number(int fd, uint64_t number)
{
	uint64_t message[MESSAGE / sizeof(uint64_t)] = { number };

	if (write(fd, message, bench.message_size) != (ssize_t)bench.message_size)
		fail("write", errno);
}

/*
 * The same for all ways, and at its best for each: one read takes all that an
 * eventfd has, and from a stream all unless it fills the buffer, so that a
 * second one to be told EAGAIN is spared (epoll(7) has it for EPOLLET).
 */
static void handle(struct worker *me, const struct watched *watched)
{
	uint64_t message[2 * MESSAGE / sizeof(uint64_t)];
	ssize_t size;

	count_call(me);
	size = read(watched->in, message, sizeof(message));
	if (size < 0 && errno == EAGAIN)
		return;
	if (size != (ssize_t)bench.message_size)
		fail("read", size < 0 ? errno : EIO);
	if (message[0] > 1) {
		count_call(me);
		write_number(watched->out, message[0] - 1);
	} else if (atomic_fetch_sub(&bench.running, 1) == 1) {
		sem_post(&bench.done);
	}
}

static void rearm_epoll(struct worker *me, struct watched *watched)
{
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT,
		.data.ptr = watched,
	};

	count_call(me);
	if (epoll_ctl(bench.epoll, EPOLL_CTL_MOD, watched->in, &event))
		fail("epoll_ctl", errno);
}

static void work_on_epoll(struct worker *me)
{
	struct epoll_event events[MAX_BATCH];
	int i, n;

	for (;;) {
		count_call(me);
		n = epoll_wait(bench.epoll, events, (int)bench.batch, -1);
		if (n < 0)
			fail("epoll_wait", errno);
		for (i = 0; i < n; i++) {
			handle(me, events[i].data.ptr);
			if (bench.how == EPOLL)
				rearm_epoll(me, events[i].data.ptr);
		}
	}
}

static void queue_poll(struct watched *watched)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&bench.ring);

	/* The SQ has room for all of them. */
	io_uring_prep_poll_add(sqe, watched->in, POLLIN | POLLRDHUP);
	io_uring_sqe_set_data(sqe, watched);
}

static void submit(struct worker *me)
{
	int ret;

	count_call(me);
	ret = io_uring_submit(&bench.ring);
	if (ret < 0)
		fail("io_uring_submit", ret);
}

/* What a thread has queued ends with the thread: none exits. */
static void arm_some(struct worker *me)
{
	unsigned int i;
	int ret;

	take(me, &bench.submitting);
	for (i = me->index; i < WATCHED; i += WORKERS) {
		if (bench.how == WATCH) {
			ret = io_uring_poll_watch_arm(&bench.ring,
						      &bench.watched[i].watch);
			if (ret)
				fail("io_uring_poll_watch_arm", ret);
		} else {
			queue_poll(&bench.watched[i]);
		}
	}
	submit(me);
	give(me, &bench.submitting);
}

static void sync_watch(struct worker *me, struct watched *watched)
{
	int ret;

	take(me, &bench.submitting);
	ret = io_uring_poll_watch_sync(&bench.ring, &watched->watch);
	if (ret)
		fail("io_uring_poll_watch_sync", ret);
	submit(me);
	give(me, &bench.submitting);
}

/* Whether the watch is now this thread's. */
static bool post(struct worker *me, struct watched *watched,
		 const struct io_uring_cqe *cqe)
{
	int ret = io_uring_poll_watch_post(&watched->watch, cqe);

	if (ret < 0)
		fail("io_uring_poll_watch_post", ret);
	if (ret & IO_URING_POLL_WATCH_SYNC)
		sync_watch(me, watched);
	return ret & IO_URING_POLL_WATCH_OWNED;
}

static void handle_watch(struct worker *me, struct watched *watched)
{
	uint32_t events;
	int ret;

	while ((ret = io_uring_poll_watch_next(&watched->watch, &events)) == 1)
		handle(me, watched);
	if (ret < 0)
		fail("io_uring_poll_watch_next", ret);
	if (ret & IO_URING_POLL_WATCH_SYNC)
		sync_watch(me, watched);
}

static unsigned int reap(struct worker *me, struct watched **ready)
{
	struct io_uring_cqe *cqes[MAX_BATCH];
	unsigned int i, n, count = 0;
	int ret;

	for (;;) {
		take(me, &bench.reaping);
		n = io_uring_peek_batch_cqe(&bench.ring, cqes, bench.batch);
		if (n)
			break;
		give(me, &bench.reaping);
		/* What io_uring_wait_cqe() does, and looks at no completion. */
		count_call(me);
		ret = io_uring_enter((unsigned int)bench.ring.ring_fd, 0, 1,
				     IORING_ENTER_GETEVENTS, NULL);
		if (ret < 0 && ret != -EINTR)
			fail("io_uring_enter", ret);
	}
	for (i = 0; i < n; i++) {
		struct watched *watched = io_uring_cqe_get_data(cqes[i]);

		if (cqes[i]->res < 0)
			fail("poll", cqes[i]->res);
		if (bench.how == ONESHOT || post(me, watched, cqes[i]))
			ready[count++] = watched;
	}
	io_uring_cq_advance(&bench.ring, n);
	give(me, &bench.reaping);
	return count;
}

static void work_on_ring(struct worker *me)
{
	struct watched *ready[MAX_BATCH];
	unsigned int i, n;

	for (;;) {
		n = reap(me, ready);
		if (bench.how == WATCH) {
			for (i = 0; i < n; i++)
				handle_watch(me, ready[i]);
			continue;
		}
		for (i = 0; i < n; i++)
			handle(me, ready[i]);
		take(me, &bench.submitting);
		for (i = 0; i < n; i++)
			queue_poll(ready[i]);
		submit(me);
		give(me, &bench.submitting);
	}
}

static void *work(void *arg)
{
	struct worker *me = arg;
	bool on_ring = bench.how == WATCH || bench.how == ONESHOT;

	if (on_ring)
		arm_some(me);
	pthread_barrier_wait(&bench.armed);
	if (on_ring)
		work_on_ring(me);
	else
		work_on_epoll(me);
	return NULL;
}

static void run(void *state, long ops)
{
	unsigned int i;

	(void)state;
	atomic_store(&bench.running, PAIRS);
	for (i = 0; i < WATCHED; i += 2)
		write_number(bench.watched[i].out, (uint64_t)ops / PAIRS);
	while (sem_wait(&bench.done))
		;
}

static void open_pair(struct watched *pair, bool sockets)
{
	int fds[2], i;

	if (sockets) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds))
			fail("socketpair", errno);
	} else {
		for (i = 0; i < 2; i++) {
			fds[i] = eventfd(0, EFD_NONBLOCK);
			if (fds[i] < 0)
				fail("eventfd", errno);
		}
	}
	for (i = 0; i < 2; i++) {
		pair[i].in = fds[i];
		/* What is written to a socket comes out of the other one. */
		pair[i].out = sockets ? fds[i] : fds[1 - i];
	}
}

static void set_up_epoll(void)
{
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLRDHUP |
			  (bench.how == EPOLL ? EPOLLONESHOT : EPOLLET),
	};
	int i;

	bench.epoll = epoll_create1(0);
	if (bench.epoll < 0)
		fail("epoll_create1", errno);
	for (i = 0; i < WATCHED; i++) {
		event.data.ptr = &bench.watched[i];
		if (epoll_ctl(bench.epoll, EPOLL_CTL_ADD, bench.watched[i].in,
			      &event))
			fail("epoll_ctl", errno);
	}
}

static void set_up_ring(void)
{
	int i, ret;

	/* A CQ of twice as many as there are polls does not overflow. */
	ret = io_uring_queue_init(2 * WATCHED, &bench.ring,
				  IORING_SETUP_COOP_TASKRUN);
	if (ret == -EINVAL)
		ret = io_uring_queue_init(2 * WATCHED, &bench.ring, 0);
	if (ret)
		no_ring(ret);
	for (i = 0; bench.how == WATCH && i < WATCHED; i++) {
		struct watched *watched = &bench.watched[i];

		ret = io_uring_poll_watch_init(&watched->watch, watched->in,
					       POLLIN | POLLRDHUP,
					       (uintptr_t)watched, 0);
		if (ret)
			fail("io_uring_poll_watch_init", ret);
	}
}

static void start_workers(void)
{
	unsigned int i;
	int ret;

	sem_init(&bench.done, 0, 0);
	pthread_barrier_init(&bench.armed, NULL, WORKERS + 1);
	for (i = 0; i < WORKERS; i++) {
		bench.workers[i].index = i;
		ret = pthread_create(&bench.workers[i].thread, NULL, work,
				     &bench.workers[i]);
		if (ret)
			fail("pthread_create", ret);
	}
	pthread_barrier_wait(&bench.armed);
}

static long count_calls(void)
{
	long calls = 0;
	int i;

	for (i = 0; i < WORKERS; i++)
		calls += atomic_load(&bench.workers[i].calls);
	return calls;
}

int main(int argc, char **argv)
{
	static const char *const ways[] = { "watch", "oneshot", "epoll", "edge" };
	unsigned int i, way = 0;
	long calls, ops;
	bool sockets;

	while (argc > 1 && way < 4 && strcmp(argv[1], ways[way]))
		way++;
	if (argc < 5 || way == 4 ||
	    (strcmp(argv[2], "eventfd") && strcmp(argv[2], "socket"))) {
		fprintf(stderr, "usage: poll watch|oneshot|epoll|edge eventfd|socket BATCH OPS [CHUNKS]\n");
		return 2;
	}
	bench.how = (enum how)way;
	sockets = !strcmp(argv[2], "socket");
	bench.message_size = sockets ? MESSAGE : sizeof(uint64_t);
	bench.batch = (unsigned int)number(argv[3], MAX_BATCH);
	ops = number(argv[4], 100000000);
	if (ops % PAIRS) {
		fprintf(stderr, "not a multiple of %d: %s\n", PAIRS, argv[4]);
		return 2;
	}
	for (i = 0; i < WATCHED; i += 2)
		open_pair(&bench.watched[i], sockets);
	if (bench.how == WATCH || bench.how == ONESHOT)
		set_up_ring();
	else
		set_up_epoll();
	/* An event that is lost would be waited for without end. */
	alarm(60);
	start_workers();
	calls = count_calls();
	measure(run, NULL, argv[4], argv[5]);
	calls = count_calls() - calls;
	if (argv[5])
		ops *= 1 + atol(argv[5]);
	printf("%.4f\n", (double)calls / (double)ops);
	fflush(stdout);
	/* The workers wait for events, and end with the process. */
	_exit(0);
}
