/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * send HOW OPS [CHUNKS]: zero-copy sends of 64 KiB over TCP on loopback, in
 * chains of 16 that are sent from the same 16 buffers each time, as soon as
 * the network needs none of them any more. With HOW "slots" one completion
 * says so; with "raw" each send has one more for that, to be counted by hand.
 * Without CHUNKS it prints the completions of a chain.
 */
#include <stdbool.h>
#include <sys/wait.h>

#include <liburing.h>

#include "../../examples/loopback.h"
#include "bench.h"

#define SENDS 16u
#define SIZE 65536
#define TAG 99

struct state {
	struct io_uring ring;
	int socket;
	char *memory;
	long completions;
};

#ifdef IO_NOTIF_MAX_SLOTS
static inline void prep_slot_send(struct io_uring_sqe *sqe, int fd,
				  const char *data, bool last)
{
	io_uring_prep_sendzc(sqe, fd, data, SIZE, MSG_WAITALL, 0,
			     last ? IORING_RECVSEND_NOTIF_FLUSH : 0);
}

static void set_up_slots(struct state *s)
{
	struct io_uring_notification_slot slot = { .tag = TAG };
	int ret = io_uring_register_notifications(&s->ring, 1, &slot);

	if (ret)
		fail("io_uring_register_notifications", ret);
}
#else
/* The original has none: only "raw" is measured. */
#define prep_slot_send(sqe, fd, data, last) fail("slots", ENOSYS)
#define set_up_slots(s) fail("slots", ENOSYS)
#endif

/* Inline, so that either program has its own. */
static inline __attribute__((always_inline)) void
send_chain(struct state *s, bool slots)
{
	unsigned int due = slots ? SENDS + 1 : 2 * SENDS;
	unsigned int i, head, seen, notices = 0;
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	int ret;

	for (i = 0; i < SENDS; i++) {
		const char *data = s->memory + i * SIZE;
		bool last = i == SENDS - 1;

		sqe = io_uring_get_sqe(&s->ring);
		if (slots)
			prep_slot_send(sqe, s->socket, data, last);
		else
			io_uring_prep_send_zc(sqe, s->socket, data, SIZE,
					      MSG_WAITALL, 0);
		io_uring_sqe_set_data64(sqe, i);
		if (!last)
			io_uring_sqe_set_flags(sqe, IOSQE_IO_LINK);
	}
	while (due) {
		ret = io_uring_submit_and_wait(&s->ring, due);
		if (ret < 0)
			fail("io_uring_submit_and_wait", ret);
		seen = 0;
		io_uring_for_each_cqe(&s->ring, head, cqe) {
			if (slots ? cqe->user_data == TAG :
				    cqe->flags & IORING_CQE_F_NOTIF)
				notices++;
			else if (cqe->res != SIZE)
				fail("send", cqe->res < 0 ? cqe->res : EIO);
			seen++;
		}
		io_uring_cq_advance(&s->ring, seen);
		s->completions += seen;
		if (seen > due)
			fail("there are completions too many", EIO);
		due -= seen;
	}
	if (notices != (slots ? 1 : SENDS))
		fail("the completions are others than were due", EIO);
}

static void with_slots(void *state, long ops)
{
	for (; ops > 0; ops -= SENDS)
		send_chain(state, true);
}

static void by_hand(void *state, long ops)
{
	for (; ops > 0; ops -= SENDS)
		send_chain(state, false);
}

/* Throws everything away, and does not even copy it. */
static void receive(int fd)
{
	ssize_t size;

	do
		size = recv(fd, NULL, 1 << 20, MSG_TRUNC);
	while (size > 0);
	_exit(size < 0);
}

static pid_t connect_receiver(struct state *s)
{
	int ends[2], ret = loopback_pair(ends);
	pid_t receiver;

	if (ret)
		fail("loopback", ret);
	receiver = fork();
	if (receiver < 0)
		fail("fork", errno);
	if (!receiver) {
		close(ends[0]);
		receive(ends[1]);
	}
	close(ends[1]);
	s->socket = ends[0];
	return receiver;
}

static void need_send_zc(struct io_uring *ring)
{
	struct io_uring_probe *probe = io_uring_get_probe_ring(ring);

	if (probe && io_uring_opcode_supported(probe, IORING_OP_SEND_ZC)) {
		io_uring_free_probe(probe);
		return;
	}
	printf("skip: the kernel has no zero-copy sends (Linux 6.0)\n");
	exit(77);
}

int main(int argc, char **argv)
{
	struct state s = { 0 };
	pid_t receiver;
	bool slots;
	int ret;

	if (argc < 3 || (strcmp(argv[1], "slots") && strcmp(argv[1], "raw"))) {
		fprintf(stderr, "usage: send slots|raw OPS [CHUNKS]\n");
		return 2;
	}
	slots = !strcmp(argv[1], "slots");
	s.memory = aligned_alloc(4096, SENDS * SIZE);
	if (!s.memory)
		fail("memory", ENOMEM);
	memset(s.memory, 0x5a, SENDS * SIZE);
	receiver = connect_receiver(&s);
	ret = io_uring_queue_init(4 * SENDS, &s.ring, 0);
	if (ret)
		no_ring(ret);
	need_send_zc(&s.ring);
	if (slots)
		set_up_slots(&s);
	/* A completion that is lost would be waited for without end. */
	alarm(60);
	measure(slots ? with_slots : by_hand, &s, argv[2], argv[3]);
	if (!argv[3])
		printf("%.3f\n", (double)s.completions * SENDS / atol(argv[2]));
	io_uring_queue_exit(&s.ring);
	close(s.socket);
	if (waitpid(receiver, &ret, 0) < 0 || ret)
		fail("the receiver", EIO);
	return 0;
}
