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
 *
 * A seccomp filter sees numbers only, so the arguments of io_uring_setup are
 * looked at and its result is rewritten by tracing. The filter of a traced
 * program stops it at io_uring_setup and nowhere else. A filter that the
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
	bool traced;
} hidden = { 0, -1, ~0U, ~0U, ~0U, false };

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
	} else {
		fail(word);
	}
}

static void install_filter(void)
{
	struct sock_filter code[16];
	struct sock_fprog prog = { 0, code };
	unsigned int setup = SECCOMP_RET_ALLOW;

	if (hidden.setup_error)
		setup = SECCOMP_RET_ERRNO | (unsigned int)hidden.setup_error;
	else if (hidden.traced)
		setup = SECCOMP_RET_TRACE;
#define ADD(...)                                                               \
	(code[prog.len++] = (struct sock_filter)__VA_ARGS__)
	ADD(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)));
	ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_setup, 0, 1));
	ADD(BPF_STMT(BPF_RET | BPF_K, setup));
	ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_register, 0, 5));
	ADD(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ARG(1)));
	/* The form that names the ring by its index is a feature of its own. */
	ADD(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x7fffffff));
	ADD(BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K,
		     hidden.last_register < 0 ? ~0U
					      : (unsigned int)hidden.last_register,
		     0, 1));
	ADD(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL));
	ADD(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
	ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_enter, 0, 3));
	ADD(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ARG(3)));
	ADD(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, ~hidden.enter_flags, 0, 1));
	ADD(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL));
	ADD(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
#undef ADD
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		fail("seccomp");
}

/* ---- tracing ----------------------------------------------------------- */

#ifdef __x86_64__
#define HAVE_TRACER 1

static unsigned int *in_tracee(pid_t pid, unsigned long address, bool write,
			       unsigned int *value)
{
	struct iovec here = { value, sizeof(*value) };
	struct iovec there = { (void *)address, sizeof(*value) };
	ssize_t done = write ? process_vm_writev(pid, &here, 1, &there, 1, 0)
			     : process_vm_readv(pid, &here, 1, &there, 1, 0);

	return done == sizeof(*value) ? value : NULL;
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

static void after_setup(pid_t pid)
{
	struct user_regs_struct regs;
	unsigned long address;
	unsigned int features;

	if (ptrace(PTRACE_GETREGS, pid, 0, &regs) || (long long)regs.rax < 0)
		return;
	address = regs.rsi + offsetof(struct io_uring_params, features);
	if (!in_tracee(pid, address, false, &features))
		return;
	features &= hidden.features;
	in_tracee(pid, address, true, &features);
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
			how = at_setup(pid) ? PTRACE_SYSCALL : PTRACE_CONT;
		else if (WSTOPSIG(status) == (SIGTRAP | 0x80))
			after_setup(pid);
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
