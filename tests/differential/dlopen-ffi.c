/* needs: 2.15 */
/* link: -ldl */
#include "see.h"

#include <dlfcn.h>

/*
 * A program that has the header for its types only, and finds the functions in
 * liburing-ffi.so.2 where that is installed.
 */
#define FUNCTIONS(f)                                                           \
	f(io_uring_queue_init)                                                 \
	f(io_uring_queue_exit)                                                 \
	f(io_uring_get_probe)                                                  \
	f(io_uring_free_probe)                                                 \
	f(io_uring_opcode_supported)                                           \
	f(io_uring_get_sqe)                                                    \
	f(io_uring_prep_read)                                                  \
	f(io_uring_prep_write)                                                 \
	f(io_uring_prep_close)                                                 \
	f(io_uring_prep_fsync)                                                 \
	f(io_uring_prep_cancel)                                                \
	f(io_uring_prep_timeout)                                               \
	f(io_uring_prep_nop)                                                   \
	f(io_uring_sqe_set_data)                                               \
	f(io_uring_cqe_get_data)                                               \
	f(io_uring_submit)                                                     \
	f(io_uring_peek_cqe)                                                   \
	f(io_uring_wait_cqe)                                                   \
	f(io_uring_wait_cqe_timeout)                                           \
	f(io_uring_cqe_seen)

#define DECLARE(name) __typeof__(name) *name;
static struct {
	FUNCTIONS(DECLARE)
} uring;

static char text[16];
static int operations[5];

static void queue(struct io_uring *ring, int which, int fd)
{
	struct io_uring_sqe *sqe = uring.io_uring_get_sqe(ring);

	switch (which) {
	case 0:
		uring.io_uring_prep_write(sqe, fd, "by name", 7, 0);
		break;
	case 1:
		uring.io_uring_prep_fsync(sqe, fd, IORING_FSYNC_DATASYNC);
		break;
	case 2:
		uring.io_uring_prep_read(sqe, fd, text, sizeof(text), 0);
		break;
	case 3:
		uring.io_uring_prep_cancel(sqe, &operations[2], 0);
		break;
	case 4:
		uring.io_uring_prep_close(sqe, fd);
		break;
	}
	uring.io_uring_sqe_set_data(sqe, &operations[which]);
}

int main(void)
{
	struct __kernel_timespec ts = milliseconds(5);
	struct io_uring_probe *probe;
	struct io_uring_cqe *cqe = NULL;
	struct io_uring ring;
	unsigned int found = 0;
	void *library;
	int fd, i;

	library = dlopen("liburing-ffi.so.2", RTLD_NOW);
	if (!library) {
		see("%s\n", dlerror());
		return 1;
	}
#define LOOK_UP(name)                                                          \
	*(void **)&uring.name = dlsym(library, #name);                         \
	see("%s %s\n", #name, uring.name ? "found" : "missing");               \
	found += uring.name != NULL;
	FUNCTIONS(LOOK_UP)
	VALUE(found);

	part("probe");
	probe = uring.io_uring_get_probe();
	for (i = 0; i < 70; i++)
		see("%d", uring.io_uring_opcode_supported(probe, i));
	see("\n");
	aside();
	uring.io_uring_free_probe(probe);
	fd = temporary_file(0);
	part("setup");
	CALL(uring.io_uring_queue_init(8, &ring, 0));
	see_ring(&ring);
	part("operations");
	for (i = 0; i < 5; i++) {
		queue(&ring, i, fd);
		CALL(uring.io_uring_submit(&ring));
		aside();
		MUST(uring.io_uring_wait_cqe(&ring, &cqe));
		part("operations");
		see("operation %td: %d\n",
		    (int *)uring.io_uring_cqe_get_data(cqe) - operations,
		    cqe->res);
		uring.io_uring_cqe_seen(&ring, cqe);
	}
	see("%s\n", text);
	part("waits");
	CALL(uring.io_uring_wait_cqe_timeout(&ring, &cqe, &ts));
	CALL(uring.io_uring_peek_cqe(&ring, &cqe));
	{
		struct io_uring_sqe *sqe = uring.io_uring_get_sqe(&ring);

		uring.io_uring_prep_timeout(sqe, &ts, 0, 0);
		uring.io_uring_sqe_set_data(sqe, NULL);
		CALL(uring.io_uring_submit(&ring));
		aside();
		MUST(uring.io_uring_wait_cqe(&ring, &cqe));
		part("waits");
		see("timeout: %d\n", cqe->res);
		uring.io_uring_cqe_seen(&ring, cqe);
		sqe = uring.io_uring_get_sqe(&ring);
		uring.io_uring_prep_nop(sqe);
		sqe->user_data = 9;
		CALL(uring.io_uring_submit(&ring));
		CALL(uring.io_uring_peek_cqe(&ring, &cqe));
		see_cqe(cqe);
	}
	part("exit");
	uring.io_uring_queue_exit(&ring);
	return 0;
}
