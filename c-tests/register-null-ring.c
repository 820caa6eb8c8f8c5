/* Description: a register function that is given no ring, or no structure
 * where it has to look into one, answers EINVAL or EFAULT. */
/* upstream: differs: it dereferences the NULL pointer and crashes */
/* flavours: plain */
#include "file.h"

#include <liburing/io_uring/bpf_filter.h>

#define REFUSES(call)                                                          \
	do {                                                                   \
		int ret_ = (call);                                             \
		if (ret_ != -EINVAL && ret_ != -EFAULT)                        \
			T_FAIL("%s: %d seen, -EINVAL or -EFAULT expected",     \
			       #call, ret_);                                   \
	} while (0)

static struct io_uring *const none = NULL;

static void files(void)
{
	int fds[1] = { -1 };
	__u64 tags[1] = { 0 };

	REFUSES(io_uring_register_files(none, fds, 1));
	REFUSES(io_uring_register_files_tags(none, fds, tags, 1));
	REFUSES(io_uring_register_files_sparse(none, 1));
	REFUSES(io_uring_register_files_update(none, 0, fds, 1));
	REFUSES(io_uring_register_files_update_tag(none, 0, fds, tags, 1));
	REFUSES(io_uring_unregister_files(none));
	REFUSES(io_uring_register_file_alloc_range(none, 0, 1));
}

static void buffers(struct io_uring *ring)
{
	struct io_uring_buf_reg reg;
	struct iovec iov[1];
	__u64 tags[1] = { 0 };
	uint16_t head;
	int err = 0;

	memset(&reg, 0, sizeof(reg));
	memset(iov, 0, sizeof(iov));
	REFUSES(io_uring_register_buffers(none, iov, 1));
	REFUSES(io_uring_register_buffers_tags(none, iov, tags, 1));
	REFUSES(io_uring_register_buffers_sparse(none, 1));
	REFUSES(io_uring_register_buffers_update_tag(none, 0, iov, tags, 1));
	REFUSES(io_uring_unregister_buffers(none));
	REFUSES(io_uring_clone_buffers(none, ring));
	REFUSES(io_uring_clone_buffers(ring, none));
	REFUSES(io_uring_clone_buffers_offset(none, ring, 0, 0, 1, 0));
	REFUSES(io_uring_clone_buffers_offset(ring, none, 0, 0, 1, 0));
	REFUSES(__io_uring_clone_buffers(none, ring, 0));
	REFUSES(__io_uring_clone_buffers(ring, none, 0));
	REFUSES(__io_uring_clone_buffers_offset(none, ring, 0, 0, 1, 0));
	REFUSES(__io_uring_clone_buffers_offset(ring, none, 0, 0, 1, 0));

	REFUSES(io_uring_register_buf_ring(none, &reg, 0));
	REFUSES(io_uring_register_buf_ring(ring, NULL, 0));
	REFUSES(io_uring_unregister_buf_ring(none, 1));
	REFUSES(io_uring_buf_ring_head(none, 1, &head));
	REFUSES(io_uring_buf_ring_head(ring, 1, NULL));
	T_PTR_EQ(io_uring_setup_buf_ring(none, 4, 1, 0, &err), NULL);
	REFUSES(err);
	REFUSES(io_uring_free_buf_ring(none, (void *)&reg, 4, 1));
}

static void settings(void)
{
	struct io_uring_sync_cancel_reg cancel;
	struct io_uring_clock_register clk;
	unsigned int workers[2] = { 0, 0 };
	struct io_uring_zcrx_ifq_reg ifq;
	struct io_uring_napi napi;
	struct io_uring_bpf bpf;
	struct zcrx_ctrl ctrl;
	cpu_set_t cpus;

	memset(&cancel, 0, sizeof(cancel));
	memset(&clk, 0, sizeof(clk));
	memset(&ifq, 0, sizeof(ifq));
	memset(&napi, 0, sizeof(napi));
	memset(&bpf, 0, sizeof(bpf));
	memset(&ctrl, 0, sizeof(ctrl));
	CPU_ZERO(&cpus);
	REFUSES(io_uring_register_eventfd(none, 1));
	REFUSES(io_uring_register_eventfd_async(none, 1));
	REFUSES(io_uring_unregister_eventfd(none));
	REFUSES(io_uring_register_personality(none));
	REFUSES(io_uring_unregister_personality(none, 1));
	REFUSES(io_uring_register_iowq_aff(none, sizeof(cpus), &cpus));
	REFUSES(io_uring_unregister_iowq_aff(none));
	REFUSES(io_uring_register_iowq_max_workers(none, workers));
	REFUSES(io_uring_register_napi(none, &napi));
	REFUSES(io_uring_unregister_napi(none, &napi));
	REFUSES(io_uring_register_clock(none, &clk));
	REFUSES(io_uring_register_sync_cancel(none, &cancel));
	REFUSES(io_uring_register_ifq(none, &ifq));
	REFUSES(io_uring_register_zcrx_ctrl(none, &ctrl));
	REFUSES(io_uring_register_bpf_filter(none, &bpf));
}

int main(void)
{
	struct io_uring ring;

	T_RING(8, &ring, 0);
	files();
	buffers(&ring);
	settings();
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
