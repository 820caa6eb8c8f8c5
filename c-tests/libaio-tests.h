/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the tests of libaio share. They run on the system's libaio as well,
 * and on it mean the kernel's AIO: a request that has to stay in flight for a
 * while is a poll, for everything else there may be over in io_submit().
 */
#ifndef T_LIBAIO_H
#define T_LIBAIO_H

#include "test.h"

#include <libaio.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

/* Long enough for every wait that is to succeed. */
#define LA_PATIENCE_MS 10000

/*
 * Numbers of the kernel's ABI, whose header and that of libaio declare the
 * same structures.
 */
#define LA_FLAG_RESFD 1u
#define LA_FLAG_IOPRIO 2u

#define LA_RWF_HIPRI 0x1
#define LA_RWF_DSYNC 0x2
#define LA_RWF_SYNC 0x4
#define LA_RWF_NOWAIT 0x8
#define LA_RWF_APPEND 0x10
#define LA_RWF_NOAPPEND 0x20
#define LA_RWF_ATOMIC 0x40
#define LA_RWF_DONTCACHE 0x80
#define LA_RWF_NOSIGNAL 0x100

/* The compiler is not to know that nothing is there. */
static inline void *la_address(uintptr_t address)
{
	__asm__("" : "+r"(address));
	return (void *)address;
}

#define LA_BAD la_address(~(uintptr_t)0)
/* In the range of the program's addresses, and never mapped. */
#define LA_WILD la_address(16)
/* In the range of the kernel's. */
#define LA_KERNEL la_address(~(uintptr_t)0xffff)

/* Exported, and in no header. */
int io_queue_wait(io_context_t ctx, const struct timespec *timeout);

static inline struct timespec la_ms(long ms)
{
	struct timespec ts;

	ts.tv_sec = ms / 1000;
	ts.tv_nsec = ms % 1000 * 1000000;
	return ts;
}

/* ---- contexts ---------------------------------------------------------- */

/*
 * The head of the memory a context's address points to; the events follow.
 * The kernel and the program write to it while the other one reads.
 */
struct la_ring {
	unsigned int id;
	unsigned int nr;
	unsigned int head;
	unsigned int tail;
	unsigned int magic;
	unsigned int compat_features;
	unsigned int incompat_features;
	unsigned int header_length;
	struct io_event events[];
};

#define LA_MAGIC 0xa10a10a1u

static inline struct la_ring *la_ring(io_context_t ctx)
{
	return (struct la_ring *)ctx;
}

/* Contexts on io_uring have numbers that the kernel's do not have. */
#define LA_OUR_IDS (1u << 31)

/*
 * Whether who runs the test has said that contexts are to be on io_uring. Where
 * there is none, they may be what they like.
 */
static inline bool la_is_to_be_ours(void)
{
	const char *library = getenv("T_LIBAIO");

	return library && !strcmp(library, "ours") &&
	       syscall(__NR_io_uring_setup, 0, NULL) < 0 && errno != ENOSYS &&
	       errno != EPERM;
}

static inline io_context_t la_setup(int nr)
{
	io_context_t ctx = NULL;
	int ret = io_setup(nr, &ctx);

	if (ret == -ENOSYS)
		T_SKIP("the kernel has neither AIO nor io_uring");
	if (ret || !ctx)
		T_FAIL("io_setup(%d): %d", nr, ret);
	if (la_is_to_be_ours() && la_ring(ctx)->id < LA_OUR_IDS)
		T_FAIL("io_setup(%d): the context is the kernel's", nr);
	return ctx;
}

#define LA_DESTROY(ctx) T_EQ(io_destroy(ctx), 0)

/*
 * For what kernel AIO does not do: the test ends here where there is no
 * io_uring, and fails where the context has to be on it and is not.
 */
static inline void la_needs_io_uring(io_context_t ctx)
{
	struct io_uring_params p;

	if (la_ring(ctx)->id >= LA_OUR_IDS)
		return;
	memset(&p, 0, sizeof(p));
	if (syscall(__NR_io_uring_setup, 1, &p) < 0) {
		T_NEEDS(5, 1, "io_uring", -errno, -ENOSYS);
		T_SKIP("contexts are the kernel's: %s", strerror(errno));
	}
	T_FAIL("the context is the kernel's");
}

/* Events that are in the ring's memory now. */
static inline unsigned int la_in_ring(io_context_t ctx)
{
	struct la_ring *ring = la_ring(ctx);
	unsigned int tail = T_LOAD(&ring->tail), head = T_LOAD(&ring->head);

	return tail >= head ? tail - head : tail + ring->nr - head;
}

static inline bool la_is_mapped(const void *addr)
{
	unsigned char vec;

	return !mincore((void *)((uintptr_t)addr & ~4095ul), 1, &vec);
}

/* ---- requests ---------------------------------------------------------- */

static inline int la_submit(io_context_t ctx, struct iocb *iocb)
{
	struct iocb *list[1] = { iocb };

	return io_submit(ctx, 1, list);
}

#define LA_SUBMIT(ctx, iocb) T_EQ(la_submit(ctx, iocb), 1)

/* No header names this member alike. */
static inline void la_set_reserved(struct iocb *iocb, unsigned long long value)
{
	memcpy((char *)iocb + 48, &value, sizeof(value));
}

static inline void la_prep_ioprio(struct iocb *iocb, int prio)
{
	iocb->u.c.flags |= LA_FLAG_IOPRIO;
	iocb->aio_reqprio = (short)prio;
}

/* ---- events ------------------------------------------------------------ */

/* Waits for exactly nr events. */
static inline void la_events(io_context_t ctx, long nr, struct io_event *ev)
{
	struct timespec ts = la_ms(LA_PATIENCE_MS);
	long got = 0;
	int ret;

	while (got < nr) {
		ret = io_getevents(ctx, nr - got, nr - got, ev + got, &ts);
		if (ret == -EINTR)
			continue;
		if (ret <= 0 || ret > nr - got)
			T_FAIL("io_getevents(%ld): %d", nr - got, ret);
		got += ret;
	}
}

static inline struct io_event la_event(io_context_t ctx)
{
	struct io_event ev;

	memset(&ev, 0xee, sizeof(ev));
	la_events(ctx, 1, &ev);
	return ev;
}

/* The result in an event of that request. */
static inline long la_res_of(const struct io_event *ev, struct iocb *iocb)
{
	T_PTR_EQ(ev->obj, iocb);
	T_PTR_EQ(ev->data, iocb->data);
	T_EQ(ev->res2, 0);
	return (long)ev->res;
}

/* The result of the only request in flight. */
static inline long la_result(io_context_t ctx, struct iocb *iocb)
{
	struct io_event ev = la_event(ctx);

	return la_res_of(&ev, iocb);
}

/* Carries one request out. */
static inline long la_do(io_context_t ctx, struct iocb *iocb)
{
	iocb->data = (void *)((uintptr_t)iocb ^ 0x5a5a);
	LA_SUBMIT(ctx, iocb);
	return la_result(ctx, iocb);
}

/* No event is there. The time is not zero: this has to ask the kernel. */
static inline void la_quiet(io_context_t ctx)
{
	struct timespec ts = { 0, 1 };
	struct io_event ev;
	int ret = io_getevents(ctx, 0, 1, &ev, &ts);

	if (ret)
		T_FAIL("an event nobody asked for: %d, res %ld", ret,
		       ret > 0 ? (long)ev.res : 0);
}

/*
 * Whether that is the result of a poll that waited: who wakes it may say more
 * than was asked for.
 */
static inline bool la_woken(long res, int events)
{
	return (res & events) == events &&
	       !(res & ~events & (POLLERR | POLLHUP | POLLNVAL));
}

/* What nobody has read from an eventfd. */
static inline uint64_t la_count(int efd)
{
	struct pollfd pfd = { .fd = efd, .events = POLLIN };
	uint64_t count = 0;

	if (poll(&pfd, 1, 0) == 1 &&
	    read(efd, &count, sizeof(count)) != sizeof(count))
		T_FAIL("eventfd: %s", strerror(errno));
	return count;
}

static inline bool la_wait_readable(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	int ret;

	do {
		ret = poll(&pfd, 1, LA_PATIENCE_MS);
	} while (ret < 0 && errno == EINTR);
	return ret == 1;
}

/* ---- files, memory ----------------------------------------------------- */

/* No two blocks of a file are alike. */
static inline unsigned char la_pattern(size_t at)
{
	return (unsigned char)(at * 7 + (at >> 8) * 31 + (at >> 16) * 17);
}

/* A nameless file; byte i is la_pattern(i). */
static inline int la_tmpfile(size_t size)
{
	int fd = t_tmpfile(0);
	char block[4096];
	size_t done, i;

	for (done = 0; done < size; done += sizeof(block)) {
		size_t n = size - done < sizeof(block) ? size - done
						       : sizeof(block);

		for (i = 0; i < n; i++)
			block[i] = (char)la_pattern(done + i);
		if (write(fd, block, n) != (ssize_t)n)
			T_FAIL("temporary file: %s", strerror(errno));
	}
	T_SYS(lseek(fd, 0, SEEK_SET));
	return fd;
}

/* The same for direct I/O. */
static inline int la_direct_file(size_t size)
{
	return t_direct(la_tmpfile(size));
}

/* A page after which nothing is mapped: its end. */
static inline char *la_page_end(void)
{
	char *mem = t_pages(8192);

	T_SYS(mprotect(mem + 4096, 4096, PROT_NONE));
	return mem + 4096;
}

static inline void la_write(int fd, const char *text)
{
	T_EQ(write(fd, text, strlen(text)), strlen(text));
}

/* Whether the bytes are those of la_tmpfile() at that offset. */
static inline bool la_is_pattern(const void *mem, size_t len, size_t offset)
{
	const unsigned char *buf = mem;
	size_t i;

	for (i = 0; i < len; i++)
		if (buf[i] != la_pattern(offset + i))
			return false;
	return true;
}

#endif /* T_LIBAIO_H */
