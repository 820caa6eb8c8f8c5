/* needs: 2.3 */
#include "see.h"

#include <poll.h>

static struct __kernel_timespec brief, later;
static struct io_uring ring;

static struct io_uring_sqe *next(void)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

	memset(sqe, 0, sizeof(*sqe));
	return sqe;
}

static void run(unsigned int count)
{
	CALL(io_uring_submit_and_wait(&ring, count));
	reap(&ring, count);
}

int main(void)
{
	struct io_uring_sqe *sqe;
	int p[2];

	brief = milliseconds(2);
	later = milliseconds(15000);
	MUST(pipe(p));
	ring_up(&ring, 8, 0);

	part("timeout");
	io_uring_prep_timeout(sqe = next(), &brief, 0, 0);
	sqe->user_data = 1;
	run(1);
	part("timeout by count");
	io_uring_prep_timeout(sqe = next(), &later, 1, 0);
	sqe->user_data = 2;
	queue_nop(&ring, 3);
	run(2);
	part("remove");
	io_uring_prep_timeout(sqe = next(), &later, 0, 0);
	sqe->user_data = 4;
	CALL(io_uring_submit(&ring));
	io_uring_prep_timeout_remove(sqe = next(), 4, 0);
	sqe->user_data = 5;
	run(2);
	io_uring_prep_timeout_remove(sqe = next(), 4, 0);
	sqe->user_data = 6;
	run(1);
	part("update");
	io_uring_prep_timeout(sqe = next(), &later, 0, 0);
	sqe->user_data = 7;
	CALL(io_uring_submit(&ring));
	io_uring_prep_timeout_update(sqe = next(), &brief, 7, 0);
	sqe->user_data = 8;
	run(2);
	part("link timeout");
	io_uring_prep_poll_add(sqe = next(), p[0], POLLIN);
	sqe->user_data = 9;
	sqe->flags |= IOSQE_IO_LINK;
	io_uring_prep_link_timeout(sqe = next(), &brief, 0);
	sqe->user_data = 10;
	run(2);
	part("cancel");
	io_uring_prep_poll_add(sqe = next(), p[0], POLLIN);
	sqe->user_data = 11;
	CALL(io_uring_submit(&ring));
	io_uring_prep_cancel64(sqe = next(), 11, 0);
	sqe->user_data = 12;
	run(2);
	io_uring_prep_cancel64(sqe = next(), 11, 0);
	sqe->user_data = 13;
	run(1);
	part("cancel by descriptor");
	io_uring_prep_poll_add(sqe = next(), p[0], POLLIN);
	sqe->user_data = 14;
	io_uring_prep_poll_add(sqe = next(), p[0], POLLIN);
	sqe->user_data = 15;
	CALL(io_uring_submit(&ring));
	io_uring_prep_cancel_fd(sqe = next(), p[0], IORING_ASYNC_CANCEL_ALL);
	sqe->user_data = 16;
	run(3);
	part("poll");
	io_uring_prep_poll_add(sqe = next(), p[1], POLLOUT);
	sqe->user_data = 17;
	run(1);
	io_uring_prep_poll_add(sqe = next(), p[0], POLLIN);
	sqe->user_data = 18;
	CALL(io_uring_submit(&ring));
	io_uring_prep_poll_update(sqe = next(), 18, 28, POLLIN | POLLPRI,
				  IORING_POLL_UPDATE_USER_DATA |
					  IORING_POLL_UPDATE_EVENTS);
	sqe->user_data = 19;
	run(1);
	io_uring_prep_poll_remove(sqe = next(), 28);
	sqe->user_data = 20;
	run(2);
	part("multishot poll");
	io_uring_prep_poll_multishot(sqe = next(), p[0], POLLIN);
	sqe->user_data = 21;
	CALL(io_uring_submit(&ring));
	MUST(write(p[1], "x", 1));
	CALL(io_uring_get_events(&ring));
	reap(&ring, 1);
	io_uring_prep_poll_remove(sqe = next(), 21);
	sqe->user_data = 22;
	run(2);
	ring_down(&ring);
	return 0;
}
