/* Description: a timeout completes with ETIME after its time, relative or
 * absolute, on the clock that is named, or with 0 after a count of
 * completions; multishot ones repeat. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "file.h"

static struct io_uring ring;

static struct t_result timeout(struct __kernel_timespec *ts, unsigned int count,
			       unsigned int flags)
{
	struct io_uring_sqe *sqe = t_sqe(&ring);

	io_uring_prep_timeout(sqe, ts, count, flags);
	return t_complete(&ring, sqe);
}

static struct __kernel_timespec now(clockid_t clock)
{
	struct __kernel_timespec ts;
	struct timespec t;

	T_SYS(clock_gettime(clock, &t));
	ts.tv_sec = t.tv_sec;
	ts.tv_nsec = t.tv_nsec;
	return ts;
}

static void relative(void)
{
	struct __kernel_timespec ts = t_ms(30);
	long long start = t_now_ms();
	int ret;

	T_EQ(timeout(&ts, 0, 0).res, -ETIME);
	T_GE(t_now_ms() - start, 29);
	ret = timeout(&ts, 0, IORING_TIMEOUT_ETIME_SUCCESS).res;
	if (!t_lacks(5, 16, "IORING_TIMEOUT_ETIME_SUCCESS", ret, -EINVAL))
		T_EQ(ret, -ETIME);
	ts.tv_nsec = -1;
	if (!t_lacks(5, 16, "check of the timespec", 0, 0))
		T_EQ(timeout(&ts, 0, 0).res, -EINVAL);
	T_EQ(timeout(NULL, 0, 0).res, -EFAULT);
}

/* A clock that is not the one meant would wait for years, or not at all. */
static void absolute(void)
{
	struct __kernel_timespec ts;
	long long start;
	int ret;

	ts = now(CLOCK_MONOTONIC);
	T_EQ(timeout(&ts, 0, IORING_TIMEOUT_ABS).res, -ETIME);
	ts = now(CLOCK_REALTIME);
	ts.tv_sec++;
	start = t_now_ms();
	ret = timeout(&ts, 0, IORING_TIMEOUT_ABS | IORING_TIMEOUT_REALTIME).res;
	if (t_lacks(5, 15, "IORING_TIMEOUT_REALTIME", ret, -EINVAL))
		return;
	T_EQ(ret, -ETIME);
	T_GE(t_now_ms() - start, 900);
	ts = now(CLOCK_BOOTTIME);
	T_EQ(timeout(&ts, 0, IORING_TIMEOUT_ABS | IORING_TIMEOUT_BOOTTIME).res,
	     -ETIME);
	T_EQ(timeout(&ts, 0, IORING_TIMEOUT_REALTIME |
		     IORING_TIMEOUT_BOOTTIME).res, -EINVAL);
}

static void counted(void)
{
	struct __kernel_timespec ts = t_ms(60000);
	struct io_uring_sqe *sqe = t_sqe(&ring);
	struct t_result r;

	io_uring_prep_timeout(sqe, &ts, 2, 0);
	io_uring_sqe_set_data64(sqe, 7);
	t_submit(&ring, 1);
	sqe = t_sqe(&ring);
	io_uring_prep_nop(sqe);
	T_EQ(t_do(&ring, sqe), 0);
	t_no_completion(&ring);
	sqe = t_sqe(&ring);
	io_uring_prep_nop(sqe);
	T_EQ(t_do(&ring, sqe), 0);
	r = t_reap_as(&ring, 7);
	T_EQ(r.res, 0);
}

static void repeated(void)
{
	struct __kernel_timespec ts = t_ms(5);
	struct io_uring_sqe *sqe = t_sqe(&ring);
	int i;

	io_uring_prep_timeout(sqe, &ts, 3, IORING_TIMEOUT_MULTISHOT);
	io_uring_sqe_set_data64(sqe, 8);
	t_submit(&ring, 1);
	for (i = 0; i < 3; i++) {
		struct t_result r = t_reap_as(&ring, 8);

		T_NEEDS(6, 4, "IORING_TIMEOUT_MULTISHOT", r.res, -EINVAL);
		T_EQ(r.res, -ETIME);
		T_EQ(r.flags & IORING_CQE_F_MORE,
		     i < 2 ? IORING_CQE_F_MORE : 0);
	}
}

int main(void)
{
	T_RING(8, &ring, 0);
	relative();
	absolute();
	counted();
	repeated();
	t_no_completion(&ring);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
