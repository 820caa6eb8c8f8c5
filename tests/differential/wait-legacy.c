/* needs: 2.3 */
/* strace: signal-at-every-enter: -e inject=io_uring_enter:signal=SIGUSR1 */
#include "see.h"

static struct __kernel_timespec brief, later;
static struct io_uring ring;
static sigset_t mask;

/* A kernel before 5.11, as far as the library can know. */
static void fresh_ring(void)
{
	ring_up(&ring, 4, 0);
	ring.features &= IORING_FEAT_SINGLE_MMAP | IORING_FEAT_NODROP;
}

static void batch(void)
{
	struct io_uring_cqe *cqes[8];
	unsigned int i, n;

	aside();
	sleep_ms(12);
	io_uring_get_events(&ring);
	n = io_uring_peek_batch_cqe(&ring, cqes, 8);
	for (i = 0; i < n; i++)
		see("left: data %lld res %d\n", (long long)cqes[i]->user_data,
		    cqes[i]->res);
	io_uring_cq_advance(&ring, n);
}

#define WITH_CQE(call) CALL_CQE(&ring, call)

static void one(const char *name, uint64_t nop, bool timer, int how)
{
	fresh_ring();
	part(name);
	if (nop)
		queue_nop(&ring, nop);
	if (timer)
		queue_timer(&ring, 9, 5);
	switch (how) {
	case 0:
		WITH_CQE(io_uring_wait_cqe_timeout(&ring, &cqe, &brief));
		break;
	case 1:
		WITH_CQE(io_uring_wait_cqes(&ring, &cqe, 2, &brief, NULL));
		break;
	case 2:
		WITH_CQE(io_uring_wait_cqes(&ring, &cqe, 1, &brief, &mask));
		break;
	case 3:
		WITH_CQE(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &brief,
							  NULL));
		break;
	case 4:
		WITH_CQE(io_uring_submit_and_wait_timeout(&ring, &cqe, 2, &brief,
							  &mask));
		break;
	case 5:
		WITH_CQE(io_uring_wait_cqe_timeout(&ring, &cqe, &later));
		break;
	}
	batch();
	ring_down(&ring);
}

int main(void)
{
	int i;

	brief = milliseconds(5);
	later = milliseconds(5000);
	sigemptyset(&mask);

	one("wait_cqe_timeout, nothing comes", 0, false, 0);
	one("wait_cqe_timeout, pending goes too", 1, false, 0);
	one("wait_cqe_timeout, something comes", 0, true, 5);
	one("wait_cqes, one of two", 1, false, 1);
	one("wait_cqes with a mask, nothing comes", 0, false, 2);
	one("wait_cqes with a mask", 1, false, 2);
	one("submit_and_wait_timeout, nothing comes", 0, false, 3);
	one("submit_and_wait_timeout, one comes", 1, false, 3);
	one("submit_and_wait_timeout, one of two", 1, false, 4);

	fresh_ring();
	part("no room for the timeout");
	for (i = 0; i < 4; i++)
		queue_nop(&ring, (uint64_t)i + 1);
	WITH_CQE(io_uring_wait_cqe_timeout(&ring, &cqe, &later));
	batch();
	ring_down(&ring);

	fresh_ring();
	part("without a timespec");
	queue_timer(&ring, 1, 5);
	CALL(io_uring_submit(&ring));
	WITH_CQE(io_uring_wait_cqes(&ring, &cqe, 1, NULL, &mask));
	queue_timer(&ring, 2, 5);
	WITH_CQE(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, NULL, NULL));
	batch();
	ring_down(&ring);
	return 0;
}
