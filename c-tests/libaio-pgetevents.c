/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Description: io_pgetevents() waits under the given signal mask: a blocked
 * signal that comes before or during the wait ends it and is handled, the old
 * mask is back afterwards, and a mask can also keep signals away. */
/* libraries: aio */
/* flavours: plain */
/* upstream: kernel AIO */
#include "libaio-tests.h"

static io_context_t ctx;
static struct iocb req;
static sigset_t none, usr1, before;
static int file;
static char byte;

static void blocked_again(void)
{
	sigset_t now;

	T_EQ(pthread_sigmask(SIG_SETMASK, NULL, &now), 0);
	T_EQ(sigismember(&now, SIGUSR1), 1);
	T_EQ(sigismember(&now, SIGUSR2), sigismember(&before, SIGUSR2));
}

static void pending_ends_the_wait(struct timespec *ts)
{
	struct io_event ev;

	t_signals_seen = 0;
	T_EQ(pthread_kill(pthread_self(), SIGUSR1), 0);
	T_EQ(t_signals_seen, 0);
	T_EQ(io_pgetevents(ctx, 1, 1, &ev, ts, &none), -EINTR);
	T_EQ(t_signals_seen, 1);
	blocked_again();
}

static void coming_ends_the_wait(void)
{
	struct timespec ts = la_ms(LA_PATIENCE_MS);
	struct io_event ev;

	t_signals_seen = 0;
	t_signal_after(20, 20);
	T_EQ(io_pgetevents(ctx, 1, 1, &ev, &ts, &none), -EINTR);
	T_GE(t_signals_seen, 1);
	t_signal_stop();
	blocked_again();
}

/* Blocked before, and by the mask: it stays pending in both. */
static void kept_away(const sigset_t *mask)
{
	struct timespec ts = la_ms(30);
	struct io_event ev;
	long long start = t_now_ms();
	sigset_t pending;

	t_signals_seen = 0;
	T_EQ(pthread_kill(pthread_self(), SIGUSR1), 0);
	T_EQ(io_pgetevents(ctx, 1, 1, &ev, &ts, (sigset_t *)(uintptr_t)mask),
	     0);
	T_GE(t_now_ms() - start, 29);
	T_EQ(t_signals_seen, 0);
	T_SYS(sigpending(&pending));
	T_EQ(sigismember(&pending, SIGUSR1), 1);
	blocked_again();
}

static void mask_of_its_own(void)
{
	struct timespec ts = la_ms(60);
	struct io_event ev;
	sigset_t now;

	T_EQ(pthread_sigmask(SIG_SETMASK, &none, NULL), 0);
	t_signals_seen = 0;
	t_signal_after(10, 0);
	T_EQ(io_pgetevents(ctx, 1, 1, &ev, &ts, &usr1), 0);
	/* It was handled once the old mask was back. */
	T_EQ(t_signals_seen, 1);
	t_signal_stop();
	T_EQ(pthread_sigmask(SIG_SETMASK, NULL, &now), 0);
	T_EQ(sigismember(&now, SIGUSR1), 0);
	T_EQ(pthread_sigmask(SIG_SETMASK, &usr1, NULL), 0);
}

/* An event wins over the signal, which is handled too. */
static void event_and_signal(void)
{
	struct timespec ts = la_ms(LA_PATIENCE_MS);
	struct io_event ev;

	io_prep_pread(&req, file, &byte, 1, 0);
	LA_SUBMIT(ctx, &req);
	T_EQ(io_pgetevents(ctx, 1, 1, &ev, &ts, NULL), 1);
	T_EQ(la_res_of(&ev, &req), 1);
	LA_SUBMIT(ctx, &req);
	T_EQ(io_pgetevents(ctx, 1, 1, &ev, NULL, &none), 1);
	T_EQ(la_res_of(&ev, &req), 1);
	blocked_again();
}

static void bad_mask(void)
{
	struct timespec ts = la_ms(1);
	struct io_event ev;

	T_EQ(io_pgetevents(ctx, 1, 1, &ev, &ts, LA_WILD), -EFAULT);
	T_EQ(io_pgetevents(ctx, 1, 1, &ev, &ts, LA_BAD), -EFAULT);
	blocked_again();
}

int main(void)
{
	struct timespec ts = la_ms(LA_PATIENCE_MS);

	T_SYS(sigemptyset(&none));
	T_SYS(sigemptyset(&usr1));
	T_SYS(sigaddset(&usr1, SIGUSR1));
	T_EQ(pthread_sigmask(SIG_SETMASK, &usr1, &before), 0);
	ctx = la_setup(4);
	file = la_tmpfile(1);
	t_signal_after(0, 0);
	t_signal_stop();
	pending_ends_the_wait(NULL);
	pending_ends_the_wait(&ts);
	coming_ends_the_wait();
	event_and_signal();
	mask_of_its_own();
	bad_mask();
	kept_away(&usr1);
	kept_away(NULL);
	LA_DESTROY(ctx);
	close(file);
	return T_EXIT_PASS;
}
