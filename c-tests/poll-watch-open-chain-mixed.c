/* Description: where entries have two sizes, arm looks for an open chain in the
 * last entry and not in the second half of a large one, which is data. */
/* flavours: plain defer */
/* upstream: differs: liburing has no poll watches */
#include "poll-watch.h"

static struct io_uring ring;
static struct io_uring_poll_watch w;

/* A large NOP, whose second half would be an entry with these flags. */
static void large_nop(unsigned int flags, unsigned int other_flags)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe128(&ring);

	T_CHECK(sqe != NULL);
	memset(sqe + 1, 0, sizeof(*sqe));
	sqe[1].flags = (__u8)other_flags;
	io_uring_prep_nop(sqe);
	sqe->opcode = IORING_OP_NOP128;
	io_uring_sqe_set_flags(sqe, flags);
	io_uring_sqe_set_data64(sqe, 9);
}

static void reap_nops(int nr)
{
	while (nr--)
		T_EQ(t_reap_as(&ring, 9).res, 0);
}

static const unsigned int links[] = { IOSQE_IO_LINK, IOSQE_IO_HARDLINK };

/* What is in the SQ counts, not what the kernel consumed. */
static void consume(void)
{
	*ring.sq.khead += io_uring_sq_ready(&ring);
}

static void by_hand(void)
{
	unsigned int i;

	T_RING(8, &ring, 0);
	ring.flags |= IORING_SETUP_SQE_MIXED;
	for (i = 0; i < 32; i++) {
		pw_init(&w, 0, POLLIN);
		large_nop(links[i % 2], 0);
		T_EQ(io_uring_poll_watch_arm(&ring, &w), -EINVAL);
		if (i % 3) {
			large_nop(0, links[i % 2]);
			T_EQ(io_uring_poll_watch_arm(&ring, &w), 0);
			t_queue_nop(&ring, 9)->flags = (__u8)links[i % 2];
			T_EQ(io_uring_poll_watch_modify(&ring, &w, POLLOUT),
			     -EINVAL);
		}
		consume();
		pw_init(&w, 0, POLLIN);
		T_EQ(io_uring_poll_watch_arm(&ring, &w), 0);
		consume();
	}
	ring.flags &= ~IORING_SETUP_SQE_MIXED;
	io_uring_queue_exit(&ring);
}

int main(void)
{
	unsigned int i, before;
	int fds[2];

	pw_needs_multishot();
	by_hand();
	T_RING(16, &ring, IORING_SETUP_SQE_MIXED);
	pw_pipe(fds);
	for (i = 0; i < 32; i++) {
		/* Wherever in the array. */
		for (before = 0; before < i % 3; before++)
			t_queue_nop(&ring, 9);
		large_nop(0, links[i % 2]);
		pw_init(&w, fds[0], POLLIN);
		T_EQ(io_uring_poll_watch_arm(&ring, &w), 0);
		T_GE(io_uring_submit(&ring), 3);
		reap_nops((int)before + 1);
		pw_one_event(&ring, &w, fds[1], fds[0]);

		large_nop(links[i % 2], 0);
		T_EQ(io_uring_poll_watch_modify(&ring, &w, POLLPRI), -EINVAL);
		t_queue_nop(&ring, 9);
		T_GE(io_uring_submit(&ring), 3);
		reap_nops(2);
		pw_one_event(&ring, &w, fds[1], fds[0]);
		pw_cancel(&ring, &w);
	}
	io_uring_queue_exit(&ring);
	pw_close(fds);
	return T_EXIT_PASS;
}
