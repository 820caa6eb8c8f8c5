/* Description: futex_wait waits while the word has the expected value and is
 * woken by the system call or by futex_wake, whose bit sets must meet;
 * futex_waitv waits on several words and says which one it was. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "file.h"

#include <linux/futex.h>

/* The flags of the futex2 family, which the headers here may not have yet. */
#define T_FUTEX_U32     2U
#define T_FUTEX_PRIVATE 128U

static struct io_uring ring;
static uint32_t word[2];

static void wait_for(uint64_t value, uint64_t mask, uint64_t data)
{
	struct io_uring_sqe *sqe = t_sqe(&ring);

	io_uring_prep_futex_wait(sqe, &word[0], value, mask,
				 T_FUTEX_U32 | T_FUTEX_PRIVATE, 0);
	io_uring_sqe_set_data64(sqe, data);
	t_submit(&ring, 1);
}

/* Its own completion may come after those of the waiters that it wakes. */
static void wake(uint64_t nr, uint64_t mask, int woken, uint64_t sum)
{
	struct io_uring_sqe *sqe = t_sqe(&ring);
	uint64_t seen = 0;
	int i;

	io_uring_prep_futex_wake(sqe, &word[0], nr, mask,
				 T_FUTEX_U32 | T_FUTEX_PRIVATE, 0);
	io_uring_sqe_set_data64(sqe, 1ULL << 60);
	t_submit(&ring, 1);
	for (i = 0; i < 1 + woken; i++) {
		struct t_result r = t_reap(&ring);

		if (r.user_data == 1ULL << 60) {
			T_EQ(r.res, woken);
			continue;
		}
		T_EQ(r.res, 0);
		seen += r.user_data;
	}
	T_EQ(seen, sum);
	t_no_completion(&ring);
}

static void vector(void)
{
	struct futex_waitv v[2];
	struct io_uring_sqe *sqe;

	memset(v, 0, sizeof(v));
	v[0].uaddr = (unsigned long)&word[0];
	v[0].val = word[0];
	v[0].flags = T_FUTEX_U32 | T_FUTEX_PRIVATE;
	v[1] = v[0];
	v[1].uaddr = (unsigned long)&word[1];
	v[1].val = word[1];
	sqe = t_sqe(&ring);
	io_uring_prep_futex_waitv(sqe, v, 2, 0);
	io_uring_sqe_set_data64(sqe, 5);
	t_submit(&ring, 1);
	t_no_completion(&ring);
	while (!T_SYS(syscall(SYS_futex, &word[1], FUTEX_WAKE_PRIVATE, 1, NULL,
			      NULL, 0)))
		t_sleep_ms(1);
	T_EQ(t_reap_as(&ring, 5).res, 1);

	v[0].val++;
	sqe = t_sqe(&ring);
	io_uring_prep_futex_waitv(sqe, v, 2, 0);
	T_EQ(t_do(&ring, sqe), -EAGAIN);
	sqe = t_sqe(&ring);
	io_uring_prep_futex_waitv(sqe, v, 0, 0);
	T_EQ(t_do(&ring, sqe), -EINVAL);
}

int main(void)
{
	struct io_uring_sqe *sqe;

	T_RING(8, &ring, 0);
	T_NEEDS_OP(6, 7, IORING_OP_FUTEX_WAIT);
	word[0] = 42;
	wait_for(41, FUTEX_BITSET_MATCH_ANY, 1);
	T_EQ(t_reap_as(&ring, 1).res, -EAGAIN);

	wait_for(42, FUTEX_BITSET_MATCH_ANY, 2);
	t_no_completion(&ring);
	while (!T_SYS(syscall(SYS_futex, &word[0], FUTEX_WAKE_PRIVATE, 1, NULL,
			      NULL, 0)))
		t_sleep_ms(1);
	T_EQ(t_reap_as(&ring, 2).res, 0);

	wait_for(42, 1, 3);
	wait_for(42, 2, 4);
	wait_for(42, 6, 8);
	wake(10, 8, 0, 0);
	wake(10, 1, 1, 3);
	wake(1, 4, 1, 8);
	wake(10, FUTEX_BITSET_MATCH_ANY, 1, 4);
	vector();

	sqe = t_sqe(&ring);
	io_uring_prep_futex_wait(sqe, &word[0], 42, FUTEX_BITSET_MATCH_ANY,
				 T_FUTEX_U32, 1);
	T_EQ(t_do(&ring, sqe), -EINVAL);
	sqe = t_sqe(&ring);
	io_uring_prep_futex_wake(sqe, &word[0], 1, FUTEX_BITSET_MATCH_ANY,
				 T_FUTEX_U32, 1);
	T_EQ(t_do(&ring, sqe), -EINVAL);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
