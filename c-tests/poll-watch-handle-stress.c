/* Description: io_uring_poll_watch_handle() in a loop of one thread, on a ring
 * with an SQ of 2 entries and a CQ of 4. Most of the time the SQ has no room
 * or an open chain when a poll request, an update or a removal is owed: none is
 * lost, no byte stays unread, and every cancelled watch ends once. */
/* flavours: plain sqpoll defer */
/* link: shared */
/* upstream: differs: liburing has no poll watches */
#include "poll-watch-stress.h"

#include <sched.h>

#define WATCHES 60u
#define NOP (1ULL << 63)
#define STUCK_MS 8000

static struct io_uring ring;
static uint64_t rng;
static unsigned int cancels, terminals, told, refused, ended, nops;
static bool stopping;
/* The last SQE wants another one behind it, as far as this thread knows. */
static bool chain_is_open;

static struct target {
	struct pws_file file;
	struct io_uring_poll_watch watch;
	uint64_t user_data;
	bool armed, cancelled, muted;
	/* Somebody was told to call sync. */
	bool owes;
	/* This thread owns the watch, and has other things to do first. */
	bool owned;
	bool over;
} targets[WATCHES];

static void begin(struct target *t)
{
	unsigned int n = (unsigned int)(t - targets), events = POLLIN;

	pws_expect_poison(&t->watch);
	if (pws_random(&rng, 2))
		t->user_data += WATCHES;
	if (n % 7 == 2)
		events |= EPOLLEXCLUSIVE;
	T_EQ(io_uring_poll_watch_init(&t->watch, n % 4 == 1 ? (int)n
							    : t->file.from,
				      events, t->user_data,
				      n % 4 == 1
					      ? IO_URING_POLL_WATCH_FIXED_FILE
					      : 0), 0);
	t->armed = t->cancelled = t->muted = false;
}

static void cancel(struct target *t)
{
	int ret;

	if (!t->armed || t->cancelled)
		return;
	t->cancelled = true;
	cancels++;
	ret = io_uring_poll_watch_cancel(&t->watch);
	if (ret == PW_SYNC) {
		T_CHECK(!t->owes);
		t->owes = true;
		told++;
	} else {
		T_EQ(ret, 0);
	}
}

/* What handle or next returned, other than 1. */
static void settle(struct target *t, int ret)
{
	if (ret == PW_SYNC) {
		T_CHECK(!t->owes);
		t->owes = true;
		told++;
	} else if (ret) {
		T_EQ(ret, -ECANCELED);
		T_CHECK(t->cancelled);
		T_CHECK(!t->owes);
		terminals++;
		pws_poison(&t->watch);
		t->over = stopping;
		if (!stopping)
			begin(t);
	}
}

/* The owner reads, and gives the watch up. */
static void finish(struct target *t)
{
	__u32 events;
	int ret;

	t->owned = false;
	do {
		pws_take(&t->file);
		ret = io_uring_poll_watch_next(&t->watch, &events);
	} while (ret == 1);
	settle(t, ret);
}

static void take_in(const struct io_uring_cqe *cqe)
{
	struct target *t = &targets[cqe->user_data % WATCHES];
	__u32 events = 0;
	int ret;

	if (cqe->user_data == NOP) {
		T_EQ(cqe->res, 0);
		nops--;
		return;
	}
	T_EQ(cqe->user_data, t->user_data);
	T_CHECK(t->armed);
	ended += cqe->res > 0 && !(cqe->flags & IORING_CQE_F_MORE);
	ret = io_uring_poll_watch_handle(&ring, &t->watch, cqe, &events);
	if (ret == -ENOENT)
		T_FAIL("handle refuses res %d, flags 0x%x", cqe->res,
		       cqe->flags);
	if (ret != 1) {
		settle(t, ret);
		return;
	}
	T_CHECK(!t->owned);
	T_NE(events, 0);
	t->owned = true;
	if (pws_random(&rng, 4))
		finish(t);
}

/* Whether the SQ took it. */
static bool queued(int ret)
{
	if (ret != -EAGAIN && !(ret == -EINVAL && chain_is_open))
		T_EQ(ret, 0);
	refused += ret != 0;
	return !ret;
}

static void disturb(struct target *t)
{
	int ret;

	if (stopping || !pws_random(&rng, 16))
		cancel(t);
	if (!t->armed || t->cancelled || pws_random(&rng, 8))
		return;
	/* Often while an update is in flight. */
	do {
		ret = io_uring_poll_watch_modify(&ring, &t->watch,
						 t->muted ? POLLIN : POLLPRI);
		if (queued(ret))
			t->muted = !t->muted;
	} while (!ret && pws_random(&rng, 2));
}

/* Everything that waits, in an order that begins anywhere. */
static void catch_up(bool draining)
{
	unsigned int n = pws_random(&rng, WATCHES), i;

	for (i = 0; i < WATCHES; i++) {
		struct target *t = &targets[(n + i) % WATCHES];

		if (t->owned && (draining || !pws_random(&rng, 3)))
			finish(t);
		if (!t->armed && !t->over)
			t->armed = queued(io_uring_poll_watch_arm(&ring,
								  &t->watch));
		if (t->owes) {
			bool done = queued(io_uring_poll_watch_sync(
				&ring, &t->watch));

			t->owes = !done;
		}
		if (draining && t->muted && t->armed && !t->cancelled)
			t->muted = !queued(io_uring_poll_watch_modify(
				&ring, &t->watch, POLLIN));
	}
}

/* Takes the room that handle() would need, or opens a chain before it. */
static void be_in_the_way(void)
{
	unsigned int flags = pws_random(&rng, 2) ? IOSQE_IO_LINK : 0;
	struct io_uring_sqe *sqe;

	do {
		sqe = io_uring_get_sqe(&ring);
		if (!sqe)
			return;
		io_uring_prep_nop(sqe);
		io_uring_sqe_set_data64(sqe, NOP);
		io_uring_sqe_set_flags(sqe, flags);
		nops++;
		chain_is_open = flags != 0;
	} while (!flags && pws_random(&rng, 2));
}

static void step(bool draining)
{
	struct io_uring_cqe *cqe;
	unsigned int i;

	if (!draining) {
		for (i = pws_random(&rng, 12); i; i--)
			pws_write(&targets[pws_random(&rng, WATCHES)].file,
				  1 + pws_random(&rng, 50));
	}
	catch_up(draining);
	PWS_SUBMITTED(io_uring_submit_and_get_events(&ring));
	/* What the kernel took together is a chain, and nothing else. */
	if (!io_uring_sq_ready(&ring))
		chain_is_open = false;
	/* Not for long: what found no room waits as well. */
	if (draining && !io_uring_cq_ready(&ring) &&
	    !io_uring_cq_has_overflow(&ring))
		PWS_SUBMITTED(pws_submit_and_wait(&ring));
	if (!draining || stopping)
		disturb(&targets[pws_random(&rng, WATCHES)]);
	if (pws_random(&rng, 2))
		be_in_the_way();
	for (i = 0; i < 20; i++) {
		if (io_uring_peek_cqe(&ring, &cqe) || !cqe)
			break;
		take_in(cqe);
		io_uring_cqe_seen(&ring, cqe);
	}
}

static bool is_done(const struct target *t)
{
	return stopping ? t->over : pws_is_empty(&t->file);
}

static void drain(void)
{
	long long since = t_now_ms();
	unsigned int i, left, before = WATCHES;

	for (;;) {
		for (i = 0, left = 0; i < WATCHES; i++)
			left += !is_done(&targets[i]);
		if (!left)
			return;
		if (left != before)
			since = t_now_ms();
		before = left;
		if (t_now_ms() - since > STUCK_MS)
			break;
		step(true);
	}
	for (i = 0; i < WATCHES; i++) {
		struct target *t = &targets[i];

		if (is_done(t))
			continue;
		printf("%s %u: word 0x%llx, armed %d, cancelled %d, muted %d, "
		       "owes %d, owned %d\n",
		       pws_kind_names[t->file.kind], i, pws_word(&t->watch),
		       t->armed, t->cancelled, t->muted, t->owes, t->owned);
	}
	T_FAIL("nothing happened for %d ms", STUCK_MS);
}

int main(void)
{
	const int seconds = pws_seconds(2);
	unsigned int i, drains = 0;
	struct io_uring_params p;
	int fds[WATCHES];
	long long end;

	pw_needs_multishot();
	rng = pws_seed();
	memset(&p, 0, sizeof(p));
	p.flags = IORING_SETUP_CQSIZE;
	p.cq_entries = pws_cq_entries();
	T_EQ(t_ring_init_params(2, &ring, &p), 0);
	for (i = 0; i < WATCHES; i++) {
		pws_open(&targets[i].file, i);
		fds[i] = targets[i].file.from;
		pws_poison(&targets[i].watch);
		targets[i].user_data = i;
		begin(&targets[i]);
	}
	T_EQ(io_uring_register_files(&ring, fds, WATCHES), 0);

	end = t_now_ms() + 1000LL * seconds;
	do {
		for (i = 0; i < 500; i++)
			step(false);
		drain();
		drains++;
	} while (t_now_ms() < end);
	stopping = true;
	drain();

	for (i = 0; i < WATCHES; i++) {
		T_NE(targets[i].file.taken, 0);
		pws_expect_poison(&targets[i].watch);
		pws_close(&targets[i].file);
	}
	printf("%u drains: %u ended by themselves, %u cancels, %u SYNC, %u "
	       "refused by the SQ\n",
	       drains, ended, cancels, told, refused);
	T_EQ(terminals, cancels);
	T_GE(cancels, WATCHES + 1);
	if (ring.cq.ring_entries == PWS_FULL_CQ)
		T_NE(ended, 0);
	T_NE(told, 0);
	T_NE(refused, 0);
	io_uring_submit(&ring);
	while (nops) {
		T_EQ(t_reap(&ring).user_data, NOP);
		nops--;
	}
	t_no_completion(&ring);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
