/* Description: a thread that submitted is not interrupted when its requests
 * complete, on a context that leaves everything to the issuer: epoll_wait,
 * sigtimedwait and semtimedop would fail with EINTR, though no signal came. On
 * the others that holds for everything but direct I/O. */
/* libraries: uring-aio */
/* flavours: plain */
/* upstream: differs: liburing has no AIO engine */
#include "aio.h"

#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/sem.h>

#define NR 8u
#define BIG (2u << 20)

static struct io_uring_aio_req reqs[NR];
static int pipes[2], epfd, sem;

/* Completes while the first thread sleeps. */
static void *write_later(void *arg)
{
	unsigned int i;

	(void)arg;
	for (i = 0; i < NR; i++) {
		t_sleep_ms(2);
		T_EQ(write(pipes[1], "x", 1), 1);
	}
	return NULL;
}

static void sleep_by(unsigned int how)
{
	struct timespec ts = { 0, 30000000 };
	struct sembuf op = { 0, -1, 0 };
	struct epoll_event ev;
	sigset_t set;

	switch (how) {
	case 0:
		T_EQ(T_SYS(epoll_wait(epfd, &ev, 1, 30)), 0);
		break;
	case 1:
		sigemptyset(&set);
		sigaddset(&set, SIGUSR2);
		T_EQ(sigtimedwait(&set, NULL, &ts), -1);
		T_EQ(errno, EAGAIN);
		break;
	default:
		T_EQ(semtimedop(sem, &op, 1, &ts), -1);
		T_EQ(errno, EAGAIN);
	}
}

static void run(unsigned int flags)
{
	struct io_uring_aio *ctx = aio_init(NR, flags);
	struct io_uring_aio_event ev[NR];
	unsigned char *mem = t_pages(NR * BIG);
	int direct = aio_direct_file(BIG);
	pthread_t thread;
	unsigned int i, how;

	t_pipe(pipes);
	for (how = 0; how < 3; how++) {
		for (i = 0; i < NR; i++) {
			aio_read(&reqs[i], pipes[0], mem + i, 1, (__u64)-1);
			AIO_SUBMIT(ctx, &reqs[i]);
		}
		thread = t_thread(write_later, NULL);
		sleep_by(how);
		t_join(thread);
		aio_events(ctx, NR, ev);
		if (!(flags & IO_URING_AIO_ISSUER))
			continue;
		for (i = 0; i < NR; i++) {
			aio_read(&reqs[i], direct, mem + i * BIG, BIG, 0);
			AIO_SUBMIT(ctx, &reqs[i]);
		}
		sleep_by(how);
		aio_events(ctx, NR, ev);
		for (i = 0; i < NR; i++)
			T_EQ(ev[i].res, BIG);
		/* Nor when all of it is over. */
		sleep_by(how);
	}
	AIO_EXIT(ctx);
	sleep_by(0);
	t_close_both(pipes);
	close(direct);
	T_SYS(munmap(mem, NR * BIG));
}

int main(void)
{
	epfd = (int)T_SYS(epoll_create1(EPOLL_CLOEXEC));
	sem = (int)T_SYS(semget(IPC_PRIVATE, 1, 0600));
	AIO_EACH_KIND(run);
	T_SYS(semctl(sem, 0, IPC_RMID));
	close(epfd);
	return T_EXIT_PASS;
}
