/* Description: waitid completes when a child of the given kind changes state,
 * and fills the caller's siginfo. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "file.h"

static pid_t child(int status)
{
	pid_t pid = (pid_t)T_SYS(fork());

	if (!pid)
		_exit(status);
	return pid;
}

int main(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	siginfo_t info;
	pid_t pid;
	int fds[2];
	char byte;

	T_RING(8, &ring, 0);
	T_NEEDS_OP(6, 7, IORING_OP_WAITID);
	pid = child(23);
	memset(&info, 0, sizeof(info));
	sqe = t_sqe(&ring);
	io_uring_prep_waitid(sqe, P_PID, (id_t)pid, &info, WEXITED | WNOWAIT, 0);
	T_EQ(t_do(&ring, sqe), 0);
	T_EQ(info.si_pid, pid);
	T_EQ(info.si_signo, SIGCHLD);
	T_EQ(info.si_code, CLD_EXITED);
	T_EQ(info.si_status, 23);

	/* The child was left to be waited for again, here without siginfo. */
	sqe = t_sqe(&ring);
	io_uring_prep_waitid(sqe, P_ALL, 0, NULL, WEXITED, 0);
	T_EQ(t_do(&ring, sqe), 0);
	sqe = t_sqe(&ring);
	io_uring_prep_waitid(sqe, P_PID, (id_t)pid, &info, WEXITED, 0);
	T_EQ(t_do(&ring, sqe), -ECHILD);

	/* A child that is still running when the request is made. */
	T_SYS(pipe(fds));
	pid = (pid_t)T_SYS(fork());
	if (!pid) {
		close(fds[1]);
		if (read(fds[0], &byte, 1) != 0)
			_exit(1);
		raise(SIGKILL);
	}
	close(fds[0]);
	sqe = t_sqe(&ring);
	io_uring_prep_waitid(sqe, P_PID, (id_t)pid, &info, WEXITED, 0);
	io_uring_sqe_set_data64(sqe, 1);
	t_submit(&ring, 1);
	t_no_completion(&ring);
	close(fds[1]);
	T_EQ(t_reap_as(&ring, 1).res, 0);
	T_EQ(info.si_pid, pid);
	T_EQ(info.si_code, CLD_KILLED);
	T_EQ(info.si_status, SIGKILL);

	sqe = t_sqe(&ring);
	io_uring_prep_waitid(sqe, P_ALL, 0, &info, WEXITED, 1);
	T_EQ(t_do(&ring, sqe), -EINVAL);
	sqe = t_sqe(&ring);
	io_uring_prep_waitid(sqe, P_ALL, 0, &info, 0, 0);
	T_EQ(t_do(&ring, sqe), -EINVAL);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
