/* needs: 2.3 */
/* strace: signal-at-every-enter: -e inject=io_uring_enter:signal=SIGUSR1 */
/* strace: eintr-first: -e inject=io_uring_enter:error=EINTR:when=1+2 */
/* strace: eintr-second: -e inject=io_uring_enter:error=EINTR:when=2+2 */
/* strace: eagain: -e inject=io_uring_enter:error=EAGAIN:when=3+4 */
#include "see.h"

static struct __kernel_timespec brief;
static struct io_uring ring;
static sigset_t mask;

/* Out of sight, where a fault may need more than one try. */
static void post(void)
{
	aside();
	while (io_uring_submit(&ring) < 0)
		;
}

/* Milliseconds. On a busy machine a shorter time is over before the wait. */
#define LATE 20

/* After a part whose timer may not be over. */
static void settle_late(void)
{
	aside();
	sleep_ms(LATE);
	settle(&ring);
}

#define WITH_CQE(call)                                                         \
	do {                                                                   \
		long ret = CALL_CQE(&ring, call);                              \
		/* Without a wait, a timer may or may not be over. */          \
		if (ret >= 0)                                                  \
			see("cq ready %u\n", io_uring_cq_ready(&ring));        \
	} while (0)

int main(void)
{
	brief = milliseconds(5);
	sigemptyset(&mask);
	ring_up(&ring, 4, 0);

	part("peek at nothing");
	WITH_CQE(io_uring_peek_cqe(&ring, &cqe));

	part("wait for none");
	WITH_CQE(io_uring_wait_cqe_nr(&ring, &cqe, 0));

	queue_nop(&ring, 1);
	post();
	part("visible already");
	WITH_CQE(io_uring_wait_cqe(&ring, &cqe));
	settle(&ring);

	queue_nop(&ring, 2);
	post();
	part("peek finds");
	WITH_CQE(io_uring_peek_cqe(&ring, &cqe));
	settle(&ring);

	queue_timer(&ring, 3, LATE);
	post();
	part("wait_cqe");
	WITH_CQE(io_uring_wait_cqe(&ring, &cqe));
	settle_late();

	queue_nop(&ring, 4);
	queue_timer(&ring, 5, LATE);
	post();
	part("wait_cqe_nr");
	WITH_CQE(io_uring_wait_cqe_nr(&ring, &cqe, 2));
	settle_late();

	part("wait_cqe_timeout, nothing comes");
	WITH_CQE(io_uring_wait_cqe_timeout(&ring, &cqe, &brief));
	settle(&ring);

	part("wait_cqe_timeout, pending stays");
	queue_nop(&ring, 6);
	WITH_CQE(io_uring_wait_cqe_timeout(&ring, &cqe, &brief));
	settle(&ring);

	queue_timer(&ring, 7, LATE);
	post();
	part("wait_cqe_timeout, something comes");
	{
		struct __kernel_timespec ts = milliseconds(5000);

		WITH_CQE(io_uring_wait_cqe_timeout(&ring, &cqe, &ts));
	}
	settle_late();

	queue_timer(&ring, 8, LATE);
	post();
	part("wait_cqe_timeout without a timespec");
	WITH_CQE(io_uring_wait_cqe_timeout(&ring, &cqe, NULL));
	settle_late();

	queue_timer(&ring, 9, LATE);
	post();
	part("wait_cqes with nothing given");
	WITH_CQE(io_uring_wait_cqes(&ring, &cqe, 1, NULL, NULL));
	settle_late();

	queue_timer(&ring, 10, LATE);
	post();
	part("wait_cqes with a mask");
	WITH_CQE(io_uring_wait_cqes(&ring, &cqe, 1, NULL, &mask));
	settle_late();

	part("wait_cqes with time and mask");
	WITH_CQE(io_uring_wait_cqes(&ring, &cqe, 2, &brief, &mask));
	settle(&ring);

	queue_nop(&ring, 11);
	post();
	part("wait_cqes, one of two comes");
	WITH_CQE(io_uring_wait_cqes(&ring, &cqe, 2, &brief, NULL));
	settle(&ring);

	part("submit_and_wait");
	queue_timer(&ring, 12, 5);
	CALL(io_uring_submit_and_wait(&ring, 1));
	settle(&ring);

	part("submit_and_wait_timeout, nothing comes");
	WITH_CQE(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &brief, NULL));
	settle(&ring);

	part("submit_and_wait_timeout, one of two comes");
	queue_nop(&ring, 13);
	WITH_CQE(io_uring_submit_and_wait_timeout(&ring, &cqe, 2, &brief, NULL));
	settle(&ring);

	part("submit_and_wait_timeout, all come");
	queue_nop(&ring, 14);
	queue_nop(&ring, 15);
	WITH_CQE(io_uring_submit_and_wait_timeout(&ring, &cqe, 2, &brief, &mask));
	settle(&ring);

	part("submit_and_wait_timeout for none");
	queue_nop(&ring, 16);
	WITH_CQE(io_uring_submit_and_wait_timeout(&ring, &cqe, 0, &brief, NULL));
	settle(&ring);

	queue_nop(&ring, 17);
	post();
	part("submit_and_wait_timeout, visible already");
	queue_nop(&ring, 18);
	WITH_CQE(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &brief, NULL));
	settle(&ring);

	part("submit_and_wait_timeout without a timespec");
	queue_timer(&ring, 19, 5);
	WITH_CQE(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, NULL, NULL));
	settle(&ring);

	part("submit_and_wait_timeout with a mask only");
	queue_timer(&ring, 20, 5);
	WITH_CQE(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, NULL, &mask));
	settle(&ring);

	queue_timer(&ring, 21, LATE);
	post();
	part("__io_uring_get_cqe");
	WITH_CQE(__io_uring_get_cqe(&ring, &cqe, 0, 1, NULL));
	settle_late();

	part("__io_uring_get_cqe for none");
	WITH_CQE(__io_uring_get_cqe(&ring, &cqe, 0, 0, NULL));
	settle(&ring);

	ring_down(&ring);
	return 0;
}
