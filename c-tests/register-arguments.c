/* Description: each register function makes one io_uring_register() call with
 * its opcode, descriptor and argument count: number of elements, size of the
 * structure, 1 or 0, as the kernel asks for that opcode. Seen by letting
 * seccomp answer exactly that call with an error of its own, which must come
 * back unchanged. */
/* flavours: plain */
#include "file.h"

#include <liburing/io_uring/bpf_filter.h>
#include <liburing/io_uring/query.h>

static struct io_uring ring;

/* The call with this opcode, fd and nr must be what `call` makes. */
#define MAKES(opcode, fd, nr, call)                                            \
	do {                                                                   \
		struct t_arg_match m_[3] = {                                   \
			{ 0, 0xffffffff, (uint32_t)(fd) },                     \
			{ 1, 0xffffffff, (opcode) },                           \
			{ 3, 0xffffffff, (nr) },                               \
		};                                                             \
		t_seccomp_deny(__NR_io_uring_register, ENOTTY, m_, 3);         \
		T_EQ(call, -ENOTTY);                                           \
	} while (0)

static void files(void)
{
	int fds[3] = { -1, -1, -1 };
	__u64 tags[3] = { 0, 0, 0 };
	int fd = ring.ring_fd;

	MAKES(IORING_REGISTER_FILES, fd, 3,
	      io_uring_register_files(&ring, fds, 3));
	MAKES(IORING_REGISTER_FILES2, fd, sizeof(struct io_uring_rsrc_register),
	      io_uring_register_files_tags(&ring, fds, tags, 3));
	T_EQ(io_uring_register_files_sparse(&ring, 3), -ENOTTY);
	MAKES(IORING_REGISTER_FILES_UPDATE, fd, 2,
	      io_uring_register_files_update(&ring, 0, fds, 2));
	MAKES(IORING_REGISTER_FILES_UPDATE2, fd,
	      sizeof(struct io_uring_rsrc_update2),
	      io_uring_register_files_update_tag(&ring, 0, fds, tags, 2));
	MAKES(IORING_UNREGISTER_FILES, fd, 0, io_uring_unregister_files(&ring));
	MAKES(IORING_REGISTER_FILE_ALLOC_RANGE, fd, 0,
	      io_uring_register_file_alloc_range(&ring, 0, 1));
}

static void buffers(void)
{
	struct io_uring_buf_reg reg;
	struct iovec iov[3];
	__u64 tags[3] = { 0, 0, 0 };
	int fd = ring.ring_fd, err = 0;
	uint16_t head;

	memset(iov, 0, sizeof(iov));
	memset(&reg, 0, sizeof(reg));
	MAKES(IORING_REGISTER_BUFFERS, fd, 3,
	      io_uring_register_buffers(&ring, iov, 3));
	MAKES(IORING_REGISTER_BUFFERS2, fd,
	      sizeof(struct io_uring_rsrc_register),
	      io_uring_register_buffers_tags(&ring, iov, tags, 3));
	T_EQ(io_uring_register_buffers_sparse(&ring, 3), -ENOTTY);
	MAKES(IORING_REGISTER_BUFFERS_UPDATE, fd,
	      sizeof(struct io_uring_rsrc_update2),
	      io_uring_register_buffers_update_tag(&ring, 0, iov, tags, 2));
	MAKES(IORING_UNREGISTER_BUFFERS, fd, 0,
	      io_uring_unregister_buffers(&ring));
	MAKES(IORING_REGISTER_CLONE_BUFFERS, fd, 1,
	      io_uring_clone_buffers(&ring, &ring));
	T_EQ(io_uring_clone_buffers_offset(&ring, &ring, 0, 0, 1, 0), -ENOTTY);
	T_EQ(__io_uring_clone_buffers(&ring, &ring, 0), -ENOTTY);
	T_EQ(__io_uring_clone_buffers_offset(&ring, &ring, 0, 0, 1, 0),
	     -ENOTTY);

	MAKES(IORING_REGISTER_PBUF_RING, fd, 1,
	      io_uring_register_buf_ring(&ring, &reg, 0));
	T_PTR_EQ(io_uring_setup_buf_ring(&ring, 4, 1, 0, &err), NULL);
	T_EQ(err, -ENOTTY);
	MAKES(IORING_UNREGISTER_PBUF_RING, fd, 1,
	      io_uring_unregister_buf_ring(&ring, 1));
	MAKES(IORING_REGISTER_PBUF_STATUS, fd, 1,
	      io_uring_buf_ring_head(&ring, 1, &head));
}

static void settings(void)
{
	struct io_uring_sync_cancel_reg cancel;
	struct io_uring_clock_register clk;
	struct io_uring_napi napi;
	unsigned int workers[2] = { 0, 0 };
	int fd = ring.ring_fd;
	cpu_set_t cpus;

	memset(&cancel, 0, sizeof(cancel));
	memset(&clk, 0, sizeof(clk));
	memset(&napi, 0, sizeof(napi));
	CPU_ZERO(&cpus);
	MAKES(IORING_REGISTER_EVENTFD, fd, 1,
	      io_uring_register_eventfd(&ring, 1));
	MAKES(IORING_REGISTER_EVENTFD_ASYNC, fd, 1,
	      io_uring_register_eventfd_async(&ring, 1));
	MAKES(IORING_UNREGISTER_EVENTFD, fd, 0,
	      io_uring_unregister_eventfd(&ring));
	MAKES(IORING_REGISTER_PERSONALITY, fd, 0,
	      io_uring_register_personality(&ring));
	MAKES(IORING_UNREGISTER_PERSONALITY, fd, 17,
	      io_uring_unregister_personality(&ring, 17));
	MAKES(IORING_REGISTER_IOWQ_AFF, fd, sizeof(cpus),
	      io_uring_register_iowq_aff(&ring, sizeof(cpus), &cpus));
	MAKES(IORING_UNREGISTER_IOWQ_AFF, fd, 0,
	      io_uring_unregister_iowq_aff(&ring));
	MAKES(IORING_REGISTER_IOWQ_MAX_WORKERS, fd, 2,
	      io_uring_register_iowq_max_workers(&ring, workers));
	MAKES(IORING_REGISTER_NAPI, fd, 1,
	      io_uring_register_napi(&ring, &napi));
	MAKES(IORING_UNREGISTER_NAPI, fd, 1,
	      io_uring_unregister_napi(&ring, &napi));
	MAKES(IORING_REGISTER_CLOCK, fd, 0,
	      io_uring_register_clock(&ring, &clk));
	MAKES(IORING_REGISTER_SYNC_CANCEL, fd, 1,
	      io_uring_register_sync_cancel(&ring, &cancel));
}

static void newer(void)
{
	struct io_uring_zcrx_ifq_reg ifq;
	struct io_uring_query_hdr query;
	struct io_uring_sqe sqe;
	struct io_uring_bpf bpf;
	struct zcrx_ctrl ctrl;
	int fd = ring.ring_fd;

	memset(&ifq, 0, sizeof(ifq));
	memset(&query, 0, sizeof(query));
	memset(&sqe, 0, sizeof(sqe));
	memset(&bpf, 0, sizeof(bpf));
	memset(&ctrl, 0, sizeof(ctrl));
	MAKES(IORING_REGISTER_ZCRX_IFQ, fd, 1,
	      io_uring_register_ifq(&ring, &ifq));
	MAKES(IORING_REGISTER_ZCRX_CTRL, fd, 0,
	      io_uring_register_zcrx_ctrl(&ring, &ctrl));
	MAKES(IORING_REGISTER_SEND_MSG_RING, -1, 1,
	      io_uring_register_sync_msg(&sqe));
	MAKES(IORING_REGISTER_QUERY, -1, 0, io_uring_register_query(&query));
	MAKES(IORING_REGISTER_BPF_FILTER, fd, 1,
	      io_uring_register_bpf_filter(&ring, &bpf));
	MAKES(IORING_REGISTER_BPF_FILTER, -1, 1,
	      io_uring_register_bpf_filter_task(&bpf));
}

static int in_child(void *group)
{
	T_RING(8, &ring, 0);
	((void (*)(void))group)();
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}

int main(void)
{
	int ret;

	/* A filter cannot be taken off again, and each one costs: one child a group. */
	ret = t_fork_run(in_child, (void *)files);
	if (ret == T_EXIT_SKIP)
		return ret;
	T_EQ(ret, T_EXIT_PASS);
	T_EQ(t_fork_run(in_child, (void *)buffers), T_EXIT_PASS);
	T_EQ(t_fork_run(in_child, (void *)settings), T_EXIT_PASS);
	T_EQ(t_fork_run(in_child, (void *)newer), T_EXIT_PASS);
	return T_EXIT_PASS;
}
