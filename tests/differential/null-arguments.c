/* needs: 2.15 */
#include "see.h"

static struct io_uring_params params;
static struct io_uring ring;

/* A ring that no pointer can be: in the first page, or misaligned. */
#define NOWHERE ((struct io_uring *)64)

#define IN_A_CHILD(name, call)                                                 \
	static void name(void)                                                 \
	{                                                                      \
		CALL(call);                                                    \
	}

IN_A_CHILD(init_null, io_uring_queue_init(4, NULL, 0))
IN_A_CHILD(init_nowhere, io_uring_queue_init(4, NOWHERE, 0))
IN_A_CHILD(params_null, io_uring_queue_init_params(4, &ring, NULL))
IN_A_CHILD(params_ring_null, io_uring_queue_init_params(4, NULL, &params))
IN_A_CHILD(mem_null, io_uring_queue_init_mem(4, NULL, &params, NULL, 0))
IN_A_CHILD(mmap_null, io_uring_queue_mmap(0, NULL, &ring))
IN_A_CHILD(dontfork_null, io_uring_ring_dontfork(NULL))
IN_A_CHILD(dontfork_empty, io_uring_ring_dontfork(&ring))
IN_A_CHILD(resize_null, io_uring_resize_rings(NULL, &params))
IN_A_CHILD(mlock_null, io_uring_mlock_size_params(4, NULL))
IN_A_CHILD(memory_null, io_uring_memory_size_params(4, NULL))
IN_A_CHILD(files_null, io_uring_register_files(NULL, NULL, 0))
IN_A_CHILD(buffers_null, io_uring_unregister_buffers(NULL))
IN_A_CHILD(probe_null, io_uring_get_probe_ring(NULL) != NULL)
IN_A_CHILD(enable_null, io_uring_enable_rings(NULL))
IN_A_CHILD(ring_fd_null, io_uring_register_ring_fd(NULL))
IN_A_CHILD(iowait_null, io_uring_set_iowait(NULL, true))
IN_A_CHILD(buf_ring_null, io_uring_setup_buf_ring(NULL, 4, 0, 0,
						  &(int){ 0 }) != NULL)

static void exit_null(void)
{
	io_uring_queue_exit(NULL);
	see("returned\n");
}

static void free_null(void)
{
	io_uring_free_probe(NULL);
	see("returned\n");
}

static const struct {
	const char *name;
	void (*fn)(void);
} calls[] = {
	{ "queue_init", init_null },
	{ "queue_init nowhere", init_nowhere },
	{ "queue_init_params", params_null },
	{ "queue_init_params ring", params_ring_null },
	{ "queue_init_mem", mem_null },
	{ "queue_mmap", mmap_null },
	{ "ring_dontfork", dontfork_null },
	{ "ring_dontfork empty", dontfork_empty },
	{ "resize_rings", resize_null },
	{ "mlock_size_params", mlock_null },
	{ "memory_size_params", memory_null },
	{ "register_files", files_null },
	{ "unregister_buffers", buffers_null },
	{ "get_probe_ring", probe_null },
	{ "enable_rings", enable_null },
	{ "register_ring_fd", ring_fd_null },
	{ "set_iowait", iowait_null },
	{ "setup_buf_ring", buf_ring_null },
	{ "queue_exit", exit_null },
	{ "free_probe", free_null },
};

int main(void)
{
	unsigned int i;

	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		see("== %s\n", calls[i].name);
		see_child(calls[i].fn);
	}
	return 0;
}
