/* Description: io_uring_queue_exit() of a ring with slots, with sends that are
 * stuck, sent, flushed or not, and completions that nobody read, frees
 * everything: descriptors, mappings and memory. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no notification slots */
#include "notif.h"

static char large[1 << 20];

static void try(unsigned int what)
{
	int tcp[2], local[2], tight[2];
	struct io_uring ring;
	unsigned int i;

	T_RING(16, &ring, 0);
	t_tcp_pair(tcp);
	t_tcp_pair(tight);
	notif_small_buffers(tight);
	t_socketpair(local);
	notif_register(&ring, 8);
	if (what & 1)
		for (i = 0; i < 4; i++)
			notif_send(&ring, tcp[0], "sent", 4, i,
				   i % 2 ? NOTIF_FLUSH : 0, i);
	if (what & 2)
		for (i = 0; i < 4; i++)
			notif_send(&ring, local[0], "sent", 4, i + 1,
				   i % 2 ? NOTIF_FLUSH : 0, i);
	if (what & 4) {
		notif_send(&ring, tight[0], large, sizeof(large), 6, 0, 10);
		notif_send(&ring, tight[0], large, sizeof(large), 6,
			   NOTIF_FLUSH, 11);
	}
	if (what & 8)
		notif_update(&ring, 0, 0, 8, 12);
	/* Prepared, and perhaps never submitted. */
	if (what & 16)
		t_submit(&ring, io_uring_sq_ready(&ring));
	if (what & 32) {
		struct io_uring_cqe *cqe;

		t_sleep_ms(1);
		T_GE(io_uring_get_events(&ring), 0);
		(void)io_uring_peek_cqe(&ring, &cqe);
	}
	if (what & 64)
		T_EQ(io_uring_unregister_notifications(&ring), 0);
	io_uring_queue_exit(&ring);
	notif_close(tcp);
	notif_close(tight);
	notif_close(local);
}

int main(void)
{
	struct t_usage before;
	unsigned int what;

	try(127);
	before = t_usage();
	for (what = 0; what < 128; what++) {
		try(what);
		T_NOTHING_LEAKED(before);
	}
	return T_EXIT_PASS;
}
