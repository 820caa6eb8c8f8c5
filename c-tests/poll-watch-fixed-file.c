/* Description: a poll watch of a direct descriptor, which may be the only
 * reference to its file, and beside it one of a descriptor; the table may lose
 * the file before the watch ends. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no poll watches */
#include "poll-watch.h"

#define SLOT 1

static struct io_uring ring;
static struct io_uring_poll_watch w;

static void arm(int slot, unsigned int events)
{
	T_EQ(io_uring_poll_watch_init(&w, slot, events, PW_DATA,
				      IO_URING_POLL_WATCH_FIXED_FILE), 0);
	T_EQ(io_uring_poll_watch_arm(&ring, &w), 0);
	pw_submit(&ring, 1);
}

int main(void)
{
	int table[3] = { -1, -1, -1 }, other[2], sv[2], none = -1, i;

	pw_needs_multishot();
	T_RING(8, &ring, 0);
	pw_socketpair(sv);
	/* A wake-up for the descriptor of the slot's number is none for it. */
	pw_pipe(other);
	table[SLOT] = sv[0];
	T_EQ(io_uring_register_files(&ring, table, 3), 0);

	arm(SLOT, POLLIN);
	pw_write(other[1]);
	pw_quiet(&ring);
	for (i = 0; i < 10; i++)
		pw_one_event(&ring, &w, sv[1], sv[0]);
	/* An update and a removal go to the poll, not to the file. */
	pw_modify(&ring, &w, POLLOUT);
	T_EQ(pw_own(&ring, &w), POLLOUT);
	pw_release(&ring, &w);
	pw_settle(&ring, &w);
	pw_modify(&ring, &w, POLLIN);
	pw_settle(&ring, &w);
	pw_one_event(&ring, &w, sv[1], sv[0]);

	/* A re-arm is of the slot, too. */
	T_EQ(pw_take_away(&ring, &w), PW_SYNC);
	pw_sync(&ring, &w, 1);
	pw_one_event(&ring, &w, sv[1], sv[0]);

	/* The poll holds the file; what is gone from the table is no more. */
	T_EQ(io_uring_register_files_update(&ring, SLOT, &none, 1), 1);
	pw_one_event(&ring, &w, sv[1], sv[0]);
	T_EQ(pw_take_away(&ring, &w), PW_SYNC);
	pw_sync(&ring, &w, 1);
	T_EQ(pw_end(&ring, &w), -EBADF);

	T_EQ(io_uring_register_files_update(&ring, SLOT, &sv[0], 1), 1);
	arm(SLOT, POLLIN);
	close(sv[0]);
	pw_write(sv[1]);
	T_EQ(pw_own(&ring, &w), POLLIN);
	pw_release(&ring, &w);
	pw_cancel(&ring, &w);
	T_EQ(io_uring_unregister_files(&ring), 0);
	io_uring_queue_exit(&ring);
	close(sv[1]);
	pw_close(other);
	return T_EXIT_PASS;
}
