/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Sends a file over TCP without copying it, from a small set of buffers that
 * are used again and again.
 *
 * A buffer must not be touched after a zero-copy send until the network needs
 * it no more. IORING_OP_SEND_ZC says so with one more completion for each send.
 * Here the buffers come in groups of 16, and each group has a notification
 * slot: its last send flushes the slot, and one completion, that of the slot's
 * notifier, says that all 16 are free.
 *
 * A group is read from the file in one piece and sent as a chain of links, for
 * a stream has to keep its order. While one group is being sent, others are
 * being read or wait for their notifiers.
 *
 * Without an address the program sends to a receiver of its own, and compares
 * checksums in the end.
 *
 * Exit status: 0 sent, 1 failed, 2 usage.
 */
#define _GNU_SOURCE 1

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <liburing.h>

#include "common.h"
#include "loaded.h"
#include "loopback.h"
#include "progress.h"
#include "receiver.h"

#define SENDS_PER_FLUSH 16u
#define MAX_GROUPS 64u
#define MAX_BUFFER (4u << 20)
#define MAX_MEMORY (1024ull << 20)

struct options {
	const char *source;
	/* ADDRESS:PORT, or NULL for a receiver of our own. */
	const char *target;
	const char *output;
	unsigned int groups;
	unsigned int buffer_size;
	unsigned int idle_seconds;
};

/* The low byte of user_data; the group's index is above it. */
enum request {
	READ,
	SEND,
	NOTIFIER,
};

enum state {
	FREE,
	READING,
	/* Full, and not the next one in the stream yet. */
	READY,
	SENDING,
	/* Sent, and not free yet. */
	FLUSHED,
};

struct group {
	char *memory;
	enum state state;
	uint64_t offset;
	unsigned int length;
	/* The parts of length that were read and that were sent. */
	unsigned int filled;
	unsigned int sent;
	unsigned int sends_in_flight;
	/* A send fell short or failed; the ones that follow are cancelled. */
	bool broken;
	bool notified;
	/* Of the notifier that the slot has now. */
	uint32_t generation;
};

static struct {
	struct options opt;
	struct io_uring ring;
	int source;
	int socket;
	uint64_t size;
	struct receiver receiver;
	bool failed;

	struct group *groups;
	/* Groups take their turns, in the order of the file. */
	unsigned int next_to_read;
	unsigned int next_to_send;
	unsigned int busy;
	uint64_t next_offset;
	uint64_t finished;
	struct checksum sum;

	struct progress progress;
	uint64_t sends;
	/* Those that took bytes. A cancelled one has no notification. */
	uint64_t sent;
	uint64_t short_sends;
	uint64_t notifiers;
} sender;

__attribute__((format(printf, 1, 2)))
static void fail(const char *format, ...)
{
	va_list args;

	sender.failed = true;
	progress_end_line(&sender.progress);
	fputs("notif-send: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

static uint64_t user_data(enum request request, unsigned int index)
{
	return (uint64_t)index << 8 | request;
}

static unsigned int slot_of(const struct group *group)
{
	return (unsigned int)(group - sender.groups);
}

static struct io_uring_sqe *new_request(enum request request,
					const struct group *group)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&sender.ring);

	if (!sqe) {
		fail("the submission queue is full, with a place for every buffer");
		exit(EXIT_FAILURE);
	}
	/* No prep function changes user_data, so it can be set before. */
	io_uring_sqe_set_data64(sqe, user_data(request, slot_of(group)));
	return sqe;
}

static void read_rest(const struct group *group)
{
	io_uring_prep_read(new_request(READ, group), sender.source,
			   group->memory + group->filled,
			   group->length - group->filled,
			   group->offset + group->filled);
}

/* What the send at this place of the group has to send. */
static unsigned int send_size(const struct group *group, unsigned int at)
{
	unsigned int size = sender.opt.buffer_size;

	size -= at % size;
	return size < group->length - at ? size : group->length - at;
}

/*
 * MSG_WAITALL makes a send that falls short a failed one: the chain ends there,
 * and no byte behind the gap goes out. Nor does a failed send flush its slot,
 * so that the rest is sent under the same notifier.
 */
static void send_rest(struct group *group)
{
	unsigned int at = group->sent;

	group->broken = false;
	while (at < group->length) {
		unsigned int size = send_size(group, at);
		bool last = at + size == group->length;
		struct io_uring_sqe *sqe = new_request(SEND, group);

		io_uring_prep_sendzc(sqe, sender.socket, group->memory + at,
				     size, MSG_WAITALL | MSG_NOSIGNAL,
				     slot_of(group),
				     last ? IORING_RECVSEND_NOTIF_FLUSH : 0);
		if (!last)
			io_uring_sqe_set_flags(sqe, IOSQE_IO_LINK);
		group->sends_in_flight++;
		sender.sends++;
		at += size;
	}
}

static void start_reads(void)
{
	unsigned int capacity = SENDS_PER_FLUSH * sender.opt.buffer_size;

	while (sender.next_offset < sender.size) {
		struct group *group = &sender.groups[sender.next_to_read];
		uint64_t left = sender.size - sender.next_offset;

		if (group->state != FREE)
			return;
		group->state = READING;
		group->offset = sender.next_offset;
		group->length = left < capacity ? (unsigned int)left : capacity;
		group->filled = 0;
		sender.next_offset += group->length;
		sender.next_to_read = (sender.next_to_read + 1) %
				      sender.opt.groups;
		sender.busy++;
		read_rest(group);
	}
}

/* Only the next group in the stream, and only when the one before is out. */
static void start_sends(void)
{
	struct group *group = &sender.groups[sender.next_to_send];

	if (group->state != READY)
		return;
	group->state = SENDING;
	group->sent = 0;
	group->notified = false;
	checksum_add(&sender.sum, group->memory, group->length);
	send_rest(group);
}

static void free_group(struct group *group)
{
	group->state = FREE;
	sender.busy--;
}

static void on_read(struct group *group, int result)
{
	if (result == -EINTR || result == -EAGAIN) {
		read_rest(group);
		return;
	}
	if (result < 0) {
		fail("reading %s at byte %" PRIu64 ": %s", sender.opt.source,
		     group->offset + group->filled, strerror(-result));
		return;
	}
	if (result == 0) {
		fail("reading %s stopped at byte %" PRIu64 " of %" PRIu64,
		     sender.opt.source, group->offset + group->filled,
		     sender.size);
		return;
	}
	group->filled += (unsigned int)result;
	if (group->filled < group->length)
		read_rest(group);
	else
		group->state = READY;
}

static void on_sent(struct group *group, int result)
{
	unsigned int wanted = send_size(group, group->sent);

	group->sends_in_flight--;
	if (result > 0 && !group->broken) {
		sender.sent++;
		group->sent += (unsigned int)result;
		sender.finished += (unsigned int)result;
		if ((unsigned int)result < wanted) {
			group->broken = true;
			sender.short_sends++;
		}
	} else if (result == -EINTR || result == -EAGAIN) {
		group->broken = true;
	} else if (!group->broken || result != -ECANCELED) {
		fail("sending byte %" PRIu64 ": %s",
		     group->offset + group->sent,
		     result < 0 ? strerror(-result) :
		     result ? "what follows it went out first" :
			      "nothing was taken");
		return;
	}
	if (group->sends_in_flight)
		return;
	if (group->sent < group->length) {
		send_rest(group);
		return;
	}
	sender.next_to_send = (sender.next_to_send + 1) % sender.opt.groups;
	group->state = FLUSHED;
	if (group->notified)
		free_group(group);
}

static void on_notifier(struct group *group, const struct io_uring_cqe *cqe)
{
	sender.notifiers++;
	/* From here on the buffers would be overwritten. */
	if (cqe->res || cqe->flags != group->generation ||
	    (group->state != SENDING && group->state != FLUSHED)) {
		fail("slot %u: notifier %u completed with %d, where %u was due",
		     slot_of(group), cqe->flags, cqe->res, group->generation);
		return;
	}
	group->generation++;
	group->notified = true;
	if (group->state == FLUSHED)
		free_group(group);
}

static void on_completion(const struct io_uring_cqe *cqe)
{
	uint64_t data = io_uring_cqe_get_data64(cqe);
	struct group *group = &sender.groups[data >> 8];

	if (sender.failed)
		return;
	switch ((enum request)(data & 0xff)) {
	case READ:
		on_read(group, cqe->res);
		break;
	case SEND:
		on_sent(group, cqe->res);
		break;
	case NOTIFIER:
		on_notifier(group, cqe);
		break;
	}
}

/* Returns the number of completions, or -errno. */
static int wait_and_reap(void)
{
	struct __kernel_timespec timeout = {
		.tv_sec = sender.opt.idle_seconds,
	};
	struct io_uring_cqe *cqe;
	unsigned int head;
	int ret, seen = 0;

	ret = io_uring_submit_and_wait_timeout(&sender.ring, &cqe, 1, &timeout,
					       NULL);
	if (ret < 0 && ret != -ETIME && ret != -EINTR)
		return ret;
	io_uring_for_each_cqe(&sender.ring, head, cqe) {
		seen++;
		on_completion(cqe);
	}
	io_uring_cq_advance(&sender.ring, (unsigned int)seen);
	return seen;
}

static int send_file(void)
{
	struct timespec last_event;

	progress_start(&sender.progress, "sent", sender.size);
	last_event = sender.progress.started;
	for (;;) {
		int ret;

		start_reads();
		start_sends();
		if (!sender.busy)
			break;
		ret = wait_and_reap();
		if (ret < 0)
			fail("waiting: %s", strerror(-ret));
		else if (ret > 0)
			clock_gettime(CLOCK_MONOTONIC, &last_event);
		else if (seconds_since(&last_event) >= sender.opt.idle_seconds)
			fail("nothing happened for %u seconds at byte %" PRIu64
			     " of %" PRIu64, sender.opt.idle_seconds,
			     sender.finished, sender.size);
		if (sender.failed)
			return -1;
		progress_report(&sender.progress, sender.finished);
	}
	return 0;
}

static int check_receiver(void)
{
	uint64_t ours = checksum_value(&sender.sum), theirs;
	struct checksum sum = { 0 };

	/* It may be what does not go on. */
	if (sender.failed)
		kill(sender.receiver.process, SIGTERM);
	if (!receiver_finish(&sender.receiver, &sum) && !sender.failed)
		fail("the receiver did not get to the end");
	if (sender.failed)
		return -1;
	theirs = checksum_value(&sum);
	if (sum.bytes != sender.size || theirs != ours) {
		fail("the receiver has %" PRIu64 " bytes with checksum %016" PRIx64
		     " instead of %" PRIu64 " with %016" PRIx64, sum.bytes,
		     theirs, sender.size, ours);
		return -1;
	}
	printf("notif-send: the receiver has every byte, checksum %016" PRIx64
	       "\n", theirs);
	return 0;
}

static void print_result(double seconds)
{
	printf("notif-send: sent %" PRIu64 " bytes in %.3f s, %.0f MB/s, from %u times %u buffers of %u bytes\n",
	       sender.size, seconds,
	       megabytes_per_second(sender.size, seconds), sender.opt.groups,
	       SENDS_PER_FLUSH, sender.opt.buffer_size);
	printf("notif-send: %" PRIu64 " sends and %" PRIu64 " notifiers, %" PRIu64 " completions where IORING_OP_SEND_ZC has %" PRIu64 "; %" PRIu64 " short sends\n",
	       sender.sends, sender.notifiers, sender.sends + sender.notifiers,
	       sender.sends + sender.sent, sender.short_sends);
}

static int open_source(void)
{
	struct stat st;

	sender.source = open(sender.opt.source, O_RDONLY | O_CLOEXEC);
	if (sender.source < 0 || fstat(sender.source, &st)) {
		fail("%s: %s", sender.opt.source, strerror(errno));
		return -1;
	}
	if (!S_ISREG(st.st_mode)) {
		fail("%s is not a regular file", sender.opt.source);
		return -1;
	}
	sender.size = (uint64_t)st.st_size;
	return 0;
}

/* Returns a descriptor, or -1 when it failed. */
static int open_output(void)
{
	struct stat from, to;
	int fd;

	fd = open(sender.opt.output, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0 || fstat(fd, &to) || fstat(sender.source, &from)) {
		fail("%s: %s", sender.opt.output, strerror(errno));
		return -1;
	}
	if (from.st_dev == to.st_dev && from.st_ino == to.st_ino) {
		fail("%s and %s are the same file", sender.opt.source,
		     sender.opt.output);
		return -1;
	}
	/* A pipe or a terminal has nothing to cut off. */
	if (S_ISREG(to.st_mode) && ftruncate(fd, 0)) {
		fail("truncating %s: %s", sender.opt.output, strerror(errno));
		return -1;
	}
	return fd;
}

static int start_receiver(void)
{
	int output = -1;

	if (sender.opt.output) {
		output = open_output();
		if (output < 0)
			return -1;
	}
	sender.socket = receiver_start(&sender.receiver, "notif-send", output,
				       sender.opt.output);
	if (output >= 0)
		close(output);
	if (sender.socket < 0) {
		fail("starting a receiver: %s", strerror(-sender.socket));
		return -1;
	}
	return 0;
}

static int connect_to_target(const struct sockaddr_in *address)
{
	sender.socket = loopback_socket();
	if (sender.socket < 0) {
		fail("opening a socket: %s", strerror(-sender.socket));
		return -1;
	}
	if (connect(sender.socket, (const struct sockaddr *)address,
		    sizeof(*address))) {
		fail("connecting to %s: %s", sender.opt.target, strerror(errno));
		return -1;
	}
	return 0;
}

/* One slot for each group. The CQ has room for every buffer of every group. */
static int set_up_ring(void)
{
	struct io_uring_notification_slot *slots;
	unsigned int groups = sender.opt.groups;
	int ret;

	ret = io_uring_queue_init(groups * (SENDS_PER_FLUSH + 1), &sender.ring,
				  0);
	if (ret < 0) {
		fail("setting up the ring: %s", strerror(-ret));
		return -1;
	}
	slots = calloc(groups, sizeof(*slots));
	ret = -ENOMEM;
	if (slots) {
		for (unsigned int i = 0; i < groups; i++)
			slots[i].tag = user_data(NOTIFIER, i);
		ret = io_uring_register_notifications(&sender.ring, groups,
						      slots);
	}
	free(slots);
	if (ret < 0)
		fail("registering notification slots: %s", strerror(-ret));
	return ret;
}

static int allocate_groups(void)
{
	size_t size = (size_t)SENDS_PER_FLUSH * sender.opt.buffer_size;

	sender.groups = calloc(sender.opt.groups, sizeof(*sender.groups));
	for (unsigned int i = 0; sender.groups && i < sender.opt.groups; i++) {
		sender.groups[i].memory = malloc(size);
		if (!sender.groups[i].memory)
			sender.groups = NULL;
	}
	if (!sender.groups)
		fail("no memory for %u groups of buffers", sender.opt.groups);
	return sender.groups ? 0 : -1;
}

/* Returns -1 to go on, or the exit status. */
static int parse_options(int argc, char **argv, struct options *opt,
			 struct sockaddr_in *address)
{
	static const char operands[] = " FILE [ADDRESS:PORT]";
	const struct option_row table[] = {
		{ "buffer-size", MAX_BUFFER, &opt->buffer_size, NULL, "bytes in a buffer and a send, K and M understood" },
		{ "groups", MAX_GROUPS, &opt->groups, NULL, "groups of 16 buffers, each with a slot" },
		{ "idle", 3600, &opt->idle_seconds, NULL, "give up when nothing happens for N seconds" },
		{ "output", 0, NULL, &opt->output, "without an address: where the receiver writes what it gets" },
		{ NULL, 0, NULL, NULL, NULL },
	};
	int ret;

	*opt = (struct options){
		.groups = 4,
		.buffer_size = 64u << 10,
		.idle_seconds = 10,
	};
	ret = parse_option_table(argc, argv, "notif-send", operands, table);
	if (ret >= 0)
		return ret;
	if (argc - optind < 1 || argc - optind > 2) {
		options_usage(stderr, "notif-send", operands, table);
		return 2;
	}
	opt->source = argv[optind];
	opt->target = argv[optind + 1];
	if (opt->target && !parse_address(opt->target, address)) {
		fail("not an IPv4 address and a port: %s", opt->target);
		return 2;
	}
	if (opt->target && opt->output) {
		fail("--output is for a receiver of this program");
		return 2;
	}
	if ((unsigned long long)opt->groups * SENDS_PER_FLUSH *
	    opt->buffer_size > MAX_MEMORY) {
		fail("the buffers are limited to 1024M together");
		return 2;
	}
	return -1;
}

int main(int argc, char **argv)
{
	struct sockaddr_in address;
	double seconds;
	int ret;

	ret = parse_options(argc, argv, &sender.opt, &address);
	if (ret >= 0)
		return ret;
	sender.progress.program = "notif-send";
	print_loaded_liburing("notif-send");
	if (open_source())
		return 1;
	if (sender.opt.target ? connect_to_target(&address) : start_receiver())
		return 1;
	if (!allocate_groups() && !set_up_ring() && !send_file()) {
		seconds = seconds_since(&sender.progress.started);
		print_result(seconds);
	}
	/*
	 * After a failure sends may be in flight: the exit of the process ends
	 * them, so no buffer is freed under the kernel's hands.
	 */
	shutdown(sender.socket, SHUT_WR);
	if (!sender.opt.target)
		check_receiver();
	if (sender.failed)
		return 1;

	io_uring_unregister_notifications(&sender.ring);
	io_uring_queue_exit(&sender.ring);
	for (unsigned int i = 0; i < sender.opt.groups; i++)
		free(sender.groups[i].memory);
	free(sender.groups);
	close(sender.socket);
	close(sender.source);
	return 0;
}
