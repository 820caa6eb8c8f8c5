/* Description: the ring structure holds nothing that ties it to a process or
 * an address: one in shared memory, on caller memory that is shared as well,
 * is submitted to by one process and waited on by another. */
/* flavours: plain sqpoll sqe128 cqe32 */
#include "test.h"

#define ROUNDS 50

struct shared {
	struct io_uring ring;
	volatile int turn;
};

static int child(void *arg)
{
	struct shared *shared = arg;
	struct io_uring *ring = &shared->ring;
	struct t_result r;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		while (shared->turn != 1)
			t_sleep_ms(1);
		r = t_reap(ring);
		T_EQ(r.user_data, 2 * i);
		t_queue_nop(ring, 2 * (uint64_t)i + 1);
		T_SUBMIT(ring, 1);
		shared->turn = 0;
	}
	return T_EXIT_PASS;
}

int main(void)
{
	struct io_uring_params p;
	struct shared *shared;
	int i, status;
	pid_t pid;
	char *memory;

	T_NEEDS_RING();
	memory = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	T_CHECK(memory != MAP_FAILED);
	shared = (struct shared *)memory;
	memset(&p, 0, sizeof(p));
	t_flavour_params(&p);
	i = io_uring_queue_init_mem(16, &shared->ring, &p, memory + 4096,
				    (1 << 20) - 4096);
	T_NEEDS(6, 5, "IORING_SETUP_NO_MMAP", i, -EINVAL);
	T_CHECK(i > 0);
	shared->turn = 0;
	pid = (pid_t)T_SYS(fork());
	if (!pid) {
		t_start();
		_exit(child(shared));
	}
	for (i = 0; i < ROUNDS; i++) {
		t_queue_nop(&shared->ring, 2 * (uint64_t)i);
		T_SUBMIT(&shared->ring, 1);
		shared->turn = 1;
		while (shared->turn != 0)
			t_sleep_ms(1);
		T_EQ(t_reap(&shared->ring).user_data, 2 * i + 1);
	}
	T_SYS(waitpid(pid, &status, 0));
	T_EQ(status, 0);
	T_EQ(shared->ring.sq.sqe_tail, 2 * ROUNDS);
	io_uring_queue_exit(&shared->ring);
	return T_EXIT_PASS;
}
