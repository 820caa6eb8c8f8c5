/* Description: a slot that is not there makes a send complete with -EINVAL,
 * where its batch goes on, a link chain breaks and a hard link holds. On a
 * ring that never had slots a slot send is an opcode that the kernel does not
 * know, with all that follows from it. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no notification slots */
#include "notif.h"

static struct io_uring ring;
static struct notif_box box;
static int sv[2];

static void other_forms(void)
{
	struct iovec iov = { (void *)(uintptr_t)"x", 1 };
	struct io_uring_sqe *sqe;
	struct msghdr msg;

	memset(&msg, 0, sizeof(msg));
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	sqe = notif_sqe(&ring);
	io_uring_prep_sendmsgzc(sqe, sv[0], &msg, 0, 2, NOTIF_FLUSH);
	T_EQ(t_do(&ring, sqe), -EINVAL);
	sqe = notif_sqe(&ring);
	io_uring_prep_sendvzc(sqe, sv[0], &iov, 1, 0, 2, NOTIF_FLUSH);
	T_EQ(t_do(&ring, sqe), -EINVAL);
	sqe = notif_sqe(&ring);
	io_uring_prep_sendzc_fixed(sqe, sv[0], "x", 1, 0, 2, NOTIF_FLUSH, 0);
	T_EQ(t_do(&ring, sqe), -EINVAL);
}

static void bad_index(void)
{
	unsigned int i;

	notif_nop(&ring, 1);
	notif_send(&ring, sv[0], "a", 1, 2, 0, 2);
	notif_nop(&ring, 3);
	notif_send(&ring, sv[0], "b", 1, ~0U, NOTIF_FLUSH, 4);
	notif_send(&ring, sv[0], "c", 1, IO_NOTIF_MAX_SLOTS, 0, 5);
	notif_send(&ring, sv[0], "d", 1, 1, NOTIF_FLUSH, 6);
	t_submit(&ring, 6);
	NOTIF_COLLECT_ALL(&ring, &box, 7);
	NOTIF_TAKE(&box, 1, 0, 0);
	NOTIF_TAKE(&box, 2, -EINVAL, 0);
	NOTIF_TAKE(&box, 3, 0, 0);
	NOTIF_TAKE(&box, 4, -EINVAL, 0);
	NOTIF_TAKE(&box, 5, -EINVAL, 0);
	NOTIF_TAKE(&box, 6, 1, 0);
	NOTIF_TAKE(&box, NOTIF_TAG(1), 0, 0);
	NOTIF_EMPTY(&box);
	t_expect(sv[1], "d", 1);

	other_forms();

	/* It has no notifier that an update could flush. */
	notif_update(&ring, 0, 0, 2, 7);
	t_submit(&ring, 1);
	NOTIF_NEXT(&ring, 7, 0, 0);
	NOTIF_QUIET(&ring);

	/* Links and hard links, behind it and before it. */
	for (i = 0; i < 2; i++) {
		unsigned int link = i ? IOSQE_IO_HARDLINK : IOSQE_IO_LINK;
		int after = i ? 0 : -ECANCELED;

		io_uring_sqe_set_flags(notif_nop(&ring, 10), link);
		io_uring_sqe_set_flags(notif_send(&ring, sv[0], "e", 1, 2, 0,
						  11), link);
		io_uring_sqe_set_flags(notif_nop(&ring, 12), link);
		notif_update(&ring, 0, 0, 2, 13);
		notif_nop(&ring, 14);
		t_submit(&ring, 5);
		NOTIF_COLLECT_ALL(&ring, &box, 5);
		NOTIF_TAKE(&box, 10, 0, 0);
		NOTIF_TAKE(&box, 11, -EINVAL, 0);
		NOTIF_TAKE(&box, 12, after, 0);
		NOTIF_TAKE(&box, 13, after, 0);
		NOTIF_TAKE(&box, 14, 0, 0);
		NOTIF_EMPTY(&box);

		io_uring_sqe_set_flags(notif_update(&ring, 0, 1, 2, 15), link);
		notif_nop(&ring, 16);
		t_submit(&ring, 2);
		NOTIF_COLLECT_ALL(&ring, &box, 2);
		NOTIF_TAKE(&box, 15, -EINVAL, 0);
		NOTIF_TAKE(&box, 16, after, 0);
	}
}

/* Errors that the kernel finds attach the send. */
static void bad_arguments(void)
{
	notif_send(&ring, -1, "a", 1, 0, NOTIF_FLUSH, 20);
	notif_send(&ring, 1023456, "a", 1, 0, NOTIF_FLUSH, 21);
	notif_send(&ring, sv[0], (void *)(uintptr_t)8, 1, 0, NOTIF_FLUSH, 22);
	notif_send(&ring, ring.ring_fd, "a", 1, 0, NOTIF_FLUSH, 23);
	t_submit(&ring, 4);
	NOTIF_COLLECT_ALL(&ring, &box, 4);
	NOTIF_TAKE(&box, 20, -EBADF, 0);
	NOTIF_TAKE(&box, 21, -EBADF, 0);
	NOTIF_TAKE(&box, 22, -EFAULT, 0);
	NOTIF_TAKE(&box, 23, -ENOTSOCK, 0);
	notif_update(&ring, 0, 0, 1, 24);
	t_submit(&ring, 1);
	NOTIF_COLLECT_ALL(&ring, &box, 2);
	NOTIF_TAKE(&box, 24, 0, 0);
	NOTIF_TAKE(&box, NOTIF_TAG(0), 0, 0);
}

static void without_slots(void)
{
	T_EQ(io_uring_unregister_notifications(&ring), 0);
	notif_nop(&ring, 30);
	notif_send(&ring, sv[0], "a", 1, 0, NOTIF_FLUSH, 31);
	notif_update(&ring, 0, 0, 1, 32);
	notif_nop(&ring, 33);
	t_submit(&ring, 4);
	NOTIF_COLLECT_ALL(&ring, &box, 4);
	NOTIF_TAKE(&box, 30, 0, 0);
	NOTIF_TAKE(&box, 31, -EINVAL, 0);
	NOTIF_TAKE(&box, 32, -EINVAL, 0);
	NOTIF_TAKE(&box, 33, 0, 0);
}

/* What is prepared while there are slots, and submitted when there are none. */
static void too_late(void)
{
	notif_register(&ring, 2);
	notif_send(&ring, sv[0], "a", 1, 0, NOTIF_FLUSH, 40);
	notif_nop(&ring, 41);
	T_EQ(io_uring_unregister_notifications(&ring), 0);
	t_submit(&ring, 2);
	NOTIF_COLLECT_ALL(&ring, &box, 2);
	NOTIF_TAKE(&box, 40, -EINVAL, 0);
	NOTIF_TAKE(&box, 41, 0, 0);
}

struct seen {
	int submitted[3];
	unsigned int nr;
	struct t_result r[8];
};

/* NOP, the entry in question, NOP; each linked to the next as `flags` says. */
static struct seen try_unknown(bool slot_send, unsigned int setup,
			       unsigned int flags)
{
	struct io_uring_cqe *cqe;
	struct io_uring bare;
	struct seen seen;
	unsigned int i;

	memset(&seen, 0, sizeof(seen));
	T_RING(8, &bare, setup);
	notif_nop(&bare, 1);
	if (slot_send)
		notif_send(&bare, sv[0], "a", 1, 0, NOTIF_FLUSH, 2);
	else
		io_uring_sqe_set_data64(notif_nop(&bare, 2), 2);
	bare.sq.sqes[1].flags = (unsigned char)flags;
	if (!slot_send)
		bare.sq.sqes[1].opcode = 0xfe;
	notif_nop(&bare, 3);
	for (i = 0; i < 3; i++) {
		seen.submitted[i] = io_uring_submit(&bare);
		if (io_uring_get_events(&bare) < 0)
			T_FAIL("io_uring_get_events");
	}
	while (!io_uring_peek_cqe(&bare, &cqe) && seen.nr < 8) {
		seen.r[seen.nr].user_data = cqe->user_data;
		seen.r[seen.nr].res = cqe->res;
		seen.r[seen.nr++].flags = cqe->flags;
		io_uring_cqe_seen(&bare, cqe);
	}
	io_uring_queue_exit(&bare);
	return seen;
}

static void never_had_slots(void)
{
	static const unsigned int setups[] = { 0, IORING_SETUP_SUBMIT_ALL };
	static const unsigned int flags[] = { 0, IOSQE_IO_LINK };
	unsigned int i, j;

	/* The SQPOLL thread goes on by itself, and there are larger SQEs. */
	if (t_flavour() == T_SQPOLL || t_flavour() == T_SQE128)
		return;
	for (i = 0; i < 2; i++) {
		if (setups[i] && t_before(5, 18))
			continue;
		for (j = 0; j < 2; j++) {
			struct seen one = try_unknown(true, setups[i],
						      flags[j]);
			struct seen other = try_unknown(false, setups[i],
							flags[j]);

			T_EQ(one.submitted[0], other.submitted[0]);
			T_EQ(memcmp(&one, &other, sizeof(one)), 0);
		}
	}
}

int main(void)
{
	T_RING(16, &ring, 0);
	t_tcp_pair(sv);
	never_had_slots();
	notif_register(&ring, 2);
	bad_index();
	bad_arguments();
	without_slots();
	too_late();
	io_uring_queue_exit(&ring);
	notif_close(sv);
	return T_EXIT_PASS;
}
