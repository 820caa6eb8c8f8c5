/* Description: a ring whose descriptor is registered and then closed with
 * close_ring_fd() still takes every kind of registration: the register calls
 * go by the registered index. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "net.h"

#include <sys/eventfd.h>

/* Old kernels register anonymous memory only: no page is shared with .data. */
static char area[4096] __attribute__((aligned(65536)));

int main(void)
{
	struct iovec iov = { area, sizeof(area) };
	struct io_uring_sync_cancel_reg cancel;
	struct io_uring_clock_register clk;
	struct io_uring_buf_ring *br;
	struct io_uring_probe *probe;
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	unsigned int workers[2] = { 0, 0 };
	int fd, err, id, efd;
	uint16_t head = 1;

	T_RING(8, &ring, 0);
	T_EQ_SINCE(5, 18, "IORING_REGISTER_RING_FDS",
		   io_uring_register_ring_fd(&ring), 1, -EINVAL);
	T_EQ_SINCE(6, 3, "IORING_FEAT_REG_REG_RING",
		   io_uring_close_ring_fd(&ring), 1, -EOPNOTSUPP);
	T_EQ(ring.ring_fd, -1);

	fd = t_text_file("by index");
	T_EQ(io_uring_register_files(&ring, &fd, 1), 0);
	T_EQ(io_uring_register_files_update(&ring, 0, &fd, 1), 1);
	T_EQ(io_uring_register_buffers(&ring, &iov, 1), 0);
	sqe = t_sqe(&ring);
	io_uring_prep_read_fixed(sqe, 0, area, 8, 0, 0);
	io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE);
	T_EQ(t_do(&ring, sqe), 8);
	T_MEM_EQ(area, "by index", 8);
	T_EQ(io_uring_unregister_buffers(&ring), 0);
	T_EQ(io_uring_unregister_files(&ring), 0);
	T_EQ(io_uring_register_files_sparse(&ring, 2), 0);
	T_EQ_SINCE(6, 0, "IORING_REGISTER_FILE_ALLOC_RANGE",
		   io_uring_register_file_alloc_range(&ring, 0, 1), 0, -EINVAL);

	br = io_uring_setup_buf_ring(&ring, 4, 1, 0, &err);
	T_CHECK(br);
	T_EQ_SINCE(6, 8, "IORING_REGISTER_PBUF_STATUS",
		   io_uring_buf_ring_head(&ring, 1, &head), 0, -EINVAL);
	T_EQ(head, 0);
	T_EQ(io_uring_free_buf_ring(&ring, br, 4, 1), 0);

	id = io_uring_register_personality(&ring);
	T_GE(id, 1);
	T_EQ(io_uring_unregister_personality(&ring, id), 0);
	T_EQ(io_uring_register_iowq_max_workers(&ring, workers), 0);
	T_GE(workers[0], 1);
	memset(&clk, 0, sizeof(clk));
	clk.clockid = CLOCK_BOOTTIME;
	T_EQ(io_uring_register_clock(&ring, &clk), 0);
	memset(&cancel, 0, sizeof(cancel));
	cancel.timeout.tv_sec = cancel.timeout.tv_nsec = -1;
	T_EQ(io_uring_register_sync_cancel(&ring, &cancel), -ENOENT);
	efd = (int)T_SYS(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
	T_EQ(io_uring_register_eventfd(&ring, efd), 0);
	T_EQ(io_uring_unregister_eventfd(&ring), 0);
	probe = io_uring_get_probe_ring(&ring);
	T_CHECK(probe);
	T_CHECK(io_uring_opcode_supported(probe, IORING_OP_NOP));
	io_uring_free_probe(probe);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
