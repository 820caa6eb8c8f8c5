/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * aio WAY FILES FILE DEPTH OPS [CHUNKS [CPU]]: random reads of 4 KiB, DEPTH of them
 * in flight all the time, by the AIO engine and by what there is beside it.
 * A read that is done is replaced at once; those that are found together are
 * begun together, in one call where there is one for several.
 *
 * WAY:
 *   engine  the AIO engine
 *   issuer  the same with IO_URING_AIO_ISSUER: its thread issues everything
 *   kernel  kernel AIO, by the system calls that libaio makes
 *   glibc   POSIX AIO
 *   ring    io_uring with nothing around it, for one thread
 *
 * FILES are "direct" (O_DIRECT) or "cached" (all of it in the page cache). After
 * the time for one read it prints the processor time, of all threads and in the
 * chunk that took least of it. Without CHUNKS it prints the system calls for one
 * read instead, of all threads, as the kernel counts them: that makes every call
 * slower, so that it is no part of what is timed.
 *
 * With CPU, counted from 0, everything is done on that one of the processors
 * that it may use (on the first again after the last). The one that the device
 * interrupts needs about a quarter less time for a read, and where a program
 * happens to be started would otherwise be most of what is seen.
 */
#include <aio.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/magic.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <liburing.h>
#include <liburing/aio.h>

#include "bench.h"

#define MAX_DEPTH 128
#define BLOCK 4096

struct state;

struct way {
	const char *name;
	void (*init)(struct state *);
	/* Begins the reads whose numbers are in `slots`. */
	void (*start)(struct state *, unsigned int nr);
	/* Waits for one at least, and leaves in `slots` which are done. */
	unsigned int (*reap)(struct state *);
	void (*exit)(struct state *);
};

struct state {
	const struct way *way;
	unsigned int depth;
	int fd;
	uint64_t blocks;
	uint64_t random;
	char *memory;
	double least_cpu;
	unsigned int slots[MAX_DEPTH];

	struct io_uring_aio *engine;
	struct io_uring_aio_req reqs[MAX_DEPTH];
	aio_context_t kernel;
	struct iocb iocbs[MAX_DEPTH];
	struct aiocb aiocbs[MAX_DEPTH];
	const struct aiocb *pending[MAX_DEPTH];
	struct io_uring ring;
};

static void skip(const char *reason)
{
	printf("skip: %s\n", reason);
	exit(77);
}

/* The same places for every way: Knuth's generator. */
static uint64_t somewhere(struct state *s)
{
	s->random = s->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (s->random >> 33) % s->blocks * BLOCK;
}

static char *buffer(struct state *s, unsigned int slot)
{
	return s->memory + slot * BLOCK;
}

static void check(long res)
{
	if (res != BLOCK)
		fail("read", res < 0 ? (int)res : EIO);
}

/* ---- the engine ---- */

static void init_engine_with(struct state *s, unsigned int flags)
{
	int ret = io_uring_aio_queue_init(MAX_DEPTH, &s->engine, flags);
	unsigned int i;

	if (ret)
		no_ring(ret);
	for (i = 0; i < MAX_DEPTH; i++)
		io_uring_aio_req_init(&s->reqs[i]);
}

static void init_engine(struct state *s)
{
	init_engine_with(s, 0);
}

static void init_issuer(struct state *s)
{
	init_engine_with(s, IO_URING_AIO_ISSUER);
}

static void start_on_engine(struct state *s, unsigned int nr)
{
	struct io_uring_aio_req *batch[MAX_DEPTH];
	unsigned int i;
	int ret;

	for (i = 0; i < nr; i++) {
		unsigned int slot = s->slots[i];

		batch[i] = &s->reqs[slot];
		io_uring_prep_read(&batch[i]->sqe, s->fd, buffer(s, slot), BLOCK,
				   somewhere(s));
		io_uring_sqe_set_data64(&batch[i]->sqe, slot);
	}
	ret = io_uring_aio_submit(s->engine, nr, batch);
	if (ret != (int)nr)
		fail("io_uring_aio_submit", ret < 0 ? ret : EIO);
}

static unsigned int reap_from_engine(struct state *s)
{
	struct io_uring_aio_event events[MAX_DEPTH];
	int ret, i;

	ret = io_uring_aio_getevents(s->engine, 1, s->depth, events, NULL);
	if (ret < 0)
		fail("io_uring_aio_getevents", ret);
	for (i = 0; i < ret; i++) {
		check(events[i].res);
		s->slots[i] = (unsigned int)events[i].user_data;
	}
	return (unsigned int)ret;
}

static void exit_engine(struct state *s)
{
	io_uring_aio_queue_exit(s->engine);
}

/* ---- kernel AIO ---- */

static void init_kernel(struct state *s)
{
	if (!syscall(__NR_io_setup, MAX_DEPTH, &s->kernel))
		return;
	if (errno == ENOSYS)
		skip("the kernel has no AIO of its own");
	fail("io_setup", errno);
}

static void start_on_kernel(struct state *s, unsigned int nr)
{
	struct iocb *batch[MAX_DEPTH];
	unsigned int i, done = 0;
	long ret;

	for (i = 0; i < nr; i++) {
		unsigned int slot = s->slots[i];

		batch[i] = &s->iocbs[slot];
		memset(batch[i], 0, sizeof(*batch[i]));
		batch[i]->aio_data = slot;
		batch[i]->aio_lio_opcode = IOCB_CMD_PREAD;
		batch[i]->aio_fildes = (uint32_t)s->fd;
		batch[i]->aio_buf = (uintptr_t)buffer(s, slot);
		batch[i]->aio_nbytes = BLOCK;
		batch[i]->aio_offset = (int64_t)somewhere(s);
	}
	while (done < nr) {
		ret = syscall(__NR_io_submit, s->kernel, (long)(nr - done),
			      batch + done);
		if (ret <= 0)
			fail("io_submit", ret < 0 ? errno : EIO);
		done += (unsigned int)ret;
	}
}

static unsigned int reap_from_kernel(struct state *s)
{
	struct io_event events[MAX_DEPTH];
	long ret, i;

	ret = syscall(__NR_io_getevents, s->kernel, 1L, (long)s->depth, events,
		      NULL);
	if (ret < 0)
		fail("io_getevents", errno);
	for (i = 0; i < ret; i++) {
		check((long)events[i].res);
		s->slots[i] = (unsigned int)events[i].data;
	}
	return (unsigned int)ret;
}

static void exit_kernel(struct state *s)
{
	syscall(__NR_io_destroy, s->kernel);
}

/* ---- POSIX AIO ---- */

static void init_glibc(struct state *s)
{
	(void)s;
}

static void start_on_glibc(struct state *s, unsigned int nr)
{
	struct aiocb *batch[MAX_DEPTH];
	unsigned int i;

	for (i = 0; i < nr; i++) {
		unsigned int slot = s->slots[i];

		batch[i] = &s->aiocbs[slot];
		memset(batch[i], 0, sizeof(*batch[i]));
		batch[i]->aio_fildes = s->fd;
		batch[i]->aio_lio_opcode = LIO_READ;
		batch[i]->aio_buf = buffer(s, slot);
		batch[i]->aio_nbytes = BLOCK;
		batch[i]->aio_offset = (off_t)somewhere(s);
		batch[i]->aio_sigevent.sigev_notify = SIGEV_NONE;
		s->pending[slot] = batch[i];
	}
	if (lio_listio(LIO_NOWAIT, batch, (int)nr, NULL))
		fail("lio_listio", errno);
}

static unsigned int reap_from_glibc(struct state *s)
{
	unsigned int i, nr = 0;

	if (aio_suspend(s->pending, (int)s->depth, NULL))
		fail("aio_suspend", errno);
	for (i = 0; i < s->depth; i++) {
		if (!s->pending[i] || aio_error(s->pending[i]) == EINPROGRESS)
			continue;
		check(aio_return(&s->aiocbs[i]));
		s->pending[i] = NULL;
		s->slots[nr++] = i;
	}
	return nr;
}

static void exit_glibc(struct state *s)
{
	(void)s;
}

/* ---- io_uring ---- */

static void init_ring(struct state *s)
{
	int ret = io_uring_queue_init(MAX_DEPTH, &s->ring,
				      IORING_SETUP_COOP_TASKRUN);

	if (ret == -EINVAL)
		ret = io_uring_queue_init(MAX_DEPTH, &s->ring, 0);
	if (ret)
		no_ring(ret);
}

static void start_on_ring(struct state *s, unsigned int nr)
{
	unsigned int i;
	int ret;

	for (i = 0; i < nr; i++) {
		unsigned int slot = s->slots[i];
		/* The SQ has room for all of them. */
		struct io_uring_sqe *sqe = io_uring_get_sqe(&s->ring);

		io_uring_prep_read(sqe, s->fd, buffer(s, slot), BLOCK,
				   somewhere(s));
		io_uring_sqe_set_data64(sqe, slot);
	}
	ret = io_uring_submit(&s->ring);
	if (ret != (int)nr)
		fail("io_uring_submit", ret < 0 ? ret : EIO);
}

static unsigned int reap_from_ring(struct state *s)
{
	struct io_uring_cqe *cqe;
	unsigned int head, nr = 0;
	int ret;

	ret = io_uring_wait_cqe(&s->ring, &cqe);
	if (ret)
		fail("io_uring_wait_cqe", ret);
	io_uring_for_each_cqe(&s->ring, head, cqe) {
		check(cqe->res);
		s->slots[nr++] = (unsigned int)cqe->user_data;
	}
	io_uring_cq_advance(&s->ring, nr);
	return nr;
}

static void exit_ring(struct state *s)
{
	io_uring_queue_exit(&s->ring);
}

static const struct way ways[] = {
	{ "engine", init_engine, start_on_engine, reap_from_engine, exit_engine },
	{ "issuer", init_issuer, start_on_engine, reap_from_engine, exit_engine },
	{ "kernel", init_kernel, start_on_kernel, reap_from_kernel, exit_kernel },
	{ "glibc", init_glibc, start_on_glibc, reap_from_glibc, exit_glibc },
	{ "ring", init_ring, start_on_ring, reap_from_ring, exit_ring },
};

/* ---- measuring ---- */

static double cpu_nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void read_all(void *state, long ops)
{
	struct state *s = state;
	double cpu = cpu_nanoseconds();
	unsigned int i, nr = s->depth, flying = 0;
	long left = ops;

	for (i = 0; i < nr; i++)
		s->slots[i] = i;
	for (;;) {
		if (left < (long)nr)
			nr = (unsigned int)left;
		left -= nr;
		flying += nr;
		if (nr)
			s->way->start(s, nr);
		if (!flying)
			break;
		nr = s->way->reap(s);
		flying -= nr;
	}
	cpu = (cpu_nanoseconds() - cpu) / (double)ops;
	if (!s->least_cpu || cpu < s->least_cpu)
		s->least_cpu = cpu;
}

/* Of threads that are made later too; -1 where it may not be had. */
static int open_call_counter(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.disabled = 1,
		.inherit = 1,
	};
	FILE *id = fopen("/sys/kernel/tracing/events/raw_syscalls/sys_enter/id",
			 "re");
	unsigned long long config;
	int known;

	if (!id)
		return -1;
	known = fscanf(id, "%llu", &config);
	fclose(id);
	if (known != 1)
		return -1;
	attr.config = config;
	return (int)syscall(__NR_perf_event_open, &attr, 0, -1, -1,
			    (unsigned long)PERF_FLAG_FD_CLOEXEC);
}

static void print_calls(struct state *s, int counter, const char *ops_text)
{
	long ops = number(ops_text, 100000000);
	uint64_t before, after;

	/* Whatever is made on first need. */
	read_all(s, ops);
	ioctl(counter, PERF_EVENT_IOC_ENABLE, 0);
	if (read(counter, &before, sizeof(before)) != sizeof(before))
		fail("perf event", errno);
	read_all(s, ops);
	if (read(counter, &after, sizeof(after)) != sizeof(after))
		fail("perf event", errno);
	printf("%.4f\n", (double)(after - before) / (double)ops);
}

static void stay_on(unsigned long nth)
{
	cpu_set_t usable, one;
	int cpu;

	if (sched_getaffinity(0, sizeof(usable), &usable))
		fail("sched_getaffinity", errno);
	nth %= (unsigned long)CPU_COUNT(&usable);
	for (cpu = 0; !CPU_ISSET(cpu, &usable) || nth--; cpu++)
		;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		fail("sched_setaffinity", errno);
}

static void open_file(struct state *s, const char *path, bool direct)
{
	struct statfs fs;
	off_t size;

	s->fd = open(path, O_RDONLY | O_CLOEXEC | (direct ? O_DIRECT : 0));
	if (s->fd < 0 && direct && errno == EINVAL)
		skip("the file system has no direct I/O");
	if (s->fd < 0)
		fail(path, errno);
	/* It takes the flag, and reads from the page cache all the same. */
	if (direct && !fstatfs(s->fd, &fs) && fs.f_type == TMPFS_MAGIC)
		skip("tmpfs has no direct I/O");
	size = lseek(s->fd, 0, SEEK_END);
	if (size < BLOCK)
		fail(path, EINVAL);
	s->blocks = (uint64_t)size / BLOCK;
	s->memory = aligned_alloc(BLOCK, MAX_DEPTH * BLOCK);
	if (!s->memory)
		fail("memory", ENOMEM);
	memset(s->memory, 0, MAX_DEPTH * BLOCK);
	if (direct)
		return;
	lseek(s->fd, 0, SEEK_SET);
	while (read(s->fd, s->memory, MAX_DEPTH * BLOCK) > 0)
		;
}

int main(int argc, char **argv)
{
	static struct state s = { .random = 1 };
	const unsigned int known = sizeof(ways) / sizeof(*ways);
	unsigned int way = 0;
	int counter = -1;
	bool direct;

	while (argc > 1 && way < known && strcmp(argv[1], ways[way].name))
		way++;
	if (argc < 6 || way == known ||
	    (strcmp(argv[2], "direct") && strcmp(argv[2], "cached"))) {
		fprintf(stderr, "usage: aio engine|issuer|kernel|glibc|ring direct|cached FILE DEPTH OPS [CHUNKS [CPU]]\n");
		return 2;
	}
	s.way = &ways[way];
	if (argc > 7)
		stay_on(strtoul(argv[7], NULL, 10));
	direct = !strcmp(argv[2], "direct");
	s.depth = (unsigned int)number(argv[4], MAX_DEPTH);
	open_file(&s, argv[3], direct);
	if (!argv[6]) {
		counter = open_call_counter();
		if (counter < 0)
			skip("system calls cannot be counted: no access to the tracepoint raw_syscalls:sys_enter");
	}
	/* A read that is lost would be waited for without end. */
	alarm(60);
	s.way->init(&s);
	if (counter < 0) {
		measure(read_all, &s, argv[5], argv[6]);
		printf("%.3f\n", s.least_cpu);
	} else {
		print_calls(&s, counter, argv[5]);
	}
	s.way->exit(&s);
	return 0;
}
