/* Description: register_sync_cancel() cancels matching requests and returns
 * only when they are gone: by user_data, by descriptor, or all of them; it
 * returns 0 for one, a count for all, ENOENT for none. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "net.h"

static void poll_for_ever(struct io_uring *ring, int fd, uint64_t data)
{
	struct io_uring_sqe *sqe = t_sqe(ring);

	io_uring_prep_poll_add(sqe, fd, POLLIN);
	io_uring_sqe_set_data64(sqe, data);
	t_submit(ring, 1);
	while (io_uring_sq_ready(ring))
		t_sleep_ms(1);
}

int main(void)
{
	struct io_uring_sync_cancel_reg reg;
	struct io_uring ring;
	struct t_result r;
	int a[2], b[2];

	T_SYS(pipe(a));
	T_SYS(pipe(b));
	T_RING(8, &ring, 0);

	T_EQ_SINCE(6, 0, "IORING_REGISTER_SYNC_CANCEL",
		   t_sync_cancel(&ring, 1, -1, 0), -ENOENT, -EINVAL);
	poll_for_ever(&ring, a[0], 1);
	T_EQ(t_sync_cancel(&ring, 2, -1, 0), -ENOENT);
	T_EQ(t_sync_cancel(&ring, 1, -1, 0), 0);
	T_EQ(t_reap_as(&ring, 1).res, -ECANCELED);

	poll_for_ever(&ring, a[0], 3);
	poll_for_ever(&ring, b[0], 4);
	T_EQ(t_sync_cancel(&ring, 0, b[0], IORING_ASYNC_CANCEL_FD), 0);
	T_EQ(t_reap_as(&ring, 4).res, -ECANCELED);

	poll_for_ever(&ring, b[0], 5);
	T_EQ(t_sync_cancel(&ring, 0, -1,
		    IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL), 2);
	r = t_reap(&ring);
	T_EQ(r.res, -ECANCELED);
	T_EQ(r.user_data + t_reap(&ring).user_data, 3 + 5);

	memset(&reg, 0, sizeof(reg));
	reg.pad2[0] = 1;
	T_EQ(io_uring_register_sync_cancel(&ring, &reg), -EINVAL);
	T_EQ(io_uring_register_sync_cancel(&ring, NULL), -EINVAL);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
