/* Description: register_bpf_filter() and register_bpf_filter_task() let a
 * classic BPF program refuse operations with EACCES, on a ring or on all rings
 * the task makes later; a kernel without them answers EINVAL. */
/* flavours: plain */
#include "file.h"

#include <liburing/io_uring/bpf_filter.h>
#include <liburing/io_uring/query.h>

static bool kernel_has_filters(void)
{
	struct io_uring_query_hdr hdr;
	struct io_uring_query_opcode op;

	memset(&hdr, 0, sizeof(hdr));
	memset(&op, 0, sizeof(op));
	hdr.query_data = (unsigned long)&op;
	hdr.size = sizeof(op);
	return !io_uring_register_query(&hdr) && !hdr.result &&
	       op.nr_register_opcodes > IORING_REGISTER_BPF_FILTER;
}

/* A program that refuses every NOP. */
static struct sock_filter refuse_all[] = {
	{ BPF_RET | BPF_K, 0, 0, 0 },
};

static void refuse_nop(struct io_uring_bpf *bpf)
{
	memset(bpf, 0, sizeof(*bpf));
	bpf->cmd_type = IO_URING_BPF_CMD_FILTER;
	bpf->filter.opcode = IORING_OP_NOP;
	bpf->filter.filter_len = 1;
	bpf->filter.filter_ptr = (unsigned long)refuse_all;
}

static int nop(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = t_sqe(ring);

	io_uring_prep_nop(sqe);
	return t_do(ring, sqe);
}

static int on_task(void *arg)
{
	struct io_uring older, newer;
	struct io_uring_bpf bpf;

	(void)arg;
	T_RING(8, &older, 0);
	refuse_nop(&bpf);
	T_EQ(io_uring_register_bpf_filter_task(&bpf), 0);
	T_RING(8, &newer, 0);
	T_EQ(nop(&older), 0);
	T_EQ(nop(&newer), -EACCES);
	return T_EXIT_PASS;
}

int main(void)
{
	struct io_uring_bpf bpf;
	struct io_uring ring;

	T_RING(8, &ring, 0);
	refuse_nop(&bpf);
	if (!kernel_has_filters()) {
		T_EQ(nop(&ring), 0);
		T_EQ(io_uring_register_bpf_filter_task(&bpf), -EINVAL);
		T_NEEDS(7, 0, "IORING_REGISTER_BPF_FILTER",
			io_uring_register_bpf_filter(&ring, &bpf), -EINVAL);
	}
	T_SYS(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	T_EQ(nop(&ring), 0);
	T_EQ(io_uring_register_bpf_filter(&ring, &bpf), 0);
	T_EQ(nop(&ring), -EACCES);
	io_uring_queue_exit(&ring);
	T_EQ(t_fork_run(on_task, NULL), T_EXIT_PASS);
	return T_EXIT_PASS;
}
