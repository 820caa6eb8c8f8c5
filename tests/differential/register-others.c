/* needs: 2.3 */
#include "see.h"

#include <poll.h>
#include <sys/eventfd.h>

static struct io_uring ring;

static void events(void)
{
	struct io_uring_cqe *cqe;
	uint64_t value = 0;
	int fd = eventfd(0, EFD_NONBLOCK);

	part("eventfd");
	VALUE(io_uring_cq_eventfd_enabled(&ring));
	CALL(io_uring_unregister_eventfd(&ring));
	CALL(io_uring_register_eventfd(&ring, fd));
	CALL(io_uring_register_eventfd(&ring, fd));
	queue_nop(&ring, 1);
	CALL(io_uring_submit(&ring));
	VALUE(read(fd, &value, sizeof(value)));
	VALUE(value);
	CALL(io_uring_cq_eventfd_toggle(&ring, false));
	VALUE(io_uring_cq_eventfd_enabled(&ring));
	CALL(io_uring_cq_eventfd_toggle(&ring, false));
	queue_nop(&ring, 2);
	CALL(io_uring_submit(&ring));
	VALUE(read(fd, &value, sizeof(value)));
	CALL(io_uring_cq_eventfd_toggle(&ring, true));
	VALUE(*ring.cq.kflags);
	CALL(io_uring_unregister_eventfd(&ring));
	CALL(io_uring_register_eventfd_async(&ring, fd));
	CALL(io_uring_unregister_eventfd(&ring));
	CALL(io_uring_register_eventfd(&ring, -1));
	while (!io_uring_peek_cqe(&ring, &cqe))
		see_consume(&ring, cqe);
	close(fd);
}

static void personalities(void)
{
	struct io_uring_sqe *sqe;
	int id;

	part("personality");
	id = (int)CALL(io_uring_register_personality(&ring));
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_nop(sqe);
	sqe->personality = (uint16_t)id;
	sqe->user_data = 3;
	CALL(io_uring_submit_and_wait(&ring, 1));
	reap(&ring, 1);
	CALL(io_uring_unregister_personality(&ring, id));
	CALL(io_uring_unregister_personality(&ring, id));
}

static void workers(void)
{
	unsigned int values[2] = { 0, 0 };
	cpu_set_t set;

	part("workers");
	CALL(io_uring_register_iowq_max_workers(&ring, values));
	values[0] = 3;
	values[1] = 5;
	CALL(io_uring_register_iowq_max_workers(&ring, values));
	values[0] = values[1] = 0;
	CALL(io_uring_register_iowq_max_workers(&ring, values));
	see("workers %u %u\n", values[0], values[1]);
	CPU_ZERO(&set);
	CPU_SET(0, &set);
	CALL(io_uring_register_iowq_aff(&ring, sizeof(set), &set));
	CALL(io_uring_unregister_iowq_aff(&ring));
	CALL(io_uring_register_iowq_aff(&ring, 1UL << 31, &set));
	CALL(io_uring_register_iowq_aff(&ring, 0, &set));
}

#if API >= 215
static void restrictions(void)
{
	struct io_uring_restriction res[2];
	struct io_uring_sqe *sqe;

	memset(res, 0, sizeof(res));
	res[0].opcode = IORING_RESTRICTION_SQE_OP;
	res[0].sqe_op = IORING_OP_NOP;
	res[1].opcode = IORING_RESTRICTION_REGISTER_OP;
	res[1].register_op = IORING_REGISTER_ENABLE_RINGS;
	part("restrictions, too late");
	CALL(io_uring_register_restrictions(&ring, res, 2));
	CALL(io_uring_enable_rings(&ring));
	ring_down(&ring);
	ring_up(&ring, 4, IORING_SETUP_R_DISABLED);
	part("restrictions");
	queue_nop(&ring, 1);
	CALL(io_uring_submit(&ring));
	CALL(io_uring_register_restrictions(&ring, res, 2));
	CALL(io_uring_enable_rings(&ring));
	CALL(io_uring_submit(&ring));
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_close(sqe, 900);
	sqe->user_data = 2;
	CALL(io_uring_submit(&ring));
	reap(&ring, 2);
	CALL(io_uring_unregister_files(&ring));
	CALL(io_uring_enable_rings(&ring));
}
#endif

static void probes(void)
{
	struct {
		struct io_uring_probe head;
		struct io_uring_probe_op ops[256];
	} probe;
	struct io_uring_probe *got;
	int op;

	part("probe");
	memset(&probe, 0, sizeof(probe));
	CALL(io_uring_register_probe(&ring, &probe.head, 256));
	VALUE(probe.head.last_op);
	CALL(io_uring_register_probe(&ring, &probe.head, 256));
	got = CALL_PTR(io_uring_get_probe_ring(&ring));
	VALUE(memcmp(got, &probe, sizeof(probe)));
	for (op = -1; op < 258; op++)
		see("%d", io_uring_opcode_supported(got, op));
	see("\n");
	/* Programs free what they get from Debian's builds. */
	free(got);
	got = CALL_PTR(io_uring_get_probe());
	VALUE(got->ops_len);
	io_uring_free_probe(got);
}

int main(void)
{
	ring_up(&ring, 4, 0);
	events();
	personalities();
	workers();
	probes();
#if API >= 215
	restrictions();
#endif
	ring_down(&ring);
	ring_up(&ring, 4, 0);
	{
		struct io_uring_sync_cancel_reg reg;
		struct io_uring_sqe *sqe;
		int sv[2];

		MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, sv));
		part("sync cancel");
		memset(&reg, 0, sizeof(reg));
		reg.addr = 77;
		reg.timeout.tv_sec = -1;
		reg.timeout.tv_nsec = -1;
		CALL(io_uring_register_sync_cancel(&ring, &reg));
		sqe = io_uring_get_sqe(&ring);
		io_uring_prep_poll_add(sqe, sv[0], POLLIN);
		sqe->user_data = 77;
		CALL(io_uring_submit(&ring));
		CALL(io_uring_register_sync_cancel(&ring, &reg));
		CALL(io_uring_get_events(&ring));
		reap(&ring, 1);
	}
	ring_down(&ring);
	return 0;
}
