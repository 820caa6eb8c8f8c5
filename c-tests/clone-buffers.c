/* Description: the four forms of clone_buffers() give one ring the registered
 * buffers of another. The clones live on when the source ring is gone; a
 * destination that already has buffers needs IORING_REGISTER_DST_REPLACE; the
 * offset forms copy a part. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "file.h"

#define NR 4

/* Old kernels register anonymous memory only: no page is shared with .data. */
static char area[NR][4096] __attribute__((aligned(65536)));

/* True when this ring has area[which] registered at this index. */
static bool has(struct io_uring *ring, int index, int which)
{
	struct io_uring_sqe *sqe = t_sqe(ring);
	int fd = t_tmpfile(0), res;

	memcpy(area[which], "cloned", 6);
	io_uring_prep_write_fixed(sqe, fd, area[which], 6, 0, index);
	res = t_do(ring, sqe);
	if (res == 6)
		t_file_holds(fd, 0, "cloned");
	else
		T_EQ(res, -EFAULT);
	close(fd);
	return res == 6;
}

static void source_ring(struct io_uring *ring)
{
	struct iovec iov[NR];
	int i;

	for (i = 0; i < NR; i++) {
		iov[i].iov_base = area[i];
		iov[i].iov_len = sizeof(area[i]);
	}
	T_RING(8, ring, 0);
	T_EQ(io_uring_register_buffers(ring, iov, NR), 0);
}

static void whole(void)
{
	struct io_uring src, dst;
	int i;

	source_ring(&src);
	T_RING(8, &dst, 0);
	T_EQ_SINCE(6, 12, "IORING_REGISTER_CLONE_BUFFERS",
		   io_uring_clone_buffers(&dst, &src), 0, -EINVAL);
	T_EQ(io_uring_clone_buffers(&dst, &src), -EBUSY);
	T_EQ(__io_uring_clone_buffers(&dst, &src, 0), -EBUSY);
	T_EQ_SINCE(6, 13, "IORING_REGISTER_DST_REPLACE",
		   __io_uring_clone_buffers(&dst, &src,
					    IORING_REGISTER_DST_REPLACE),
		   0, -EBUSY);
	T_EQ(__io_uring_clone_buffers(&dst, &src, 1U << 20), -EINVAL);
	io_uring_queue_exit(&src);
	for (i = 0; i < NR; i++)
		T_CHECK(has(&dst, i, i));
	T_CHECK(!has(&dst, 1, 0));
	io_uring_queue_exit(&dst);
}

static void nothing_to_clone(void)
{
	struct io_uring src, dst;

	T_RING(8, &src, 0);
	T_RING(8, &dst, 0);
	T_EQ(io_uring_clone_buffers(&dst, &src), -ENXIO);
	T_EQ(io_uring_unregister_buffers(&dst), -ENXIO);
	io_uring_queue_exit(&src);
	io_uring_queue_exit(&dst);
}

static void part(void)
{
	struct io_uring src, dst;

	source_ring(&src);
	T_RING(8, &dst, 0);
	/* Slots 0 and 1 stay empty, 2 and 3 come from source slots 1 and 2. */
	T_EQ(io_uring_clone_buffers_offset(&dst, &src, 2, 1, 2, 0), 0);
	T_CHECK(!has(&dst, 0, 0));
	T_CHECK(!has(&dst, 1, 1));
	T_CHECK(has(&dst, 2, 1));
	T_CHECK(has(&dst, 3, 2));

	/* Replaces slot 2 only; the others are kept. */
	T_EQ(io_uring_clone_buffers_offset(&dst, &src, 2, 3, 1, 0), -EBUSY);
	T_EQ(io_uring_clone_buffers_offset(&dst, &src, 2, 3, 1,
					   IORING_REGISTER_DST_REPLACE), 0);
	T_CHECK(has(&dst, 2, 3));
	T_CHECK(has(&dst, 3, 2));

	T_EQ(__io_uring_clone_buffers_offset(&dst, &src, 0, 0, 1,
					     IORING_REGISTER_DST_REPLACE), 0);
	T_CHECK(has(&dst, 0, 0));
	T_EQ(__io_uring_clone_buffers_offset(&dst, &src, 0, 3, 2,
					     IORING_REGISTER_DST_REPLACE),
	     -EOVERFLOW);
	io_uring_queue_exit(&src);
	io_uring_queue_exit(&dst);
}

/*
 * SRC_REGISTERED means "src_fd is an index of a registered ring". It is
 * dropped for a source that has only a descriptor, so both callers work.
 */
static void registered_source(void)
{
	struct io_uring src, dst;

	source_ring(&src);
	T_RING(8, &dst, 0);
	T_EQ(__io_uring_clone_buffers(&dst, &src,
				      IORING_REGISTER_SRC_REGISTERED), 0);
	T_CHECK(has(&dst, 3, 3));
	T_EQ(io_uring_unregister_buffers(&dst), 0);

	T_EQ(io_uring_register_ring_fd(&src), 1);
	T_EQ(__io_uring_clone_buffers(&dst, &src,
				      IORING_REGISTER_SRC_REGISTERED), 0);
	T_CHECK(has(&dst, 3, 3));
	T_EQ(io_uring_unregister_buffers(&dst), 0);

	T_EQ(io_uring_close_ring_fd(&src), 1);
	T_EQ(__io_uring_clone_buffers(&dst, &src,
				      IORING_REGISTER_SRC_REGISTERED), 0);
	T_CHECK(has(&dst, 3, 3));
	T_EQ(io_uring_unregister_buffers(&dst), 0);
	T_EQ(__io_uring_clone_buffers_offset(&dst, &src, 0, 1, 1,
					     IORING_REGISTER_SRC_REGISTERED), 0);
	T_CHECK(has(&dst, 0, 1));
	T_EQ(io_uring_unregister_buffers(&dst), 0);

	/* The plain forms say SRC_REGISTERED by themselves, the others do not. */
	T_EQ(io_uring_clone_buffers(&dst, &src), 0);
	T_CHECK(has(&dst, 3, 3));
	T_EQ(io_uring_unregister_buffers(&dst), 0);
	T_EQ(io_uring_clone_buffers_offset(&dst, &src, 0, 1, 1, 0), 0);
	T_CHECK(has(&dst, 0, 1));
	T_EQ(io_uring_unregister_buffers(&dst), 0);
	T_EQ(__io_uring_clone_buffers(&dst, &src, 0), -EBADF);
	T_EQ(__io_uring_clone_buffers_offset(&dst, &src, 0, 1, 1, 0), -EBADF);

	T_EQ(io_uring_register_ring_fd(&dst), 1);
	T_EQ(io_uring_close_ring_fd(&dst), 1);
	T_EQ(__io_uring_clone_buffers(&dst, &src,
				      IORING_REGISTER_SRC_REGISTERED), 0);
	T_CHECK(has(&dst, 2, 2));
	io_uring_queue_exit(&src);
	io_uring_queue_exit(&dst);
}

int main(void)
{
	whole();
	nothing_to_clone();
	part();
	registered_source();
	return T_EXIT_PASS;
}
