/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* ring ENTRIES OPS [CHUNKS]: rings set up and torn down again. */
#include <liburing.h>

#include "bench.h"

static void set_up(void *state, long ops)
{
	const unsigned int *entries = state;
	struct io_uring ring;
	int ret;

	for (; ops > 0; ops--) {
		ret = io_uring_queue_init(*entries, &ring, 0);
		if (ret)
			no_ring(ret);
		io_uring_queue_exit(&ring);
	}
}

int main(int argc, char **argv)
{
	unsigned int entries;

	if (argc < 3) {
		fprintf(stderr, "usage: ring ENTRIES OPS [CHUNKS]\n");
		return 2;
	}
	entries = (unsigned int)number(argv[1], 32768);
	measure(set_up, &entries, argv[2], argv[3]);
	return 0;
}
