/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the threads of poll-echo share, and what its workers do. The loop is in
 * poll-echo.c, and the comment there says how they work together.
 */
#ifndef EXAMPLES_POLL_WORKERS_H
#define EXAMPLES_POLL_WORKERS_H

#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

#include <liburing.h>

#include "common.h"
#include "loopback.h"

/* Sends and receives of one connection, before others have their turn. */
#define TURN 64
struct options {
	unsigned int port;
	unsigned int connections;
	unsigned int workers;
	unsigned int buffer_size;
	unsigned int idle_seconds;
};

struct connection {
	struct io_uring_poll_watch watch;

	/* The rest up to the links is the owner's, who changes with the watch's. */
	int fd;
	unsigned int number;
	/* What was received and has not been sent: from begin up to end. */
	unsigned int begin;
	unsigned int end;
	/* Was put back into the queue with work left. */
	bool unfinished;
	/* The watch was cancelled. */
	bool over;

	/* The connection may be in both lists at once. */
	struct connection *next_ready;
	struct connection *next_owing;

	char data[];
};

struct worker {
	pthread_t thread;
	uint64_t events;
	uint64_t bytes;
	uint64_t partial_sends;
	uint64_t turns_ended;
};

static struct {
	struct options opt;

	/* The loop's alone. */
	struct io_uring ring;
	int listener;
	bool accepting;
	bool cancelling_accept;
	bool waking;
	unsigned int accepted;
	unsigned int closed_when_starved;
	uint64_t syncs;
	struct io_uring_poll_watch wake_watch;

	int wake_fd;
	struct worker *workers;
	unsigned int running_workers;
	atomic_bool stopping;
	atomic_bool failed;
	atomic_uint broken;

	pthread_mutex_t ready_lock;
	pthread_cond_t ready_more;
	struct connection *first_ready;
	struct connection *last_ready;
	bool workers_end;

	pthread_mutex_t owing_lock;
	struct connection *first_owing;

	pthread_mutex_t open_lock;
	/* By number, NULL once it has ended. */
	struct connection **open;
	unsigned int closed;

	struct timespec started;
	struct timespec ended;
} server = {
	.ready_lock = PTHREAD_MUTEX_INITIALIZER,
	.ready_more = PTHREAD_COND_INITIALIZER,
	.owing_lock = PTHREAD_MUTEX_INITIALIZER,
	.open_lock = PTHREAD_MUTEX_INITIALIZER,
};

__attribute__((format(printf, 1, 2)))
static void fail(const char *format, ...)
{
	char text[256];
	va_list args;

	server.failed = true;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* In one piece: other threads may fail as well. */
	fprintf(stderr, "poll-echo: %s\n", text);
}

/* ---- what all threads do ---- */

/* The counter cannot overflow, and a loop that is awake sees it later. */
static void wake_loop(void)
{
	if (eventfd_write(server.wake_fd, 1))
		fail("waking the loop: %s", strerror(errno));
}

/* With the connection goes its ownership. */
static void make_ready(struct connection *connection)
{
	connection->next_ready = NULL;
	pthread_mutex_lock(&server.ready_lock);
	if (server.first_ready)
		server.last_ready->next_ready = connection;
	else
		server.first_ready = connection;
	server.last_ready = connection;
	pthread_cond_signal(&server.ready_more);
	pthread_mutex_unlock(&server.ready_lock);
}

/* ---- workers ---- */

/* NULL when there is nothing more to do. */
static struct connection *take_ready(void)
{
	struct connection *connection;

	pthread_mutex_lock(&server.ready_lock);
	while (!server.first_ready && !server.workers_end)
		pthread_cond_wait(&server.ready_more, &server.ready_lock);
	connection = server.first_ready;
	if (connection)
		server.first_ready = connection->next_ready;
	pthread_mutex_unlock(&server.ready_lock);
	return connection;
}

/*
 * A watch says only once that it owes a request, and does not end before the
 * loop has seen to it: it may be in the list even if somebody else owns it.
 */
static void have_synced(struct connection *connection)
{
	pthread_mutex_lock(&server.owing_lock);
	connection->next_owing = server.first_owing;
	server.first_owing = connection;
	pthread_mutex_unlock(&server.owing_lock);
	wake_loop();
}

/* By the owner: the watch is still there afterwards. */
static void end_connection(struct connection *connection)
{
	int ret = io_uring_poll_watch_cancel(&connection->watch);

	connection->over = true;
	if (ret == IO_URING_POLL_WATCH_SYNC)
		have_synced(connection);
	else if (ret && ret != -EALREADY)
		fail("cancelling a watch: %s", strerror(-ret));
}

/* What a peer does to its own connection is no reason to leave the others. */
static void break_connection(struct connection *connection, const char *doing,
			     int error)
{
	server.broken++;
	fprintf(stderr, "poll-echo: connection %u: %s: %s\n",
		connection->number, doing, strerror(error));
	end_connection(connection);
}

/*
 * Receives and sends until the socket says that it would block, and so will
 * report when it does not. Returns false when the turn is over before that.
 */
static bool echo(struct worker *worker, struct connection *connection)
{
	for (int i = 0; i < TURN; i++) {
		unsigned int left = connection->end - connection->begin;
		ssize_t n;

		if (connection->over || server.stopping)
			return true;
		if (left) {
			n = send(connection->fd,
				 connection->data + connection->begin, left,
				 MSG_NOSIGNAL);
			if (n >= 0) {
				connection->begin += (unsigned int)n;
				worker->partial_sends += n < left;
				continue;
			}
		} else {
			n = recv(connection->fd, connection->data,
				 server.opt.buffer_size, 0);
			if (n > 0) {
				connection->begin = 0;
				connection->end = (unsigned int)n;
				worker->bytes += (unsigned int)n;
				continue;
			}
			if (!n) {
				end_connection(connection);
				return true;
			}
		}
		if (errno == EAGAIN)
			return true;
		if (errno != EINTR) {
			break_connection(connection,
					 left ? "sending" : "receiving", errno);
			return true;
		}
	}
	return false;
}

/* By whoever got the terminal result: nobody else knows the connection now. */
static void close_connection(struct connection *connection, int result)
{
	if (result != -ECANCELED)
		fail("polling connection %u: %s", connection->number,
		     strerror(-result));
	close(connection->fd);

	pthread_mutex_lock(&server.open_lock);
	server.open[connection->number] = NULL;
	server.closed++;
	clock_gettime(CLOCK_MONOTONIC, &server.ended);
	pthread_mutex_unlock(&server.open_lock);

	free(connection);
	wake_loop();
}

static void serve_connection(struct worker *worker,
			     struct connection *connection)
{
	uint32_t events;
	int ret;

	while (connection->unfinished ||
	       (ret = io_uring_poll_watch_next(&connection->watch, &events)) == 1) {
		worker->events += !connection->unfinished;
		connection->unfinished = !echo(worker, connection);
		if (connection->unfinished) {
			worker->turns_ended++;
			make_ready(connection);
			return;
		}
	}
	/* From here on somebody else may own the watch, or it is over. */
	if (ret == IO_URING_POLL_WATCH_SYNC)
		have_synced(connection);
	else if (ret)
		close_connection(connection, ret);
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	struct connection *connection;

	while ((connection = take_ready()))
		serve_connection(worker, connection);
	return NULL;
}

static int start_workers(void)
{
	server.workers = calloc(server.opt.workers, sizeof(*server.workers));
	if (!server.workers) {
		fail("no memory for %u workers", server.opt.workers);
		return -1;
	}
	for (unsigned int i = 0; i < server.opt.workers; i++) {
		int error = pthread_create(&server.workers[i].thread, NULL,
					   work, &server.workers[i]);

		if (error) {
			fail("starting worker %u: %s", i, strerror(error));
			return -1;
		}
		server.running_workers++;
	}
	return 0;
}

static void join_workers(void)
{
	pthread_mutex_lock(&server.ready_lock);
	server.workers_end = true;
	pthread_cond_broadcast(&server.ready_more);
	pthread_mutex_unlock(&server.ready_lock);
	for (unsigned int i = 0; i < server.running_workers; i++)
		pthread_join(server.workers[i].thread, NULL);
}

#endif
