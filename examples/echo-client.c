/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Drives an echo server on 127.0.0.1: over each of many connections it sends
 * one message after the other and checks every byte that comes back.
 *
 * The send and the receive of a message are in flight together. With messages
 * larger than the socket buffers on the way, a client that first sent all would
 * wait for a server that waits for it. After the last message the connection
 * is shut down for writing, and the server has to close it without sending
 * another byte.
 *
 * Exit status: 0 everything came back, 1 it did not, 2 usage.
 */
#define _GNU_SOURCE 1

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <liburing.h>

#include "common.h"
#include "loaded.h"
#include "loopback.h"

#define MAX_MEMORY (1024ull << 20)

struct options {
	unsigned int port;
	unsigned int connections;
	unsigned int messages;
	unsigned int size;
	unsigned int idle_seconds;
};

/* The low byte of user_data; the connection's index is above it. */
enum request {
	CONNECT,
	SEND,
	RECEIVE,
	SHUTDOWN,
	RECEIVE_END,
	CLOSE,
};

struct connection {
	int fd;
	unsigned int message;
	unsigned int sent;
	unsigned int received;
	char *out;
	char *in;
	struct timespec message_started;
};

static struct {
	struct options opt;
	struct io_uring ring;
	struct sockaddr_in address;
	struct connection *connections;
	unsigned int closed;
	bool failed;

	struct timespec started;
	uint64_t round_trips;
	uint64_t partial_sends;
	uint64_t partial_receives;
	double latency_sum;
	double latency_worst;
} client;

__attribute__((format(printf, 2, 3)))
static void fail(const struct connection *connection, const char *format, ...)
{
	va_list args;

	client.failed = true;
	fputs("echo-client: ", stderr);
	if (connection)
		fprintf(stderr, "connection %td, message %u: ",
			connection - client.connections, connection->message);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

static struct io_uring_sqe *new_request(enum request request,
					const struct connection *connection)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&client.ring);
	uint64_t index = (uint64_t)(connection - client.connections);

	if (!sqe) {
		int ret = io_uring_submit(&client.ring);

		sqe = io_uring_get_sqe(&client.ring);
		if (!sqe) {
			fail(connection, "no room for a request: %s",
			     strerror(-ret));
			exit(EXIT_FAILURE);
		}
	}
	/* No prep function changes user_data, so it can be set before. */
	io_uring_sqe_set_data64(sqe, index << 8 | request);
	return sqe;
}

/* Differs by connection, message and place, so nothing can pass for another. */
static void fill_message(struct connection *connection)
{
	uint64_t index = (uint64_t)(connection - client.connections);
	uint64_t word = (index << 32 | connection->message) * 0x9e3779b97f4a7c15 + 1;
	unsigned int size = client.opt.size;

	for (unsigned int at = 0; at < size; at += sizeof(word)) {
		unsigned int left = size - at;

		word ^= word << 13;
		word ^= word >> 7;
		word ^= word << 17;
		memcpy(connection->out + at, &word,
		       left < sizeof(word) ? left : sizeof(word));
	}
}

static void send_rest(struct connection *connection)
{
	io_uring_prep_send(new_request(SEND, connection), connection->fd,
			   connection->out + connection->sent,
			   client.opt.size - connection->sent, MSG_NOSIGNAL);
}

static void receive_rest(struct connection *connection)
{
	io_uring_prep_recv(new_request(RECEIVE, connection), connection->fd,
			   connection->in + connection->received,
			   client.opt.size - connection->received, 0);
}

static void start_message(struct connection *connection)
{
	fill_message(connection);
	connection->sent = 0;
	connection->received = 0;
	clock_gettime(CLOCK_MONOTONIC, &connection->message_started);
	send_rest(connection);
	receive_rest(connection);
}

static void finish_message(struct connection *connection)
{
	double latency;

	if (connection->sent < client.opt.size ||
	    connection->received < client.opt.size)
		return;
	latency = seconds_since(&connection->message_started);
	client.latency_sum += latency;
	if (latency > client.latency_worst)
		client.latency_worst = latency;
	client.round_trips++;
	if (++connection->message < client.opt.messages)
		start_message(connection);
	else
		io_uring_prep_shutdown(new_request(SHUTDOWN, connection),
				       connection->fd, SHUT_WR);
}

static void on_sent(struct connection *connection, int bytes)
{
	connection->sent += (unsigned int)bytes;
	if (connection->sent < client.opt.size) {
		client.partial_sends++;
		send_rest(connection);
	}
	finish_message(connection);
}

static void on_received(struct connection *connection, int bytes)
{
	unsigned int from = connection->received;

	if (!bytes) {
		fail(connection, "closed by the server after %u of %u bytes",
		     from, client.opt.size);
		return;
	}
	if (memcmp(connection->in + from, connection->out + from, (size_t)bytes)) {
		while (connection->in[from] == connection->out[from])
			from++;
		fail(connection, "byte %u came back changed", from);
		return;
	}
	connection->received += (unsigned int)bytes;
	if (connection->received < client.opt.size) {
		client.partial_receives++;
		receive_rest(connection);
	}
	finish_message(connection);
}

static void on_completion(const struct io_uring_cqe *cqe)
{
	static const char *const doing[] = {
		[CONNECT] = "connecting",
		[SEND] = "sending",
		[RECEIVE] = "receiving",
		[SHUTDOWN] = "shutting down",
		[RECEIVE_END] = "waiting for the end",
		[CLOSE] = "closing",
	};
	uint64_t data = io_uring_cqe_get_data64(cqe);
	struct connection *connection = &client.connections[data >> 8];
	enum request request = data & 0xff;

	if (client.failed)
		return;
	if (cqe->res < 0) {
		fail(connection, "%s: %s", doing[request], strerror(-cqe->res));
		return;
	}
	switch (request) {
	case CONNECT:
		start_message(connection);
		break;
	case SEND:
		on_sent(connection, cqe->res);
		break;
	case RECEIVE:
		on_received(connection, cqe->res);
		break;
	case SHUTDOWN:
		io_uring_prep_recv(new_request(RECEIVE_END, connection),
				   connection->fd, connection->in,
				   client.opt.size, 0);
		break;
	case RECEIVE_END:
		if (cqe->res)
			fail(connection, "%d bytes too many came back", cqe->res);
		io_uring_prep_close(new_request(CLOSE, connection),
				    connection->fd);
		break;
	case CLOSE:
		client.closed++;
		break;
	}
}

static int open_connections(void)
{
	client.address = loopback_address(client.opt.port);
	for (unsigned int i = 0; i < client.opt.connections; i++) {
		struct connection *connection = &client.connections[i];

		connection->fd = loopback_socket();
		if (connection->fd < 0) {
			fail(connection, "opening a socket: %s",
			     strerror(-connection->fd));
			return -1;
		}
		connection->out = malloc(client.opt.size);
		connection->in = malloc(client.opt.size);
		if (!connection->out || !connection->in) {
			fail(connection, "no memory for messages of %u bytes",
			     client.opt.size);
			return -1;
		}
		io_uring_prep_connect(new_request(CONNECT, connection),
				      connection->fd,
				      (struct sockaddr *)&client.address,
				      sizeof(client.address));
	}
	return 0;
}

static int run(void)
{
	struct timespec last_event;

	clock_gettime(CLOCK_MONOTONIC, &client.started);
	last_event = client.started;
	if (open_connections())
		return -1;
	while (!client.failed && client.closed < client.opt.connections) {
		struct __kernel_timespec timeout = {
			.tv_sec = client.opt.idle_seconds,
		};
		struct io_uring_cqe *cqe;
		unsigned int head, seen = 0;
		int ret;

		ret = io_uring_submit_and_wait_timeout(&client.ring, &cqe, 1,
						       &timeout, NULL);
		if (ret < 0 && ret != -ETIME && ret != -EINTR) {
			fail(NULL, "waiting: %s", strerror(-ret));
			break;
		}
		io_uring_for_each_cqe(&client.ring, head, cqe) {
			seen++;
			on_completion(cqe);
		}
		io_uring_cq_advance(&client.ring, seen);
		if (seen)
			clock_gettime(CLOCK_MONOTONIC, &last_event);
		else if (seconds_since(&last_event) >= client.opt.idle_seconds)
			fail(NULL, "nothing came back for %u seconds",
			     client.opt.idle_seconds);
	}
	return client.failed ? -1 : 0;
}

static void print_result(void)
{
	double seconds = seconds_since(&client.started);
	uint64_t bytes = client.round_trips * client.opt.size;

	printf("echo-client: %u connections, %" PRIu64 " messages of %u bytes in %.3f s: %.0f round trips/s, %.0f MB/s each way\n",
	       client.opt.connections, client.round_trips, client.opt.size,
	       seconds, (double)client.round_trips / seconds,
	       megabytes_per_second(bytes, seconds));
	printf("echo-client: every byte came back right; a round trip took %.0f us, %.0f at worst; %" PRIu64 " partial sends, %" PRIu64 " partial receives\n",
	       client.latency_sum * 1e6 / (double)client.round_trips,
	       client.latency_worst * 1e6, client.partial_sends,
	       client.partial_receives);
}

/* Returns -1 to go on, or the exit status. */
static int parse_options(int argc, char **argv, struct options *opt)
{
	const struct option_row table[] = {
		{ "port", 65535, &opt->port, NULL, "port of the server on 127.0.0.1, required" },
		{ "connections", 1u << 16, &opt->connections, NULL, "connections at the same time" },
		{ "messages", 100u << 20, &opt->messages, NULL, "messages over each connection" },
		{ "size", 64u << 20, &opt->size, NULL, "bytes in a message, K and M understood" },
		{ "idle", 3600, &opt->idle_seconds, NULL, "give up when nothing comes for N seconds" },
		{ NULL, 0, NULL, NULL, NULL },
	};
	int ret;

	*opt = (struct options){
		.connections = 32,
		.messages = 1000,
		.size = 4096,
		.idle_seconds = 10,
	};
	ret = parse_option_table(argc, argv, "echo-client", "", table);
	if (ret >= 0)
		return ret;
	if (!opt->port) {
		fail(NULL, "--port is required");
		return 2;
	}
	if (2ull * opt->connections * opt->size > MAX_MEMORY) {
		fail(NULL, "connections times size is limited to 512M");
		return 2;
	}
	return -1;
}

int main(int argc, char **argv)
{
	int ret;

	ret = parse_options(argc, argv, &client.opt);
	if (ret >= 0)
		return ret;
	print_loaded_liburing("echo-client");
	client.connections = calloc(client.opt.connections,
				    sizeof(*client.connections));
	if (!client.connections) {
		fail(NULL, "no memory for %u connections", client.opt.connections);
		return 1;
	}
	ret = io_uring_queue_init(256, &client.ring, 0);
	if (ret < 0) {
		fail(NULL, "setting up the ring: %s", strerror(-ret));
		return 1;
	}
	/*
	 * After a failure requests may be in flight on the messages: the exit
	 * of the process ends them, so nothing is freed under the kernel's
	 * hands.
	 */
	if (run())
		return 1;
	print_result();

	io_uring_queue_exit(&client.ring);
	for (unsigned int i = 0; i < client.opt.connections; i++) {
		free(client.connections[i].out);
		free(client.connections[i].in);
	}
	free(client.connections);
	return 0;
}
