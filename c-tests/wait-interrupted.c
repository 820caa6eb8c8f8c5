/* Description: a signal ends a pure wait with -EINTR and a NULL pointer, in
 * every waiting function; nothing retries. A combined submit and wait reports
 * what it submitted instead. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* valgrind: off: it delivers no signal during io_uring_enter(2) */
#include "test.h"

int main(void)
{
	struct __kernel_timespec far = t_ms(60000);
	struct io_uring_cqe *cqe;
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int sv[2];
	char byte;

	T_RING(4, &ring, 0);
	t_socketpair(sv);

#define INTERRUPTED(expr, wanted)                                              \
	do {                                                                   \
		int seen_ = t_signals_seen;                                    \
		cqe = (void *)8;                                               \
		t_signal_after(30, 30);                                        \
		T_EQ(expr, wanted);                                            \
		t_signal_stop();                                               \
		T_GE(t_signals_seen, seen_ + 1);                               \
	} while (0)

	INTERRUPTED(io_uring_wait_cqe(&ring, &cqe), -EINTR);
	T_PTR_EQ(cqe, NULL);
	INTERRUPTED(io_uring_wait_cqe_nr(&ring, &cqe, 2), -EINTR);
	T_PTR_EQ(cqe, NULL);
	INTERRUPTED(io_uring_wait_cqe_timeout(&ring, &cqe, &far), -EINTR);
	T_PTR_EQ(cqe, NULL);
	INTERRUPTED(io_uring_wait_cqes(&ring, &cqe, 1, &far, NULL), -EINTR);
	T_PTR_EQ(cqe, NULL);
	INTERRUPTED(io_uring_wait_cqes(&ring, &cqe, 1, NULL, NULL), -EINTR);
	T_PTR_EQ(cqe, NULL);
	INTERRUPTED(io_uring_submit_and_wait(&ring, 1), -EINTR);
	INTERRUPTED(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &far, NULL),
		    -EINTR);
	T_PTR_EQ(cqe, NULL);
	INTERRUPTED(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, NULL, NULL),
		    -EINTR);
	T_PTR_EQ(cqe, NULL);
	if (ring.features & IORING_FEAT_MIN_TIMEOUT) {
		INTERRUPTED(io_uring_wait_cqes_min_timeout(&ring, &cqe, 2, &far,
							   1000, NULL), -EINTR);
		T_PTR_EQ(cqe, NULL);
		INTERRUPTED(io_uring_submit_and_wait_min_timeout(
				    &ring, &cqe, 2, &far, 1000, NULL), -EINTR);
		T_PTR_EQ(cqe, NULL);
	}

	sqe = io_uring_get_sqe(&ring);
	T_CHECK(sqe != NULL);
	io_uring_prep_read(sqe, sv[0], &byte, 1, 0);
	io_uring_sqe_set_data64(sqe, 5);
	if (t_flavour() != T_SQPOLL) {
		INTERRUPTED(io_uring_submit_and_wait(&ring, 1), 1);
		sqe = io_uring_get_sqe(&ring);
		T_CHECK(sqe != NULL);
		io_uring_prep_read(sqe, sv[0], &byte, 1, 0);
		io_uring_sqe_set_data64(sqe, 6);
		INTERRUPTED(io_uring_submit_and_wait_timeout(&ring, &cqe, 1,
							     &far, NULL), 1);
		T_PTR_EQ(cqe, NULL);
		T_EQ(write(sv[1], "x", 1), 1);
		T_EQ(t_reap(&ring).res, 1);
	}
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
