/* Description: register_clock() selects the clock that waiting with a timeout
 * reads: CLOCK_MONOTONIC or CLOCK_BOOTTIME, nothing else. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "file.h"

/* An absolute wait ends at once if and only if its clock is past the time. */
static int wait_until(struct io_uring *ring, const struct timespec *ts)
{
	struct io_uring_getevents_arg arg;
	struct __kernel_timespec kts;

	memset(&arg, 0, sizeof(arg));
	kts.tv_sec = ts->tv_sec;
	kts.tv_nsec = ts->tv_nsec;
	arg.ts = (unsigned long)&kts;
	return io_uring_enter2((unsigned int)ring->ring_fd, 0, 1,
			       IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG |
				       IORING_ENTER_ABS_TIMER,
			       &arg, sizeof(arg));
}

int main(void)
{
	struct io_uring_clock_register clk;
	struct io_uring ring;
	struct timespec now;

	T_RING(8, &ring, 0);
	memset(&clk, 0, sizeof(clk));
	clk.clockid = CLOCK_BOOTTIME;
	T_EQ_SINCE(6, 12, "IORING_REGISTER_CLOCK",
		   io_uring_register_clock(&ring, &clk), 0, -EINVAL);
	T_SYS(clock_gettime(CLOCK_BOOTTIME, &now));
	T_EQ(wait_until(&ring, &now), -ETIME);

	clk.clockid = CLOCK_MONOTONIC;
	T_EQ(io_uring_register_clock(&ring, &clk), 0);
	T_SYS(clock_gettime(CLOCK_MONOTONIC, &now));
	T_EQ(wait_until(&ring, &now), -ETIME);

	clk.clockid = CLOCK_REALTIME;
	T_EQ(io_uring_register_clock(&ring, &clk), -EINVAL);
	clk.clockid = CLOCK_BOOTTIME;
	clk.__resv[1] = 1;
	T_EQ(io_uring_register_clock(&ring, &clk), -EINVAL);
	T_EQ(io_uring_register_clock(&ring, NULL), -EINVAL);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
