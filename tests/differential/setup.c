/* needs: 2.3 */
#include "see.h"

static struct io_uring ring;

static void form(const char *name, unsigned int entries, unsigned int flags,
		 unsigned int cq_entries)
{
	struct io_uring_params p;
	long ret;

	part(name);
	memset(&ring, 0x5a, sizeof(ring));
	memset(&p, 0, sizeof(p));
	p.flags = flags;
	p.cq_entries = cq_entries;
	p.sq_thread_idle = 1000;
	ret = CALL(io_uring_queue_init_params(entries, &ring, &p));
	see_params(&p);
	if (ret)
		return;
	see_ring(&ring);
	io_uring_queue_exit(&ring);
	see("afterwards fd %d, sqes %s\n", ring.ring_fd,
	    ring.sq.sqes ? "kept" : "reset");
}

int main(void)
{
	struct io_uring_params p;

	part("queue_init");
	memset(&ring, 0x5a, sizeof(ring));
	CALL(io_uring_queue_init(8, &ring, 0));
	see_ring(&ring);
	CALL(io_uring_ring_dontfork(&ring));
	io_uring_queue_exit(&ring);

	form("one entry", 1, 0, 0);
	form("rounded up", 3, 0, 0);
	form("large", 4096, 0, 0);
	form("no entries", 0, 0, 0);
	form("too many entries", 32769, 0, 0);
	form("clamped", 40000, IORING_SETUP_CLAMP, 0);
	form("cq size", 4, IORING_SETUP_CQSIZE, 100);
	form("cq size below sq size", 8, IORING_SETUP_CQSIZE, 4);
	form("no cq size", 8, IORING_SETUP_CQSIZE, 0);
	form("sqe128", 8, IORING_SETUP_SQE128, 0);
	form("cqe32", 8, IORING_SETUP_CQE32, 0);
	form("both large", 64, IORING_SETUP_SQE128 | IORING_SETUP_CQE32, 0);
	form("iopoll", 8, IORING_SETUP_IOPOLL, 0);
	form("sqpoll", 8, IORING_SETUP_SQPOLL, 0);
	form("sqpoll and iopoll", 8, IORING_SETUP_SQPOLL | IORING_SETUP_IOPOLL, 0);
	form("disabled", 8, IORING_SETUP_R_DISABLED, 0);
	form("defer taskrun", 8,
	     IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN, 0);
	form("defer taskrun alone", 8, IORING_SETUP_DEFER_TASKRUN, 0);
	form("taskrun flag", 8,
	     IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG, 0);
	form("unknown flag", 8, 1U << 30, 0);
	form("affinity without sqpoll", 8, IORING_SETUP_SQ_AFF, 0);

	part("attach to nothing");
	memset(&p, 0, sizeof(p));
	p.flags = IORING_SETUP_ATTACH_WQ;
	p.wq_fd = (__u32)-1;
	CALL(io_uring_queue_init_params(4, &ring, &p));
	see_params(&p);

	part("attach to a ring");
	ring_up(&ring, 4, 0);
	part("attached");
	{
		struct io_uring second;

		memset(&p, 0, sizeof(p));
		p.flags = IORING_SETUP_ATTACH_WQ;
		p.wq_fd = (__u32)ring.ring_fd;
		CALL(io_uring_queue_init_params(4, &second, &p));
		see_params(&p);
		see_ring(&second);
		io_uring_queue_exit(&second);
	}
	ring_down(&ring);
	return 0;
}
