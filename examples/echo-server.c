/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A TCP echo server on 127.0.0.1 with three long-lived requests in place of
 * one per event: a multishot accept for all connections, a multishot receive
 * for each, and a ring of buffers from which the kernel takes one only when
 * data has come.
 *
 * A received buffer is sent back from where it lies and returns to the ring
 * when its send is complete. TCP has to keep the order, so a connection has one
 * send in flight and queues the buffers behind it. A peer that does not read
 * would collect buffers until nobody else has any, so a connection that holds
 * half of them is paused.
 *
 * A multishot request is over when a completion comes without
 * IORING_CQE_F_MORE, whatever its result; each place that looks at one treats
 * "over" and "failed" as two questions.
 *
 * The server ends after a given number of connections, on SIGINT or SIGTERM,
 * or when nothing has happened for some time.
 *
 * Exit status: 0 all connections served, 1 failed or ended early, 2 usage.
 */
#define _GNU_SOURCE 1

#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <liburing.h>

#include "buffer-pool.h"
#include "common.h"
#include "loaded.h"
#include "loopback.h"
#include "server.h"

/* How long a stopping server waits for its last requests. */
#define DRAIN_SECONDS 5

struct options {
	unsigned int port;
	unsigned int connections;
	unsigned int buffers;
	unsigned int buffer_size;
	unsigned int idle_seconds;
};

/* The low byte of user_data; the connection's index is above it. */
enum request {
	ACCEPT,
	RECEIVE,
	SEND,
	SHUTDOWN,
	CLOSE,
	CANCEL_ACCEPT,
	CANCEL_RECEIVE,
};

struct connection {
	int fd;
	/* The buffers to send, in order. */
	int first_buffer;
	int last_buffer;
	unsigned int held_buffers;
	/* How much of the first buffer has been sent. */
	unsigned int sent;
	/* The next connection that waits for buffers, when waiting. */
	int next_waiting;
	bool waiting;
	/* Requests of this connection that have not ended. */
	bool receiving;
	bool sending;
	bool cancelling;
	/* The cancellation is to end the receive and has not yet. */
	bool pausing;
	bool shutting_down;
	bool closing;
	/* The peer has sent all it will. */
	bool at_end;
	/* Failed or unwanted: what is queued is dropped. */
	bool broken;
	bool shut_down;
	bool closed;
};

static struct {
	struct options opt;
	struct io_uring ring;
	int listener;
	bool accepting;
	bool cancelling_accept;
	bool stopping;
	bool failed;

	struct buffer_pool pool;

	/* A slot is never used twice, so no late completion can hit another. */
	struct connection *connections;
	unsigned int accepted;
	unsigned int closed;
	unsigned int broken;
	int first_waiting;
	int last_waiting;

	struct timespec started;
	struct timespec ended;
	uint64_t bytes;
	uint64_t receives;
	uint64_t sends;
	uint64_t partial_sends;
	uint64_t armed;
	uint64_t starvations;
	uint64_t pauses;
} server;

__attribute__((format(printf, 1, 2)))
static void fail(const char *format, ...)
{
	va_list args;

	server.failed = true;
	fputs("echo-server: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

/* What a peer does to its own connection is no reason to leave the others. */
static void break_connection(struct connection *connection, const char *doing,
			     int error)
{
	if (!connection->broken) {
		server.broken++;
		fprintf(stderr, "echo-server: connection %td: %s: %s\n",
			connection - server.connections, doing, strerror(error));
	}
	connection->broken = true;
}

static struct io_uring_sqe *new_request(enum request request,
					const struct connection *connection)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&server.ring);
	uint64_t index = 0;

	if (!sqe) {
		int ret = io_uring_submit(&server.ring);

		sqe = io_uring_get_sqe(&server.ring);
		if (!sqe) {
			fail("no room for a request: %s", strerror(-ret));
			exit(EXIT_FAILURE);
		}
	}
	if (connection)
		index = (uint64_t)(connection - server.connections);
	io_uring_sqe_set_data64(sqe, index << 8 | request);
	return sqe;
}

/* A prep function leaves user_data alone, so it may be called after it is set. */
static void arm_accept(void)
{
	struct io_uring_sqe *sqe = new_request(ACCEPT, NULL);

	io_uring_prep_multishot_accept(sqe, server.listener, NULL, NULL,
				       SOCK_CLOEXEC);
	server.accepting = true;
}

static void cancel_accept(void)
{
	if (!server.accepting || server.cancelling_accept)
		return;
	io_uring_prep_cancel64(new_request(CANCEL_ACCEPT, NULL), ACCEPT, 0);
	server.cancelling_accept = true;
}

static void queue_buffer(struct connection *connection, int id,
			 unsigned int length)
{
	server.pool.length[id] = length;
	server.pool.next[id] = POOL_NONE;
	if (connection->first_buffer == POOL_NONE)
		connection->first_buffer = id;
	else
		server.pool.next[connection->last_buffer] = id;
	connection->last_buffer = id;
	connection->held_buffers++;
}

static void drop_first_buffer(struct connection *connection)
{
	int id = connection->first_buffer;

	connection->first_buffer = server.pool.next[id];
	connection->held_buffers--;
	connection->sent = 0;
	pool_give_back(&server.pool, id);
}

static void wait_for_buffers(struct connection *connection)
{
	int index = (int)(connection - server.connections);

	if (connection->waiting)
		return;
	connection->waiting = true;
	connection->next_waiting = POOL_NONE;
	if (server.first_waiting == POOL_NONE)
		server.first_waiting = index;
	else
		server.connections[server.last_waiting].next_waiting = index;
	server.last_waiting = index;
}

static void send_first_buffer(struct connection *connection)
{
	struct io_uring_sqe *sqe = new_request(SEND, connection);
	int id = connection->first_buffer;

	io_uring_prep_send(sqe, connection->fd,
			   pool_address(&server.pool, id) + connection->sent,
			   server.pool.length[id] - connection->sent,
			   MSG_NOSIGNAL);
	connection->sending = true;
	server.sends++;
}

static void arm_receive(struct connection *connection)
{
	struct io_uring_sqe *sqe;

	if (!server.pool.free) {
		wait_for_buffers(connection);
		return;
	}
	sqe = new_request(RECEIVE, connection);
	io_uring_prep_recv_multishot(sqe, connection->fd, NULL, 0, 0);
	io_uring_sqe_set_flags(sqe, IOSQE_BUFFER_SELECT);
	io_uring_sqe_set_buf_group(sqe, POOL_GROUP);
	connection->receiving = true;
	server.armed++;
}

static void pause_receive(struct connection *connection)
{
	uint64_t index = (uint64_t)(connection - server.connections);
	struct io_uring_sqe *sqe = new_request(CANCEL_RECEIVE, connection);

	io_uring_prep_cancel64(sqe, index << 8 | RECEIVE, 0);
	connection->cancelling = true;
	connection->pausing = true;
	server.pauses++;
}

/*
 * Closing a socket does not end the requests on it; shutting it down does, and
 * each of them still reports its end.
 */
static void abandon(struct connection *connection)
{
	if (!connection->sending)
		while (connection->first_buffer != POOL_NONE)
			drop_first_buffer(connection);
	if (connection->shut_down || !(connection->receiving || connection->sending))
		return;
	io_uring_prep_shutdown(new_request(SHUTDOWN, connection),
			       connection->fd, SHUT_RDWR);
	connection->shut_down = true;
	connection->shutting_down = true;
}

/* Starts whatever the state of the connection now allows or asks for. */
static void advance(struct connection *connection)
{
	unsigned int limit = server.opt.buffers / 2;

	if (connection->closing || connection->closed)
		return;
	if (connection->broken) {
		abandon(connection);
	} else {
		if (!connection->sending && connection->first_buffer != POOL_NONE)
			send_first_buffer(connection);
		if (connection->receiving) {
			if (connection->held_buffers >= limit &&
			    !connection->cancelling && !connection->pausing)
				pause_receive(connection);
		} else if (!connection->at_end && !connection->waiting &&
			   connection->held_buffers <= limit / 2) {
			arm_receive(connection);
		}
	}
	if ((connection->broken || connection->at_end) &&
	    connection->first_buffer == POOL_NONE && !connection->receiving &&
	    !connection->sending && !connection->cancelling &&
	    !connection->shutting_down) {
		io_uring_prep_close(new_request(CLOSE, connection),
				    connection->fd);
		connection->closing = true;
	}
}

static void open_connection(int fd)
{
	struct connection *connection = &server.connections[server.accepted];

	if (!server.accepted++)
		clock_gettime(CLOCK_MONOTONIC, &server.started);
	connection->fd = fd;
	connection->first_buffer = POOL_NONE;
	connection->last_buffer = POOL_NONE;
	advance(connection);
}

static void on_accept(int result, unsigned int flags)
{
	/* Out of descriptors: accepting goes on when a connection has closed. */
	bool starved = result == -EMFILE || result == -ENFILE;

	server.accepting = flags & IORING_CQE_F_MORE;

	if (result >= 0) {
		if (server.stopping || server.accepted == server.opt.connections)
			close(result);
		else
			open_connection(result);
	} else if (starved ? server.accepted == server.closed
			   : result != -ECANCELED && result != -ECONNABORTED &&
				     result != -EINTR && result != -EAGAIN) {
		fail("accepting: %s%s", strerror(-result),
		     result == -EINVAL ? " (multishot needs Linux 5.19)" : "");
	}
	if (server.accepted == server.opt.connections)
		cancel_accept();
	else if (!server.accepting && !starved && !server.stopping && !server.failed)
		arm_accept();
}

static void on_receive(struct connection *connection, int result,
		       unsigned int flags)
{
	connection->receiving = flags & IORING_CQE_F_MORE;
	if (!connection->receiving)
		connection->pausing = false;

	if (flags & IORING_CQE_F_BUFFER) {
		int id = (int)(flags >> IORING_CQE_BUFFER_SHIFT);

		server.pool.free--;
		if (result > 0 && !connection->broken)
			queue_buffer(connection, id, (unsigned int)result);
		else
			pool_give_back(&server.pool, id);
	}
	if (result > 0) {
		server.receives++;
		server.bytes += (unsigned int)result;
	} else if (result == 0) {
		connection->at_end = true;
	} else if (result == -ENOBUFS) {
		server.starvations++;
		wait_for_buffers(connection);
	} else if (result == -EINVAL) {
		fail("receiving: %s (multishot needs Linux 6.0)",
		     strerror(-result));
	} else if (result != -ECANCELED && result != -EINTR && result != -EAGAIN) {
		break_connection(connection, "receiving", -result);
	}
	advance(connection);
}

static void on_send(struct connection *connection, int result)
{
	connection->sending = false;

	if (result > 0) {
		connection->sent += (unsigned int)result;
		if (connection->sent < server.pool.length[connection->first_buffer])
			server.partial_sends++;
		else
			drop_first_buffer(connection);
	} else if (result != -EINTR && result != -EAGAIN) {
		break_connection(connection, "sending", -result);
	}
	advance(connection);
}

static void on_close(struct connection *connection, int result)
{
	if (result < 0)
		fail("closing: %s", strerror(-result));
	connection->closing = false;
	connection->closed = true;
	server.closed++;
	clock_gettime(CLOCK_MONOTONIC, &server.ended);
	if (!server.accepting && !server.stopping &&
	    server.accepted < server.opt.connections)
		arm_accept();
}

/*
 * The result of a cancellation says little (the request may just have ended, or
 * be about to): only the request's own last completion says that it is over.
 */
static void on_completion(const struct io_uring_cqe *cqe)
{
	uint64_t data = io_uring_cqe_get_data64(cqe);
	struct connection *connection = &server.connections[data >> 8];

	switch ((enum request)(data & 0xff)) {
	case ACCEPT:
		on_accept(cqe->res, cqe->flags);
		break;
	case RECEIVE:
		on_receive(connection, cqe->res, cqe->flags);
		break;
	case SEND:
		on_send(connection, cqe->res);
		break;
	case SHUTDOWN:
		connection->shutting_down = false;
		advance(connection);
		break;
	case CLOSE:
		on_close(connection, cqe->res);
		break;
	case CANCEL_ACCEPT:
		server.cancelling_accept = false;
		if (server.accepting)
			cancel_accept();
		break;
	case CANCEL_RECEIVE:
		connection->cancelling = false;
		if (cqe->res < 0)
			connection->pausing = false;
		advance(connection);
		break;
	}
}

/*
 * No more connections are armed than buffers are free: the others would only
 * come back with ENOBUFS.
 */
static void share_free_buffers(void)
{
	unsigned int budget;

	pool_publish(&server.pool);
	for (budget = server.pool.free; budget &&
	     server.first_waiting != POOL_NONE; budget--) {
		struct connection *connection =
			&server.connections[server.first_waiting];

		server.first_waiting = connection->next_waiting;
		connection->waiting = false;
		advance(connection);
	}
}

static void stop(void)
{
	server.stopping = true;
	cancel_accept();
	for (unsigned int i = 0; i < server.accepted; i++) {
		server.connections[i].broken = true;
		advance(&server.connections[i]);
	}
}

static bool finished(void)
{
	return !server.accepting && !server.cancelling_accept &&
	       server.closed == server.accepted &&
	       (server.stopping || server.accepted == server.opt.connections);
}

static void serve(const sigset_t *while_waiting)
{
	struct timespec last_event;

	clock_gettime(CLOCK_MONOTONIC, &last_event);
	arm_accept();
	while (!finished()) {
		struct __kernel_timespec timeout = {
			.tv_sec = server.stopping ? DRAIN_SECONDS
						  : server.opt.idle_seconds,
		};
		struct io_uring_cqe *cqe;
		unsigned int head, seen = 0;
		sigset_t mask = *while_waiting;
		int ret;

		ret = io_uring_submit_and_wait_timeout(&server.ring, &cqe, 1,
						       &timeout, &mask);
		if (ret < 0 && ret != -ETIME && ret != -EINTR) {
			fail("waiting: %s", strerror(-ret));
			exit(EXIT_FAILURE);
		}
		io_uring_for_each_cqe(&server.ring, head, cqe) {
			seen++;
			on_completion(cqe);
		}
		io_uring_cq_advance(&server.ring, seen);
		share_free_buffers();

		/*
		 * A wait that submitted something returns how much even when it
		 * timed out or was interrupted, so its value tells neither.
		 */
		if (seen) {
			clock_gettime(CLOCK_MONOTONIC, &last_event);
		} else if (seconds_since(&last_event) >= (double)timeout.tv_sec) {
			if (server.stopping)
				return;
			fail("nothing happened for %u seconds",
			     server.opt.idle_seconds);
		}
		if ((interrupted || server.failed) && !server.stopping)
			stop();
		interrupted = 0;
	}
}

static int set_up_ring(void)
{
	int ret = init_server_ring(&server.ring);

	if (ret < 0)
		fail("setting up the ring: %s", strerror(-ret));
	return ret;
}

static int set_up_buffers(void)
{
	int ret;

	server.connections = calloc(server.opt.connections,
				    sizeof(*server.connections));
	if (!server.connections) {
		fail("no memory for %u connections", server.opt.connections);
		return -ENOMEM;
	}
	ret = pool_create(&server.pool, &server.ring, server.opt.buffers,
			  server.opt.buffer_size);
	if (ret < 0)
		fail("setting up the buffer ring: %s%s", strerror(-ret),
		     ret == -EINVAL ? " (it needs Linux 5.19)" : "");
	return ret;
}

static void print_result(void)
{
	double seconds = (double)(server.ended.tv_sec - server.started.tv_sec) +
			 (double)(server.ended.tv_nsec - server.started.tv_nsec) / 1e9;

	printf("echo-server: %u connections, %" PRIu64 " bytes echoed in %.3f s, %.0f MB/s\n",
	       server.closed, server.bytes, seconds,
	       megabytes_per_second(server.bytes, seconds));
	printf("echo-server: %" PRIu64 " receives by %" PRIu64 " requests, of which %" PRIu64 " ran out of buffers and %" PRIu64 " were paused; %" PRIu64 " sends, %" PRIu64 " of them partial\n",
	       server.receives, server.armed, server.starvations,
	       server.pauses, server.sends, server.partial_sends);
}

/* Returns -1 to go on, or the exit status. */
static int parse_options(int argc, char **argv, struct options *opt)
{
	const struct option_row table[] = {
		{ "port", 65535, &opt->port, NULL, "port on 127.0.0.1, any free one if 0" },
		{ "connections", 1u << 16, &opt->connections, NULL, "end after so many connections" },
		{ "buffers", 1u << 15, &opt->buffers, NULL, "buffers in the ring, a power of two" },
		{ "size", 1u << 20, &opt->buffer_size, NULL, "bytes in a buffer, K and M understood" },
		{ "idle", 3600, &opt->idle_seconds, NULL, "end when nothing happens for N seconds" },
		{ NULL, 0, NULL, NULL, NULL },
	};
	int ret;

	*opt = (struct options){
		.connections = 32,
		.buffers = 256,
		.buffer_size = 4096,
		.idle_seconds = 10,
	};
	ret = parse_option_table(argc, argv, "echo-server", "", table);
	if (ret < 0 && (opt->buffers < 2 || (opt->buffers & (opt->buffers - 1)))) {
		fail("the number of buffers must be a power of two, at least 2");
		return 2;
	}
	return ret;
}

int main(int argc, char **argv)
{
	sigset_t while_waiting;
	int ret;

	ret = parse_options(argc, argv, &server.opt);
	if (ret >= 0)
		return ret;
	server.first_waiting = POOL_NONE;
	print_loaded_liburing("echo-server");
	catch_signals(&while_waiting);
	if (set_up_ring() < 0 || set_up_buffers() < 0)
		return 1;
	server.listener = loopback_listen(&server.opt.port);
	if (server.listener < 0) {
		fail("listening on 127.0.0.1:%u: %s", server.opt.port,
		     strerror(-server.listener));
		return 1;
	}
	printf("echo-server: listening on 127.0.0.1:%u\n", server.opt.port);
	fflush(stdout);
	serve(&while_waiting);
	if (!finished()) {
		fail("%u connections would not end",
		     server.accepted - server.closed);
		return 1;
	}
	print_result();
	if (server.pool.free != server.pool.count)
		fail("%u buffers were lost",
		     server.pool.count - server.pool.free);
	if (server.broken || server.closed != server.opt.connections)
		server.failed = true;

	pool_destroy(&server.pool, &server.ring);
	io_uring_queue_exit(&server.ring);
	close(server.listener);
	free(server.connections);
	return server.failed;
}
