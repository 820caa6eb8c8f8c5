/* Description: the signal mask of a wait is installed for its duration only:
 * one that blocks the signal keeps the wait going, an empty one lets a signal
 * through that the program itself blocks. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* valgrind: off: it takes any argument of io_uring_enter(2) for a mask */
/* upstream: differs: without IORING_FEAT_EXT_ARG it returns the number submitted, its own timeout included */
#include "test.h"

static struct io_uring ring;

static void masks(bool ext_arg)
{
	struct __kernel_timespec ts = t_ms(120), far = t_ms(60000);
	struct io_uring_cqe *cqe;
	sigset_t usr1, empty, now;

	sigemptyset(&empty);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	t_signals_seen = 0;

	/* Blocked during the wait: it times out, and the signal comes after. */
	t_signal_after(30, 0);
	T_EQ(io_uring_wait_cqes(&ring, &cqe, 1, &ts, &usr1), -ETIME);
	T_PTR_EQ(cqe, NULL);
	while (!t_signals_seen)
		t_sleep_ms(1);
	if (ext_arg) {
		t_signal_after(30, 0);
		T_EQ(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &ts, &usr1),
		     -ETIME);
		while (t_signals_seen < 2)
			t_sleep_ms(1);
	}

	/* Blocked by the program, let through by the wait. */
	T_SYS(sigprocmask(SIG_BLOCK, &usr1, NULL));
	t_signals_seen = 0;
	T_SYS(raise(SIGUSR1));
	T_EQ(t_signals_seen, 0);
	if (ext_arg) {
		T_EQ(io_uring_wait_cqes(&ring, &cqe, 1, &far, &empty), -EINTR);
		T_EQ(t_signals_seen, 1);
		T_SYS(raise(SIGUSR1));
		T_EQ(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &far,
						      &empty), -EINTR);
		T_EQ(t_signals_seen, 2);
		if (ring.features & IORING_FEAT_MIN_TIMEOUT) {
			T_SYS(raise(SIGUSR1));
			T_EQ(io_uring_wait_cqes_min_timeout(&ring, &cqe, 2, &far,
							    1000, &empty),
			     -EINTR);
			T_SYS(raise(SIGUSR1));
			T_EQ(io_uring_submit_and_wait_min_timeout(
				     &ring, &cqe, 2, &far, 1000, &empty),
			     -EINTR);
			T_EQ(t_signals_seen, 4);
		}
	}
	T_SYS(raise(SIGUSR1));
	t_signals_seen = 0;
	/* No timespec: the mask goes into the enter in its plain form. */
	T_EQ(io_uring_wait_cqes(&ring, &cqe, 1, NULL, &empty), -EINTR);
	T_EQ(t_signals_seen, 1);
	T_SYS(raise(SIGUSR1));
	T_EQ(__io_uring_get_cqe(&ring, &cqe, 0, 1, &empty), -EINTR);
	T_EQ(t_signals_seen, 2);
	T_SYS(sigprocmask(SIG_BLOCK, NULL, &now));
	T_EQ(sigismember(&now, SIGUSR1), 1);
	T_SYS(sigprocmask(SIG_UNBLOCK, &usr1, NULL));
}

int main(void)
{
	T_RING(4, &ring, 0);
	if (ring.features & IORING_FEAT_EXT_ARG)
		masks(true);
	/* As on kernels before 5.11; SQPOLL would change what is counted. */
	if (t_flavour() != T_SQPOLL) {
		ring.features &= ~IORING_FEAT_EXT_ARG;
		masks(false);
	}
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
