/* Description: io_uring_submit_and_wait_reg() takes timeout, minimum time and
 * signal mask from slot `index` of a region that was registered for it. Its
 * results are those of submit_and_wait_timeout(); without EXT_ARG -EINVAL. */
/* flavours: plain defer sqe128 cqe32 */
/* valgrind: off: it takes any argument of io_uring_enter(2) for a mask */
#include "test.h"

#define SLOTS 64

static void set(struct io_uring_reg_wait *slot, long ms, unsigned int min_usec)
{
	memset(slot, 0, sizeof(*slot));
	slot->ts = t_ms(ms);
	slot->flags = IORING_REG_WAIT_TS;
	slot->min_wait_usec = min_usec;
}

int main(void)
{
	struct io_uring_mem_region_reg reg;
	struct io_uring_region_desc desc;
	struct io_uring_cqe *cqe = (void *)8;
	struct io_uring_reg_wait *wait;
	struct io_uring ring;
	sigset_t usr1, empty;
	long long start;
	int ret;

	wait = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	T_CHECK(wait != MAP_FAILED);
	memset(&desc, 0, sizeof(desc));
	desc.user_addr = (uintptr_t)wait;
	desc.size = 4096;
	desc.flags = IORING_MEM_REGION_TYPE_USER;
	memset(&reg, 0, sizeof(reg));
	reg.region_uptr = (uintptr_t)&desc;
	reg.flags = IORING_MEM_REGION_REG_WAIT_ARG;

	/* Arguments for waits can only be registered before the first wait. */
	T_RING(4, &ring, IORING_SETUP_R_DISABLED);
	ret = io_uring_register_region(&ring, &reg);
	T_NEEDS(6, 13, "IORING_REGISTER_MEM_REGION", ret, -EINVAL);
	T_EQ(ret, 0);
	T_EQ(io_uring_register_region(&ring, &reg), -EBUSY);
	T_EQ(io_uring_enable_rings(&ring), 0);

	set(&wait[0], 20, 0);
	set(&wait[3], 60000, 0);
	set(&wait[5], 60000, 10000);
	set(&wait[SLOTS - 1], 0, 0);

	start = t_now_ms();
	T_EQ(io_uring_submit_and_wait_reg(&ring, &cqe, 1, 0), -ETIME);
	T_PTR_EQ(cqe, NULL);
	T_GE(t_now_ms() - start, 19);
	T_EQ(io_uring_submit_and_wait_reg(&ring, &cqe, 1, SLOTS - 1), -ETIME);
	T_EQ(io_uring_submit_and_wait_reg(&ring, &cqe, 1, SLOTS), -EFAULT);

	t_queue_nop(&ring, 1);
	T_EQ(io_uring_submit_and_wait_reg(&ring, &cqe, 1, 3), 1);
	T_EQ(cqe->user_data, 1);
	T_EQ(io_uring_submit_and_wait_reg(&ring, &cqe, 1, 3), 0);
	T_EQ(cqe->user_data, 1);
	io_uring_cqe_seen(&ring, cqe);

	/* One of three, after the minimum time. */
	t_queue_nop(&ring, 2);
	start = t_now_ms();
	T_EQ(io_uring_submit_and_wait_reg(&ring, &cqe, 3, 5), 1);
	T_GE(t_now_ms() - start, 9);
	T_EQ(cqe->user_data, 2);
	io_uring_cqe_seen(&ring, cqe);

	/* The region is read at every wait. */
	sigemptyset(&empty);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	T_SYS(sigprocmask(SIG_BLOCK, &usr1, NULL));
	t_signal_after(1, 0);
	wait[3].sigmask = (uintptr_t)&empty;
	wait[3].sigmask_sz = _NSIG / 8;
	T_EQ(io_uring_submit_and_wait_reg(&ring, &cqe, 1, 3), -EINTR);
	T_PTR_EQ(cqe, NULL);
	T_EQ(t_signals_seen, 1);

	ring.features &= ~IORING_FEAT_EXT_ARG;
	T_EQ(io_uring_submit_and_wait_reg(&ring, &cqe, 1, 0), -EINVAL);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
