/* Description: a completion that was shown to the program neither moves nor
 * changes until the head passes it, while others arrive, are hidden or are
 * posted behind it; cq_advance() by a part leaves the rest in place. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no notification slots */
#include "notif.h"

#define SHOWN 256u

static struct io_uring ring;
static int sv[2], local[2];

static struct io_uring_cqe *shown[SHOWN];
static struct io_uring_cqe copies[SHOWN];
static unsigned int nr_shown;

/* What was shown before comes first, in the same places. */
static void look(void)
{
	struct io_uring_cqe *batch[SHOWN], *cqe;
	unsigned int i, nr, head, n = 0;

	nr = io_uring_peek_batch_cqe(&ring, batch, SHOWN);
	T_GE(nr, nr_shown);
	T_GE(io_uring_cq_ready(&ring), nr);
	for (i = 0; i < nr_shown; i++) {
		T_PTR_EQ(batch[i], shown[i]);
		T_MEM_EQ(shown[i], &copies[i], sizeof(copies[i]));
	}
	io_uring_for_each_cqe(&ring, head, cqe) {
		if (n == nr)
			break;
		T_PTR_EQ(cqe, batch[n]);
		n++;
	}
	T_EQ(n, nr);
	for (; nr_shown < nr; nr_shown++) {
		shown[nr_shown] = batch[nr_shown];
		copies[nr_shown] = *batch[nr_shown];
	}
	if (nr) {
		T_EQ(io_uring_peek_cqe(&ring, &cqe), 0);
		T_PTR_EQ(cqe, shown[0]);
	}
}

static void pass(unsigned int nr)
{
	T_LE(nr, nr_shown);
	io_uring_cq_advance(&ring, nr);
	nr_shown -= nr;
	memmove(shown, shown + nr, nr_shown * sizeof(shown[0]));
	memmove(copies, copies + nr, nr_shown * sizeof(copies[0]));
}

int main(void)
{
	unsigned int round, i, nr = 0;
	struct io_uring_params p;

	memset(&p, 0, sizeof(p));
	p.flags = IORING_SETUP_CQSIZE;
	p.cq_entries = 128;
	T_EQ(t_ring_init_params(16, &ring, &p), 0);
	t_tcp_pair(sv);
	t_socketpair(local);
	notif_register(&ring, 2);

	for (round = 0; round < 60; round++) {
		int *on = round % 3 ? sv : local;

		for (i = 0; i < 3; i++)
			notif_send(&ring, on[0], "stay", 4, 0, 0, 1);
		if (round % 4 == 3) {
			notif_update(&ring, 0, 0, 2, 2);
			nr++;
		} else {
			notif_nop(&ring, 3);
		}
		nr += 4;
		t_submit(&ring, 4);
		/* What is now shown shares the ring with what comes. */
		for (i = 0; i < 3; i++) {
			T_GE(io_uring_get_events(&ring), 0);
			look();
			t_sleep_ms(i);
		}
		notif_discard(on[1], 12);
		/* Behind what stays, the kernel's own entries take room. */
		if (nr_shown > 16) {
			i = nr_shown - 1 - round % 4;
			nr -= i;
			pass(i);
			look();
		}
	}
	notif_update(&ring, 0, 0, 2, 2);
	t_submit(&ring, 1);
	/* Round 59 flushed everything. */
	nr += 1;
	while (nr_shown < nr) {
		T_GE(io_uring_get_events(&ring), 0);
		look();
	}
	pass(nr);
	NOTIF_QUIET(&ring);
	io_uring_queue_exit(&ring);
	notif_close(sv);
	notif_close(local);
	return T_EXIT_PASS;
}
