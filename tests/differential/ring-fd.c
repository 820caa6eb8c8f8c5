/* needs: 2.3 */
#include "see.h"

static struct io_uring ring;

static void round_trip(uint64_t data)
{
	struct io_uring_cqe *cqe = SEE_NO_CQE;
	struct __kernel_timespec ts = milliseconds(5);

	queue_nop(&ring, data);
	CALL(io_uring_submit(&ring));
	CALL(io_uring_wait_cqe(&ring, &cqe));
	see_consume(&ring, cqe);
	CALL(io_uring_wait_cqe_timeout(&ring, &cqe, &ts));
	CALL(io_uring_get_events(&ring));
}

static void members(void)
{
	see("fd %d enter_fd %d int_flags %#x\n", ring.ring_fd,
	    ring.enter_ring_fd, ring.int_flags);
}

static void registrations(void)
{
	struct io_uring_probe *probe;

	CALL(io_uring_register_iowq_max_workers(&ring,
						(unsigned int[2]){ 0, 0 }));
	CALL(io_uring_register_files(&ring, (int[1]){ 0 }, 1));
	CALL(io_uring_unregister_files(&ring));
	probe = CALL_PTR(io_uring_get_probe_ring(&ring));
	aside();
	io_uring_free_probe(probe);
}

int main(void)
{
	int fd;

	ring_up(&ring, 4, 0);
	part("not registered");
	CALL(io_uring_unregister_ring_fd(&ring));
	members();

	part("register");
	CALL(io_uring_register_ring_fd(&ring));
	members();
	round_trip(1);
	registrations();

	part("unregister");
	CALL(io_uring_unregister_ring_fd(&ring));
	members();
	round_trip(2);
	part("unregister again");
	CALL(io_uring_unregister_ring_fd(&ring));

	part("exit of a registered ring");
	CALL(io_uring_register_ring_fd(&ring));
	io_uring_queue_exit(&ring);
	members();

	ring_up(&ring, 4, 0);
	part("closed by the program");
	CALL(io_uring_register_ring_fd(&ring));
	fd = ring.ring_fd;
	close(fd);
	ring.ring_fd = -1;
	round_trip(3);
	part("exit without a descriptor");
	io_uring_queue_exit(&ring);

	ring_up(&ring, 4, 0);
	MUST(io_uring_register_ring_fd(&ring));
	part("registered twice");
	CALL(io_uring_register_ring_fd(&ring));
	members();
	/* What is still registered ends with the process. */
	aside();

#if API >= 215
	ring_up(&ring, 4, 0);
	part("close_ring_fd, not registered");
	CALL(io_uring_close_ring_fd(&ring));
	part("close_ring_fd");
	CALL(io_uring_register_ring_fd(&ring));
	CALL(io_uring_close_ring_fd(&ring));
	members();
	CALL(io_uring_close_ring_fd(&ring));
	round_trip(4);
	registrations();
	part("closed, then unregistered");
	CALL(io_uring_unregister_ring_fd(&ring));
	members();
	part("closed, unregistered, exit");
	io_uring_queue_exit(&ring);

	ring_up(&ring, 4, 0);
	part("closed, exit");
	CALL(io_uring_register_ring_fd(&ring));
	CALL(io_uring_close_ring_fd(&ring));
	part("exit of a closed ring");
	io_uring_queue_exit(&ring);
#endif
	return 0;
}
