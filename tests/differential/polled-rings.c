/* needs: 2.3 */
#include "see.h"

static struct io_uring ring;

/* Requests on these rings complete only when somebody enters the kernel. */
static void calls(const char *name, unsigned int flags)
{
	struct io_uring_cqe *cqe = SEE_NO_CQE, *cqes[4];
	struct __kernel_timespec ts = milliseconds(5);

	ring_up(&ring, 4, flags);
	part(name);
	CALL(io_uring_submit(&ring));
	CALL(io_uring_peek_cqe(&ring, &cqe));
	see_cqe(cqe);
	CALL(io_uring_peek_batch_cqe(&ring, cqes, 4));
	CALL(io_uring_wait_cqe_nr(&ring, &cqe, 0));
	CALL(io_uring_get_events(&ring));
	CALL(io_uring_submit_and_get_events(&ring));
	CALL(io_uring_submit_and_wait(&ring, 0));
	if (!(flags & IORING_SETUP_IOPOLL)) {
		CALL(io_uring_wait_cqe_timeout(&ring, &cqe, &ts));
		CALL(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &ts, NULL));
	}
	ring_down(&ring);
}

static void task_work(const char *name, unsigned int flags)
{
	struct io_uring_cqe *cqe = SEE_NO_CQE, *cqes[4];
	struct __kernel_timespec ts = milliseconds(1);
	struct io_uring_sqe *sqe;
	unsigned int n;

	ring_up(&ring, 4, flags);
	part(name);
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_timeout(sqe, &ts, 0, 0);
	sqe->user_data = 1;
	CALL(io_uring_submit(&ring));
	aside();
	sleep_ms(20);
	part("work is there");
	VALUE(*ring.sq.kflags & ~IORING_SQ_NEED_WAKEUP);
	VALUE(io_uring_cq_ready(&ring));
	n = (unsigned int)CALL(io_uring_peek_batch_cqe(&ring, cqes, 4));
	if (n)
		see_consume(&ring, cqes[0]);
	CALL(io_uring_submit(&ring));
	CALL(io_uring_get_events(&ring));
	if (!n) {
		CALL(io_uring_wait_cqe(&ring, &cqe));
		see_consume(&ring, cqe);
	}
	ring_down(&ring);
}

static void iopoll_reads(void)
{
	struct io_uring_cqe *cqe = SEE_NO_CQE;
	struct io_uring_sqe *sqe;
	static char buf[512];
	int fd;

	fd = temporary_file(512);
	ring_up(&ring, 4, IORING_SETUP_IOPOLL);
	part("a file that cannot be polled");
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_read(sqe, fd, buf, sizeof(buf), 0);
	sqe->user_data = 1;
	CALL(io_uring_submit(&ring));
	CALL(io_uring_peek_cqe(&ring, &cqe));
	see_consume(&ring, cqe);
	ring_down(&ring);
	close(fd);
}

int main(void)
{
	calls("iopoll", IORING_SETUP_IOPOLL);
	calls("defer taskrun",
	      IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
	calls("cooperative, flagged",
	      IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG);
	task_work("defer taskrun, timer", IORING_SETUP_SINGLE_ISSUER |
						  IORING_SETUP_DEFER_TASKRUN);
	task_work("defer taskrun, flagged",
		  IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
			  IORING_SETUP_TASKRUN_FLAG);
	iopoll_reads();
	return 0;
}
