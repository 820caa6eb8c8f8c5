/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * hide WHAT... -- PROGRAM [ARGUMENT...]: runs the program where a part of
 * io_uring does not exist.
 *
 *	setup=ERRNO		io_uring_setup fails with this number
 *	register=OPCODE		registrations after this one are unknown
 *	setup-flags=MASK	other IORING_SETUP_* flags are unknown
 *	enter-flags=MASK	other IORING_ENTER_* flags are unknown
 *	features=MASK		other IORING_FEAT_* are not reported
 *	last-op=OPCODE		requests after this one are unknown: not on rings
 *				with SQPOLL or 128-byte SQEs
 *
 * A seccomp filter sees numbers only, so the arguments of io_uring_setup are
 * looked at and its result is rewritten by tracing; the same holds for probes.
 * Before io_uring_enter, SQEs with hidden opcodes get one that no kernel knows.
 * The filter of a traced program stops it at these calls and nowhere else. A filter that the
 * program installs for itself comes before this one when it denies a call.
 *
 * The exit status is that of the program; 128 and the signal that ended it; 125
 * when hide itself fails.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define FAILED 125
#define ARG(n) (offsetof(struct seccomp_data, args) + 8 * (n))

static struct {
	int setup_error;
	long last_register;
	unsigned int setup_flags;
	unsigned int enter_flags;
	unsigned int features;
	unsigned int last_op;
	bool traced;
} hidden = { 0, -1, ~0U, ~0U, ~0U, 255, false };

static void __attribute__((noreturn)) fail(const char *what)
{
	fprintf(stderr, "hide: %s: %s\n", what, strerror(errno));
	exit(FAILED);
}

static void parse(const char *word)
{
	const char *value = strchr(word, '=');
	unsigned long number;
	char *end;

	errno = EINVAL;
	if (!value)
		fail(word);
	number = strtoul(++value, &end, 0);
	if (end == value || *end)
		fail(word);
	if (!strncmp(word, "setup=", 6)) {
		hidden.setup_error = (int)number;
	} else if (!strncmp(word, "register=", 9)) {
		hidden.last_register = (long)number;
	} else if (!strncmp(word, "enter-flags=", 12)) {
		hidden.enter_flags = (unsigned int)number;
	} else if (!strncmp(word, "setup-flags=", 12)) {
		hidden.setup_flags = (unsigned int)number;
		hidden.traced = true;
	} else if (!strncmp(word, "features=", 9)) {
		hidden.features = (unsigned int)number;
		hidden.traced = true;
	} else if (!strncmp(word, "last-op=", 8)) {
		hidden.last_op = (unsigned int)number;
		hidden.traced = true;
	} else {
		fail(word);
	}
}

static void install_filter(void)
{
	struct sock_filter code[20];
	struct sock_fprog prog = { 0, code };
	unsigned int setup = SECCOMP_RET_ALLOW;
	unsigned int with_ops = hidden.last_op < 255 ? SECCOMP_RET_TRACE
						     : SECCOMP_RET_ALLOW;

	if (hidden.setup_error)
		setup = SECCOMP_RET_ERRNO | (unsigned int)hidden.setup_error;
	else if (hidden.traced)
		setup = SECCOMP_RET_TRACE;
#define ADD(...)                                                               \
	(code[prog.len++] = (struct sock_filter)__VA_ARGS__)
	ADD(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)));
	ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_setup, 0, 1));
	ADD(BPF_STMT(BPF_RET | BPF_K, setup));
	ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_register, 0, 7));
	ADD(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ARG(1)));
	/* The form that names the ring by its index is a feature of its own. */
	ADD(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x7fffffff));
	ADD(BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K,
		     hidden.last_register < 0 ? ~0U
					      : (unsigned int)hidden.last_register,
		     0, 1));
	ADD(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL));
	ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IORING_REGISTER_PROBE, 0, 1));
	ADD(BPF_STMT(BPF_RET | BPF_K, with_ops));
	ADD(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
	ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_enter, 0, 4));
	ADD(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ARG(3)));
	ADD(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, ~hidden.enter_flags, 0, 1));
	ADD(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL));
	ADD(BPF_STMT(BPF_RET | BPF_K, with_ops));
	ADD(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
#undef ADD
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		fail("seccomp");
}

/* ---- tracing ----------------------------------------------------------- */

#ifdef __x86_64__
#define HAVE_TRACER 1

static bool copy(pid_t pid, unsigned long address, bool write, void *data,
		 size_t size)
{
	struct iovec here = { data, size };
	struct iovec there = { (void *)address, size };
	ssize_t done = write ? process_vm_writev(pid, &here, 1, &there, 1, 0)
			     : process_vm_readv(pid, &here, 1, &there, 1, 0);

	return done == (ssize_t)size;
}

static bool in_tracee(pid_t pid, unsigned long address, bool write,
		      unsigned int *value)
{
	return copy(pid, address, write, value, sizeof(*value));
}

/* Before io_uring_setup: true if its result has to be looked at. */
static bool at_setup(pid_t pid)
{
	struct user_regs_struct regs;
	unsigned int flags;

	if (ptrace(PTRACE_GETREGS, pid, 0, &regs))
		return false;
	if (!in_tracee(pid, regs.rsi + offsetof(struct io_uring_params, flags),
		       false, &flags))
		return false;
	if (!(flags & ~hidden.setup_flags))
		return true;
	/* No call -1: the program sees what stands in rax. */
	regs.orig_rax = (unsigned long long)-1;
	regs.rax = (unsigned long long)-EINVAL;
	ptrace(PTRACE_SETREGS, pid, 0, &regs);
	return false;
}

static void after_setup(pid_t pid, unsigned long params)
{
	unsigned long address = params + offsetof(struct io_uring_params, features);
	unsigned int features;

	if (!in_tracee(pid, address, false, &features))
		return;
	features &= hidden.features;
	in_tracee(pid, address, true, &features);
}

static struct io_uring_sqe sqes[256];

/* As many as are read at once, from an array of size bytes. */
static void hide_requests_at(pid_t pid, unsigned long at, size_t size)
{
	const uint8_t unknown = 255;
	size_t i;

	if (size > sizeof(sqes))
		size = sizeof(sqes);
	if (!copy(pid, at, false, sqes, size))
		return;
	for (i = 0; i < size / sizeof(*sqes); i++)
		/*
		 * Another thread may be in the middle of queueing. What its
		 * library is going to replace (0xf0 and later) no kernel knows
		 * anyway.
		 */
		if (sqes[i].opcode > hidden.last_op && sqes[i].opcode < 0xf0)
			copy(pid, at + i * sizeof(*sqes), true,
			     (void *)&unknown, 1);
}

/* One program's SQEs, wherever rings are mapped in it. */
static void hide_requests(pid_t pid)
{
	unsigned long from, to, at;
	unsigned long long offset;
	char path[64], line[512];
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	maps = fopen(path, "re");
	while (maps && fgets(line, sizeof(line), maps)) {
		if (!strstr(line, "[io_uring]") ||
		    sscanf(line, "%lx-%lx %*s %llx", &from, &to, &offset) != 3 ||
		    offset != IORING_OFF_SQES)
			continue;
		for (at = from; at < to; at += sizeof(sqes))
			hide_requests_at(pid, at, to - at);
	}
	if (maps)
		fclose(maps);
}

static void after_probe(pid_t pid, unsigned long address, unsigned int nr)
{
	struct io_uring_probe probe;
	struct io_uring_probe_op op;
	unsigned int i;

	if (!copy(pid, address, false, &probe, sizeof(probe)))
		return;
	for (i = hidden.last_op + 1; i < nr && i < probe.ops_len; i++) {
		memset(&op, 0, sizeof(op));
		copy(pid, address + sizeof(probe) + i * sizeof(op), true, &op,
		     sizeof(op));
	}
	probe.last_op = (uint8_t)hidden.last_op;
	if (probe.ops_len > hidden.last_op + 1)
		probe.ops_len = (uint8_t)(hidden.last_op + 1);
	copy(pid, address, true, &probe, sizeof(probe));
}

/* At a call that the filter stops at: true if its result has to be looked at. */
static bool at_call(pid_t pid)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, pid, 0, &regs))
		return false;
	switch (regs.orig_rax) {
	case __NR_io_uring_setup:
		return at_setup(pid);
	case __NR_io_uring_enter:
		hide_requests(pid);
		return false;
	default:
		return true;
	}
}

static void after_call(pid_t pid)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, pid, 0, &regs) || (long long)regs.rax < 0)
		return;
	if (regs.orig_rax == __NR_io_uring_setup)
		after_setup(pid, regs.rsi);
	else if (regs.orig_rax == __NR_io_uring_register)
		after_probe(pid, regs.rdx, (unsigned int)regs.r10);
}

static void trace_all(pid_t first)
{
	const long options = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACECLONE |
			     PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			     PTRACE_O_TRACEEXEC | PTRACE_O_TRACESYSGOOD |
			     PTRACE_O_EXITKILL;
	int status, result = FAILED;
	pid_t pid;

	if (waitpid(first, &status, 0) < 0 || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, first, 0, options))
		fail("ptrace");
	ptrace(PTRACE_CONT, first, 0, 0);
	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		int how = PTRACE_CONT, signal = 0;

		if (pid < 0)
			continue;
		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			if (pid == first)
				result = WIFEXITED(status)
						 ? WEXITSTATUS(status)
						 : 128 + WTERMSIG(status);
			continue;
		}
		if (status >> 8 == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8))
			how = at_call(pid) ? PTRACE_SYSCALL : PTRACE_CONT;
		else if (WSTOPSIG(status) == (SIGTRAP | 0x80))
			after_call(pid);
		else if (status >> 16 == 0 && WSTOPSIG(status) != SIGSTOP)
			signal = WSTOPSIG(status);
		ptrace(how, pid, 0, signal);
	}
	exit(result);
}
#else
#define HAVE_TRACER 0
static void trace_all(pid_t first)
{
	(void)first;
}
#endif

int main(int argc, char **argv)
{
	pid_t pid;
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--"); i++)
		parse(argv[i]);
	if (i + 1 >= argc) {
		fprintf(stderr, "usage: hide WHAT... -- PROGRAM\n");
		return FAILED;
	}
	if (hidden.traced && !HAVE_TRACER) {
		printf("skip: flags and features are hidden on x86-64 only\n");
		return 77;
	}
	if (hidden.traced) {
		pid = fork();
		if (pid < 0)
			fail("fork");
		if (pid)
			trace_all(pid);
		if (ptrace(PTRACE_TRACEME, 0, 0, 0))
			fail("ptrace");
		raise(SIGSTOP);
	}
	install_filter();
	execv(argv[i + 1], argv + i + 1);
	fail(argv[i + 1]);
}
