/* Description: random programs of slot sends on several sockets, updates,
 * NOPs, chains and registrations against a model: every request completes once
 * with the result that the model says, every flushed notifier once with its
 * tag and its generation, after the sends that are attached to it, and none
 * before its flush. Read in every way there is, from a CQ that overflows and
 * from one that does not. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no notification slots */
#include "notif.h"

#define SLOTS 4u
#define MAX_REQUESTS 40000u
#define MAX_NOTIFIERS 20000u
#define BATCH 12u

struct notifier {
	uint64_t tag;
	unsigned int generation;
	unsigned int open;      /* attached sends the program has to see */
	bool flushed;
	bool seen;
};

/* What the program waits for; its user_data is its number and FIRST_REQUEST. */
struct request {
	int res;
	bool silent;            /* no completion */
	bool seen;
	struct notifier *notifier;
	/* The notifier whose tag is this user_data. */
	struct notifier *copied;
};

#define FIRST_REQUEST 1000000ULL
#define FIRST_TAG 0x5000000000000000ULL

static struct request requests[MAX_REQUESTS];
static unsigned int nr_requests;
static struct notifier notifiers[MAX_NOTIFIERS];
static unsigned int nr_notifiers;
/* By tag, those that are flushed and not seen. */
static unsigned int due;

static struct {
	uint64_t tag;
	unsigned int generation;
	struct notifier *active;
} model[SLOTS];

static struct io_uring ring;
static int sockets[5][2];
static uint64_t seed, next_tag = FIRST_TAG;

static unsigned int random_below(unsigned int n)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned int)(seed >> 33) % n;
}

/* ---- the model --------------------------------------------------------- */

static struct notifier *attach(unsigned int slot)
{
	struct notifier *it = model[slot].active;

	if (!it) {
		if (nr_notifiers == MAX_NOTIFIERS)
			T_FAIL("too many notifiers");
		it = &notifiers[nr_notifiers++];
		it->tag = model[slot].tag;
		it->generation = model[slot].generation++;
		model[slot].active = it;
	}
	return it;
}

static void flush(unsigned int slot)
{
	struct notifier *it = model[slot].active;

	if (!it)
		return;
	it->flushed = true;
	due++;
	model[slot].active = NULL;
}

static struct request *expect(int res, bool skip)
{
	struct request *it;

	if (nr_requests == MAX_REQUESTS)
		T_FAIL("too many requests");
	it = &requests[nr_requests++];
	it->res = res;
	it->silent = skip && res >= 0;
	if (!it->silent)
		due++;
	return it;
}

/* ---- the program ------------------------------------------------------- */

static void new_slots(void)
{
	struct io_uring_notification_slot slots[SLOTS];
	unsigned int i;

	memset(slots, 0, sizeof(slots));
	for (i = 0; i < SLOTS; i++) {
		slots[i].tag = model[i].tag = next_tag++;
		model[i].generation = 0;
	}
	T_EQ(io_uring_register_notifications(&ring, SLOTS, slots), 0);
}

static void old_slots_away(void)
{
	unsigned int i;

	for (i = 0; i < SLOTS; i++)
		flush(i);
	T_EQ(io_uring_unregister_notifications(&ring), 0);
}

/* In a chain that a request before has broken: `broken`. Returns the result. */
static int queue_send(struct io_uring_sqe *sqe, bool broken, bool skip)
{
	static const char data[512];
	unsigned int slot = random_below(SLOTS), zc_flags = 0, len;
	unsigned int where = random_below(6);
	struct request *it;
	bool nowhere = !random_below(12);
	int res, fd = where < 5 ? sockets[where][0] : -1;

	len = 1 + random_below(sizeof(data) - 1);
	if (random_below(3) == 0)
		zc_flags |= NOTIF_FLUSH;
	if (random_below(3) == 0)
		zc_flags |= NOTIF_COPY_TAG;
	io_uring_prep_sendzc(sqe, fd, data, len, MSG_NOSIGNAL,
			     nowhere ? SLOTS + slot : slot, zc_flags);
	res = fd < 0 ? -EBADF : (int)len;
	if (nowhere)
		res = -EINVAL;
	if (broken)
		res = -ECANCELED;
	it = expect(res, skip);
	if (nowhere)
		return res;
	it->notifier = attach(slot);
	if (!it->silent)
		it->notifier->open++;
	if (res >= 0 && zc_flags & NOTIF_FLUSH) {
		if (zc_flags & NOTIF_COPY_TAG) {
			it->copied = it->notifier;
			it->notifier->tag = 0;
		}
		flush(slot);
	}
	return res;
}

static int queue_update(struct io_uring_sqe *sqe, bool broken, bool skip)
{
	unsigned int i, offset = random_below(SLOTS + 1), nr;
	uint64_t tag = random_below(2) ? next_tag++ : 0;
	int res = 0;

	nr = random_below(SLOTS + 1);
	io_uring_prep_notif_update(sqe, tag, offset, nr);
	if (!nr || offset + nr > SLOTS)
		res = -EINVAL;
	if (broken)
		res = -ECANCELED;
	expect(res, skip);
	for (i = offset; !res && i < offset + nr; i++) {
		if (!model[i].active)
			continue;
		flush(i);
		if (tag)
			model[i].tag = tag;
	}
	return res;
}

/* How a chain goes on after a request with this result. */
static unsigned int queue_one(bool *broken, bool last)
{
	struct io_uring_sqe *sqe = notif_sqe(&ring);
	unsigned int flags = 0, kind = random_below(10);
	uint64_t data = FIRST_REQUEST + nr_requests;
	bool skip;
	int res;

	if (!last && !random_below(3))
		flags = random_below(2) ? IOSQE_IO_LINK : IOSQE_IO_HARDLINK;
	/* A quiet request that fails makes the rest of its chain quiet. */
	skip = kind < 8 && !flags && !*broken && !random_below(4);
	if (kind < 6) {
		res = queue_send(sqe, *broken, skip);
	} else if (kind < 8) {
		res = queue_update(sqe, *broken, skip);
	} else if (kind < 9 || t_before(5, 19)) {
		/* There a descriptor was looked up for a whole chain at once. */
		io_uring_prep_nop(sqe);
		res = *broken ? -ECANCELED : 0;
		expect(res, false);
	} else {
		io_uring_prep_read(sqe, -1, NULL, 0, 0);
		res = *broken ? -ECANCELED : -EBADF;
		expect(res, false);
	}
	io_uring_sqe_set_data64(sqe, data);
	io_uring_sqe_set_flags(sqe, flags | (skip ? IOSQE_CQE_SKIP_SUCCESS
						  : 0));
	/* What is cancelled stays cancelled, a hard link or not. */
	if (res < 0 && flags == IOSQE_IO_LINK)
		*broken = true;
	if (!flags)
		*broken = false;
	return flags;
}

/* ---- what it sees ------------------------------------------------------ */

static void see_notifier(struct notifier *it, const struct io_uring_cqe *cqe)
{
	T_EQ(it->flushed, 1);
	T_EQ(it->seen, 0);
	T_EQ(it->open, 0);
	T_EQ(cqe->res, 0);
	T_EQ(cqe->flags, it->generation);
	it->seen = true;
	due--;
}

static void see_request(struct request *it, const struct io_uring_cqe *cqe)
{
	T_EQ(it->silent, 0);
	T_EQ(it->seen, 0);
	T_EQ(cqe->res, it->res);
	T_EQ(cqe->flags, 0);
	it->seen = true;
	if (it->notifier)
		it->notifier->open--;
	due--;
}

static void see(const struct io_uring_cqe *cqe)
{
	static unsigned int oldest;
	struct notifier *found = NULL;
	unsigned int i;

	if (cqe->user_data - FIRST_REQUEST < nr_requests) {
		struct request *it = &requests[cqe->user_data - FIRST_REQUEST];

		/* The notifier with its user_data comes after it. */
		if (it->copied && (it->silent || it->seen))
			see_notifier(it->copied, cqe);
		else
			see_request(it, cqe);
		return;
	}
	while (oldest < nr_notifiers && notifiers[oldest].seen)
		oldest++;
	for (i = oldest; i < nr_notifiers; i++) {
		struct notifier *it = &notifiers[i];

		if (it->seen || it->tag != cqe->user_data ||
		    it->generation != cqe->flags)
			continue;
		found = it;
		/* An update names the slots of its range alike. */
		if (it->flushed && !it->open)
			break;
	}
	if (!found)
		T_FAIL("user_data 0x%llx, res %d, flags %u: no such notifier",
		       (unsigned long long)cqe->user_data, cqe->res,
		       cqe->flags);
	see_notifier(found, cqe);
}

static void read_some(void)
{
	struct io_uring_cqe *cqe, *batch[5];
	unsigned int i, nr = 0, head;

	switch (random_below(5)) {
	case 0:
		T_EQ(io_uring_wait_cqe(&ring, &cqe), 0);
		see(cqe);
		io_uring_cqe_seen(&ring, cqe);
		break;
	case 1:
		if (io_uring_peek_cqe(&ring, &cqe))
			break;
		see(cqe);
		io_uring_cqe_seen(&ring, cqe);
		break;
	case 2:
		nr = io_uring_peek_batch_cqe(&ring, batch, 5);
		for (i = 0; i < nr; i++)
			see(batch[i]);
		io_uring_cq_advance(&ring, nr);
		break;
	case 3:
		io_uring_for_each_cqe(&ring, head, cqe) {
			see(cqe);
			nr++;
		}
		io_uring_cq_advance(&ring, nr);
		break;
	default:
		nr = 1 + random_below(due);
		if (nr > ring.cq.ring_entries / 2)
			nr = ring.cq.ring_entries / 2;
		T_EQ(io_uring_wait_cqe_nr(&ring, &cqe, nr), 0);
		T_GE(io_uring_cq_ready(&ring), nr);
	}
}

static void submit(void)
{
	int ret = -EBUSY;

	/* Kernels before 5.19 want an overflow to be seen to first. */
	while (ret == -EBUSY) {
		ret = io_uring_submit(&ring);
		if (ret == -EBUSY)
			read_some();
	}
	T_GE(ret, 0);
}

static void empty_sockets(void)
{
	char bytes[4096];
	unsigned int i;

	for (i = 0; i < 5; i++)
		while (recv(sockets[i][1], bytes, sizeof(bytes),
			    MSG_DONTWAIT) > 0)
			;
}

static void run(unsigned int cq_entries, unsigned int batches)
{
	struct io_uring_params p;
	unsigned int n, i;

	memset(&p, 0, sizeof(p));
	p.flags = IORING_SETUP_CQSIZE;
	p.cq_entries = cq_entries;
	T_EQ(t_ring_init_params(16, &ring, &p), 0);
	new_slots();
	for (n = 0; n < batches; n++) {
		unsigned int nr = 1 + random_below(BATCH);
		bool broken = false;

		for (i = 0; i < nr; i++)
			queue_one(&broken, i == nr - 1);
		submit();
		if (!random_below(40)) {
			old_slots_away();
			new_slots();
		}
		while (due > cq_entries / 2 || (due && random_below(3)))
			read_some();
		/* Sends must not block: the model knows no order of those. */
		empty_sockets();
	}
	old_slots_away();
	while (due)
		read_some();
	NOTIF_QUIET(&ring);
	for (i = 0; i < nr_notifiers; i++)
		T_EQ(notifiers[i].seen, 1);
	for (i = 0; i < nr_requests; i++)
		T_EQ(requests[i].seen, !requests[i].silent);
	io_uring_queue_exit(&ring);
}

static void open_sockets(void)
{
	struct sockaddr_in to;
	unsigned int i;

	for (i = 0; i < 2; i++)
		t_tcp_pair(sockets[i]);
	t_socketpair(sockets[2]);
	T_SYS(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
			 sockets[3]));
	sockets[4][1] = t_udp(&to);
	sockets[4][0] = (int)T_SYS(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC,
					  0));
	T_SYS(connect(sockets[4][0], (struct sockaddr *)&to, sizeof(to)));
}

int main(void)
{
	const char *given = getenv("T_SEED");

	seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);
	printf("T_SEED=%llu\n", (unsigned long long)seed);
	T_RING(8, &ring, 0);
	io_uring_queue_exit(&ring);
	notif_needs_messages();
	open_sockets();
	run(256, 400);
	run(16, 400);
	run(64, 400);
	return T_EXIT_PASS;
}
