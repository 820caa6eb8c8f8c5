/* Description: slot sends and updates are links like any other request: the
 * data that a link before them brings is sent, a failed one breaks the chain
 * and flushes nothing, what was cancelled with a chain flushes nothing, hard
 * links hold, and a linked timeout ends a send that is stuck. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no notification slots */
#include "notif.h"

static struct io_uring ring;
static struct notif_box box;
static int sv[2];

static struct io_uring_sqe *linked(struct io_uring_sqe *sqe)
{
	io_uring_sqe_set_flags(sqe, IOSQE_IO_LINK);
	return sqe;
}

static struct io_uring_sqe *hard(struct io_uring_sqe *sqe)
{
	io_uring_sqe_set_flags(sqe, IOSQE_IO_HARDLINK);
	return sqe;
}

static void whole_chain(void)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		linked(notif_send(&ring, sv[0], &"abcd"[i], 1, 0, 0, i));
	linked(notif_nop(&ring, 4));
	linked(notif_send(&ring, sv[0], "e", 1, 0, NOTIF_FLUSH, 5));
	linked(notif_send(&ring, sv[0], "f", 1, 0, 0, 6));
	notif_update(&ring, 0, 0, 1, 7);
	t_submit(&ring, 8);
	NOTIF_COLLECT_ALL(&ring, &box, 10);
	for (i = 0; i < 8; i++)
		NOTIF_TAKE(&box, i, i == 4 || i == 7 ? 0 : 1, 0);
	NOTIF_TAKE(&box, NOTIF_TAG(0), 0, 0);
	NOTIF_TAKE(&box, NOTIF_TAG(0), 0, 1);
	NOTIF_EMPTY(&box);
	t_expect(sv[1], "abcdef", 6);
}

static void broken_chain(void)
{
	linked(notif_send(&ring, sv[0], "a", 1, 0, 0, 1));
	linked(notif_send(&ring, -1, "b", 1, 0, NOTIF_FLUSH, 2));
	linked(notif_send(&ring, sv[0], "c", 1, 0, NOTIF_FLUSH, 3));
	linked(notif_update(&ring, 99, 0, 1, 4));
	linked(notif_nop(&ring, 5));
	notif_send(&ring, sv[0], "d", 1, 0, NOTIF_FLUSH, 6);
	/* Behind the chain, and behind the flushes that are none. */
	notif_send(&ring, sv[0], "e", 1, 0, 0, 7);
	t_submit(&ring, 7);
	NOTIF_COLLECT_ALL(&ring, &box, 7);
	NOTIF_TAKE(&box, 1, 1, 0);
	NOTIF_TAKE(&box, 2, -EBADF, 0);
	NOTIF_TAKE(&box, 3, -ECANCELED, 0);
	NOTIF_TAKE(&box, 4, -ECANCELED, 0);
	NOTIF_TAKE(&box, 5, -ECANCELED, 0);
	NOTIF_TAKE(&box, 6, -ECANCELED, 0);
	NOTIF_TAKE(&box, 7, 1, 0);
	/* One notifier for them all, the cancelled ones included. */
	notif_update(&ring, 0, 0, 1, 8);
	t_submit(&ring, 1);
	NOTIF_COLLECT_ALL(&ring, &box, 2);
	NOTIF_TAKE(&box, 8, 0, 0);
	NOTIF_TAKE(&box, NOTIF_TAG(0), 0, 2);
	t_expect(sv[1], "ae", 2);

	/* Cancelled sends alone make a notifier, too. */
	linked(notif_update(&ring, 0, 7, 1, 9));
	notif_send(&ring, sv[0], "f", 1, 1, NOTIF_FLUSH, 10);
	t_submit(&ring, 2);
	NOTIF_COLLECT_ALL(&ring, &box, 2);
	NOTIF_TAKE(&box, 9, -EINVAL, 0);
	NOTIF_TAKE(&box, 10, -ECANCELED, 0);
	notif_update(&ring, 0, 1, 1, 11);
	t_submit(&ring, 1);
	NOTIF_COLLECT_ALL(&ring, &box, 2);
	NOTIF_TAKE(&box, 11, 0, 0);
	NOTIF_TAKE(&box, NOTIF_TAG(1), 0, 0);
}

static void hard_links(void)
{
	hard(notif_send(&ring, -1, "a", 1, 2, NOTIF_FLUSH, 20));
	hard(notif_send(&ring, sv[0], "b", 1, 2, NOTIF_FLUSH, 21));
	hard(notif_send(&ring, -1, "c", 1, 2, NOTIF_FLUSH, 22));
	hard(notif_update(&ring, 0, 2, 1, 23));
	notif_send(&ring, sv[0], "d", 1, 2, NOTIF_FLUSH, 24);
	t_submit(&ring, 5);
	NOTIF_COLLECT_ALL(&ring, &box, 8);
	NOTIF_TAKE(&box, 20, -EBADF, 0);
	NOTIF_TAKE(&box, 21, 1, 0);
	NOTIF_TAKE(&box, NOTIF_TAG(2), 0, 0);
	NOTIF_TAKE(&box, 22, -EBADF, 0);
	NOTIF_TAKE(&box, 23, 0, 0);
	NOTIF_TAKE(&box, NOTIF_TAG(2), 0, 1);
	NOTIF_TAKE(&box, 24, 1, 0);
	NOTIF_TAKE(&box, NOTIF_TAG(2), 0, 2);
	NOTIF_EMPTY(&box);
	t_expect(sv[1], "bd", 2);
}

/* A send waits for the read before it, and is not started early. */
static void behind_a_read(void)
{
	static char copy[16];
	struct io_uring_sqe *sqe;
	int fds[2];

	T_SYS(pipe(fds));
	sqe = notif_sqe(&ring);
	io_uring_prep_read(sqe, fds[0], copy, 5, 0);
	io_uring_sqe_set_data64(sqe, 30);
	linked(sqe);
	linked(notif_send(&ring, sv[0], copy, 5, 0, NOTIF_FLUSH, 31));
	notif_nop(&ring, 32);
	t_submit(&ring, 3);
	NOTIF_QUIET(&ring);
	T_EQ(write(fds[1], "piped", 5), 5);
	NOTIF_COLLECT_ALL(&ring, &box, 4);
	NOTIF_TAKE(&box, 30, 5, 0);
	NOTIF_TAKE(&box, 31, 5, 0);
	NOTIF_TAKE(&box, 32, 0, 0);
	NOTIF_TAKE(&box, NOTIF_TAG(0), 0, 3);
	t_expect(sv[1], "piped", 5);

	/* A short read breaks it: the send is cancelled, and joined later. */
	sqe = notif_sqe(&ring);
	io_uring_prep_read(sqe, fds[0], copy, 5, 0);
	io_uring_sqe_set_data64(sqe, 33);
	linked(sqe);
	notif_send(&ring, sv[0], copy, 5, 0, NOTIF_FLUSH, 34);
	/* Not of the chain: it runs first, of the same notifier. */
	notif_send(&ring, sv[0], "first", 5, 0, 0, 35);
	t_submit(&ring, 3);
	NOTIF_NEXT(&ring, 35, 5, 0);
	NOTIF_QUIET(&ring);
	close(fds[1]);
	NOTIF_COLLECT_ALL(&ring, &box, 2);
	NOTIF_TAKE(&box, 33, 0, 0);
	NOTIF_TAKE(&box, 34, -ECANCELED, 0);
	notif_send(&ring, sv[0], "after", 5, 0, NOTIF_FLUSH, 36);
	t_submit(&ring, 1);
	NOTIF_NEXT(&ring, 36, 5, 0);
	NOTIF_NEXT(&ring, NOTIF_TAG(0), 0, 4);
	t_expect(sv[1], "firstafter", 10);
	close(fds[0]);
}

/* A flush that waits in a chain: what was submitted after it is of the next. */
static void order_of_submission(void)
{
	struct io_uring_sqe *sqe;
	static char copy[16];
	int fds[2];

	T_SYS(pipe(fds));
	notif_send(&ring, sv[0], "1", 1, 3, 0, 40);
	sqe = notif_sqe(&ring);
	io_uring_prep_read(sqe, fds[0], copy, 1, 0);
	io_uring_sqe_set_data64(sqe, 41);
	linked(sqe);
	notif_send(&ring, sv[0], "3", 1, 3, NOTIF_FLUSH, 42);
	t_submit(&ring, 3);
	NOTIF_NEXT(&ring, 40, 1, 0);
	notif_send(&ring, sv[0], "2", 1, 3, NOTIF_FLUSH, 43);
	t_submit(&ring, 1);
	NOTIF_NEXT(&ring, 43, 1, 0);
	/* Whether 43 is of generation 0 or 1 is not known before 42 ends. */
	NOTIF_QUIET(&ring);
	T_EQ(write(fds[1], "x", 1), 1);
	NOTIF_COLLECT_ALL(&ring, &box, 4);
	NOTIF_TAKE(&box, 41, 1, 0);
	NOTIF_TAKE(&box, 42, 1, 0);
	NOTIF_TAKE(&box, NOTIF_TAG(3), 0, 0);
	NOTIF_TAKE(&box, NOTIF_TAG(3), 0, 1);
	t_expect(sv[1], "123", 3);

	/* And with the flush failing, they are one. */
	sqe = notif_sqe(&ring);
	io_uring_prep_read(sqe, fds[0], copy, 2, 0);
	io_uring_sqe_set_data64(sqe, 44);
	linked(sqe);
	notif_send(&ring, sv[0], "4", 1, 3, NOTIF_FLUSH, 45);
	notif_send(&ring, sv[0], "5", 1, 3, NOTIF_FLUSH, 46);
	t_submit(&ring, 3);
	NOTIF_NEXT(&ring, 46, 1, 0);
	NOTIF_QUIET(&ring);
	T_EQ(write(fds[1], "x", 1), 1);
	NOTIF_COLLECT_ALL(&ring, &box, 3);
	NOTIF_TAKE(&box, 44, 1, 0);
	NOTIF_TAKE(&box, 45, -ECANCELED, 0);
	NOTIF_TAKE(&box, NOTIF_TAG(3), 0, 2);
	t_expect(sv[1], "5", 1);
	close(fds[0]);
	close(fds[1]);
}

static void linked_timeout(void)
{
	struct __kernel_timespec soon = t_ms(20), never = t_ms(60000);
	struct io_uring_sqe *sqe;
	struct t_result r;
	unsigned int i;
	int stuck[2];

	notif_tight_pair(stuck);
	notif_fill(stuck[0]);
	linked(notif_send(&ring, stuck[0], "stuck", 5, 1, NOTIF_FLUSH, 50));
	sqe = notif_sqe(&ring);
	io_uring_prep_link_timeout(sqe, &soon, 0);
	io_uring_sqe_set_data64(sqe, 51);
	t_submit(&ring, 2);
	for (i = 0; i < 2; i++) {
		r = t_reap(&ring);
		if (r.user_data == 50)
			T_EQ(r.res, -ECANCELED);
		else
			T_EQ(r.res, -ETIME);
	}
	NOTIF_QUIET(&ring);

	/* In time. */
	linked(notif_send(&ring, sv[0], "free", 4, 1, NOTIF_FLUSH, 52));
	sqe = notif_sqe(&ring);
	io_uring_prep_link_timeout(sqe, &never, 0);
	io_uring_sqe_set_data64(sqe, 53);
	t_submit(&ring, 2);
	NOTIF_COLLECT_ALL(&ring, &box, 3);
	NOTIF_TAKE(&box, 52, 4, 0);
	NOTIF_TAKE(&box, 53, -ECANCELED, 0);
	NOTIF_TAKE(&box, NOTIF_TAG(1), 0, 1);
	t_expect(sv[1], "free", 4);
	notif_close(stuck);
}

int main(void)
{
	T_RING(16, &ring, 0);
	t_tcp_pair(sv);
	notif_register(&ring, 4);
	whole_chain();
	broken_chain();
	hard_links();
	behind_a_read();
	order_of_submission();
	linked_timeout();
	io_uring_queue_exit(&ring);
	notif_close(sv);
	return T_EXIT_PASS;
}
