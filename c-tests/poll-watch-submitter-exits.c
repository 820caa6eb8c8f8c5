/* Description: the kernel ends the polls of a thread that is no more; a poll watch
 * that such a thread armed is owed again, and works for the next one. */
/* flavours: plain sqpoll sqe128 cqe32 */
/* upstream: differs: liburing has no poll watches */
#include "poll-watch.h"

static struct io_uring ring;
static struct io_uring_poll_watch w;
static int sv[2];

/* Arms the watch, or arms it again. */
static void *submitter(void *again)
{
	if (again)
		pw_sync(&ring, &w, 1);
	else
		pw_arm(&ring, &w, sv[0], POLLIN);
	return NULL;
}

static void run_submitter(bool again)
{
	pthread_t thread;

	T_EQ(pthread_create(&thread, NULL, submitter, again ? &ring : NULL), 0);
	T_EQ(pthread_join(thread, NULL), 0);
}

/* One wake-up, which is not lost: how often the watch was owed for it. */
static int wake_up(bool by_submitter)
{
	int ret, told = 0;

	pw_write(sv[1]);
	while ((ret = pw_post_next(&ring, &w)) != PW_OWNED) {
		T_EQ(ret, PW_SYNC);
		told++;
		if (by_submitter)
			run_submitter(true);
		else
			pw_sync(&ring, &w, 1);
	}
	PW_EVENTS(&w, POLLIN);
	T_EQ(pw_drain(sv[0]), 1);
	pw_release(&ring, &w);
	return told;
}

int main(void)
{
	/* With SQPOLL it is the kernel's thread that submits. */
	int round, wanted = t_flavour() != T_SQPOLL;

	pw_needs_multishot();
	T_RING(8, &ring, 0);
	pw_socketpair(sv);
	for (round = 0; round < 20; round++) {
		run_submitter(false);
		/* The first event finds nobody. */
		T_EQ(wake_up(true), wanted);
		/* That one is gone as well. */
		T_EQ(wake_up(false), wanted);
		T_EQ(wake_up(false), 0);
		pw_cancel(&ring, &w);
	}
	pw_quiet(&ring);
	io_uring_queue_exit(&ring);
	pw_close(sv);
	return T_EXIT_PASS;
}
