/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The ring of a server, and the signals that end it. */
#ifndef EXAMPLES_SERVER_H
#define EXAMPLES_SERVER_H

#include <errno.h>
#include <signal.h>

#include <liburing.h>

#define SUBMISSIONS 256u
#define COMPLETIONS 4096u

static volatile sig_atomic_t interrupted;

static inline void on_signal(int signal)
{
	(void)signal;
	interrupted = 1;
}

/*
 * Signals are let in only while the loop waits, with this mask, so none can come
 * just before it. A thread that is started later never gets one.
 */
static inline void catch_signals(sigset_t *while_waiting)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t caught;

	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigemptyset(&caught);
	sigaddset(&caught, SIGINT);
	sigaddset(&caught, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &caught, while_waiting);
	sigdelset(while_waiting, SIGINT);
	sigdelset(while_waiting, SIGTERM);
}

/* Returns 0 or -errno. */
static inline int init_server_ring(struct io_uring *ring)
{
	struct io_uring_params params = { 0 };
	int ret;

	/* Deferred task work needs Linux 6.1; without it all works the same. */
	params.flags = IORING_SETUP_CQSIZE | IORING_SETUP_SINGLE_ISSUER |
		       IORING_SETUP_DEFER_TASKRUN;
	params.cq_entries = COMPLETIONS;
	ret = io_uring_queue_init_params(SUBMISSIONS, ring, &params);
	if (ret == -EINVAL) {
		params = (struct io_uring_params){
			.flags = IORING_SETUP_CQSIZE,
			.cq_entries = COMPLETIONS,
		};
		ret = io_uring_queue_init_params(SUBMISSIONS, ring, &params);
	}
	return ret;
}

#endif
