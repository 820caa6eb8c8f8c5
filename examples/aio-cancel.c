// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Asks several servers the same question, takes the first answer, and cancels
 * the reads for the others.
 *
 * A read that was cancelled has consumed nothing: the answer that comes too
 * late stays in its connection, and the next read finds it there. Answers are
 * numbered, and at the end each that was given has been seen once.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <liburing/aio.h>

#include "common.h"

#define MAX_SERVERS 64

struct server {
	pthread_t thread;
	int fd;
	unsigned int seed;
	uint64_t answered;
};

struct client {
	struct io_uring_aio_req req;
	int fd;
	uint32_t answer;
	/* The read was submitted, and its event was not seen. */
	bool reading;
	uint32_t next;
};

static struct server servers[MAX_SERVERS];
static struct client clients[MAX_SERVERS];
static unsigned int nr_servers = 8, nr_queries = 500, max_delay = 4;
static unsigned int nr_reading;
static unsigned long cancelled, late, together;

static void die(const char *what, int error)
{
	fprintf(stderr, "aio-cancel: %s: %s\n", what, strerror(error));
	exit(1);
}

/* Answers each question with its number, some time later. */
static void *serve(void *arg)
{
	struct server *server = arg;
	uint32_t question;

	while (read(server->fd, &question, sizeof(question)) ==
	       sizeof(question)) {
		usleep((unsigned int)rand_r(&server->seed) %
		       (max_delay * 1000));
		if (write(server->fd, &question, sizeof(question)) !=
		    sizeof(question))
			break;
		server->answered++;
	}
	shutdown(server->fd, SHUT_WR);
	return NULL;
}

static void start_reading(struct io_uring_aio *ctx, struct client *client)
{
	struct io_uring_aio_req *const reqs[1] = { &client->req };
	int ret;

	io_uring_prep_recv(&client->req.sqe, client->fd, &client->answer,
			   sizeof(client->answer), MSG_WAITALL);
	client->req.sqe.user_data = (uintptr_t)client;
	ret = io_uring_aio_submit(ctx, 1, reqs);
	if (ret != 1)
		die("submit", -ret);
	client->reading = true;
	nr_reading++;
}

/* Takes an answer in; whether it is one to this question. */
static bool take(const struct io_uring_aio_event *event, uint32_t question)
{
	struct client *client = (struct client *)(uintptr_t)event->user_data;

	client->reading = false;
	nr_reading--;
	if (event->res < 0)
		die("recv", -event->res);
	if (event->res != sizeof(client->answer) ||
	    client->answer != client->next) {
		fprintf(stderr, "aio-cancel: an answer is missing\n");
		exit(1);
	}
	client->next++;
	return client->answer == question;
}

/* Reads until an answer to this question comes. */
static void first_answer(struct io_uring_aio *ctx, uint32_t question)
{
	struct io_uring_aio_event event;
	bool answered = false;
	int ret;

	while (!answered) {
		for (unsigned int i = 0; i < nr_servers; i++)
			if (!clients[i].reading)
				start_reading(ctx, &clients[i]);
		ret = io_uring_aio_getevents(ctx, 1, 1, &event, NULL);
		if (ret == -EINTR)
			continue;
		if (ret < 0)
			die("getevents", -ret);
		answered = take(&event, question);
		late += !answered;
	}
}

/* No read is left. Those that had an answer already are not cancelled. */
static void cancel_others(struct io_uring_aio *ctx, uint32_t question)
{
	struct io_uring_aio_event event;
	int ret;

	for (unsigned int i = 0; i < nr_servers; i++) {
		if (!clients[i].reading)
			continue;
		ret = io_uring_aio_cancel(ctx, &clients[i].req, &event, NULL);
		if (!ret) {
			clients[i].reading = false;
			nr_reading--;
			cancelled++;
		} else if (ret != -EALREADY && ret != -ENOENT) {
			die("cancel", -ret);
		}
	}
	while (nr_reading) {
		ret = io_uring_aio_getevents(ctx, 1, 1, &event, NULL);
		if (ret == -EINTR)
			continue;
		if (ret < 0)
			die("getevents", -ret);
		if (take(&event, question))
			together++;
		else
			late++;
	}
}

int main(int argc, char **argv)
{
	const struct option_row options[] = {
		{ "servers", MAX_SERVERS, &nr_servers, NULL,
		  "ask so many servers" },
		{ "queries", 1000000, &nr_queries, NULL, "so many questions" },
		{ "delay", 1000, &max_delay, NULL,
		  "answers take up to so many milliseconds" },
		{ 0 },
	};
	int status = parse_option_table(argc, argv, "aio-cancel", "", options);
	unsigned long given = 0, seen;
	struct io_uring_aio *ctx;
	struct timespec start;
	uint32_t answer;
	int ret;

	if (status >= 0)
		return status;
	ret = io_uring_aio_queue_init(nr_servers, &ctx, 0);
	if (ret)
		die("queue_init", -ret);
	for (unsigned int i = 0; i < nr_servers; i++) {
		int pair[2];

		if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
			die("socketpair", errno);
		servers[i].fd = pair[0];
		servers[i].seed = i;
		clients[i].fd = pair[1];
		io_uring_aio_req_init(&clients[i].req);
		ret = pthread_create(&servers[i].thread, NULL, serve,
				     &servers[i]);
		if (ret)
			die("pthread_create", ret);
	}

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (uint32_t question = 0; question < nr_queries; question++) {
		for (unsigned int i = 0; i < nr_servers; i++)
			if (write(clients[i].fd, &question, sizeof(question)) !=
			    sizeof(question))
				die("write", errno);
		first_answer(ctx, question);
		cancel_others(ctx, question);
	}
	printf("%u questions to %u servers in %.2f s: %u first answers, %lu reads cancelled\n",
	       nr_queries, nr_servers, seconds_since(&start), nr_queries,
	       cancelled);

	/* What the cancelled reads left is still there. */
	seen = nr_queries + together + late;
	for (unsigned int i = 0; i < nr_servers; i++) {
		shutdown(clients[i].fd, SHUT_WR);
		while (read(clients[i].fd, &answer, sizeof(answer)) ==
		       sizeof(answer)) {
			if (answer != clients[i].next++) {
				fprintf(stderr, "aio-cancel: an answer is missing\n");
				return 1;
			}
			seen++;
		}
		pthread_join(servers[i].thread, NULL);
		given += servers[i].answered;
		close(clients[i].fd);
		close(servers[i].fd);
	}
	ret = io_uring_aio_queue_exit(ctx);
	if (ret)
		die("queue_exit", -ret);
	printf("%lu answers given, %lu seen once each (%lu with the first, %lu late)\n",
	       given, seen, together, late);
	return given != seen;
}
