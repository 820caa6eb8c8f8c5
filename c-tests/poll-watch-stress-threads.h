/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The threads of poll-watch-stress that do not submit: those that handle what
 * happened, those that write, and what they share with the one that submits.
 */
#ifndef T_POLL_WATCH_STRESS_THREADS_H
#define T_POLL_WATCH_STRESS_THREADS_H

#include "poll-watch-stress.h"

#include <sched.h>
#include <semaphore.h>

#define WATCHES 200u
#define WORKERS 4u
#define WRITERS 3u

/*
 * ThreadSanitizer does not see the operations on the watch's word: the library
 * is not instrumented. What is said here is what the header promises. Who gets
 * ownership has behind him what earlier owners did before the next() by which
 * they gave it up; who gets the terminal result, what was done before cancel()
 * too.
 */
#if defined(__SANITIZE_THREAD__)
#define ANNOTATED 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define ANNOTATED 1
#endif
#endif
#ifdef ANNOTATED
void __tsan_acquire(void *addr);
void __tsan_release(void *addr);
#define ACQUIRE(w) __tsan_acquire(w)
#define RELEASE(w) __tsan_release(w)
#else
#define ACQUIRE(w) ((void)(w))
#define RELEASE(w) ((void)(w))
#endif

/* ---- what the threads share -------------------------------------------- */

/* A life of a watch, as far as it may be cancelled: by one thread, once. */
enum life { OVER, LIVES, CANCELLED };

static struct target {
	struct pws_file file;
	/* One of them is the watch; the other one is poison. */
	struct io_uring_poll_watch memory[2];
	unsigned int current;
	uint64_t user_data;
	unsigned int handled;
	/* From here on atomic. */
	unsigned int owned;
	int life;
} targets[WATCHES];

enum order { ARM, SYNC };

/* For the thread that submits. */
struct message {
	struct target *target;
	struct io_uring_poll_watch *watch;
	enum order order;
};

/* A watch is armed once and owes one sync at a time. */
#define INBOX (2 * WATCHES)

static pthread_mutex_t inbox_lock = PTHREAD_MUTEX_INITIALIZER;
static struct message inbox[INBOX];
static unsigned int inbox_nr;
static int wake_fd;

static uint64_t seed;
/* Even: writers write and watches are cancelled. Odd: what is left is read. */
static unsigned int phase;
static bool stopping;
/* The target that the submitting thread is at without owning it. */
static struct target *pinned;
static unsigned int cancels, terminals, told;

#define LOAD(p) __atomic_load_n(p, __ATOMIC_SEQ_CST)
#define STORE(p, value) __atomic_store_n(p, value, __ATOMIC_SEQ_CST)
#define COUNT(p) __atomic_add_fetch(p, 1, __ATOMIC_RELAXED)

/*
 * Relaxed, as all that an owner does beside the watch: two owners must have
 * nothing between them but the watch, or ThreadSanitizer would find them in
 * order where the watch did not put them.
 */
static void set_owned(struct target *t, unsigned int owned)
{
	T_EQ(__atomic_exchange_n(&t->owned, owned, __ATOMIC_RELAXED), !owned);
}

static unsigned int index_of(const struct target *t)
{
	return (unsigned int)(t - targets);
}

static void send_message(struct target *t, struct io_uring_poll_watch *w,
			 enum order order)
{
	uint64_t one = 1;
	bool first;

	pthread_mutex_lock(&inbox_lock);
	T_LE(inbox_nr, INBOX - 1);
	first = !inbox_nr;
	inbox[inbox_nr++] = (struct message){ t, w, order };
	pthread_mutex_unlock(&inbox_lock);
	if (first)
		T_EQ(write(wake_fd, &one, sizeof(one)), sizeof(one));
}

static void owe(struct target *t, struct io_uring_poll_watch *w)
{
	COUNT(&told);
	send_message(t, w, SYNC);
}

/* ---- what any thread does ---------------------------------------------- */

/* Whether it is this thread that cancels the watch. */
static bool cancel(struct target *t)
{
	struct io_uring_poll_watch *w;
	int life = LIVES, ret;

	if (!__atomic_compare_exchange_n(&t->life, &life, CANCELLED, false,
					 __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
		return false;
	w = &t->memory[t->current];
	COUNT(&cancels);
	RELEASE(w);
	ret = io_uring_poll_watch_cancel(w);
	if (ret == PW_SYNC)
		owe(t, w);
	else
		T_EQ(ret, 0);
	return true;
}

/* The terminal result was taken: the memory gets its next watch. */
static void begin_again(struct target *t, uint64_t *rng)
{
	struct io_uring_poll_watch *w = &t->memory[t->current];
	unsigned int n = index_of(t), flags = 0, events = POLLIN;
	int fd = t->file.from;

	T_EQ(__atomic_load_n(&t->life, __ATOMIC_RELAXED), CANCELLED);
	while (LOAD(&pinned) == t)
		sched_yield();
	pws_poison(w);
	COUNT(&terminals);
	if (LOAD(&stopping)) {
		STORE(&t->life, OVER);
		return;
	}
	if (!pws_random(rng, 4))
		t_sleep_ms(1);
	else
		sched_yield();

	t->current ^= pws_random(rng, 2);
	w = &t->memory[t->current];
	pws_expect_poison(w);
	/* CQEs of an earlier life have this one's user_data, or a wrong one. */
	if (pws_random(rng, 2))
		t->user_data += WATCHES;
	if (n % 4 == 1) {
		fd = (int)n;
		flags = IO_URING_POLL_WATCH_FIXED_FILE;
	}
	if (n % 7 == 2)
		events |= EPOLLEXCLUSIVE;
	T_EQ(io_uring_poll_watch_init(w, fd, events, t->user_data, flags), 0);
	send_message(t, w, ARM);
}

/* The owner's part. */
static void handle(struct target *t, uint64_t *rng)
{
	struct io_uring_poll_watch *w = &t->memory[t->current];
	__u32 events = 0;
	int ret;

	for (;;) {
		if (!(LOAD(&phase) % 2) && !pws_random(rng, 64) && cancel(t))
			T_EQ(io_uring_poll_watch_cancel(w), -EALREADY);
		t->handled++;
		set_owned(t, 0);
		RELEASE(w);
		ret = io_uring_poll_watch_next(w, &events);
		if (ret != 1)
			break;
		set_owned(t, 1);
		T_NE(events, 0);
		pws_take(&t->file);
		if (!pws_random(rng, 16))
			sched_yield();
	}
	if (ret == PW_SYNC) {
		owe(t, w);
	} else if (ret) {
		T_EQ(ret, -ECANCELED);
		ACQUIRE(w);
		begin_again(t, rng);
	}
}

/* ---- threads that handle ----------------------------------------------- */

/*
 * A queue with one thread at each end. It tells the worker what the loop did,
 * and the loop nothing of what the worker did: that is the watch's part. It
 * needs no more room, as long as no watch has two owners.
 */
static struct worker {
	sem_t ready;
	struct target *queue[WATCHES + 1];
	unsigned int tail, head;
	uint64_t rng;
	pthread_t thread;
} workers[WORKERS];

static void give_work(struct worker *to, struct target *t)
{
	__atomic_store_n(&to->queue[to->tail++ % (WATCHES + 1)], t,
			 __ATOMIC_RELEASE);
	T_SYS(sem_post(&to->ready));
}

static void *work(void *arg)
{
	struct worker *me = arg;
	struct target *t;

	for (;;) {
		while (sem_wait(&me->ready))
			T_EQ(errno, EINTR);
		t = __atomic_load_n(&me->queue[me->head++ % (WATCHES + 1)],
				    __ATOMIC_ACQUIRE);
		if (!t)
			return NULL;
		handle(t, &me->rng);
	}
}

/* ---- threads that write ------------------------------------------------ */

static struct writer {
	/* The last phase that it has seen. */
	unsigned int seen;
	uint64_t rng;
	pthread_t thread;
} writers[WRITERS];

static void *write_all(void *arg)
{
	struct writer *me = arg;
	unsigned int mine = (unsigned int)(me - writers), now, n, i;

	while (!LOAD(&stopping)) {
		now = LOAD(&phase);
		STORE(&me->seen, now);
		if (now % 2) {
			t_sleep_ms(1);
			continue;
		}
		for (i = pws_random(&me->rng, 40); i; i--) {
			n = pws_random(&me->rng, (WATCHES - mine + WRITERS - 1) /
						 WRITERS);
			pws_write(&targets[n * WRITERS + mine].file,
				  1 + pws_random(&me->rng, 50));
		}
		if (!pws_random(&me->rng, 8))
			cancel(&targets[pws_random(&me->rng, WATCHES)]);
		if (pws_random(&me->rng, 4))
			sched_yield();
		else
			t_sleep_ms(1);
	}
	return NULL;
}

#endif /* T_POLL_WATCH_STRESS_THREADS_H */
