/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the tests in this directory share. A test is one program and one
 * translation unit: it exits with 0 (pass), 1 (fail) or 77 (skip), and runs
 * once for every ring flavour that its "flavours:" line names.
 */
#ifndef T_TEST_H
#define T_TEST_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <liburing.h>

#define T_EXIT_PASS 0
#define T_EXIT_FAIL 1
#define T_EXIT_SKIP 77

/*
 * No test blocks for longer; it is a bound, not a measure of speed. Where a
 * machine is emulated, RING_TIMEOUT in the environment says how long.
 */
#define T_TIMEOUT_SECONDS 20

/* ---- outcomes ---------------------------------------------------------- */

static inline void __attribute__((format(printf, 3, 4), noreturn))
t_fail(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	printf("%s:%d: ", file, line);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	_exit(T_EXIT_FAIL);
}

static inline void __attribute__((format(printf, 1, 2), noreturn))
t_skip(const char *fmt, ...)
{
	va_list ap;

	printf("skip: ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	_exit(T_EXIT_SKIP);
}

#define T_FAIL(...) t_fail(__FILE__, __LINE__, __VA_ARGS__)
#define T_SKIP(...) t_skip(__VA_ARGS__)

#define T_CHECK(cond)                                                          \
	do {                                                                   \
		if (!(cond))                                                   \
			t_fail(__FILE__, __LINE__, "expected: %s", #cond);     \
	} while (0)

#define T_COMPARE_(seen, op, wanted)                                           \
	do {                                                                   \
		long long t_seen_ = (long long)(seen);                         \
		long long t_want_ = (long long)(wanted);                       \
		if (!(t_seen_ op t_want_))                                     \
			t_fail(__FILE__, __LINE__,                             \
			       "expected %s %s %s: %lld (0x%llx) seen, "       \
			       "%lld (0x%llx) expected",                       \
			       #seen, #op, #wanted, t_seen_,                   \
			       (unsigned long long)t_seen_, t_want_,           \
			       (unsigned long long)t_want_);                   \
	} while (0)

/* For integers: the value seen first, then the expected one. */
#define T_EQ(seen, wanted) T_COMPARE_(seen, ==, wanted)
#define T_NE(seen, wanted) T_COMPARE_(seen, !=, wanted)
#define T_GE(seen, wanted) T_COMPARE_(seen, >=, wanted)
#define T_LE(seen, wanted) T_COMPARE_(seen, <=, wanted)

#define T_PTR_EQ(seen, wanted)                                                 \
	do {                                                                   \
		const void *t_seen_ = (const void *)(seen);                    \
		const void *t_want_ = (const void *)(wanted);                  \
		if (t_seen_ != t_want_)                                        \
			t_fail(__FILE__, __LINE__,                             \
			       "expected %s == %s: %p seen, %p expected",      \
			       #seen, #wanted, t_seen_, t_want_);              \
	} while (0)

/* For plain libc calls of the test itself: -1 is a broken test environment. */
#define T_SYS(call)                                                            \
	__extension__({                                                        \
		long t_rc_ = (long)(call);                                     \
		if (t_rc_ == -1)                                               \
			t_fail(__FILE__, __LINE__, "%s: %s", #call,            \
			       strerror(errno));                               \
		t_rc_;                                                         \
	})

/* Uses the macros above. */
#include "kernel.h"

static inline void t_timed_out(int sig)
{
	static const char msg[] = "timed out: a wait did not return\n";

	(void)sig;
	if (write(STDOUT_FILENO, msg, sizeof(msg) - 1) < 0)
		_exit(T_EXIT_FAIL);
	_exit(T_EXIT_FAIL);
}

/* Alarms do not survive fork: t_fork_run() calls this again in the child. */
static inline void __attribute__((constructor)) t_start(void)
{
	const char *seconds = getenv("RING_TIMEOUT");
	struct sigaction sa;

	/* Unbuffered, so that a forked child never prints a line twice. */
	setvbuf(stdout, NULL, _IONBF, 0);
	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = t_timed_out;
	sigaction(SIGALRM, &sa, NULL);
	alarm(seconds ? (unsigned int)atoi(seconds) : T_TIMEOUT_SECONDS);
}

/* ---- rings ------------------------------------------------------------- */

enum t_flavour {
	T_PLAIN,
	T_SQPOLL,
	T_DEFER,
	T_SQE128,
	T_CQE32,
};

static inline enum t_flavour t_flavour(void)
{
	const char *name = getenv("RING_FLAVOUR");

	if (!name || !*name || !strcmp(name, "plain"))
		return T_PLAIN;
	if (!strcmp(name, "sqpoll"))
		return T_SQPOLL;
	if (!strcmp(name, "defer"))
		return T_DEFER;
	if (!strcmp(name, "sqe128"))
		return T_SQE128;
	if (!strcmp(name, "cqe32"))
		return T_CQE32;
	T_FAIL("RING_FLAVOUR=%s is unknown", name);
}

static inline unsigned int t_flavour_flags(void)
{
	switch (t_flavour()) {
	case T_SQPOLL:
		return IORING_SETUP_SQPOLL;
	case T_DEFER:
		return IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
	case T_SQE128:
		return IORING_SETUP_SQE128;
	case T_CQE32:
		return IORING_SETUP_CQE32;
	case T_PLAIN:
		break;
	}
	return 0;
}

static inline void t_flavour_params(struct io_uring_params *p)
{
	p->flags |= t_flavour_flags();
	if (t_flavour() == T_SQPOLL)
		p->sq_thread_idle = 50;
}

/*
 * Skips only when the kernel itself refuses these parameters with the same
 * error: a library that fails on its own must not turn into a skip.
 */
static inline void t_skip_if_kernel_refuses(unsigned int entries,
					    const struct io_uring_params *p,
					    int error)
{
	struct io_uring_params copy;
	long fd;

	memset(&copy, 0, sizeof(copy));
	/* The program's memory for the rings is more than this can imitate. */
	copy.flags = p->flags & ~(IORING_SETUP_NO_SQARRAY | IORING_SETUP_NO_MMAP |
				  IORING_SETUP_REGISTERED_FD_ONLY);
	copy.cq_entries = p->cq_entries;
	copy.sq_thread_cpu = p->sq_thread_cpu;
	copy.sq_thread_idle = p->sq_thread_idle;
	copy.wq_fd = p->wq_fd;
	if (p->flags & IORING_SETUP_NO_MMAP)
		t_needs_setup_flags(p->flags & ~IORING_SETUP_NO_SQARRAY, error);
	fd = syscall(__NR_io_uring_setup, entries, &copy);
	if (fd >= 0) {
		close((int)fd);
		return;
	}
	if (errno != -error)
		return;
	t_needs_setup_flags(copy.flags, error);
	T_SKIP("the kernel refuses io_uring_setup with flags 0x%x: %s",
	       p->flags, strerror(-error));
}

/* Adds the flavour to the caller's parameters; 0 or -errno. */
static inline int t_ring_init_params(unsigned int entries,
				     struct io_uring *ring,
				     struct io_uring_params *p)
{
	int ret;

	t_flavour_params(p);
	ret = io_uring_queue_init_params(entries, ring, p);
	if (ret < 0)
		t_skip_if_kernel_refuses(entries, p, ret);
	return ret;
}

static inline int t_ring_init(unsigned int entries, struct io_uring *ring,
			      unsigned int flags)
{
	struct io_uring_params p;

	memset(&p, 0, sizeof(p));
	p.flags = flags;
	return t_ring_init_params(entries, ring, &p);
}

/* As t_ring_init(), for tests in which a ring that fails to start is a bug. */
#define T_RING(entries, ring, flags) T_EQ(t_ring_init(entries, ring, flags), 0)

/* For tests that expect something else of their first ring. */
#define T_NEEDS_RING()                                                         \
	do {                                                                   \
		struct io_uring t_first_;                                      \
		T_RING(1, &t_first_, 0);                                       \
		io_uring_queue_exit(&t_first_);                                \
	} while (0)

/* Queues one NOP. */
static inline struct io_uring_sqe *t_queue_nop(struct io_uring *ring,
					       uint64_t data)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	/*
	 * The SQPOLL thread moves the head some time after it posts. Before
	 * Linux 5.10 one cannot wait for that.
	 */
	while (!sqe && (ring->flags & IORING_SETUP_SQPOLL)) {
		if (io_uring_sqring_wait(ring) < 0)
			sched_yield();
		sqe = io_uring_get_sqe(ring);
	}
	if (!sqe)
		T_FAIL("no free SQE");
	io_uring_prep_nop(sqe);
	io_uring_sqe_set_data64(sqe, data);
	return sqe;
}

/*
 * Submits exactly nr entries. With SQPOLL the library counts what the thread
 * has not passed yet: entries may be gone already, and entries whose
 * completions are visible may still count.
 */
#define T_SUBMIT(ring, nr)                                                     \
	do {                                                                   \
		struct io_uring *t_ring_ = (ring);                             \
		int t_got_ = io_uring_submit(t_ring_);                         \
		if (t_ring_->flags & IORING_SETUP_SQPOLL) {                    \
			T_GE(t_got_, 0);                                       \
			T_LE(t_got_, t_ring_->sq.ring_entries);                \
		} else {                                                       \
			T_EQ(t_got_, nr);                                      \
		}                                                              \
	} while (0)

struct t_result {
	uint64_t user_data;
	int res;
	unsigned int flags;
};

/* Waits for one completion, consumes it and returns a copy. */
static inline struct t_result t_reap(struct io_uring *ring)
{
	struct io_uring_cqe *cqe = NULL;
	struct t_result r;
	int ret;

	do {
		ret = io_uring_wait_cqe(ring, &cqe);
	} while (ret == -EINTR);
	if (ret || !cqe)
		T_FAIL("io_uring_wait_cqe: %d", ret);
	r.user_data = cqe->user_data;
	r.res = cqe->res;
	r.flags = cqe->flags;
	io_uring_cqe_seen(ring, cqe);
	return r;
}

/* The ring works, lap after lap: each NOP is complete before the next. */
#define T_NOPS(ring, nr)                                                       \
	do {                                                                   \
		unsigned int t_nop_;                                           \
		for (t_nop_ = 0; t_nop_ < (nr); t_nop_++) {                    \
			t_queue_nop(ring, t_nop_);                             \
			T_SUBMIT(ring, 1);                                     \
			T_EQ(t_reap(ring).user_data, t_nop_);                  \
		}                                                              \
	} while (0)

/* By user_data, or by what the flags say; waits until they are gone. */
static inline int t_sync_cancel(struct io_uring *ring, uint64_t data, int fd,
				unsigned int flags)
{
	struct io_uring_sync_cancel_reg reg;

	memset(&reg, 0, sizeof(reg));
	reg.addr = data;
	reg.fd = fd;
	reg.flags = flags;
	reg.timeout.tv_sec = -1;
	reg.timeout.tv_nsec = -1;
	return io_uring_register_sync_cancel(ring, &reg);
}

/* ---- time and signals -------------------------------------------------- */

static inline struct __kernel_timespec t_ms(long long ms)
{
	struct __kernel_timespec ts;

	ts.tv_sec = ms / 1000;
	ts.tv_nsec = (ms % 1000) * 1000000;
	return ts;
}

static inline long long t_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (long long)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static inline void t_sleep_ms(long ms)
{
	struct timespec ts;

	ts.tv_sec = ms / 1000;
	ts.tv_nsec = (ms % 1000) * 1000000;
	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

static volatile sig_atomic_t t_signals_seen;

static inline void t_count_signal(int sig)
{
	(void)sig;
	t_signals_seen++;
}

static timer_t t_timer;
static bool t_timer_runs;

static inline void t_signal_stop(void)
{
	if (t_timer_runs)
		timer_delete(t_timer);
	t_timer_runs = false;
}

/*
 * Sends SIGUSR1 to this process after `ms`, and again every `every_ms` unless
 * that is 0. The handler counts and does not restart system calls. A test that
 * waits for the interruption wants the repetition: on a busy machine the first
 * signal may come before the wait has begun.
 */
static inline void t_signal_after(long ms, long every_ms)
{
	struct itimerspec its;
	struct sigaction sa;
	struct sigevent ev;

	t_signal_stop();
	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = t_count_signal;
	T_SYS(sigaction(SIGUSR1, &sa, NULL));
	memset(&ev, 0, sizeof(ev));
	ev.sigev_notify = SIGEV_SIGNAL;
	ev.sigev_signo = SIGUSR1;
	T_SYS(timer_create(CLOCK_MONOTONIC, &ev, &t_timer));
	t_timer_runs = true;
	memset(&its, 0, sizeof(its));
	its.it_value.tv_sec = ms / 1000;
	its.it_value.tv_nsec = (ms % 1000) * 1000000;
	its.it_interval.tv_sec = every_ms / 1000;
	its.it_interval.tv_nsec = (every_ms % 1000) * 1000000;
	T_SYS(timer_settime(t_timer, 0, &its, NULL));
}

/* ---- leaks ------------------------------------------------------------- */

static inline int t_open_fds(void)
{
	int fd, n = 0;

	for (fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

struct t_maps {
	int ring;           /* mappings of an io_uring descriptor */
	int shared;         /* shared mappings, those of NO_MMAP rings too */
	long long bytes;    /* everything that is mapped, but for heap and stack */
};

/* Reads without stdio: a stream's own buffer would show up in the numbers. */
static inline struct t_maps t_maps(void)
{
	static char text[1 << 18];
	struct t_maps m = { 0, 0, 0 };
	size_t len = 0;
	char *line, *next;
	ssize_t got;
	int fd;

	fd = (int)T_SYS(open("/proc/self/maps", O_RDONLY | O_CLOEXEC));
	while (len < sizeof(text) - 1 &&
	       (got = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)got;
	close(fd);
	text[len] = 0;
	for (line = text; *line; line = next) {
		unsigned long long from, to;
		char perms[5];

		next = strchr(line, '\n');
		if (next)
			*next++ = 0;
		else
			next = line + strlen(line);
		if (sscanf(line, "%llx-%llx %4s", &from, &to, perms) != 3)
			continue;
		if (strstr(line, "[heap]") || strstr(line, "[stack]"))
			continue;
		m.bytes += (long long)(to - from);
		m.ring += strstr(line, "[io_uring]") != NULL;
		m.shared += perms[3] == 's';
	}
	return m;
}

struct t_usage {
	int fds;
	struct t_maps maps;
};

static inline struct t_usage t_usage(void)
{
	struct t_usage u;

	u.fds = t_open_fds();
	u.maps = t_maps();
	return u;
}

/*
 * Whether this runs in a tool such as valgrind, which has memory of its own in
 * the process, does not hand freed blocks out again, and finds leaks itself.
 */
static inline bool t_in_memory_tool(void)
{
	return getenv("T_MEMORY_TOOL") != NULL;
}

#define T_NOTHING_LEAKED(before)                                               \
	do {                                                                   \
		struct t_usage t_after_ = t_usage();                           \
		T_EQ(t_after_.fds, (before).fds);                              \
		T_EQ(t_after_.maps.ring, (before).maps.ring);                  \
		T_EQ(t_after_.maps.shared, (before).maps.shared);              \
		if (!t_in_memory_tool())                                       \
			T_EQ(t_after_.maps.bytes, (before).maps.bytes);        \
	} while (0)

/* ---- processes and failing system calls -------------------------------- */

/*
 * Runs fn(arg) in a child: its return value, or 128 + the signal that ended it.
 * A test of which a part has to be skipped is skipped.
 */
static inline int t_fork_run(int (*fn)(void *), void *arg)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = (pid_t)T_SYS(fork());
	if (!pid) {
		t_start();
		_exit(fn(arg));
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			T_FAIL("waitpid: %s", strerror(errno));
	if (WIFSIGNALED(status))
		return 128 + WTERMSIG(status);
	if (WEXITSTATUS(status) == T_EXIT_SKIP)
		exit(T_EXIT_SKIP);
	return WEXITSTATUS(status);
}

/* Runs fn in a child that the C library knows nothing of; it has to pass. */
static inline void t_clone_run(void (*fn)(void))
{
	int status;
	long pid;

	pid = T_SYS(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
	if (!pid) {
		alarm(T_TIMEOUT_SECONDS);
		fn();
		_exit(T_EXIT_PASS);
	}
	T_SYS(waitpid((pid_t)pid, &status, 0));
	T_EQ(status, 0);
}

/* True of a system call when (argument & mask) == value in the low 32 bits. */
struct t_arg_match {
	int arg;
	uint32_t mask;
	uint32_t value;
};

/*
 * From now on, system call `nr` fails with `error` when all n matches hold.
 * Cannot be undone, so call it in a child. Later calls add to earlier ones.
 */
static inline void t_seccomp_deny(long nr, int error,
				  const struct t_arg_match *m, int n)
{
	struct sock_filter code[4 + 3 * 6];
	struct sock_fprog prog;
	int len = 0, i;
	uint32_t low = 0;

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	low = 4;
#endif
	if (n > 6)
		T_FAIL("too many matches");
#define T_BPF(c, jt_, jf_, k_)                                                 \
	do {                                                                   \
		code[len].code = (c);                                          \
		code[len].jt = (uint8_t)(jt_);                                 \
		code[len].jf = (uint8_t)(jf_);                                 \
		code[len++].k = (uint32_t)(k_);                                \
	} while (0)
	T_BPF(BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr));
	T_BPF(BPF_JMP | BPF_JEQ | BPF_K, 0, 3 * n + 1, nr);
	for (i = 0; i < n; i++) {
		T_BPF(BPF_LD | BPF_W | BPF_ABS, 0, 0,
		      offsetof(struct seccomp_data, args) +
			      8 * (size_t)m[i].arg + low);
		T_BPF(BPF_ALU | BPF_AND | BPF_K, 0, 0, m[i].mask);
		T_BPF(BPF_JMP | BPF_JEQ | BPF_K, 0, 3 * (n - i - 1) + 1,
		      m[i].value);
	}
	T_BPF(BPF_RET | BPF_K, 0, 0,
	      SECCOMP_RET_ERRNO | ((uint32_t)error & SECCOMP_RET_DATA));
	T_BPF(BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW);
#undef T_BPF
	prog.len = (unsigned short)len;
	prog.filter = code;
	T_SYS(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		T_SKIP("this process may not install a seccomp filter: %s",
		       strerror(errno));
}

/* ---- files and sockets ------------------------------------------------- */

/* A file without a name, of `size` bytes: byte i is (unsigned char)(i * 7). */
static inline int t_tmpfile(size_t size)
{
	const char *dir = getenv("TMPDIR");
	unsigned char block[4096];
	char path[4096];
	size_t done = 0, i;
	int fd;

	snprintf(path, sizeof(path), "%s/ring-test-XXXXXX",
		 dir && *dir ? dir : "/tmp");
	fd = (int)T_SYS(mkstemp(path));
	T_SYS(unlink(path));
	while (done < size) {
		size_t n = size - done < sizeof(block) ? size - done
						       : sizeof(block);

		for (i = 0; i < n; i++)
			block[i] = (unsigned char)((done + i) * 7);
		if (write(fd, block, n) != (ssize_t)n)
			T_FAIL("temporary file: %s", strerror(errno));
		done += n;
	}
	T_SYS(lseek(fd, 0, SEEK_SET));
	return fd;
}

/* The same file once more, with other flags. */
static inline int t_reopen(int fd, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return (int)T_SYS(open(path, flags | O_CLOEXEC));
}

/* The file of fd for direct I/O instead, with nothing left to be written. */
static inline int t_direct(int fd)
{
	int direct;

	T_SYS(fsync(fd));
	direct = t_reopen(fd, O_RDWR | O_DIRECT);
	close(fd);
	return direct;
}

/* Zeroed pages. */
static inline void *t_pages(size_t size)
{
	void *mem = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED)
		T_FAIL("mmap: %s", strerror(errno));
	return mem;
}

static inline void t_pipe(int p[2])
{
	T_SYS(pipe2(p, O_CLOEXEC));
}

/* Both ends of a pipe or a pair of sockets. */
static inline void t_close_both(const int fd[2])
{
	close(fd[0]);
	close(fd[1]);
}

static inline void t_socketpair(int sv[2])
{
	T_SYS(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv));
}

/* A listening TCP socket on loopback, and the address to connect to. */
static inline int t_tcp_listen(struct sockaddr_in *addr)
{
	socklen_t len = sizeof(*addr);
	int fd;

	fd = (int)T_SYS(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	memset(addr, 0, sizeof(*addr));
	addr->sin_family = AF_INET;
	addr->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	T_SYS(bind(fd, (struct sockaddr *)addr, len));
	T_SYS(listen(fd, 16));
	T_SYS(getsockname(fd, (struct sockaddr *)addr, &len));
	return fd;
}

/* Two ends of one TCP connection on loopback, without Nagle's delay. */
static inline void t_tcp_pair(int sv[2])
{
	struct sockaddr_in addr;
	int one = 1, lfd;

	lfd = t_tcp_listen(&addr);
	sv[0] = (int)T_SYS(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	T_SYS(connect(sv[0], (struct sockaddr *)&addr, sizeof(addr)));
	sv[1] = (int)T_SYS(accept4(lfd, NULL, NULL, SOCK_CLOEXEC));
	T_SYS(setsockopt(sv[0], IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)));
	T_SYS(setsockopt(sv[1], IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)));
	close(lfd);
}

/* ---- threads ----------------------------------------------------------- */

static inline pthread_t t_thread(void *(*fn)(void *), void *arg)
{
	pthread_t thread;

	T_EQ(pthread_create(&thread, NULL, fn, arg), 0);
	return thread;
}

static inline void t_join(pthread_t thread)
{
	T_EQ(pthread_join(thread, NULL), 0);
}

#define T_LOAD(p) __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define T_STORE(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)
#define T_ADD(p, v) __atomic_add_fetch(p, v, __ATOMIC_ACQ_REL)

/* Sleeps until the condition holds; the alarm bounds it. */
#define T_UNTIL(cond)                                                          \
	do {                                                                   \
		while (!(cond))                                                \
			t_sleep_ms(1);                                         \
	} while (0)

/* Whether a thread of this process sleeps, which for a waiter is its wait. */
static inline bool t_sleeps(int tid)
{
	char path[64], text[512];
	const char *state;
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	got = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (got <= 0)
		return false;
	text[got] = 0;
	state = strrchr(text, ')');
	return state && !strncmp(state, ") S", 3);
}

#endif /* T_TEST_H */
