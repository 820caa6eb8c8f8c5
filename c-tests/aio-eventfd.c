/* Description: an eventfd counts each event once, and is readable only when
 * the event can be reaped; -1 ends that. A full counter blocks nobody, and the
 * program may close its own descriptor. */
/* libraries: uring-aio */
/* flavours: plain */
/* upstream: differs: liburing has no AIO engine */
#include "aio.h"

#include <sys/eventfd.h>

#define NR 32u
#define BLOCK 4096u

static struct io_uring_aio *ctx;
static struct io_uring_aio_req reqs[NR];
static unsigned char *mem;

/* Takes nr events, each as the counter says that there is one. */
static void count(int efd, unsigned int nr)
{
	struct __kernel_timespec zero = t_ms(0);
	struct io_uring_aio_event ev[NR];
	uint64_t value;

	while (nr) {
		T_EQ(read(efd, &value, sizeof(value)), sizeof(value));
		T_LE(value, nr);
		T_EQ(io_uring_aio_getevents(ctx, 0, (unsigned int)value, ev,
					    &zero),
		     value);
		nr -= (unsigned int)value;
	}
	t_sleep_ms(2);
	aio_quiet(ctx);
	T_SYS(fcntl(efd, F_SETFL, O_NONBLOCK));
	T_EQ(read(efd, &value, sizeof(value)), -1);
	T_SYS(fcntl(efd, F_SETFL, 0));
}

static void submit_reads(int fd)
{
	struct io_uring_aio_req *all[NR];
	unsigned int i;

	for (i = 0; i < NR; i++) {
		aio_read(&reqs[i], fd, mem + i * BLOCK, BLOCK, i * BLOCK);
		all[i] = &reqs[i];
	}
	T_EQ(io_uring_aio_submit(ctx, NR, all), NR);
}

static void counts_everything(int efd, int direct, int buffered)
{
	struct io_uring_aio_event ev;
	int p[2];

	submit_reads(direct);
	count(efd, NR);
	submit_reads(buffered);
	count(efd, NR);
	AIO_REQ(&reqs[0]);
	T_EQ(io_uring_aio_start(ctx, &reqs[0]), 0);
	T_EQ(io_uring_aio_complete(ctx, &reqs[0], 1), 0);
	count(efd, 1);
	/* An event that a canceller got is not counted. */
	t_pipe(p);
	aio_read(&reqs[0], p[0], mem, 1, (__u64)-1);
	AIO_SUBMIT(ctx, &reqs[0]);
	T_EQ(io_uring_aio_cancel(ctx, &reqs[0], &ev, NULL), 0);
	count(efd, 0);
	AIO_SUBMIT(ctx, &reqs[0]);
	T_EQ(io_uring_aio_cancel_async(ctx, &reqs[0]), -EINPROGRESS);
	count(efd, 1);
	AIO_SUBMIT(ctx, &reqs[0]);
	T_EQ(io_uring_aio_cancel_fd(ctx, p[0]), 1);
	count(efd, 1);
	t_close_both(p);
}

static void full(int efd)
{
	uint64_t value = UINT64_MAX - 1;

	T_EQ(write(efd, &value, sizeof(value)), sizeof(value));
	AIO_REQ(&reqs[0]);
	io_uring_prep_nop(&reqs[0].sqe);
	T_EQ(aio_do(ctx, &reqs[0]), 0);
	T_EQ(io_uring_aio_start(ctx, &reqs[0]), 0);
	T_EQ(io_uring_aio_complete(ctx, &reqs[0], 1), 0);
	T_EQ(aio_result(ctx, &reqs[0]), 1);
	T_EQ(read(efd, &value, sizeof(value)), sizeof(value));
	T_EQ(value, UINT64_MAX - 1);
}

static void run(unsigned int flags)
{
	int efd, other, direct, buffered;
	uint64_t value;

	ctx = aio_init(NR, flags);
	direct = aio_direct_file(NR * BLOCK);
	buffered = t_tmpfile(NR * BLOCK);
	efd = (int)T_SYS(eventfd(0, EFD_CLOEXEC));
	other = (int)T_SYS(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));

	T_EQ(io_uring_aio_register_eventfd(ctx, 12345), -EBADF);
	T_EQ(io_uring_aio_register_eventfd(ctx, -2), -EBADF);
	T_EQ(io_uring_aio_register_eventfd(ctx, buffered), -EINVAL);
	T_EQ(io_uring_aio_register_eventfd(ctx, -1), 0);

	T_EQ(io_uring_aio_register_eventfd(ctx, efd), 0);
	counts_everything(efd, direct, buffered);
	full(efd);
	/* A failed registration leaves the last one alone. */
	T_EQ(io_uring_aio_register_eventfd(ctx, 12345), -EBADF);
	submit_reads(direct);
	count(efd, NR);
	/* Another takes its place. */
	T_EQ(io_uring_aio_register_eventfd(ctx, other), 0);
	submit_reads(direct);
	T_SYS(fcntl(other, F_SETFL, 0));
	count(other, NR);
	count(efd, 0);
	T_EQ(io_uring_aio_register_eventfd(ctx, -1), 0);
	submit_reads(direct);
	{
		struct io_uring_aio_event ev[NR];

		aio_events(ctx, NR, ev);
	}
	T_SYS(fcntl(other, F_SETFL, O_NONBLOCK));
	T_EQ(read(other, &value, sizeof(value)), -1);

	/* The context has its own reference. */
	T_EQ(io_uring_aio_register_eventfd(ctx, efd), 0);
	close(other);
	other = (int)T_SYS(dup(efd));
	close(efd);
	submit_reads(direct);
	count(other, NR);
	AIO_EXIT(ctx);
	close(other);
	close(direct);
	close(buffered);
}

int main(void)
{
	struct t_usage before;

	mem = t_pages(NR * BLOCK);
	/* The issuer stays for as long as the process. */
	ctx = aio_init(1, IO_URING_AIO_ISSUER);
	AIO_REQ(&reqs[0]);
	io_uring_prep_nop(&reqs[0].sqe);
	T_EQ(aio_do(ctx, &reqs[0]), 0);
	AIO_EXIT(ctx);
	before = t_usage();
	AIO_EACH_KIND(run);
	T_EQ(t_open_fds(), before.fds);
	T_EQ(t_maps().ring, before.maps.ring);
	T_SYS(munmap(mem, NR * BLOCK));
	return T_EXIT_PASS;
}
