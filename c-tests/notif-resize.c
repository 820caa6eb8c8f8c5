/* Description: io_uring_resize_rings() takes over completions that were not
 * consumed, shown or not, and slots with sends in flight: everything arrives
 * exactly once. */
/* flavours: defer */
/* upstream: differs: liburing has no notification slots */
#include "notif.h"

#define SENDS 8u

static struct io_uring ring;
static struct notif_box box;
static char block[65536];

static int resize(unsigned int sq, unsigned int cq)
{
	struct io_uring_params p;

	memset(&p, 0, sizeof(p));
	p.sq_entries = sq;
	p.cq_entries = cq;
	p.flags = IORING_SETUP_CQSIZE;
	return io_uring_resize_rings(&ring, &p);
}

int main(void)
{
	static const unsigned int sizes[][2] = {
		{ 64, 256 }, { 16, 64 }, { 32, 512 }, { 16, 64 },
	};
	struct t_usage before = t_usage();
	unsigned int round, i, look;
	int sv[2], stuck[2];
	size_t filled;

	T_RING(16, &ring, 0);
	T_EQ_SINCE(6, 13, "IORING_REGISTER_RESIZE_RINGS", resize(16, 32), 0,
		   -EINVAL);
	t_tcp_pair(sv);
	t_tcp_pair(stuck);
	notif_small_buffers(stuck);
	notif_register(&ring, 2);

	for (round = 0; round < 8; round++) {
		struct io_uring_cqe *cqe;

		for (i = 0; i < SENDS; i++)
			notif_send(&ring, sv[0], "move", 4, 0,
				   i == SENDS - 1 ? NOTIF_FLUSH : 0, i);
		/* One that is in flight meanwhile. */
		filled = notif_fill(stuck[0]);
		notif_send(&ring, stuck[0], block, 4096, 1, NOTIF_FLUSH, 20);
		t_submit(&ring, SENDS + 1);
		t_sleep_ms(1);
		T_GE(io_uring_get_events(&ring), 0);
		/* None shown, one, all. */
		for (look = 0; look < round % 3; look++)
			T_EQ(io_uring_peek_cqe(&ring, &cqe), 0);
		if (round % 3 == 2)
			T_GE(io_uring_cq_ready(&ring), SENDS);

		T_EQ(resize(sizes[round % 4][0], sizes[round % 4][1]), 0);
		notif_collect(&ring, &box, SENDS + 1);
		for (i = 0; i < SENDS; i++)
			NOTIF_TAKE(&box, i, 4, 0);
		NOTIF_TAKE(&box, NOTIF_TAG(0), 0, round);
		NOTIF_EMPTY(&box);
		T_EQ(resize(sizes[(round + 1) % 4][0],
			    sizes[(round + 1) % 4][1]), 0);
		notif_discard(stuck[1], filled);
		NOTIF_NEXT(&ring, 20, 4096, 0);
		notif_discard(stuck[1], 4096);
		NOTIF_NEXT(&ring, NOTIF_TAG(1), 0, round);
		NOTIF_QUIET(&ring);
		notif_discard(sv[1], SENDS * 4);
	}
	io_uring_queue_exit(&ring);
	notif_close(sv);
	notif_close(stuck);
	T_NOTHING_LEAKED(before);
	return T_EXIT_PASS;
}
