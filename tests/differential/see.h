/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the programs in this directory share. Such a program prints everything
 * that a program can see of the library. It is compiled with the header of the
 * original and with ours, runs with the original's library and with ours, and
 * neither its output nor its system calls may differ. So it prints no address,
 * no time and nothing that depends on how threads happen to run.
 *
 * A program is cut into parts with names. deviations.txt lists, for a part,
 * the lines that are meant to differ.
 *
 * API is 203 or 215: the version whose names the program may use. Comments say
 * what a program needs:
 *   needs:   2.3 or 2.15, the first version that has what it calls
 *   strace:  NAME: OPTIONS, another run with faults injected (any number);
 *            strace-2.15 where 2.3 makes other calls for them to hit
 *   preload: a source that is made a shared object and loaded first, and that
 *            says "preloaded by"
 *   link:    libraries instead of -luring
 */
#ifndef SEE_H
#define SEE_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <liburing.h>

/* No program waits for longer; it is a bound, not a measure of speed. */
#define SEE_TIMEOUT_SECONDS 20

/* Shared with children, so that what a child has seen stands in its place. */
struct see_page {
	size_t len;
	char text[(1 << 16) - sizeof(size_t)];
};

static struct see_page *see_page;

static inline void __attribute__((format(printf, 1, 2)))
see(const char *fmt, ...)
{
	size_t left = sizeof(see_page->text) - see_page->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(see_page->text + see_page->len, left, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= left)
		abort();
	see_page->len += (size_t)n;
}

/*
 * A call that always fails is the mark in the trace: system calls count from
 * here to the next part, or to aside().
 */
static inline void see_mark(const char *name)
{
	syscall(__NR_write, -1, name, strlen(name));
}

static inline void part(const char *name)
{
	see("== %s\n", name);
	see_mark(name);
}

/* What follows does not belong to the library, or is seen elsewhere. */
static inline void aside(void)
{
	see_mark("-");
}

#define SEE_ERRNO 77

static inline long see_result(const char *call, long ret)
{
	see("%s = %ld%s\n", call, ret,
	    errno == SEE_ERRNO ? "" : ", errno changed");
	return ret;
}

/* Prints a call as it is written, and its result. */
#define CALL(call)                                                             \
	__extension__({                                                        \
		errno = SEE_ERRNO;                                             \
		long see_ret_ = (long)(call);                                  \
		see_result(#call, see_ret_);                                   \
	})

/* For calls that return a pointer. */
#define CALL_PTR(call)                                                         \
	__extension__({                                                        \
		errno = SEE_ERRNO;                                             \
		__typeof__(call) see_ptr_ = (call);                            \
		see("%s %s NULL%s\n", #call, see_ptr_ ? "is not" : "is",       \
		    errno == SEE_ERRNO ? "" : ", errno changed");              \
		see_ptr_;                                                      \
	})

#define VALUE(value) see("%s: %lld\n", #value, (long long)(value))

/* The program's own calls must work. */
#define MUST(call)                                                             \
	__extension__({                                                        \
		long see_ret_ = (long)(call);                                  \
		if (see_ret_ < 0) {                                            \
			see("%s:%d: %s: %ld, errno %d\n", __FILE__, __LINE__,  \
			    #call, see_ret_, errno);                           \
			exit(1);                                               \
		}                                                              \
		see_ret_;                                                      \
	})

/* A signal interrupts, and that is all it does. */
static inline void see_interrupt(int sig)
{
	(void)sig;
}

static inline void see_end(void)
{
	size_t done = 0;

	aside();
	while (done < see_page->len) {
		ssize_t n = write(STDOUT_FILENO, see_page->text + done,
				  see_page->len - done);

		if (n <= 0)
			_exit(1);
		done += (size_t)n;
	}
}

/* The last part in the output is the one that hangs or fails. */
static inline void see_ended_by(int sig)
{
	see("ended by signal %d\n", sig);
	see_end();
	_exit(1);
}

static inline void __attribute__((constructor)) see_start(void)
{
	struct sigaction sa;
	void *page;

	/* Descriptors have the same numbers whatever this program inherits. */
	syscall(__NR_close_range, 3, ~0U, 0);
	page = mmap(NULL, sizeof(*see_page), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		_exit(1);
	see_page = (struct see_page *)page;
	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = see_interrupt;
	sigaction(SIGUSR1, &sa, NULL);
	sa.sa_handler = see_ended_by;
	sigaction(SIGALRM, &sa, NULL);
	sigaction(SIGSEGV, &sa, NULL);
	atexit(see_end);
	alarm(SEE_TIMEOUT_SECONDS);
}

/* Runs fn in a child. A call that ends the process is a result as well. */
static inline void see_child(void (*fn)(void))
{
	int status;
	pid_t pid = (pid_t)MUST(fork());

	if (!pid) {
		alarm(SEE_TIMEOUT_SECONDS);
		signal(SIGALRM, SIG_DFL);
		signal(SIGSEGV, SIG_DFL);
		fn();
		_exit(0);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			abort();
	if (WIFSIGNALED(status))
		see("ended by signal %d\n", WTERMSIG(status));
	else if (WEXITSTATUS(status))
		see("ended with status %d\n", WEXITSTATUS(status));
}

/* ---- rings ------------------------------------------------------------- */

/* Makes a ring out of sight: setup has programs of its own. */
static inline void ring_up(struct io_uring *ring, unsigned int entries,
			   unsigned int flags)
{
	aside();
	MUST(io_uring_queue_init(entries, ring, flags));
}

static inline void ring_down(struct io_uring *ring)
{
	aside();
	io_uring_queue_exit(ring);
}

static inline void see_params(const struct io_uring_params *p)
{
	see("params: sq_entries %u cq_entries %u flags %#x features %#x\n",
	    p->sq_entries, p->cq_entries, p->flags, p->features);
}

/* Every member that programs read, but for addresses. */
static inline void see_ring(const struct io_uring *ring)
{
	see("ring: fd %d enter_fd %d flags %#x int_flags %#x\n", ring->ring_fd,
	    ring->enter_ring_fd, ring->flags, ring->int_flags);
	see("features %#x\n", ring->features);
	see("sq: sqe %u-%u entries %u/%u mask %u/%u ring_sz %zu array %s\n",
	    ring->sq.sqe_head, ring->sq.sqe_tail, ring->sq.ring_entries,
	    *ring->sq.kring_entries, ring->sq.ring_mask,
	    *ring->sq.kring_mask, ring->sq.ring_sz,
	    ring->sq.array ? "yes" : "no");
	/* The kernel's thread may fall asleep at any moment. */
	see("sq: head %u tail %u flags %#x dropped %u\n", *ring->sq.khead,
	    *ring->sq.ktail, *ring->sq.kflags & ~IORING_SQ_NEED_WAKEUP,
	    *ring->sq.kdropped);
	see("cq: entries %u/%u mask %u/%u ring_sz %zu, %s\n",
	    ring->cq.ring_entries, *ring->cq.kring_entries, ring->cq.ring_mask,
	    *ring->cq.kring_mask, ring->cq.ring_sz,
	    ring->cq.ring_ptr == ring->sq.ring_ptr ? "with the sq" : "apart");
	see("cq: head %u tail %u flags %s overflow %u\n", *ring->cq.khead,
	    *ring->cq.ktail, ring->cq.kflags ? "yes" : "no",
	    *ring->cq.koverflow);
#if API >= 215
	see("sqes_sz %u\n", ring->sq.sqes_sz);
#endif
}

/* What a pointer holds before a call, to see whether the call writes it. */
#define SEE_NO_CQE ((struct io_uring_cqe *)8)

static inline void see_cqe(const struct io_uring_cqe *cqe)
{
	if (cqe == SEE_NO_CQE)
		see("cqe not written\n");
	else if (cqe)
		see("cqe: data %llu res %d flags %#x\n",
		    (unsigned long long)cqe->user_data, cqe->res, cqe->flags);
	else
		see("no cqe\n");
}

static inline void queue_nop(struct io_uring *ring, uint64_t data)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (!sqe) {
		see("no sqe\n");
		return;
	}
	io_uring_prep_nop(sqe);
	sqe->user_data = data;
}

static inline void see_consume(struct io_uring *ring, struct io_uring_cqe *cqe)
{
	see_cqe(cqe);
	if (cqe && cqe != SEE_NO_CQE)
		io_uring_cqe_seen(ring, cqe);
}

/* As CALL, of a call that says in `cqe` what came, which is consumed. */
#define CALL_CQE(ring, call)                                                   \
	__extension__({                                                        \
		struct io_uring_cqe *cqe = SEE_NO_CQE;                         \
		long see_call_ = CALL(call);                                   \
		see_consume(ring, cqe);                                        \
		see("sq ready %u\n", io_uring_sq_ready(ring));                 \
		see_call_;                                                     \
	})

#define SEE_REAP_MAX 64

/*
 * Prints `count` completions in the order of their user_data: the kernel's
 * order is its own affair. Consumes them.
 */
static inline void reap(struct io_uring *ring, unsigned int count)
{
	struct io_uring_cqe got[SEE_REAP_MAX], swap, *cqe;
	unsigned int i, j, n = 0;

	while (n < count && n < SEE_REAP_MAX) {
		int ret = io_uring_wait_cqe(ring, &cqe);

		if (ret == -EINTR)
			continue;
		if (ret) {
			see("io_uring_wait_cqe = %d\n", ret);
			return;
		}
		memcpy(&got[n++], cqe, sizeof(*cqe));
		io_uring_cqe_seen(ring, cqe);
	}
	for (i = 0; i < n; i++) {
		for (j = i + 1; j < n; j++)
			if (got[j].user_data < got[i].user_data) {
				memcpy(&swap, &got[i], sizeof(swap));
				memcpy(&got[i], &got[j], sizeof(swap));
				memcpy(&got[j], &swap, sizeof(swap));
			}
		see_cqe(&got[i]);
	}
}

static inline struct __kernel_timespec milliseconds(long long ms)
{
	struct __kernel_timespec ts;

	ts.tv_sec = ms / 1000;
	ts.tv_nsec = (ms % 1000) * 1000000;
	return ts;
}

static inline void sleep_ms(long ms)
{
	struct timespec ts;

	ts.tv_sec = ms / 1000;
	ts.tv_nsec = (ms % 1000) * 1000000;
	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

/*
 * Queues a timeout, so that a wait that nothing ends has an end, in every
 * scenario.
 */
static inline void queue_timer(struct io_uring *ring, uint64_t data,
			       long long ms)
{
	/* The kernel reads it when the entry is submitted. */
	static struct __kernel_timespec ts;
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	ts = milliseconds(ms);
	io_uring_prep_timeout(sqe, &ts, 0, 0);
	sqe->user_data = data;
}

/* Ends what a part has left, and the effects of what was injected in it. */
static inline void settle(struct io_uring *ring)
{
	struct io_uring_cqe *cqe;

	aside();
	while (io_uring_sq_ready(ring) && io_uring_submit(ring) < 0)
		;
	/* Longer than any timer. */
	sleep_ms(12);
	while (io_uring_get_events(ring) < 0)
		;
	while (!io_uring_peek_cqe(ring, &cqe))
		io_uring_cqe_seen(ring, cqe);
}

/* A file without a name: byte i is (unsigned char)(i * 7). */
static inline int temporary_file(size_t size)
{
	char path[] = "./file-XXXXXX";
	unsigned char byte;
	size_t i;
	int fd;

	fd = (int)MUST(mkstemp(path));
	MUST(unlink(path));
	for (i = 0; i < size; i++) {
		byte = (unsigned char)(i * 7);
		if (write(fd, &byte, 1) != 1)
			abort();
	}
	MUST(lseek(fd, 0, SEEK_SET));
	return fd;
}

#endif /* SEE_H */
