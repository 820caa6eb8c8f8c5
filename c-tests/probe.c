/* Description: io_uring_get_probe[_ring]() and io_uring_register_probe() tell
 * which opcodes the kernel knows; opcode_supported() answers 0 for numbers
 * outside of the table. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "test.h"

#define OPS 256

static void check(const struct io_uring_probe *probe)
{
	int op;

	T_GE(probe->last_op, IORING_OP_POLL_REMOVE);
	T_GE(probe->ops_len, 1);
	T_CHECK(io_uring_opcode_supported(probe, IORING_OP_NOP));
	T_CHECK(io_uring_opcode_supported(probe, IORING_OP_READV));
	T_EQ(io_uring_opcode_supported(probe, -1), 0);
	T_EQ(io_uring_opcode_supported(probe, probe->last_op + 1), 0);
	T_EQ(io_uring_opcode_supported(probe, 255), 0);
	T_EQ(io_uring_opcode_supported(probe, 256), 0);
	for (op = 0; op <= probe->last_op; op++)
		T_EQ(!!io_uring_opcode_supported(probe, op),
		     !!(probe->ops[op].flags & IO_URING_OP_SUPPORTED));
}

int main(void)
{
	union {
		struct io_uring_probe probe;
		char bytes[sizeof(struct io_uring_probe) +
			   OPS * sizeof(struct io_uring_probe_op)];
	} own;
	struct io_uring_probe *probe, *same;
	struct t_usage before;
	struct io_uring ring;
	int i;

	T_RING(4, &ring, 0);
	probe = io_uring_get_probe_ring(&ring);
	T_CHECK(probe != NULL);
	check(probe);

	memset(&own, 0, sizeof(own));
	T_EQ(io_uring_register_probe(&ring, &own.probe, OPS), 0);
	check(&own.probe);
	T_EQ(own.probe.last_op, probe->last_op);
	T_EQ(own.probe.ops_len, probe->ops_len);
	T_EQ(memcmp(own.probe.ops, probe->ops,
		    (probe->last_op + 1u) * sizeof(probe->ops[0])), 0);
	/* The kernel wants it zeroed, and no longer than 256 entries. */
	T_EQ(io_uring_register_probe(&ring, &own.probe, OPS), -EINVAL);
	memset(&own, 0, sizeof(own));
	T_EQ(io_uring_register_probe(&ring, &own.probe, OPS + 1), -EINVAL);

	same = io_uring_get_probe();
	T_CHECK(same != NULL);
	check(same);
	T_EQ(same->last_op, probe->last_op);
	io_uring_free_probe(same);
	io_uring_free_probe(probe);
	io_uring_free_probe(NULL);

	/* Given back, or 2000 of them would spread over some 4 MB. */
	probe = io_uring_get_probe_ring(&ring);
	io_uring_free_probe(probe);
	for (i = 0; i < 2000; i++) {
		same = io_uring_get_probe_ring(&ring);
		T_CHECK(same != NULL);
		if (!t_in_memory_tool())
			T_LE(llabs((long long)((uintptr_t)same -
					       (uintptr_t)probe)),
			     1 << 20);
		io_uring_free_probe(same);
	}
	io_uring_queue_exit(&ring);

	before = t_usage();
	for (i = 0; i < 20; i++) {
		probe = io_uring_get_probe();
		T_CHECK(probe != NULL);
		io_uring_free_probe(probe);
	}
	T_NOTHING_LEAKED(before);
	return T_EXIT_PASS;
}
