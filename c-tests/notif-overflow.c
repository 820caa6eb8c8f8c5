/* Description: when the CQ overflows in the middle of a batch, nothing of slot
 * sends is lost or seen twice, and what was shown stays; a wait for more than
 * the CQ holds returns with what it holds. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no notification slots */
#include "notif.h"

#define SENDS 24u

static struct io_uring ring;
static unsigned int sends_seen, updates_seen, nops_seen, notifiers_seen;
static unsigned char seen_generation[SENDS];

static void count(const struct io_uring_cqe *cqe)
{
	switch (cqe->user_data) {
	case 1:
		T_EQ(cqe->res, 4);
		T_EQ(cqe->flags, 0);
		sends_seen++;
		break;
	case 2:
		T_EQ(cqe->res, 0);
		T_EQ(cqe->flags, 0);
		updates_seen++;
		break;
	case 3:
		T_EQ(cqe->res, 0);
		nops_seen++;
		break;
	default:
		T_EQ(cqe->user_data, NOTIF_TAG(0));
		T_EQ(cqe->res, 0);
		T_LE(cqe->flags, SENDS - 1);
		T_EQ(seen_generation[cqe->flags], 0);
		seen_generation[cqe->flags] = 1;
		notifiers_seen++;
	}
}

/* Makes room for a submission that is refused while the CQ is full. */
static void submit(void)
{
	int ret;

	while ((ret = io_uring_submit(&ring)) == -EBUSY) {
		struct io_uring_cqe *cqe;

		T_EQ(io_uring_wait_cqe(&ring, &cqe), 0);
		count(cqe);
		io_uring_cqe_seen(&ring, cqe);
	}
	T_GE(ret, 0);
}

static unsigned int seen(void)
{
	return sends_seen + updates_seen + nops_seen + notifiers_seen;
}

static void by_wait(void)
{
	struct io_uring_cqe *cqe;

	T_EQ(io_uring_wait_cqe(&ring, &cqe), 0);
	count(cqe);
	io_uring_cqe_seen(&ring, cqe);
}

static void by_batch(void)
{
	struct io_uring_cqe *batch[3];
	unsigned int i, nr;

	T_GE(io_uring_get_events(&ring), 0);
	nr = io_uring_peek_batch_cqe(&ring, batch, 3);
	for (i = 0; i < nr; i++)
		count(batch[i]);
	io_uring_cq_advance(&ring, nr);
}

static void by_iterator(void)
{
	struct io_uring_cqe *cqe;
	unsigned int head, nr = 0;

	T_GE(io_uring_get_events(&ring), 0);
	io_uring_for_each_cqe(&ring, head, cqe) {
		count(cqe);
		nr++;
	}
	io_uring_cq_advance(&ring, nr);
}

static void try(unsigned int cq_entries, int fd, void (*consume)(void))
{
	/* Every fourth send and every update has something to flush. */
	const unsigned int all = 3 * SENDS + SENDS / 4 + SENDS / 3;
	struct io_uring_cqe *cqe, *first = NULL, copy;
	struct io_uring_params p;
	unsigned int i;

	memset(&p, 0, sizeof(p));
	memset(&copy, 0, sizeof(copy));
	p.flags = IORING_SETUP_CQSIZE;
	p.cq_entries = cq_entries;
	T_EQ(t_ring_init_params(4, &ring, &p), 0);
	T_NE(ring.features & IORING_FEAT_NODROP, 0);
	notif_register(&ring, 1);
	sends_seen = updates_seen = nops_seen = notifiers_seen = 0;
	memset(seen_generation, 0, sizeof(seen_generation));

	/* Without consuming anything, if the kernel lets us. */
	for (i = 0; i < SENDS; i++) {
		notif_send(&ring, fd, "full", 4, 0,
			   i % 4 == 3 ? NOTIF_FLUSH : 0, 1);
		notif_send(&ring, fd, "full", 4, 0, 0, 1);
		if (i % 3 == 2)
			notif_update(&ring, 0, 0, 1, 2);
		else
			notif_nop(&ring, 3);
		submit();
		if (!first && !io_uring_peek_cqe(&ring, &first))
			copy = *first;
		else if (first && !seen())
			T_MEM_EQ(first, &copy, sizeof(copy));
	}

	/* More than there is room for. */
	if (!seen()) {
		T_EQ(io_uring_wait_cqe_nr(&ring, &cqe, all), 0);
		T_PTR_EQ(cqe, first);
		T_MEM_EQ(first, &copy, sizeof(copy));
		T_LE(io_uring_cq_ready(&ring), cq_entries);
	}

	while (seen() < all)
		consume();
	NOTIF_QUIET(&ring);
	T_EQ(sends_seen, 2 * SENDS);
	T_EQ(updates_seen, SENDS / 3);
	T_EQ(nops_seen, SENDS - SENDS / 3);
	for (i = 0; i < notifiers_seen; i++)
		T_EQ(seen_generation[i], 1);
	io_uring_queue_exit(&ring);
}

int main(void)
{
	static void (*const ways[])(void) = { by_wait, by_batch, by_iterator };
	struct t_usage before;
	int tcp[2], local[2];
	unsigned int i, size;

	t_tcp_pair(tcp);
	t_socketpair(local);
	before = t_usage();
	for (size = 4; size <= 16; size *= 2) {
		for (i = 0; i < 3; i++) {
			try(size, tcp[0], ways[i]);
			notif_discard(tcp[1], 8 * SENDS);
			try(size, local[0], ways[i]);
			notif_discard(local[1], 8 * SENDS);
		}
	}
	T_NOTHING_LEAKED(before);
	notif_close(tcp);
	notif_close(local);
	return T_EXIT_PASS;
}
