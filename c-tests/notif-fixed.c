/* Description: slot sends from registered buffers and to registered files: the
 * bytes arrive and the notifier completes, on sockets with zero-copy and
 * without. Registered descriptors need not be open as such. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no notification slots */
#include "notif.h"

#define SIZE 65536u

static struct io_uring ring;
static struct notif_box box;
static unsigned int generation;

/* Two sends, of which the second flushes: `sqes` are theirs. */
static void done(int peer, const char *bytes, size_t len)
{
	t_submit(&ring, 2);
	NOTIF_COLLECT_ALL(&ring, &box, 3);
	NOTIF_TAKE(&box, 1, (int)len, 0);
	NOTIF_TAKE(&box, 2, (int)len, 0);
	NOTIF_TAKE(&box, NOTIF_TAG(1), 0, generation);
	generation++;
	t_expect(peer, bytes, len);
	t_expect(peer, bytes, len);
}

static void buffers(int fd, unsigned int flags, int peer, char *area)
{
	unsigned int i;

	for (i = 1; i <= 2; i++) {
		struct io_uring_sqe *sqe = notif_sqe(&ring);

		io_uring_prep_sendzc_fixed(sqe, fd, area + SIZE + 1000, 3000,
					   MSG_NOSIGNAL, 1,
					   i == 2 ? NOTIF_FLUSH : 0, 1);
		io_uring_sqe_set_data64(sqe, i);
		io_uring_sqe_set_flags(sqe, flags);
	}
	done(peer, area + SIZE + 1000, 3000);
}

static void files(int index, int peer)
{
	unsigned int i;

	for (i = 1; i <= 2; i++)
		io_uring_sqe_set_flags(notif_send(&ring, index, "registered",
						  10, 1,
						  i == 2 ? NOTIF_FLUSH : 0, i),
				       IOSQE_FIXED_FILE);
	done(peer, "registered", 10);
}

int main(void)
{
	char *area = notif_pages(2 * SIZE);
	struct iovec reg[2] = { { area, SIZE }, { area + SIZE, SIZE } };
	struct io_uring_probe *probe;
	struct io_uring_sqe *sqe;
	int tcp[2], local[2], table[2];
	bool zero_copy = false;
	unsigned int i;
	int res;

	for (i = 0; i < 2 * SIZE; i++)
		area[i] = (char)(i * 31 + i / 256);
	T_RING(16, &ring, 0);
	t_tcp_pair(tcp);
	t_socketpair(local);
	T_EQ(io_uring_register_buffers(&ring, reg, 2), 0);
	table[0] = tcp[0];
	table[1] = local[0];
	T_EQ(io_uring_register_files(&ring, table, 2), 0);
	notif_register(&ring, 2);

	for (i = 0; i < 3; i++) {
		buffers(tcp[0], 0, tcp[1], area);
		buffers(local[0], 0, local[1], area);
		buffers(0, IOSQE_FIXED_FILE, tcp[1], area);
		buffers(1, IOSQE_FIXED_FILE, local[1], area);
		files(0, tcp[1]);
		files(1, local[1]);
	}

	/* Outside of the registered buffer, where the kernel looks at it. */
	probe = io_uring_get_probe();
	if (probe)
		zero_copy = io_uring_opcode_supported(probe,
						      IORING_OP_SEND_ZC);
	io_uring_free_probe(probe);
	sqe = notif_sqe(&ring);
	io_uring_prep_sendzc_fixed(sqe, tcp[0], area, 10, MSG_NOSIGNAL, 1, 0,
				   1);
	res = t_do(&ring, sqe);
	if (zero_copy)
		T_EQ(res, -EFAULT);
	sqe = notif_sqe(&ring);
	io_uring_prep_sendzc_fixed(sqe, tcp[0], area, 10, MSG_NOSIGNAL, 1, 0,
				   2);
	res = t_do(&ring, sqe);
	if (zero_copy)
		T_EQ(res, -EFAULT);
	/* No such registered file. */
	io_uring_sqe_set_flags(notif_send(&ring, 2, "x", 1, 1, NOTIF_FLUSH, 3),
			       IOSQE_FIXED_FILE);
	t_submit(&ring, 1);
	NOTIF_NEXT(&ring, 3, -EBADF, 0);
	NOTIF_QUIET(&ring);
	notif_send(&ring, tcp[0], "x", 1, 1, NOTIF_FLUSH, 4);
	t_submit(&ring, 1);
	NOTIF_NEXT(&ring, 4, 1, 0);
	NOTIF_NEXT(&ring, NOTIF_TAG(1), 0, generation);

	/* The table alone keeps the sockets open. */
	close(tcp[0]);
	close(local[0]);
	generation++;
	notif_discard(tcp[1], zero_copy ? 1 : 21);
	files(0, tcp[1]);
	files(1, local[1]);
	io_uring_queue_exit(&ring);
	close(tcp[1]);
	close(local[1]);
	munmap(area, 2 * SIZE);
	return T_EXIT_PASS;
}
