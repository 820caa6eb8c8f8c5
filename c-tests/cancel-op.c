/* Description: cancel finds a request by its user_data, as pointer or as 64-bit
 * value, cancel_fd by its descriptor; with CANCEL_ALL the result is how many
 * were found. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "net.h"

static struct io_uring ring;

static void start_poll(int fd, uint64_t data)
{
	struct io_uring_sqe *sqe = t_sqe(&ring);

	io_uring_prep_poll_add(sqe, fd, POLLIN);
	io_uring_sqe_set_data64(sqe, data);
	t_submit(&ring, 1);
}

/* Submits the cancel and checks its result and who was cancelled. */
static void cancels(struct io_uring_sqe *sqe, int wanted, int victims,
		    uint64_t sum)
{
	uint64_t seen = 0;
	int i;

	io_uring_sqe_set_data64(sqe, 1ULL << 63);
	t_submit(&ring, 1);
	for (i = 0; i < 1 + victims; i++) {
		struct t_result r = t_reap(&ring);

		if (r.user_data == 1ULL << 63) {
			if (wanted != -EINVAL)
				T_NEEDS(5, 19, "flags of a cancel request",
					r.res, -EINVAL);
			T_EQ(r.res, wanted);
			continue;
		}
		T_EQ(r.res, -ECANCELED);
		seen += r.user_data;
	}
	T_EQ(seen, sum);
	t_no_completion(&ring);
}

int main(void)
{
	struct io_uring_sqe *sqe;
	int a[2], b[2];

	T_SYS(pipe(a));
	T_SYS(pipe(b));
	T_RING(8, &ring, 0);
	start_poll(a[0], (unsigned long)&ring);
	start_poll(a[0], 0x100000001ULL);
	start_poll(a[0], 1);

	sqe = t_sqe(&ring);
	io_uring_prep_cancel(sqe, &ring, 0);
	cancels(sqe, 0, 1, (unsigned long)&ring);
	sqe = t_sqe(&ring);
	io_uring_prep_cancel(sqe, &ring, 0);
	cancels(sqe, -ENOENT, 0, 0);
	sqe = t_sqe(&ring);
	io_uring_prep_cancel64(sqe, 0x100000001ULL, 0);
	cancels(sqe, 0, 1, 0x100000001ULL);

	start_poll(b[0], 2);
	start_poll(a[0], 4);
	sqe = t_sqe(&ring);
	io_uring_prep_cancel_fd(sqe, b[0], 0);
	cancels(sqe, 0, 1, 2);
	sqe = t_sqe(&ring);
	io_uring_prep_cancel_fd(sqe, a[0], IORING_ASYNC_CANCEL_ALL);
	cancels(sqe, 2, 2, 1 + 4);
	sqe = t_sqe(&ring);
	io_uring_prep_cancel_fd(sqe, a[0], IORING_ASYNC_CANCEL_ALL);
	cancels(sqe, 0, 0, 0);

	start_poll(a[0], 8);
	start_poll(b[0], 8);
	start_poll(b[0], 16);
	sqe = t_sqe(&ring);
	io_uring_prep_cancel64(sqe, 8, IORING_ASYNC_CANCEL_ALL);
	cancels(sqe, 2, 2, 16);
	sqe = t_sqe(&ring);
	io_uring_prep_cancel(sqe, NULL, IORING_ASYNC_CANCEL_ANY);
	cancels(sqe, 1, 1, 16);
	sqe = t_sqe(&ring);
	io_uring_prep_cancel64(sqe, 1, 1 << 20);
	cancels(sqe, -EINVAL, 0, 0);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
