/* needs: 2.3 */
#include "see.h"

static struct io_uring ring;
static char memory[4][4096];

static void fixed_io(int fd)
{
	struct io_uring_sqe *sqe;

	memset(memory, 0x61, sizeof(memory));
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_write_fixed(sqe, fd, memory[0], 100, 0, 0);
	sqe->user_data = 1;
	sqe->flags |= IOSQE_IO_LINK;
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_read_fixed(sqe, fd, memory[1] + 8, 50, 10, 1);
	sqe->user_data = 2;
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_read_fixed(sqe, fd, memory[2], 50, 10, 1);
	sqe->user_data = 3;
	CALL(io_uring_submit_and_wait(&ring, 3));
	reap(&ring, 3);
}

int main(void)
{
	struct iovec iov[4];
	__u64 tags[4] = { 11, 12, 0, 13 };
	int fd, i;

	for (i = 0; i < 4; i++) {
		iov[i].iov_base = memory[i];
		iov[i].iov_len = sizeof(memory[i]);
	}
	fd = temporary_file(0);
	ring_up(&ring, 4, 0);
	part("register");
	CALL(io_uring_register_buffers(&ring, iov, 2));
	CALL(io_uring_register_buffers(&ring, iov, 2));
	fixed_io(fd);
	part("unregister");
	CALL(io_uring_unregister_buffers(&ring));
	CALL(io_uring_unregister_buffers(&ring));
	part("tags");
	CALL(io_uring_register_buffers_tags(&ring, iov, tags, 4));
	CALL(io_uring_register_buffers_update_tag(&ring, 1, iov, tags, 1));
	CALL(io_uring_register_buffers_update_tag(&ring, 4, iov, tags, 1));
	CALL(io_uring_unregister_buffers(&ring));
	part("sparse");
	CALL(io_uring_register_buffers_sparse(&ring, 4));
	CALL(io_uring_register_buffers_update_tag(&ring, 2, iov, tags, 2));
	CALL(io_uring_unregister_buffers(&ring));
	CALL(io_uring_register_buffers_sparse(&ring, 0));
	part("not mapped");
	iov[1].iov_base = (void *)4096;
	CALL(io_uring_register_buffers(&ring, iov, 2));
	CALL(io_uring_register_buffers(&ring, iov, 0));
	ring_down(&ring);
#if API >= 215
	{
		struct io_uring other;

		iov[1].iov_base = memory[1];
		ring_up(&ring, 4, 0);
		ring_up(&other, 4, 0);
		MUST(io_uring_register_buffers(&ring, iov, 4));
		part("clone");
		CALL(io_uring_clone_buffers(&other, &ring));
		CALL(io_uring_clone_buffers(&other, &ring));
		CALL(io_uring_unregister_buffers(&other));
		part("clone some");
		CALL(io_uring_clone_buffers_offset(&other, &ring, 0, 1, 2, 0));
		CALL(io_uring_clone_buffers_offset(&other, &ring, 1, 0, 2,
						   IORING_REGISTER_DST_REPLACE));
		CALL(io_uring_unregister_buffers(&other));
		part("clone from a registered ring");
		CALL(io_uring_register_ring_fd(&ring));
		CALL(io_uring_clone_buffers(&other, &ring));
		CALL(io_uring_unregister_buffers(&other));
		CALL(__io_uring_clone_buffers(
			&other, &ring, IORING_REGISTER_SRC_REGISTERED));
		CALL(io_uring_unregister_buffers(&other));
		part("clone to a registered ring");
		CALL(io_uring_register_ring_fd(&other));
		CALL(io_uring_clone_buffers(&other, &ring));
		CALL(io_uring_unregister_buffers(&other));
		part("clone of a closed ring");
		CALL(io_uring_close_ring_fd(&ring));
		CALL(io_uring_clone_buffers(&other, &ring));
		ring_down(&other);
		ring_down(&ring);
	}
#endif
	close(fd);
	return 0;
}
