/* Description: io_uring_register_notifications() takes 1 to 1024 slots with
 * zeroes in resv, from memory that can be read, once: else -EINVAL, -EFAULT and
 * -EBUSY, and nothing changes. Unregistering what is not there is -ENXIO. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no notification slots */
#include "notif.h"

static struct io_uring ring;

static int try(unsigned int nr, void *slots)
{
	return io_uring_register_notifications(&ring, nr, slots);
}

static void names(void)
{
	struct io_uring_notification_register reg;
	struct io_uring_notification_slot slot;

	/* As programs of 2022 were compiled. */
	T_EQ(sizeof(slot), 32);
	T_EQ(offsetof(struct io_uring_notification_slot, tag), 0);
	T_EQ(offsetof(struct io_uring_notification_slot, resv), 8);
	T_EQ(sizeof(slot.resv), 24);
	T_EQ(sizeof(reg), 32);
	T_EQ(offsetof(struct io_uring_notification_register, nr_slots), 0);
	T_EQ(offsetof(struct io_uring_notification_register, resv), 4);
	T_EQ(offsetof(struct io_uring_notification_register, resv2), 8);
	T_EQ(offsetof(struct io_uring_notification_register, data), 16);
	T_EQ(offsetof(struct io_uring_notification_register, resv3), 24);
	T_EQ(IO_NOTIF_MAX_SLOTS, 1024);
	T_EQ(IORING_RECVSEND_NOTIF_FLUSH, 1 << 3);
	T_EQ(IORING_RECVSEND_NOTIF_COPY_TAG, 1 << 8);
	T_NE(IORING_OP_SENDZC_NOTIF, IORING_RSRC_UPDATE_NOTIF);
	T_NE(IORING_REGISTER_NOTIFIERS, IORING_UNREGISTER_NOTIFIERS);
}

int main(void)
{
	static struct io_uring_notification_slot slots[IO_NOTIF_MAX_SLOTS + 1];
	struct io_uring_notification_slot *edge;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct t_usage before = t_usage();
	unsigned int i;
	char *pages;
	int sv[2];

	names();
	T_RING(8, &ring, 0);
	T_EQ(io_uring_unregister_notifications(&ring), -ENXIO);

	T_EQ(try(0, slots), -EINVAL);
	T_EQ(try(0, NULL), -EINVAL);
	T_EQ(try(IO_NOTIF_MAX_SLOTS + 1, slots), -EINVAL);
	T_EQ(try(~0U, slots), -EINVAL);
	for (i = 0; i < 3; i++) {
		slots[0].resv[i] = 1;
		T_EQ(try(1, slots), -EINVAL);
		slots[0].resv[i] = 0;
		slots[700].resv[i] = 1ULL << 63;
		T_EQ(try(1024, slots), -EINVAL);
		slots[700].resv[i] = 0;
	}

	T_EQ(try(1, NULL), -EFAULT);
	T_EQ(try(1, (void *)(uintptr_t)64), -EFAULT);
	T_EQ(try(1024, (void *)(uintptr_t)-4096), -EFAULT);
	/* A slot lies beyond what can be read, in part and as a whole. */
	pages = notif_pages(2 * page);
	T_SYS(mprotect(pages + page, page, PROT_NONE));
	edge = (void *)(pages + page - 3 * sizeof(*edge));
	T_EQ(try(4, edge), -EFAULT);
	edge = (void *)(pages + page - 3 * sizeof(*edge) + 8);
	T_EQ(try(3, edge), -EFAULT);
	T_EQ(try(1024, edge), -EFAULT);
	T_EQ(try(1, pages + page), -EFAULT);
	T_SYS(mprotect(pages, page, PROT_NONE));
	T_EQ(try(1, pages), -EFAULT);
	T_SYS(munmap(pages, 2 * page));
	T_EQ(io_uring_unregister_notifications(&ring), -ENXIO);

	/* Up to the edge, and the most there can be. */
	pages = notif_pages(2 * page);
	T_SYS(mprotect(pages + page, page, PROT_NONE));
	edge = (void *)(pages + page - 3 * sizeof(*edge));
	T_EQ(try(3, edge), 0);
	T_SYS(munmap(pages, 2 * page));
	T_EQ(try(3, slots), -EBUSY);
	T_EQ(try(1, slots), -EBUSY);
	T_EQ(io_uring_unregister_notifications(&ring), 0);
	T_EQ(io_uring_unregister_notifications(&ring), -ENXIO);
	T_EQ(try(IO_NOTIF_MAX_SLOTS, slots), 0);
	T_EQ(try(1, slots), -EBUSY);
	T_EQ(io_uring_unregister_notifications(&ring), 0);

	/* A refused registration leaves the slots alone. */
	t_tcp_pair(sv);
	notif_register(&ring, 1);
	notif_send(&ring, sv[0], "1", 1, 0, 0, 1);
	t_submit(&ring, 1);
	NOTIF_NEXT(&ring, 1, 1, 0);
	T_EQ(try(1, slots), -EBUSY);
	notif_send(&ring, sv[0], "2", 1, 0, NOTIF_FLUSH, 2);
	t_submit(&ring, 1);
	NOTIF_NEXT(&ring, 2, 1, 0);
	NOTIF_NEXT(&ring, NOTIF_TAG(0), 0, 0);
	notif_close(sv);
	io_uring_queue_exit(&ring);

	/* After exit there is no ring to have them. */
	T_EQ(io_uring_unregister_notifications(&ring), -ENXIO);
	T_EQ(try(1, slots), -EBADF);
	T_NOTHING_LEAKED(before);
	return T_EXIT_PASS;
}
