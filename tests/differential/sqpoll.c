/* needs: 2.3 */
#include "see.h"

static struct io_uring ring;

static void up(unsigned int idle)
{
	struct io_uring_params p;

	aside();
	memset(&p, 0, sizeof(p));
	p.flags = IORING_SETUP_SQPOLL;
	p.sq_thread_idle = idle;
	MUST(io_uring_queue_init_params(4, &ring, &p));
}

static bool asleep(void)
{
	return *(volatile unsigned int *)ring.sq.kflags & IORING_SQ_NEED_WAKEUP;
}

static void wait_until_ready(unsigned int count)
{
	while (io_uring_cq_ready(&ring) < count || io_uring_sq_ready(&ring))
		sleep_ms(1);
}

static void consume(unsigned int count)
{
	struct io_uring_cqe *cqe;
	unsigned int head;

	io_uring_for_each_cqe(&ring, head, cqe)
		see_cqe(cqe);
	io_uring_cq_advance(&ring, count);
}

int main(void)
{
	struct io_uring_cqe *cqe;
	int i;

	/* For as long as the program runs, the thread does not sleep. */
	up(60000);
	/* It begins asleep. */
	queue_nop(&ring, 0);
	io_uring_submit(&ring);
	wait_until_ready(1);
	io_uring_cq_advance(&ring, 1);
	while (asleep())
		sleep_ms(1);
	part("awake");
	queue_nop(&ring, 1);
	CALL(io_uring_submit(&ring) <= 1);
	aside();
	wait_until_ready(1);
	part("awake, visible");
	CALL(io_uring_submit(&ring));
	VALUE(io_uring_sq_ready(&ring));
	CALL(io_uring_wait_cqe(&ring, &cqe));
	see_consume(&ring, cqe);
	part("awake, room");
	CALL(io_uring_sqring_wait(&ring));
	VALUE(io_uring_sq_space_left(&ring));
	for (i = 0; i < 3; i++)
		queue_nop(&ring, 2 + (uint64_t)i);
	CALL(io_uring_submit(&ring) <= 3);
	aside();
	wait_until_ready(3);
	part("awake, all visible");
	CALL(io_uring_submit_and_wait(&ring, 3) >= 0);
	consume(3);
	ring_down(&ring);

	up(1);
	aside();
	while (!asleep())
		sleep_ms(1);
	part("asleep");
	CALL(io_uring_submit(&ring));
	queue_nop(&ring, 10);
	CALL(io_uring_submit(&ring));
	aside();
	wait_until_ready(1);
	while (!asleep())
		sleep_ms(1);
	part("asleep, visible");
	VALUE(io_uring_sq_ready(&ring));
	consume(1);
	queue_nop(&ring, 11);
	CALL(io_uring_submit_and_wait(&ring, 1));
	aside();
	while (!asleep())
		sleep_ms(1);
	part("asleep, waiting");
	consume(1);
	{
		struct __kernel_timespec ts = milliseconds(5);

		cqe = SEE_NO_CQE;
		CALL(io_uring_wait_cqe_timeout(&ring, &cqe, &ts));
		see_cqe(cqe);
		cqe = SEE_NO_CQE;
		CALL(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &ts, NULL));
		see_cqe(cqe);
	}
	CALL(io_uring_get_events(&ring));
	ring_down(&ring);
	return 0;
}
