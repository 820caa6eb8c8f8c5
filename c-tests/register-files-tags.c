/* Description: a tagged fixed file posts a completion with its tag as
 * user_data when nothing uses the slot any more: after
 * register_files_update_tag() replaced it, or after unregister_files().
 * A tag of 0 posts none. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "file.h"

static void expect_tag(struct io_uring *ring, uint64_t tag)
{
	struct t_result r = t_reap_as(ring, tag);

	T_EQ(r.res, 0);
	T_EQ(r.flags, 0);
}

int main(void)
{
	__u64 tags[2] = { 0x11, 0 };
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fds[2];
	char byte = 0;

	T_RING(8, &ring, 0);
	fds[0] = t_text_file("a");
	fds[1] = t_text_file("b");
	T_EQ_SINCE(5, 13, "IORING_REGISTER_FILES2",
		   io_uring_register_files_tags(&ring, fds, tags, 2), 0,
		   -EINVAL);
	t_no_completion(&ring);
	T_EQ(io_uring_register_files_tags(&ring, fds, tags, 2), -EBUSY);

	fds[0] = t_text_file("c");
	tags[0] = 0x22;
	T_EQ(io_uring_register_files_update_tag(&ring, 0, fds, tags, 1), 1);
	expect_tag(&ring, 0x11);

	sqe = t_sqe(&ring);
	io_uring_prep_read(sqe, 0, &byte, 1, 0);
	io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE);
	T_EQ(t_do(&ring, sqe), 1);
	T_EQ(byte, 'c');

	/* Slot 1 was registered with tag 0: nobody is told. */
	fds[0] = -1;
	tags[0] = 0;
	T_EQ(io_uring_register_files_update_tag(&ring, 1, fds, tags, 1), 1);
	t_no_completion(&ring);

	/* An empty slot has nothing to be told about. */
	tags[0] = 0x33;
	T_EQ(io_uring_register_files_update_tag(&ring, 1, fds, tags, 1),
	     -EINVAL);

	T_EQ(io_uring_register_files_update_tag(&ring, 9, fds, tags, 1),
	     -EINVAL);
	T_EQ(io_uring_unregister_files(&ring), 0);
	t_reap_last_tag(&ring, 0x22);
	t_no_completion(&ring);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
