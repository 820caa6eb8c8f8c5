/* needs: 2.3 */
/* preload: interpose-preloaded.c */
/* link: -luring -ldl */
#include "see.h"

#include <dlfcn.h>

static void (*counted)(char *, size_t);
static struct io_uring ring;

/* Which of its functions the library calls by name. */
#define COUNTED(call)                                                          \
	do {                                                                   \
		char text[1024];                                               \
		CALL(call);                                                    \
		counted(text, sizeof(text));                                   \
		see("calls:%s\n", text);                                       \
	} while (0)

#define COUNTED_VOID(call)                                                     \
	do {                                                                   \
		char text[1024];                                               \
		call;                                                          \
		counted(text, sizeof(text));                                   \
		see("%s\ncalls:%s\n", #call, text);                            \
	} while (0)

int main(void)
{
	struct __kernel_timespec ts = milliseconds(2);
	struct io_uring_cqe *cqe, *cqes[4];
	struct io_uring_probe *probe;

	*(void **)&counted = dlsym(RTLD_DEFAULT, "counted");
	if (!counted)
		return 1;
	part("setup");
	COUNTED(io_uring_queue_init(4, &ring, 0));
	COUNTED((probe = io_uring_get_probe()) != NULL);
	io_uring_free_probe(probe);
	COUNTED((probe = io_uring_get_probe_ring(&ring)) != NULL);
	io_uring_free_probe(probe);
	COUNTED(io_uring_mlock_size(4, 0));
	part("submit");
	queue_nop(&ring, 1);
	COUNTED(io_uring_submit(&ring));
	COUNTED(io_uring_wait_cqe(&ring, &cqe));
	COUNTED(io_uring_peek_cqe(&ring, &cqe));
	COUNTED_VOID(io_uring_cqe_seen(&ring, cqe));
	COUNTED(io_uring_peek_cqe(&ring, &cqe));
	COUNTED(io_uring_peek_batch_cqe(&ring, cqes, 4));
	COUNTED(io_uring_wait_cqe_nr(&ring, &cqe, 0));
	queue_nop(&ring, 2);
	COUNTED(io_uring_submit_and_wait(&ring, 1));
	queue_nop(&ring, 3);
	COUNTED(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &ts, NULL));
	COUNTED(io_uring_submit_and_get_events(&ring));
	io_uring_cq_advance(&ring, 2);
	COUNTED(io_uring_wait_cqe_timeout(&ring, &cqe, &ts));
	COUNTED(io_uring_wait_cqes(&ring, &cqe, 1, &ts, NULL));
	part("legacy waits");
	ring.features &= IORING_FEAT_SINGLE_MMAP;
	COUNTED(io_uring_wait_cqe_timeout(&ring, &cqe, &ts) != 0);
	COUNTED(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &ts, NULL) !=
		0);
	queue_nop(&ring, 4);
	queue_nop(&ring, 5);
	queue_nop(&ring, 6);
	queue_nop(&ring, 7);
	COUNTED(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &ts, NULL) !=
		0);
	queue_nop(&ring, 8);
	queue_nop(&ring, 9);
	queue_nop(&ring, 10);
	queue_nop(&ring, 11);
	COUNTED(io_uring_wait_cqe_timeout(&ring, &cqe, &ts) != 77);
	part("exit");
	COUNTED(io_uring_register_ring_fd(&ring));
	COUNTED_VOID(io_uring_queue_exit(&ring));
#if API >= 215
	part("newer");
	COUNTED(io_uring_memory_size(4, 0));
	COUNTED(io_uring_check_version(2, 15));
	{
		struct io_uring_buf_ring *br;
		int err = 0;

		COUNTED(io_uring_queue_init(4, &ring, 0));
		COUNTED((br = io_uring_setup_buf_ring(&ring, 4, 1, 0, &err)) !=
			NULL);
		COUNTED(io_uring_free_buf_ring(&ring, br, 4, 1));
		COUNTED(io_uring_clone_buffers(&ring, &ring));
		COUNTED(io_uring_register_ring_fd(&ring));
		COUNTED(io_uring_close_ring_fd(&ring));
		COUNTED_VOID(io_uring_queue_exit(&ring));
	}
#endif
	return 0;
}
