/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the stress tests of poll watches share: files of which every byte is
 * counted, memory that is used for one watch after another, random numbers that
 * can be had again, and how long it lasts.
 */
#ifndef T_POLL_WATCH_STRESS_H
#define T_POLL_WATCH_STRESS_H

#include "poll-watch.h"

/* ---- random numbers ---------------------------------------------------- */

/* T_SEED in the environment: as in the run that printed it. */
static inline uint64_t pws_seed(void)
{
	const char *given = getenv("T_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);

	printf("T_SEED=%llu\n", (unsigned long long)seed);
	return seed;
}

/* 0 to n - 1, by a state that is one thread's. */
static inline unsigned int pws_random(uint64_t *state, unsigned int n)
{
	uint64_t x = (*state += 0x9e3779b97f4a7c15ULL);

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return (unsigned int)((x ^ x >> 31) >> 32) % n;
}

/* ---- time -------------------------------------------------------------- */

/*
 * T_SECONDS in the environment says how long, else it is `full`; less under a
 * tool that makes everything slow, in an emulated machine, and where a part of
 * io_uring is hidden. A hang is found by what the test looks at itself, long
 * before the alarm.
 */
static inline int pws_seconds(int full)
{
	const char *given = getenv("T_SECONDS"), *timeout;
	int seconds = full, limit = T_TIMEOUT_SECONDS;

	timeout = getenv("RING_TIMEOUT");
	if (given)
		seconds = atoi(given);
	else if (full > 3 &&
		 (timeout || getenv("RING_KERNEL") || t_in_memory_tool()))
		seconds = 3;
	if (timeout)
		limit = atoi(timeout);
	alarm((unsigned int)(seconds + limit));
	return seconds;
}

/* ---- the ring ---------------------------------------------------------- */

#define PWS_FULL_CQ 4u

/*
 * So few that the CQ overflows all the time. Before Linux 6.1 a completion that
 * finds room overtakes those that wait for it, so that a watch is over before
 * its last event has been seen: enough for all of them there.
 */
static inline unsigned int pws_cq_entries(void)
{
	if (!t_before(6, 1))
		return PWS_FULL_CQ;
	printf("old kernel: no order of overflowed completions before 6.1: "
	       "without overflow\n");
	return 32768;
}

/* Submits, and waits a little for a completion; 0 or more, or -errno. */
static inline int pws_submit_and_wait(struct io_uring *ring)
{
	struct __kernel_timespec ts = t_ms(20);
	struct io_uring_cqe *cqe;
	int ret;

	if (ring->features & IORING_FEAT_EXT_ARG) {
		ret = io_uring_submit_and_wait_timeout(ring, &cqe, 1, &ts,
						       NULL);
	} else {
		/* There the timeout would be a request, with a CQE. */
		ret = io_uring_submit_and_get_events(ring);
		t_sleep_ms(1);
	}
	return ret == -ETIME ? 0 : ret;
}

/* The kernel may first want to get rid of what overflowed. */
#define PWS_SUBMITTED(ret)                                                     \
	do {                                                                   \
		int t_ret_ = (ret);                                            \
		if (t_ret_ != -EINTR && t_ret_ != -EBUSY && t_ret_ != -EAGAIN) \
			T_GE(t_ret_, 0);                                       \
	} while (0)

/* ---- files ------------------------------------------------------------- */

enum pws_kind {
	PWS_PIPE,
	PWS_SOCKET,
	PWS_EVENTFD,
	PWS_TCP,
	PWS_SEMAPHORE,
	PWS_KINDS
};

static const char *const pws_kind_names[PWS_KINDS] = {
	"pipe", "socket", "eventfd", "TCP socket", "eventfd semaphore",
};

struct pws_file {
	enum pws_kind kind;
	/* The reader's end and the writer's, which may be one. */
	int from, to;
	/* The writer's: bytes, or the sum of what went through an eventfd. */
	uint64_t written;
	/* The owner's: nothing but the ownership protects it. */
	uint64_t taken;
	/* What others may see of it: puts nobody in order. */
	uint64_t shown;
};

static inline void pws_open(struct pws_file *f, unsigned int index)
{
	int fds[2];

	memset(f, 0, sizeof(*f));
	f->kind = (enum pws_kind)(index % PWS_KINDS);
	switch (f->kind) {
	case PWS_PIPE:
		pw_pipe(fds);
		break;
	case PWS_SOCKET:
		pw_socketpair(fds);
		break;
	case PWS_TCP:
		t_tcp_pair(fds);
		T_SYS(fcntl(fds[0], F_SETFL, O_NONBLOCK));
		T_SYS(fcntl(fds[1], F_SETFL, O_NONBLOCK));
		break;
	default:
		fds[0] = (int)T_SYS(
			eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK |
					   (f->kind == PWS_SEMAPHORE
						    ? EFD_SEMAPHORE
						    : 0)));
		fds[1] = fds[0];
		break;
	}
	f->from = fds[0];
	f->to = fds[1];
}

static inline void pws_close(struct pws_file *f)
{
	close(f->from);
	if (f->to != f->from)
		close(f->to);
}

static inline bool pws_counts(const struct pws_file *f)
{
	return f->kind == PWS_EVENTFD || f->kind == PWS_SEMAPHORE;
}

/* What byte `at` of a stream is. */
static inline unsigned char pws_byte(uint64_t at)
{
	return (unsigned char)((at * 0x9e3779b97f4a7c15ULL) >> 56);
}

/* Up to n, as many as there is room for. A file has one writer. */
static inline void pws_write(struct pws_file *f, unsigned int n)
{
	unsigned char bytes[64];
	uint64_t value = n;
	unsigned int i;
	ssize_t done;

	if (pws_counts(f)) {
		done = write(f->to, &value, sizeof(value));
		if (done > 0)
			done = (ssize_t)value;
	} else {
		if (n > sizeof(bytes))
			n = sizeof(bytes);
		for (i = 0; i < n; i++)
			bytes[i] = pws_byte(f->written + i);
		done = write(f->to, bytes, n);
	}
	if (done < 0) {
		T_EQ(errno, EAGAIN);
		return;
	}
	__atomic_store_n(&f->written, f->written + (uint64_t)done,
			 __ATOMIC_RELAXED);
}

/* The owner reads until -EAGAIN, and knows every byte. */
static inline void pws_take(struct pws_file *f)
{
	unsigned char bytes[128];
	uint64_t value;
	ssize_t got, i;

	for (;;) {
		if (pws_counts(f)) {
			got = read(f->from, &value, sizeof(value));
			if (got > 0)
				got = (ssize_t)value;
		} else {
			got = read(f->from, bytes, sizeof(bytes));
			for (i = 0; i < got; i++)
				T_EQ(bytes[i],
				     pws_byte(f->taken + (uint64_t)i));
		}
		if (got < 0) {
			T_EQ(errno, EAGAIN);
			break;
		}
		T_GE(got, 1);
		f->taken += (uint64_t)got;
	}
	__atomic_store_n(&f->shown, f->taken, __ATOMIC_RELAXED);
}

static inline bool pws_is_empty(const struct pws_file *f)
{
	return __atomic_load_n(&f->shown, __ATOMIC_RELAXED) ==
	       __atomic_load_n(&f->written, __ATOMIC_RELAXED);
}

/* ---- memory ------------------------------------------------------------ */

#define PWS_POISON 0xa5

/* The terminal result was taken: nobody writes here any more. */
static inline void pws_poison(struct io_uring_poll_watch *w)
{
	memset(w, PWS_POISON, sizeof(*w));
}

static inline void pws_expect_poison(const struct io_uring_poll_watch *w)
{
	const unsigned char *byte = (const unsigned char *)w;
	size_t i;

	for (i = 0; i < sizeof(*w); i++)
		if (byte[i] != PWS_POISON)
			T_FAIL("byte %zu of a watch that is over became 0x%02x",
			       i, byte[i]);
}

/* For a report: the watch's word, as it is in memory. */
static inline unsigned long long pws_word(const struct io_uring_poll_watch *w)
{
	return __atomic_load_n(&w->opaque[0], __ATOMIC_ACQUIRE);
}

#endif /* T_POLL_WATCH_STRESS_H */
