/* Description: IORING_SETUP_ATTACH_WQ with another ring's ring_fd as wq_fd
 * shares its SQPOLL thread; both rings work, also after the first is gone. */
/* flavours: plain cqe32 */
#include "test.h"

static unsigned int threads(void)
{
	char line[256];
	unsigned int n = 0;
	FILE *f = fopen("/proc/self/status", "r");

	T_CHECK(f != NULL);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "Threads: %u", &n) == 1)
			break;
	fclose(f);
	return n;
}

int main(void)
{
	struct io_uring first, second, apart;
	struct io_uring_params p;
	unsigned int before = threads();
	int i;

	memset(&p, 0, sizeof(p));
	p.flags = IORING_SETUP_SQPOLL;
	p.sq_thread_idle = 50;
	T_EQ(t_ring_init_params(4, &first, &p), 0);
	T_EQ(threads(), before + 1);

	memset(&p, 0, sizeof(p));
	p.flags = IORING_SETUP_SQPOLL | IORING_SETUP_ATTACH_WQ;
	p.wq_fd = (unsigned int)first.ring_fd;
	p.sq_thread_idle = 50;
	T_EQ(t_ring_init_params(4, &second, &p), 0);
	T_NE(second.flags & IORING_SETUP_ATTACH_WQ, 0);
	T_EQ(threads(), before + 1);

	for (i = 0; i < 10; i++) {
		t_queue_nop(&first, 1);
		t_queue_nop(&second, 2);
		T_SUBMIT(&first, 1);
		T_SUBMIT(&second, 1);
		T_EQ(t_reap(&first).user_data, 1);
		T_EQ(t_reap(&second).user_data, 2);
	}
	io_uring_queue_exit(&first);
	t_queue_nop(&second, 3);
	T_SUBMIT(&second, 1);
	T_EQ(t_reap(&second).user_data, 3);
	io_uring_queue_exit(&second);

	memset(&p, 0, sizeof(p));
	p.flags = IORING_SETUP_ATTACH_WQ;
	p.wq_fd = (unsigned int)-1;
	T_EQ(io_uring_queue_init_params(4, &apart, &p), -ENXIO);
	return T_EXIT_PASS;
}
