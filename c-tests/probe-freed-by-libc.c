/* Description: programs release the result of io_uring_get_probe() and
 * io_uring_get_probe_ring() with libc's free(), and pass what they allocated
 * to io_uring_free_probe(): both must be the same allocator. */
/* flavours: plain */
#include "test.h"

int main(void)
{
	struct io_uring_probe *probe;
	struct io_uring ring;
	int i;

	T_RING(4, &ring, 0);
	for (i = 0; i < 100; i++) {
		probe = io_uring_get_probe();
		T_CHECK(probe != NULL);
		T_CHECK(io_uring_opcode_supported(probe, IORING_OP_NOP));
		free(probe);
		probe = io_uring_get_probe_ring(&ring);
		T_CHECK(probe != NULL);
		free(probe);
		probe = malloc(2064);
		T_CHECK(probe != NULL);
		io_uring_free_probe(probe);
	}
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
