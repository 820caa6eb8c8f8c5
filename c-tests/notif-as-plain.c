/* Description: random programs of sends, NOPs, writes and failing requests, in
 * chains, hard chains, with drains, by workers and without success
 * completions, give the same completions and deliver as many bytes whether the
 * sends are plain ones or name a slot. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no notification slots */
#include "notif.h"

#define PROGRAMS 60u
#define LENGTH 12u

enum what { NOP, SEND_TCP, SEND_LOCAL, SEND_NOWHERE, WRITE, READ_NOWHERE };

struct request {
	enum what what;
	unsigned int flags;
	unsigned int slot;
};

static int tcp[2], local[2], pipes[2];
static uint64_t seed;

static unsigned int random_below(unsigned int n)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned int)(seed >> 33) % n;
}

/* Drains and requests without success completion exclude each other. */
static void invent(struct request *program, bool drains, bool skips)
{
	unsigned int i;

	for (i = 0; i < LENGTH; i++) {
		struct request *it = &program[i];

		it->what = (enum what)random_below(6);
		it->slot = random_below(3);
		it->flags = 0;
		if (i < LENGTH - 1 && random_below(2))
			it->flags |= random_below(3) ? IOSQE_IO_LINK
						     : IOSQE_IO_HARDLINK;
		if (!random_below(6))
			it->flags |= IOSQE_ASYNC;
		if (drains && !random_below(5))
			it->flags |= IOSQE_IO_DRAIN;
		if (skips && !random_below(3))
			it->flags |= IOSQE_CQE_SKIP_SUCCESS;
	}
}

static void queue(struct io_uring *ring, const struct request *it,
		  uint64_t data, bool slots)
{
	struct io_uring_sqe *sqe = notif_sqe(ring);
	int fd = it->what == SEND_TCP	? tcp[0]
		 : it->what == SEND_LOCAL ? local[0]
					  : -1;

	switch (it->what) {
	case NOP:
		io_uring_prep_nop(sqe);
		break;
	case WRITE:
		io_uring_prep_write(sqe, pipes[1], "w", 1, 0);
		break;
	case READ_NOWHERE:
		io_uring_prep_read(sqe, -1, &seed, 0, 0);
		break;
	default:
		if (slots)
			io_uring_prep_sendzc(sqe, fd, "s", 1, MSG_NOSIGNAL,
					     it->slot, 0);
		else
			io_uring_prep_send(sqe, fd, "s", 1, MSG_NOSIGNAL);
	}
	io_uring_sqe_set_flags(sqe, it->flags);
	io_uring_sqe_set_data64(sqe, data);
}

static unsigned int bytes_in(int fd, bool socket)
{
	char bytes[64];
	ssize_t got;

	got = socket ? recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT)
		     : read(fd, bytes, sizeof(bytes));
	return got > 0 ? (unsigned int)got : 0;
}

struct outcome {
	unsigned int nr;
	unsigned int bytes[3];
	int res[LENGTH];        /* 1000: no completion */
};

/* Takes `nr` completions; with MAYBE_SILENT all that come in some time. */
#define MAYBE_SILENT ~0U

static void collect(struct io_uring *ring, struct outcome *seen,
		    unsigned int nr)
{
	unsigned int quiet = 0;

	while (io_uring_sq_ready(ring))
		sched_yield();
	/* A send that the kernel's own threads make may take its time. */
	while (seen->nr < nr && quiet < 20) {
		struct io_uring_cqe *cqe;

		if (nr == MAYBE_SILENT) {
			cqe = notif_late(ring);
			if (!cqe) {
				quiet++;
				continue;
			}
			quiet = 0;
		} else {
			T_EQ(io_uring_wait_cqe(ring, &cqe), 0);
		}
		T_LE(cqe->user_data, LENGTH - 1);
		T_EQ(cqe->flags, 0);
		T_EQ(seen->res[cqe->user_data], 1000);
		seen->res[cqe->user_data] = cqe->res;
		seen->nr++;
		io_uring_cqe_seen(ring, cqe);
	}
	if (nr != MAYBE_SILENT)
		NOTIF_QUIET(ring);
}

/* With slots if there are generations to count. */
static struct outcome run(struct io_uring *ring, const struct request *program,
			  unsigned int (*generation)[3],
			  unsigned int nr)
{
	bool used[3] = { false, false, false };
	bool slots = generation != NULL;
	struct outcome seen;
	unsigned int i;

	memset(&seen, 0, sizeof(seen));
	for (i = 0; i < LENGTH; i++) {
		queue(ring, &program[i], i, slots);
		seen.res[i] = 1000;
		if (program[i].what >= SEND_TCP &&
		    program[i].what <= SEND_NOWHERE)
			used[program[i].slot] = true;
	}
	t_submit(ring, LENGTH);
	collect(ring, &seen, nr);
	seen.bytes[0] = bytes_in(tcp[1], true);
	seen.bytes[1] = bytes_in(local[1], true);
	seen.bytes[2] = bytes_in(pipes[0], false);
	for (i = 0; slots && i < 3; i++) {
		notif_update(ring, 0, i, 1, 99);
		t_submit(ring, 1);
		NOTIF_NEXT(ring, 99, 0, 0);
		if (used[i])
			NOTIF_NEXT(ring, NOTIF_TAG(i), 0, (*generation)[i]++);
	}
	return seen;
}

static void print(const struct request *program, const struct outcome *plain,
		  const struct outcome *slots)
{
	static const char *const names[] = {
		"NOP", "SEND_TCP", "SEND_LOCAL", "SEND_NOWHERE", "WRITE",
		"READ_NOWHERE",
	};
	unsigned int i;

	for (i = 0; i < LENGTH; i++)
		printf("%2u %-12s flags 0x%02x: plain %d, slots %d\n", i,
		       names[program[i].what], program[i].flags, plain->res[i],
		       slots->res[i]);
}

static void compare(bool drains, bool skips)
{
	struct request program[LENGTH];
	unsigned int n, generation[3] = { 0, 0, 0 };
	struct io_uring plain, slots;

	T_RING(16, &plain, 0);
	T_RING(16, &slots, 0);
	notif_register(&slots, 3);
	for (n = 0; n < PROGRAMS / 3; n++) {
		struct outcome a, b;

		seed = n + 1000 * drains + 2000 * skips;
		invent(program, drains, skips);
		a = run(&plain, program, NULL,
			skips ? MAYBE_SILENT : LENGTH);
		b = run(&slots, program, &generation, a.nr);
		if (memcmp(&a, &b, sizeof(a))) {
			print(program, &a, &b);
			T_FAIL("program %u, drains %d, skips %d: bytes %u %u "
			       "%u of plain sends, %u %u %u of slots", n,
			       drains, skips, a.bytes[0], a.bytes[1],
			       a.bytes[2], b.bytes[0], b.bytes[1], b.bytes[2]);
		}
	}
	NOTIF_QUIET(&slots);
	io_uring_queue_exit(&plain);
	io_uring_queue_exit(&slots);
}

int main(void)
{
	struct io_uring ring;
	bool skips;

	T_RING(1, &ring, 0);
	skips = ring.features & IORING_FEAT_CQE_SKIP;
	io_uring_queue_exit(&ring);
	t_tcp_pair(tcp);
	t_socketpair(local);
	T_SYS(pipe(pipes));
	T_SYS(fcntl(pipes[0], F_SETFL, O_NONBLOCK));
	compare(false, false);
	compare(true, false);
	if (skips)
		compare(false, true);
	return T_EXIT_PASS;
}
