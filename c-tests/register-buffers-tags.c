/* Description: register_buffers_sparse() makes empty slots that
 * register_buffers_update_tag() fills and empties again; a buffer that came
 * with a tag, there or by register_buffers_tags(), posts a completion with it
 * once nothing uses the buffer. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "file.h"

/* Old kernels register anonymous memory only: no page is shared with .data. */
static char area[3][4096] __attribute__((aligned(65536)));

static int write_from(struct io_uring *ring, int fd, const char *text, int slot)
{
	struct io_uring_sqe *sqe = t_sqe(ring);

	memcpy(area[slot], text, strlen(text));
	io_uring_prep_write_fixed(sqe, fd, area[slot],
				  (unsigned int)strlen(text), 0, slot);
	return t_do(ring, sqe);
}

static void sparse(int fd)
{
	struct iovec iov = { area[1], sizeof(area[1]) };
	struct io_uring ring;
	__u64 tag = 0x44;

	T_RING(8, &ring, 0);
	T_EQ(io_uring_register_buffers_update_tag(&ring, 1, &iov, &tag, 1),
	     -ENXIO);
	T_EQ(io_uring_register_buffers_sparse(&ring, 0), -EINVAL);
	T_EQ_SINCE(5, 19, "IORING_RSRC_REGISTER_SPARSE",
		   io_uring_register_buffers_sparse(&ring, 3), 0, -EINVAL);
	T_EQ(io_uring_register_buffers_sparse(&ring, 3), -EBUSY);
	T_EQ(write_from(&ring, fd, "one", 1), -EFAULT);
	T_EQ(io_uring_register_buffers_update_tag(&ring, 1, &iov, &tag, 1), 1);
	T_EQ(write_from(&ring, fd, "one", 1), 3);
	t_file_holds(fd, 0, "one");
	T_EQ(write_from(&ring, fd, "two", 2), -EFAULT);
	T_EQ(io_uring_register_buffers_update_tag(&ring, 3, &iov, &tag, 1),
	     -EINVAL);

	memset(&iov, 0, sizeof(iov));
	tag = 0;
	T_EQ(io_uring_register_buffers_update_tag(&ring, 1, &iov, &tag, 1), 1);
	T_EQ(t_reap_as(&ring, 0x44).res, 0);
	T_EQ(write_from(&ring, fd, "one", 1), -EFAULT);
	io_uring_queue_exit(&ring);
}

static void tagged(int fd)
{
	struct iovec iov[3] = {
		{ area[0], sizeof(area[0]) },
		{ area[1], sizeof(area[1]) },
		{ NULL, 0 },
	};
	__u64 tags[3] = { 0x55, 0, 0 };
	struct io_uring ring;

	T_RING(8, &ring, 0);
	T_EQ_SINCE(5, 13, "IORING_REGISTER_BUFFERS2",
		   io_uring_register_buffers_tags(&ring, iov, tags, 3), 0,
		   -EINVAL);
	T_EQ(io_uring_register_buffers_tags(&ring, iov, tags, 3), -EBUSY);
	T_EQ(write_from(&ring, fd, "uno", 0), 3);
	t_file_holds(fd, 0, "uno");
	T_EQ(write_from(&ring, fd, "due", 1), 3);
	T_EQ(write_from(&ring, fd, "tre", 2), -EFAULT);
	t_no_completion(&ring);

	T_EQ(io_uring_unregister_buffers(&ring), 0);
	t_reap_last_tag(&ring, 0x55);
	t_no_completion(&ring);
	io_uring_queue_exit(&ring);
}

int main(void)
{
	int fd = t_tmpfile(0);

	tagged(fd);
	sparse(fd);
	return T_EXIT_PASS;
}
