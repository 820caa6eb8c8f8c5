/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A program that looks for completions only when a descriptor says that there
 * are some, and what it has to see so: every notifier, also one for which the
 * kernel has no completion left. The test says what it waits on.
 */
#ifndef T_NOTIF_WAKE_H
#define T_NOTIF_WAKE_H

#include "notif.h"

static struct io_uring ring;
static struct notif_box box;

/* Returns when there is something to look at. */
static void wait_for_descriptor(void);

/* Everything that is ready goes into the box. */
static void drain(void)
{
	struct io_uring_cqe *cqe;

	/* Deferred work is done on request only. */
	T_GE(io_uring_get_events(&ring), 0);
	while (!io_uring_peek_cqe(&ring, &cqe)) {
		struct t_result r = { cqe->user_data, cqe->res, cqe->flags };

		box.r[box.nr++] = r;
		io_uring_cqe_seen(&ring, cqe);
	}
}

static void loop(unsigned int nr)
{
	memset(&box, 0, sizeof(box));
	while (box.nr < nr) {
		wait_for_descriptor();
		drain();
	}
	T_EQ(box.nr, nr);
}

static void on(int fd, int peer, unsigned int generation)
{
	notif_send(&ring, fd, "event", 5, 0, 0, 1);
	t_submit(&ring, 1);
	loop(1);
	NOTIF_TAKE(&box, 1, 5, 0);
	/* The peer has it: the buffer has been free for some time. */
	t_expect(peer, "event", 5);
	t_sleep_ms(5);
	notif_update(&ring, 0, 0, 1, 2);
	t_submit(&ring, 1);
	loop(2);
	NOTIF_TAKE(&box, 2, 0, 0);
	NOTIF_TAKE(&box, NOTIF_TAG(0), 0, generation);

	notif_send(&ring, fd, "event", 5, 0, 0, 3);
	t_submit(&ring, 1);
	loop(1);
	t_expect(peer, "event", 5);
	t_sleep_ms(5);
	io_uring_sqe_set_flags(notif_update(&ring, 0, 0, 1, 4),
			       IOSQE_CQE_SKIP_SUCCESS);
	t_submit(&ring, 1);
	loop(1);
	NOTIF_TAKE(&box, NOTIF_TAG(0), 0, generation + 1);

	io_uring_sqe_set_flags(notif_send(&ring, fd, "event", 5, 0,
					  NOTIF_FLUSH, 5),
			       IOSQE_CQE_SKIP_SUCCESS);
	t_submit(&ring, 1);
	loop(1);
	NOTIF_TAKE(&box, NOTIF_TAG(0), 0, generation + 2);
	t_expect(peer, "event", 5);
}

static void unregister(int fd, int peer, unsigned int generation)
{
	notif_send(&ring, fd, "event", 5, 0, 0, 6);
	t_submit(&ring, 1);
	loop(1);
	t_expect(peer, "event", 5);
	t_sleep_ms(5);
	T_EQ(io_uring_unregister_notifications(&ring), 0);
	loop(1);
	NOTIF_TAKE(&box, NOTIF_TAG(0), 0, generation);
	NOTIF_QUIET(&ring);
}

/* On a ring that has been made, and that ends here. */
static void every_notifier_wakes(void)
{
	int tcp[2], local[2];

	t_tcp_pair(tcp);
	t_socketpair(local);
	notif_register(&ring, 1);
	on(tcp[0], tcp[1], 0);
	on(local[0], local[1], 3);
	unregister(tcp[0], tcp[1], 6);
	notif_register(&ring, 1);
	unregister(local[0], local[1], 0);
	io_uring_queue_exit(&ring);
	notif_close(tcp);
	notif_close(local);
}

#endif /* T_NOTIF_WAKE_H */
