/* Description: timeout_remove ends a timeout by its user_data and
 * timeout_update gives it a new time; with IORING_LINK_TIMEOUT_UPDATE the
 * target is a linked timeout; link_timeout cancels the request before it. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "file.h"

static struct io_uring ring;
static struct __kernel_timespec hour = { 3600, 0 };

static void start(uint64_t data)
{
	struct io_uring_sqe *sqe = t_sqe(&ring);

	io_uring_prep_timeout(sqe, &hour, 0, 0);
	io_uring_sqe_set_data64(sqe, data);
	t_submit(&ring, 1);
}

static void removed(void)
{
	struct io_uring_sqe *sqe;
	int i;

	start(1);
	sqe = t_sqe(&ring);
	io_uring_prep_timeout_remove(sqe, 1, 0);
	io_uring_sqe_set_data64(sqe, 2);
	t_submit(&ring, 1);
	for (i = 0; i < 2; i++) {
		struct t_result r = t_reap(&ring);

		T_EQ(r.res, r.user_data == 1 ? -ECANCELED : 0);
	}
	sqe = t_sqe(&ring);
	io_uring_prep_timeout_remove(sqe, 1, 0);
	T_EQ(t_do(&ring, sqe), -ENOENT);
}

static void updated(void)
{
	struct __kernel_timespec ts = t_ms(60), abs;
	struct io_uring_sqe *sqe;
	struct timespec now;

	start(3);
	sqe = t_sqe(&ring);
	io_uring_prep_timeout_update(sqe, &ts, 3, 0);
	T_EQ(t_do(&ring, sqe), 0);
	T_EQ(t_reap_as(&ring, 3).res, -ETIME);

	start(4);
	T_SYS(clock_gettime(CLOCK_MONOTONIC, &now));
	abs.tv_sec = now.tv_sec + 1;
	abs.tv_nsec = now.tv_nsec;
	sqe = t_sqe(&ring);
	io_uring_prep_timeout_update(sqe, &abs, 4, IORING_TIMEOUT_ABS);
	T_EQ(t_do(&ring, sqe), 0);
	T_EQ(t_reap_as(&ring, 4).res, -ETIME);
	sqe = t_sqe(&ring);
	io_uring_prep_timeout_update(sqe, &ts, 4, 0);
	T_EQ(t_do(&ring, sqe), -ENOENT);
}

/* A read that nothing will satisfy, and the timeout that ends it. */
static void linked(int fd, struct __kernel_timespec *ts)
{
	static char byte;
	struct io_uring_sqe *sqe = t_sqe(&ring);

	io_uring_prep_read(sqe, fd, &byte, 1, 0);
	io_uring_sqe_set_flags(sqe, IOSQE_IO_LINK);
	io_uring_sqe_set_data64(sqe, 5);
	sqe = t_sqe(&ring);
	io_uring_prep_link_timeout(sqe, ts, 0);
	io_uring_sqe_set_data64(sqe, 6);
	t_submit(&ring, 2);
}

static void reap_linked(void)
{
	int i;

	for (i = 0; i < 2; i++) {
		struct t_result r = t_reap(&ring);

		if (r.user_data == 5)
			T_CHECK(r.res == -ECANCELED || r.res == -EINTR);
		else
			T_EQ(r.res, -ETIME);
	}
}

int main(void)
{
	struct __kernel_timespec ts = t_ms(20);
	struct io_uring_sqe *sqe;
	int fds[2];

	T_SYS(pipe(fds));
	T_RING(8, &ring, 0);
	removed();
	updated();

	linked(fds[0], &ts);
	reap_linked();
	linked(fds[0], &hour);
	ts = t_ms(60);
	sqe = t_sqe(&ring);
	io_uring_prep_timeout_update(sqe, &ts, 6, IORING_LINK_TIMEOUT_UPDATE);
	T_EQ(t_do(&ring, sqe), 0);
	reap_linked();

	/* In time: the timeout is cancelled instead. */
	linked(fds[0], &hour);
	T_EQ(write(fds[1], "x", 1), 1);
	T_EQ(t_reap(&ring).res + t_reap(&ring).res, 1 - ECANCELED);

	sqe = t_sqe(&ring);
	io_uring_prep_link_timeout(sqe, &ts, 0);
	T_EQ(t_do(&ring, sqe), -EINVAL);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
