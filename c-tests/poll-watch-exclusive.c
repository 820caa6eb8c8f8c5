/* Description: of poll watches with EPOLLEXCLUSIVE that wait for one file, a
 * wake-up is one's, and all are woken without it; EPOLLET, which says what all
 * watches are, changes nothing. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no poll watches */
#include "poll-watch.h"

#define ROUNDS 100

static struct io_uring rings[2];
static struct io_uring_poll_watch watches[2];
/* Wake-ups with something to read, and all. */
static int got, woken;

static void look(int i, int from)
{
	struct io_uring_cqe *cqe;
	__u32 events;
	int ret;

	T_GE(io_uring_get_events(&rings[i]), 0);
	while (!io_uring_peek_cqe(&rings[i], &cqe)) {
		woken++;
		ret = io_uring_poll_watch_post(&watches[i], cqe);
		T_EQ(ret, PW_OWNED);
		io_uring_cqe_seen(&rings[i], cqe);
		while ((ret = io_uring_poll_watch_next(&watches[i],
						       &events)) == 1)
			got += pw_drain(from);
		T_EQ(ret, 0);
	}
}

/* How many wake-ups so many bytes made. */
static int test(unsigned int how)
{
	int fds[2], i, sent;

	pw_socketpair(fds);
	got = woken = 0;
	for (i = 0; i < 2; i++)
		pw_arm(&rings[i], &watches[i], fds[0], POLLIN | how);
	for (sent = 1; sent <= ROUNDS; sent++) {
		pw_write(fds[1]);
		while (got < sent)
			for (i = 0; i < 2; i++)
				look(i, fds[0]);
	}
	T_EQ(got, ROUNDS);
	for (i = 0; i < 2; i++) {
		t_sleep_ms(2);
		look(i, fds[0]);
		pw_cancel(&rings[i], &watches[i]);
	}
	pw_close(fds);
	return woken;
}

int main(void)
{
	pw_needs_multishot();
	T_RING(8, &rings[0], 0);
	T_RING(8, &rings[1], 0);
	/* Two threads may merge what this one wakes them for. */
	T_GE(test(0), ROUNDS);
	T_GE(test(EPOLLET), ROUNDS);
	T_EQ(test(EPOLLEXCLUSIVE), ROUNDS);
	T_EQ(test(EPOLLEXCLUSIVE | EPOLLET), ROUNDS);
	if (t_flavour() == T_PLAIN)
		T_EQ(test(0), 2 * ROUNDS);
	io_uring_queue_exit(&rings[0]);
	io_uring_queue_exit(&rings[1]);
	return T_EXIT_PASS;
}
