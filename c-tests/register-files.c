/* Description: register_files() makes fixed files that outlive the descriptors
 * they came from; files_update() replaces, skips and clears single slots and
 * returns how many it handled; unregister_files() drops the table. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* valgrind: off: its report of the missing table cannot be suppressed */
#include "file.h"

static int read_slot(struct io_uring *ring, int slot, char *byte)
{
	struct io_uring_sqe *sqe = t_sqe(ring);

	*byte = 0;
	io_uring_prep_read(sqe, slot, byte, 1, 0);
	io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE);
	return t_do(ring, sqe);
}

#define SLOT_IS(ring, slot, wanted)                                            \
	do {                                                                   \
		char byte_;                                                    \
		T_EQ(read_slot(ring, slot, &byte_), 1);                        \
		T_EQ(byte_, wanted);                                           \
	} while (0)

int main(void)
{
	struct io_uring ring;
	int fds[3], update[2];
	char byte;

	T_RING(8, &ring, 0);
	T_EQ(io_uring_unregister_files(&ring), -ENXIO);

	fds[0] = t_text_file("a");
	fds[1] = -1;
	fds[2] = t_text_file("b");
	T_EQ(io_uring_register_files(&ring, fds, 3), 0);
	T_EQ(io_uring_register_files(&ring, fds, 3), -EBUSY);
	close(fds[0]);
	close(fds[2]);
	SLOT_IS(&ring, 0, 'a');
	T_EQ(read_slot(&ring, 1, &byte), -EBADF);
	SLOT_IS(&ring, 2, 'b');
	T_EQ(read_slot(&ring, 3, &byte), -EBADF);

	update[0] = t_text_file("c");
	T_EQ(io_uring_register_files_update(&ring, 1, update, 1), 1);
	close(update[0]);
	SLOT_IS(&ring, 1, 'c');

	update[0] = IORING_REGISTER_FILES_SKIP;
	update[1] = -1;
	T_EQ(io_uring_register_files_update(&ring, 0, update, 2), 2);
	SLOT_IS(&ring, 0, 'a');
	T_EQ(read_slot(&ring, 1, &byte), -EBADF);
	T_EQ(io_uring_register_files_update(&ring, 2, update, 2), -EINVAL);

	T_EQ(io_uring_unregister_files(&ring), 0);
	T_EQ(read_slot(&ring, 0, &byte), -EBADF);
	T_EQ(io_uring_register_files_update(&ring, 0, update, 1), -ENXIO);

	fds[0] = 12345;
	T_EQ(io_uring_register_files(&ring, fds, 1), -EBADF);
	T_EQ(io_uring_register_files(&ring, NULL, 1), -EFAULT);
	T_EQ(io_uring_register_files(&ring, fds, 0), -EINVAL);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
