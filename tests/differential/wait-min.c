/* needs: 2.15 */
/* strace: signal-at-every-enter: -e inject=io_uring_enter:signal=SIGUSR1 */
#include "see.h"

static struct __kernel_timespec brief;
static struct io_uring ring;
static sigset_t mask;

#define WITH_CQE(call)                                                         \
	do {                                                                   \
		CALL_CQE(&ring, call);                                         \
		settle(&ring);                                                 \
	} while (0)

static void minimal(void)
{
	part("min, nothing comes");
	WITH_CQE(io_uring_wait_cqes_min_timeout(&ring, &cqe, 2, &brief, 1000,
						NULL));
	part("min, one comes");
	queue_nop(&ring, 1);
	CALL(io_uring_submit(&ring));
	WITH_CQE(io_uring_wait_cqes_min_timeout(&ring, &cqe, 2, &brief, 1000,
						&mask));
	part("submit, min, nothing comes");
	WITH_CQE(io_uring_submit_and_wait_min_timeout(&ring, &cqe, 2, &brief,
						      1000, NULL));
	part("submit, min, one comes");
	queue_nop(&ring, 2);
	WITH_CQE(io_uring_submit_and_wait_min_timeout(&ring, &cqe, 2, &brief,
						      1000, &mask));
	part("submit, min 0");
	queue_nop(&ring, 3);
	WITH_CQE(io_uring_submit_and_wait_min_timeout(&ring, &cqe, 1, &brief, 0,
						      NULL));
	part("submit, min, no timespec");
	queue_nop(&ring, 4);
	queue_timer(&ring, 5, 10);
	WITH_CQE(io_uring_submit_and_wait_min_timeout(&ring, &cqe, 2, NULL, 1000,
						      NULL));
	part("submit, min, mask only");
	queue_nop(&ring, 6);
	queue_timer(&ring, 7, 10);
	WITH_CQE(io_uring_submit_and_wait_min_timeout(&ring, &cqe, 2, NULL, 1000,
						      &mask));
	part("without the feature");
	ring.features &= ~IORING_FEAT_MIN_TIMEOUT;
	WITH_CQE(io_uring_wait_cqes_min_timeout(&ring, &cqe, 1, &brief, 1000,
						NULL));
	queue_nop(&ring, 8);
	part("submit, without the feature");
	WITH_CQE(io_uring_submit_and_wait_min_timeout(&ring, &cqe, 1, &brief,
						      1000, NULL));
	ring.features |= IORING_FEAT_MIN_TIMEOUT;
}

static void registered(void)
{
	struct io_uring_mem_region_reg mr;
	struct io_uring_region_desc rd;
	struct io_uring_reg_wait *reg;

	reg = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (reg == MAP_FAILED)
		exit(1);
	aside();
	MUST(io_uring_queue_init(4, &ring, IORING_SETUP_R_DISABLED));
	memset(&rd, 0, sizeof(rd));
	rd.user_addr = (unsigned long)reg;
	rd.size = 4096;
	rd.flags = IORING_MEM_REGION_TYPE_USER;
	memset(&mr, 0, sizeof(mr));
	mr.region_uptr = (unsigned long)&rd;
	mr.flags = IORING_MEM_REGION_REG_WAIT_ARG;
	part("region");
	CALL(io_uring_register_region(&ring, &mr));
	CALL(io_uring_register_region(&ring, &mr));
	CALL(io_uring_register_wait_reg(&ring, reg, 1));
	CALL(io_uring_enable_rings(&ring));
	reg[1].flags = IORING_REG_WAIT_TS;
	reg[1].ts = milliseconds(5);
	reg[2].flags = IORING_REG_WAIT_TS;
	reg[2].ts = milliseconds(5);
	reg[2].min_wait_usec = 1000;

	part("by index, nothing comes");
	WITH_CQE(io_uring_submit_and_wait_reg(&ring, &cqe, 1, 1));
	part("by index, one comes");
	queue_nop(&ring, 10);
	WITH_CQE(io_uring_submit_and_wait_reg(&ring, &cqe, 1, 1));
	part("by index, one of two comes");
	queue_nop(&ring, 11);
	WITH_CQE(io_uring_submit_and_wait_reg(&ring, &cqe, 2, 2));
	part("by index outside the region");
	queue_nop(&ring, 12);
	WITH_CQE(io_uring_submit_and_wait_reg(&ring, &cqe, 1, 64));
	part("by negative index");
	WITH_CQE(io_uring_submit_and_wait_reg(&ring, &cqe, 1, -1));
	part("by index without the feature");
	ring.features &= ~IORING_FEAT_EXT_ARG;
	queue_nop(&ring, 13);
	WITH_CQE(io_uring_submit_and_wait_reg(&ring, &cqe, 1, 1));
}

static void iowait(void)
{
	part("iowait");
	CALL(io_uring_set_iowait(&ring, false));
	VALUE(ring.int_flags);
	queue_nop(&ring, 20);
	CALL(io_uring_submit_and_wait(&ring, 1));
	reap(&ring, 1);
	CALL(io_uring_set_iowait(&ring, true));
	VALUE(ring.int_flags);
	ring.features = 0;
	CALL(io_uring_set_iowait(&ring, false));
	VALUE(ring.int_flags);
}

int main(void)
{
	brief = milliseconds(5);
	sigemptyset(&mask);
	ring_up(&ring, 4, 0);
	minimal();
	ring_down(&ring);
	registered();
	ring_down(&ring);
	ring_up(&ring, 4, 0);
	iowait();
	ring_down(&ring);
	return 0;
}
