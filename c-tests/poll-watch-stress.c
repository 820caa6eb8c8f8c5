/* Description: 200 poll watches on a ring whose CQ has 4 entries, so that it
 * overflows all the time: one thread submits and reaps, four handle what
 * happened, three write, and anybody cancels. No byte stays unread, no two
 * threads handle one file, every cancelled watch ends once, and what its memory
 * becomes next is not touched. */
/* flavours: plain sqpoll defer */
/* link: shared */
/* thread-sanitizer: on */
/* valgrind: off: it stops all threads while one is in io_uring_enter(2) */
/* upstream: differs: liburing has no poll watches */
#include "poll-watch-stress-threads.h"

#define SQ_ENTRIES 4u
#define WAKE (1ULL << 63)
/* Writing and draining take turns. */
#define WRITING_MS 400
#define STUCK_MS 8000

/* ---- the thread that submits and reaps --------------------------------- */

static struct io_uring ring;
static uint64_t rng;
/* What the kernel knows of a target. */
static struct armed {
	struct io_uring_poll_watch *watch;
	uint64_t user_data;
	/* Its watch waits for what does not come. */
	bool muted;
} armed[WATCHES];
static struct message taken[INBOX];
static unsigned int taken_nr;
static bool wake_queued;
static uint64_t wakes;
static unsigned long long events, ended, controls, full;

static void take_in(const struct io_uring_cqe *cqe)
{
	unsigned int n = (unsigned int)(cqe->user_data % WATCHES);
	struct target *t = &targets[n];
	struct io_uring_poll_watch *w = armed[n].watch;
	int ret;

	if (cqe->user_data == WAKE) {
		T_EQ(cqe->res, sizeof(wakes));
		wake_queued = false;
		return;
	}
	if (!w || cqe->user_data != armed[n].user_data)
		T_FAIL("a CQE of an earlier life: user_data %llu, res %d",
		       (unsigned long long)cqe->user_data, cqe->res);
	if (cqe->res > 0) {
		events++;
		ended += !(cqe->flags & IORING_CQE_F_MORE);
	} else {
		controls++;
	}
	ret = io_uring_poll_watch_post(w, cqe);
	if (ret < 0)
		T_FAIL("post of res %d, flags 0x%x: %d", cqe->res, cqe->flags,
		       ret);
	T_LE(ret, PW_OWNED | PW_SYNC);
	if (ret & PW_SYNC)
		owe(t, w);
	if (!(ret & PW_OWNED))
		return;
	ACQUIRE(w);
	set_owned(t, 1);
	if (pws_random(&rng, 16))
		give_work(&workers[pws_random(&rng, WORKERS)], t);
	else
		handle(t, &rng);
}

static void reap(void)
{
	struct io_uring_cqe *cqe;
	unsigned int head, n = 0;

	if (pws_random(&rng, 2)) {
		io_uring_for_each_cqe(&ring, head, cqe) {
			take_in(cqe);
			n++;
		}
		io_uring_cq_advance(&ring, n);
		return;
	}
	while (!io_uring_peek_cqe(&ring, &cqe) && cqe) {
		take_in(cqe);
		io_uring_cqe_seen(&ring, cqe);
		/* What is left keeps the CQ full for a while. */
		if (n++ == 2 * PWS_FULL_CQ)
			break;
	}
}

static void read_inbox(void)
{
	pthread_mutex_lock(&inbox_lock);
	T_LE(taken_nr + inbox_nr, INBOX);
	memcpy(taken + taken_nr, inbox, inbox_nr * sizeof(*inbox));
	taken_nr += inbox_nr;
	inbox_nr = 0;
	pthread_mutex_unlock(&inbox_lock);
}

/* Whether there was room in the SQ. */
static bool carry_out(const struct message *m)
{
	struct target *t = m->target;
	struct armed *a = &armed[index_of(t)];
	int ret;

	if (m->order == ARM) {
		ret = io_uring_poll_watch_arm(&ring, m->watch);
		if (!ret) {
			a->watch = m->watch;
			a->user_data = t->user_data;
			a->muted = false;
			STORE(&t->life, LIVES);
		}
	} else {
		ret = io_uring_poll_watch_sync(&ring, m->watch);
	}
	if (ret == -EAGAIN) {
		full++;
		return false;
	}
	T_EQ(ret, 0);
	return true;
}

/* In any order, as far as the SQ has room. */
static void queue_what_is_owed(void)
{
	while (taken_nr) {
		unsigned int i = pws_random(&rng, taken_nr);
		struct message m = taken[i];

		if (!carry_out(&m))
			return;
		taken[i] = taken[--taken_nr];
	}
}

/*
 * A watch that others may cancel meanwhile, and end: its memory is not used
 * again before this is over.
 */
static void modify(struct target *t, bool mute)
{
	struct armed *a = &armed[index_of(t)];
	unsigned int mask = POLLIN;
	int ret;

	if (mute)
		mask = POLLPRI;
	else if (pws_random(&rng, 2))
		mask |= POLLRDHUP;
	STORE(&pinned, t);
	if (LOAD(&t->life) == LIVES) {
		ret = io_uring_poll_watch_modify(&ring, a->watch, mask);
		if (!ret) {
			a->muted = mute;
		} else if (ret == -EAGAIN) {
			full++;
		} else {
			/* Cancelled meanwhile, and perhaps over. */
			T_CHECK(ret == -ECANCELED || ret == -EINVAL);
			T_NE(LOAD(&t->life), LIVES);
		}
	}
	STORE(&pinned, NULL);
}

static void disturb(bool draining)
{
	unsigned int n = pws_random(&rng, WATCHES), i;

	if (LOAD(&stopping)) {
		for (i = 0; i < WATCHES; i++)
			cancel(&targets[i]);
		return;
	}
	if (draining) {
		for (i = 0; i < WATCHES; i++)
			if (armed[i].muted)
				modify(&targets[i], false);
		return;
	}
	if (!pws_random(&rng, 8))
		cancel(&targets[n]);
	if (pws_random(&rng, 4))
		return;
	/* Often while an update is in flight. */
	n = pws_random(&rng, WATCHES);
	do {
		modify(&targets[n], !armed[n].muted && !pws_random(&rng, 2));
	} while (pws_random(&rng, 2));
}

static void step(bool draining)
{
	struct io_uring_sqe *sqe;

	reap();
	read_inbox();
	if (!wake_queued && (sqe = io_uring_get_sqe(&ring)) != NULL) {
		io_uring_prep_read(sqe, wake_fd, &wakes, sizeof(wakes), 0);
		io_uring_sqe_set_data64(sqe, WAKE);
		wake_queued = true;
	}
	queue_what_is_owed();
	disturb(draining);
	if (!taken_nr && wake_queued) {
		PWS_SUBMITTED(pws_submit_and_wait(&ring));
		return;
	}
	PWS_SUBMITTED(io_uring_submit_and_get_events(&ring));
	/* The SQPOLL thread makes room, in its time. */
	if (ring.flags & IORING_SETUP_SQPOLL)
		sched_yield();
}

/* ---- the course of it -------------------------------------------------- */

/* What has happened so far, in one number. */
static uint64_t progress(void)
{
	uint64_t sum = LOAD(&terminals);
	unsigned int i;

	for (i = 0; i < WATCHES; i++)
		sum += __atomic_load_n(&targets[i].file.shown,
				       __ATOMIC_RELAXED);
	return sum;
}

static bool all_are_over(void)
{
	unsigned int i;

	for (i = 0; i < WATCHES; i++)
		if (LOAD(&targets[i].life) != OVER)
			return false;
	return true;
}

static bool all_is_read(void)
{
	unsigned int i;

	for (i = 0; i < WRITERS; i++)
		if (LOAD(&writers[i].seen) != LOAD(&phase))
			return false;
	for (i = 0; i < WATCHES; i++)
		if (!pws_is_empty(&targets[i].file))
			return false;
	return true;
}

static void __attribute__((noreturn)) report_stuck(const char *what)
{
	static const char *const lives[] = { "over", "lives", "cancelled" };
	unsigned int i;

	for (i = 0; i < WATCHES; i++) {
		struct target *t = &targets[i];

		if (LOAD(&stopping) ? LOAD(&t->life) == OVER
				    : pws_is_empty(&t->file))
			continue;
		printf("%s %u: word 0x%llx, %s, owned %u, muted %d, %llu of "
		       "%llu read\n",
		       pws_kind_names[t->file.kind], i,
		       armed[i].watch ? pws_word(armed[i].watch) : 0,
		       lives[LOAD(&t->life)], LOAD(&t->owned), armed[i].muted,
		       (unsigned long long)LOAD(&t->file.shown),
		       (unsigned long long)LOAD(&t->file.written));
	}
	T_FAIL("%s: nothing happened for %d ms; cancels %u, terminal results "
	       "%u, to do %u, read for waking %d",
	       what, STUCK_MS, LOAD(&cancels), LOAD(&terminals), taken_nr,
	       wake_queued);
}

static void until(bool (*done)(void), const char *what)
{
	uint64_t before = progress(), now;
	long long since = t_now_ms();

	while (!done()) {
		step(true);
		now = progress();
		if (now != before)
			since = t_now_ms();
		else if (t_now_ms() - since > STUCK_MS)
			report_stuck(what);
		before = now;
	}
}

static void start(void)
{
	struct io_uring_params p;
	int fds[WATCHES];
	unsigned int i;

	memset(&p, 0, sizeof(p));
	p.flags = IORING_SETUP_CQSIZE;
	p.cq_entries = pws_cq_entries();
	T_EQ(t_ring_init_params(SQ_ENTRIES, &ring, &p), 0);
	wake_fd = (int)T_SYS(eventfd(0, EFD_CLOEXEC));
	for (i = 0; i < WATCHES; i++) {
		struct target *t = &targets[i];

		pws_open(&t->file, i);
		fds[i] = t->file.from;
		pws_poison(&t->memory[0]);
		pws_poison(&t->memory[1]);
		t->user_data = i;
		t->life = CANCELLED;
	}
	T_EQ(io_uring_register_files(&ring, fds, WATCHES), 0);
	/* The first lives begin as the others do. */
	for (i = 0; i < WATCHES; i++)
		begin_again(&targets[i], &rng);
	terminals = 0;
	for (i = 0; i < WORKERS; i++) {
		workers[i].rng = seed + 2 + i;
		T_SYS(sem_init(&workers[i].ready, 0, 0));
		T_EQ(pthread_create(&workers[i].thread, NULL, work,
				    &workers[i]), 0);
	}
	for (i = 0; i < WRITERS; i++) {
		writers[i].rng = seed + 100 + i;
		T_EQ(pthread_create(&writers[i].thread, NULL, write_all,
				    &writers[i]), 0);
	}
}

static void stop(void)
{
	unsigned int i;

	STORE(&stopping, true);
	for (i = 0; i < WRITERS; i++)
		T_EQ(pthread_join(writers[i].thread, NULL), 0);
	until(all_are_over, "cancelling all");
	for (i = 0; i < WORKERS; i++) {
		give_work(&workers[i], NULL);
		T_EQ(pthread_join(workers[i].thread, NULL), 0);
	}
}

int main(void)
{
	const int seconds = pws_seconds(t_flavour() == T_PLAIN ? 12 : 4);
	unsigned long long sum = 0, handled = 0;
	long long end, turn;
	unsigned int i;

	pw_needs_multishot();
	seed = pws_seed();
	rng = seed + 1;
	start();
	end = t_now_ms() + 1000LL * seconds;
	do {
		turn = t_now_ms() + WRITING_MS;
		while (t_now_ms() < turn)
			step(false);
		STORE(&phase, phase + 1);
		until(all_is_read, "draining");
		if (t_now_ms() < end)
			STORE(&phase, phase + 1);
	} while (!(phase % 2));
	stop();

	for (i = 0; i < WATCHES; i++) {
		struct target *t = &targets[i];

		T_EQ(t->file.taken, t->file.written);
		T_EQ(t->owned, 0);
		T_NE(t->file.taken, 0);
		pws_expect_poison(&t->memory[0]);
		pws_expect_poison(&t->memory[1]);
		sum += t->file.taken;
		handled += t->handled;
	}
	printf("%d s, %u drains: %llu bytes, %llu events, %llu ended without "
	       "being cancelled, %u cancels, %u SYNC, %llu other results, SQ "
	       "full %llu times, next %llu times\n",
	       seconds, (phase + 1) / 2, sum, events, ended, cancels, told,
	       controls, full, handled);
	T_EQ(terminals, cancels);
	T_GE(cancels, WATCHES + 1);
	if (ring.cq.ring_entries == PWS_FULL_CQ)
		T_NE(ended, 0);
	T_NE(full, 0);
	/* No CQE is left over. */
	while (wake_queued) {
		T_EQ(write(wake_fd, &(uint64_t){ 1 }, sizeof(uint64_t)),
		     sizeof(uint64_t));
		T_EQ(t_reap(&ring).user_data, WAKE);
		wake_queued = false;
	}
	t_no_completion(&ring);
	io_uring_queue_exit(&ring);
	for (i = 0; i < WATCHES; i++)
		pws_close(&targets[i].file);
	return T_EXIT_PASS;
}
