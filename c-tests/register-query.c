/* Description: register_query() needs no ring: it answers a chain of queries
 * about what the kernel supports, writes an error for an unknown query into
 * that query's header, and agrees with the probe and with what queue_init()
 * accepts. */
/* flavours: plain */
#include "file.h"

#include <liburing/io_uring/query.h>

static void query(struct io_uring_query_hdr *hdr, unsigned int op, void *data,
		  unsigned int size)
{
	memset(hdr, 0, sizeof(*hdr));
	memset(data, 0, size);
	hdr->query_op = op;
	hdr->query_data = (unsigned long)data;
	hdr->size = size;
}

/* Whether the kernel knows IORING_REGISTER_QUERY, asked without the library. */
static bool kernel_has_query(void)
{
	return !syscall(__NR_io_uring_register, -1, IORING_REGISTER_QUERY, NULL,
			0);
}

static void check_opcodes(const struct io_uring_query_opcode *op)
{
	struct io_uring_probe *probe = io_uring_get_probe();
	struct io_uring_params p;
	struct io_uring ring;
	unsigned int bit;

	T_CHECK(probe);
	T_EQ(op->nr_request_opcodes, (unsigned int)probe->last_op + 1);
	io_uring_free_probe(probe);
	T_CHECK(op->nr_register_opcodes > IORING_REGISTER_QUERY);
	T_EQ(op->sqe_flags & 0x7f, 0x7f);

	memset(&p, 0, sizeof(p));
	T_EQ(io_uring_queue_init_params(4, &ring, &p), 0);
	T_EQ(op->feature_flags, p.features);
	T_EQ(p.flags & ~op->ring_setup_flags, 0);
	io_uring_queue_exit(&ring);

	/* A flag that the answer lacks is a flag that setup refuses. */
	for (bit = 0; bit < 32; bit++) {
		if (op->ring_setup_flags & 1ULL << bit)
			continue;
		T_EQ(io_uring_queue_init(4, &ring, 1U << bit), -EINVAL);
	}
}

int main(void)
{
	struct io_uring_query_hdr first, second, third, unknown;
	struct io_uring_query_opcode op;
	struct io_uring_query_zcrx zcrx;
	struct io_uring_query_scq scq;
	char nothing[8];

	T_NEEDS_RING();
	if (!kernel_has_query()) {
		query(&first, IO_URING_QUERY_OPCODES, &op, sizeof(op));
		T_NEEDS(6, 18, "IORING_REGISTER_QUERY",
			io_uring_register_query(&first), -EINVAL);
	}

	query(&first, IO_URING_QUERY_OPCODES, &op, sizeof(op));
	T_EQ(io_uring_register_query(&first), 0);
	T_EQ(first.result, 0);
	check_opcodes(&op);

	/* A chain: each entry has its own result, and a bad one stops nothing. */
	query(&unknown, 0x7fff, nothing, sizeof(nothing));
	query(&first, IO_URING_QUERY_OPCODES, &op, sizeof(op));
	query(&second, IO_URING_QUERY_ZCRX, &zcrx, sizeof(zcrx));
	query(&third, IO_URING_QUERY_SCQ, &scq, sizeof(scq));
	unknown.next_entry = (unsigned long)&first;
	first.next_entry = (unsigned long)&second;
	second.next_entry = (unsigned long)&third;
	T_EQ(io_uring_register_query(&unknown), 0);
	T_EQ(unknown.result, -EOPNOTSUPP);
	T_EQ(first.result, 0);
	T_CHECK(op.nr_request_opcodes > IORING_OP_NOP);
	if (op.nr_query_opcodes > IO_URING_QUERY_ZCRX) {
		T_EQ(second.result, 0);
		T_GE(zcrx.rq_hdr_size, 8);
	} else {
		T_EQ(second.result, -EOPNOTSUPP);
	}
	if (op.nr_query_opcodes > IO_URING_QUERY_SCQ) {
		T_EQ(third.result, 0);
		T_GE(scq.hdr_size, 8);
	} else {
		T_EQ(third.result, -EOPNOTSUPP);
	}

	/* Nothing asked is no error; a loop or bad memory is. */
	T_EQ(io_uring_register_query(NULL), 0);
	query(&first, IO_URING_QUERY_OPCODES, &op, sizeof(op));
	first.next_entry = (unsigned long)&first;
	T_CHECK(io_uring_register_query(&first) < 0);
	T_EQ(io_uring_register_query((void *)8), -EFAULT);
	query(&first, IO_URING_QUERY_OPCODES, &op, sizeof(op));
	first.__resv[0] = 1;
	T_EQ(io_uring_register_query(&first), 0);
	T_EQ(first.result, -EINVAL);
	return T_EXIT_PASS;
}
