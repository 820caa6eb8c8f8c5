/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A TCP echo server on 127.0.0.1 with one thread that owns the ring and several
 * that do the work, on poll watches: any worker may serve any connection, and
 * never do two serve the same one.
 *
 * The loop accepts, hands the completions of polls to their watches, and puts
 * each connection that came to be owned by that into a queue. A worker that takes
 * it from there receives and sends, without blocking, for as long as there is
 * something to do. What happens meanwhile is collected in the watch, and is the
 * reason why the worker looks once more. Ownership belongs to no thread: a
 * connection that never pauses goes back into the queue with it, behind those
 * that wait.
 *
 * Every watch waits for POLLIN and POLLOUT from beginning to end. A poll reports
 * what changes, and a socket becomes writable only after a send has filled it, so
 * that POLLOUT costs nothing and never has to be asked for. A connection has one
 * buffer and receives when it is empty: a peer that does not read is not read
 * from.
 *
 * A connection ends with its watch. Whoever finds that it is over cancels the
 * watch, and the one who is told that the kernel is done with it frees it. Only
 * the loop may queue requests; a worker that is told that a watch owes one adds
 * it to a list and wakes the loop by an eventfd, which the loop watches as well.
 *
 * The server ends after a given number of connections, on SIGINT or SIGTERM, or
 * when nothing has happened for some time.
 *
 * Exit status: 0 all connections served, 1 failed or ended early, 2 usage.
 */
#define _GNU_SOURCE 1

#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

#include <liburing.h>

#include "common.h"
#include "loaded.h"
#include "loopback.h"
#include "poll-workers.h"
#include "server.h"

#define MAX_WORKERS 64u
/* How long a stopping server waits for its last requests. */
#define DRAIN_SECONDS 5

/* user_data; that of a connection's watch is the address of the connection. */
enum request {
	ACCEPT = 1,
	CANCEL_ACCEPT,
	WAKE,
};

/* ---- the loop ---- */

/* For one request: where there is none, what is queued goes to the kernel. */
static void make_room(void)
{
	int ret;

	if (io_uring_sq_space_left(&server.ring))
		return;
	ret = io_uring_submit(&server.ring);
	if (ret < 0 || !io_uring_sq_space_left(&server.ring)) {
		fail("no room for a request: %s", strerror(ret < 0 ? -ret : EAGAIN));
		exit(EXIT_FAILURE);
	}
}

static struct io_uring_sqe *new_request(enum request request)
{
	struct io_uring_sqe *sqe;

	make_room();
	sqe = io_uring_get_sqe(&server.ring);
	io_uring_sqe_set_data64(sqe, request);
	return sqe;
}

static void arm(struct io_uring_poll_watch *watch)
{
	int ret;

	make_room();
	ret = io_uring_poll_watch_arm(&server.ring, watch);
	if (ret) {
		fail("arming a watch: %s", strerror(-ret));
		exit(EXIT_FAILURE);
	}
}

static void sync_watch(struct io_uring_poll_watch *watch)
{
	int ret;

	make_room();
	ret = io_uring_poll_watch_sync(&server.ring, watch);
	if (ret) {
		fail("syncing a watch: %s", strerror(-ret));
		exit(EXIT_FAILURE);
	}
	server.syncs++;
}

/* A watch that was synced may end at once: its link is read before. */
static void sync_owing(void)
{
	struct connection *connection, *next;

	pthread_mutex_lock(&server.owing_lock);
	connection = server.first_owing;
	server.first_owing = NULL;
	pthread_mutex_unlock(&server.owing_lock);
	for (; connection; connection = next) {
		next = connection->next_owing;
		sync_watch(&connection->watch);
	}
}

/* A prep function leaves user_data alone, so it may be called after it is set. */
static void arm_accept(void)
{
	struct io_uring_sqe *sqe = new_request(ACCEPT);

	io_uring_prep_multishot_accept(sqe, server.listener, NULL, NULL,
				       SOCK_CLOEXEC | SOCK_NONBLOCK);
	server.accepting = true;
}

static void cancel_accept(void)
{
	if (!server.accepting || server.cancelling_accept)
		return;
	io_uring_prep_cancel64(new_request(CANCEL_ACCEPT), ACCEPT, 0);
	server.cancelling_accept = true;
}

static unsigned int count_closed(void)
{
	unsigned int closed;

	pthread_mutex_lock(&server.open_lock);
	closed = server.closed;
	pthread_mutex_unlock(&server.open_lock);
	return closed;
}

static void open_connection(int fd)
{
	struct connection *connection;
	int ret;

	connection = malloc(sizeof(*connection) + server.opt.buffer_size);
	if (!connection) {
		fail("no memory for connection %u", server.accepted);
		close(fd);
		return;
	}
	*connection = (struct connection){
		.fd = fd,
		.number = server.accepted,
	};
	ret = io_uring_poll_watch_init(&connection->watch, fd, POLLIN | POLLOUT,
				       (uintptr_t)connection, 0);
	if (ret) {
		fail("making a watch: %s", strerror(-ret));
		close(fd);
		free(connection);
		return;
	}
	if (!server.accepted++)
		clock_gettime(CLOCK_MONOTONIC, &server.started);

	pthread_mutex_lock(&server.open_lock);
	server.open[connection->number] = connection;
	pthread_mutex_unlock(&server.open_lock);

	arm(&connection->watch);
}

/*
 * Out of descriptors: accepting goes on when a connection has closed. One may
 * have, after the kernel found that there are none: then at once.
 */
static void on_starvation(int error)
{
	unsigned int closed = count_closed();

	if (closed != server.closed_when_starved)
		arm_accept();
	else if (closed == server.accepted)
		fail("accepting: %s", strerror(error));
	server.closed_when_starved = closed;
}

static void on_accept(int result, unsigned int flags)
{
	bool starved = result == -EMFILE || result == -ENFILE;

	server.accepting = flags & IORING_CQE_F_MORE;

	if (result >= 0) {
		if (server.stopping || server.accepted == server.opt.connections)
			close(result);
		else
			open_connection(result);
	} else if (!starved && result != -ECANCELED && result != -ECONNABORTED &&
		   result != -EINTR && result != -EAGAIN) {
		fail("accepting: %s%s", strerror(-result),
		     result == -EINVAL ? " (multishot needs Linux 5.19)" : "");
	}
	if (server.accepted == server.opt.connections)
		cancel_accept();
	else if (server.accepting || server.stopping || server.failed)
		return;
	else if (starved)
		on_starvation(-result);
	else
		arm_accept();
}

/* Workers added watches to the list, or have closed connections. */
static void on_wake(const struct io_uring_cqe *cqe)
{
	eventfd_t count;
	uint32_t events;
	int ret;

	ret = io_uring_poll_watch_handle(&server.ring, &server.wake_watch, cqe,
					 &events);
	while (ret == 1) {
		/* One read takes all. */
		if (eventfd_read(server.wake_fd, &count) && errno != EAGAIN)
			fail("reading the eventfd: %s", strerror(errno));
		ret = io_uring_poll_watch_next(&server.wake_watch, &events);
	}
	if (ret == IO_URING_POLL_WATCH_SYNC) {
		sync_watch(&server.wake_watch);
	} else if (ret < 0) {
		server.waking = false;
		if (ret != -ECANCELED) {
			fail("watching the eventfd: %s", strerror(-ret));
			exit(EXIT_FAILURE);
		}
	}
	if (!server.accepting && !server.stopping && !server.failed &&
	    server.accepted < server.opt.connections)
		arm_accept();
}

static void on_completion(const struct io_uring_cqe *cqe)
{
	struct connection *connection;
	int ret;

	switch (io_uring_cqe_get_data64(cqe)) {
	case ACCEPT:
		on_accept(cqe->res, cqe->flags);
		return;
	case CANCEL_ACCEPT:
		server.cancelling_accept = false;
		if (server.accepting)
			cancel_accept();
		return;
	case WAKE:
		on_wake(cqe);
		return;
	}
	connection = io_uring_cqe_get_data(cqe);
	ret = io_uring_poll_watch_post(&connection->watch, cqe);
	if (ret < 0) {
		fail("posting to a watch: %s", strerror(-ret));
		return;
	}
	/* In this order: who takes it from the queue may free it. */
	if (ret & IO_URING_POLL_WATCH_SYNC)
		sync_watch(&connection->watch);
	if (ret & IO_URING_POLL_WATCH_OWNED)
		make_ready(connection);
}

/*
 * What is in the table is not freed as long as the lock is held. If its watch
 * has ended, or somebody else has cancelled it, cancelling says so and does
 * nothing.
 */
static void stop(void)
{
	server.stopping = true;
	cancel_accept();
	pthread_mutex_lock(&server.open_lock);
	for (unsigned int i = 0; i < server.accepted; i++) {
		struct connection *connection = server.open[i];

		if (connection &&
		    io_uring_poll_watch_cancel(&connection->watch) ==
			    IO_URING_POLL_WATCH_SYNC)
			sync_watch(&connection->watch);
	}
	pthread_mutex_unlock(&server.open_lock);
}

static bool finished(void)
{
	return !server.accepting && !server.cancelling_accept &&
	       count_closed() == server.accepted &&
	       (server.stopping || server.accepted == server.opt.connections);
}

/* Returns how many completions there were. */
static unsigned int wait_and_reap(unsigned int seconds,
				  const sigset_t *while_waiting)
{
	struct __kernel_timespec timeout = { .tv_sec = seconds };
	struct io_uring_cqe *cqe;
	unsigned int head, seen = 0;
	sigset_t mask = *while_waiting;
	int ret;

	ret = io_uring_submit_and_wait_timeout(&server.ring, &cqe, 1, &timeout,
					       &mask);
	if (ret < 0 && ret != -ETIME && ret != -EINTR) {
		fail("waiting: %s", strerror(-ret));
		exit(EXIT_FAILURE);
	}
	io_uring_for_each_cqe(&server.ring, head, cqe) {
		seen++;
		on_completion(cqe);
	}
	io_uring_cq_advance(&server.ring, seen);
	return seen;
}

static void serve(const sigset_t *while_waiting)
{
	struct timespec last_event;

	clock_gettime(CLOCK_MONOTONIC, &last_event);
	arm_accept();
	while (!finished()) {
		unsigned int seconds = server.stopping ? DRAIN_SECONDS
						       : server.opt.idle_seconds;

		if (wait_and_reap(seconds, while_waiting)) {
			clock_gettime(CLOCK_MONOTONIC, &last_event);
		} else if (seconds_since(&last_event) >= seconds) {
			if (server.stopping)
				return;
			fail("nothing happened for %u seconds", seconds);
		}
		sync_owing();
		if ((interrupted || server.failed) && !server.stopping)
			stop();
		interrupted = 0;
	}
}

/* ---- from the beginning to the end ---- */

static int set_up_ring(void)
{
	int ret = init_server_ring(&server.ring);

	if (ret < 0)
		fail("setting up the ring: %s", strerror(-ret));
	return ret;
}

static int set_up_waking(void)
{
	int ret;

	server.wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (server.wake_fd < 0) {
		fail("making an eventfd: %s", strerror(errno));
		return -1;
	}
	ret = io_uring_poll_watch_init(&server.wake_watch, server.wake_fd,
				       POLLIN, WAKE, 0);
	if (ret) {
		fail("making a watch: %s", strerror(-ret));
		return -1;
	}
	arm(&server.wake_watch);
	server.waking = true;
	return 0;
}

/* Nothing of the ring's is left then, not even a completion. */
static void end_waking(const sigset_t *while_waiting)
{
	struct timespec began;

	clock_gettime(CLOCK_MONOTONIC, &began);
	if (io_uring_poll_watch_cancel(&server.wake_watch) ==
	    IO_URING_POLL_WATCH_SYNC)
		sync_watch(&server.wake_watch);
	while (server.waking && seconds_since(&began) < DRAIN_SECONDS)
		wait_and_reap(DRAIN_SECONDS, while_waiting);
	if (server.waking)
		fail("the watch of the eventfd would not end");
}

static void print_result(void)
{
	double seconds = (double)(server.ended.tv_sec - server.started.tv_sec) +
			 (double)(server.ended.tv_nsec - server.started.tv_nsec) / 1e9;
	struct worker sum = { 0 };

	for (unsigned int i = 0; i < server.running_workers; i++) {
		sum.events += server.workers[i].events;
		sum.bytes += server.workers[i].bytes;
		sum.partial_sends += server.workers[i].partial_sends;
		sum.turns_ended += server.workers[i].turns_ended;
	}
	printf("poll-echo: %u connections, %" PRIu64 " bytes echoed in %.3f s, %.0f MB/s\n",
	       server.closed, sum.bytes, seconds,
	       megabytes_per_second(sum.bytes, seconds));
	printf("poll-echo: %" PRIu64 " events, by worker:", sum.events);
	for (unsigned int i = 0; i < server.running_workers; i++)
		printf(" %" PRIu64, server.workers[i].events);
	printf("; %" PRIu64 " partial sends, %" PRIu64 " turns ended with work left, %" PRIu64 " syncs\n",
	       sum.partial_sends, sum.turns_ended, server.syncs);
}

/* Returns -1 to go on, or the exit status. */
static int parse_options(int argc, char **argv, struct options *opt)
{
	const struct option_row table[] = {
		{ "port", 65535, &opt->port, NULL, "port on 127.0.0.1, any free one if 0" },
		{ "connections", 1u << 20, &opt->connections, NULL, "end after so many connections" },
		{ "workers", MAX_WORKERS, &opt->workers, NULL, "threads that serve connections" },
		{ "size", 16u << 20, &opt->buffer_size, NULL, "bytes in a connection's buffer, K and M understood" },
		{ "idle", 3600, &opt->idle_seconds, NULL, "end when nothing happens for N seconds" },
		{ NULL, 0, NULL, NULL, NULL },
	};

	*opt = (struct options){
		.connections = 32,
		.workers = 4,
		.buffer_size = 16384,
		.idle_seconds = 10,
	};
	return parse_option_table(argc, argv, "poll-echo", "", table);
}

int main(int argc, char **argv)
{
	sigset_t while_waiting;
	int ret;

	ret = parse_options(argc, argv, &server.opt);
	if (ret >= 0)
		return ret;
	print_loaded_liburing("poll-echo");
	catch_signals(&while_waiting);
	server.open = calloc(server.opt.connections, sizeof(*server.open));
	if (!server.open) {
		fail("no memory for %u connections", server.opt.connections);
		return 1;
	}
	if (set_up_ring() < 0 || set_up_waking() || start_workers())
		return 1;
	server.listener = loopback_listen(&server.opt.port);
	if (server.listener < 0) {
		fail("listening on 127.0.0.1:%u: %s", server.opt.port,
		     strerror(-server.listener));
		return 1;
	}
	printf("poll-echo: listening on 127.0.0.1:%u\n", server.opt.port);
	fflush(stdout);
	serve(&while_waiting);
	if (!finished()) {
		fail("%u connections would not end",
		     server.accepted - count_closed());
		return 1;
	}
	join_workers();
	end_waking(&while_waiting);
	print_result();
	if (server.broken || server.stopping)
		server.failed = true;

	io_uring_queue_exit(&server.ring);
	close(server.wake_fd);
	close(server.listener);
	free(server.workers);
	free(server.open);
	return server.failed;
}
