/* Description: any thread may cancel a poll watch, and any thread may be its
 * owner: while one thread submits and reaps, another takes over what is owned and
 * a third one cancels at some moment. Each watch ends once, with its owner. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* valgrind: off: it stops all threads while one is in io_uring_enter(2) */
/* upstream: differs: liburing has no poll watches */
#include "poll-watch.h"

#include <semaphore.h>

#define ROUNDS 300
#define WAKE_DATA 1u

static struct io_uring ring;
/* One that the threads wake the first one through: it is a watch itself. */
static struct io_uring_poll_watch w, wake;
static int sv[2], wake_fd;
static sem_t to_own, to_cancel;
/* How often sync was asked for, and how many watches have ended. */
static int told, ended;

static int load(int *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static void count(int *p, int nr)
{
	__atomic_add_fetch(p, nr, __ATOMIC_ACQ_REL);
}

static void tell(int ret)
{
	T_EQ(ret & ~PW_SYNC, 0);
	if (!ret)
		return;
	count(&told, 1);
	T_SYS(eventfd_write(wake_fd, 1));
}

static void wait_for(sem_t *sem)
{
	while (sem_wait(sem))
		T_EQ(errno, EINTR);
}

static void *owner(void *arg)
{
	__u32 events;
	int ret;

	(void)arg;
	for (;;) {
		wait_for(&to_own);
		while ((ret = io_uring_poll_watch_next(&w, &events)) == 1)
			pw_drain(sv[0]);
		if (ret >= 0) {
			tell(ret);
			continue;
		}
		T_EQ(ret, load(&ended) < ROUNDS ? -ECANCELED : -EBADF);
		count(&ended, 1);
		T_SYS(eventfd_write(wake_fd, 1));
		if (ret == -EBADF)
			return NULL;
	}
}

static void *canceller(void *arg)
{
	int round, i;

	(void)arg;
	for (round = 0; round < ROUNDS; round++) {
		wait_for(&to_cancel);
		for (i = 0; i < round % 7; i++) {
			pw_write(sv[1]);
			if (i % 2)
				sched_yield();
		}
		tell(io_uring_poll_watch_cancel(&w));
	}
	return NULL;
}

static void reap(void)
{
	struct io_uring_cqe *cqe = pw_wait(&ring);
	eventfd_t value;
	__u32 events;
	int ret;

	if (cqe->user_data == WAKE_DATA) {
		ret = io_uring_poll_watch_handle(&ring, &wake, cqe, &events);
		if (ret == 1)
			eventfd_read(wake_fd, &value);
		while (ret == 1)
			ret = io_uring_poll_watch_next(&wake, &events);
		T_EQ(ret, 0);
	} else {
		T_EQ(cqe->user_data, PW_DATA);
		ret = io_uring_poll_watch_post(&w, cqe);
		T_GE(ret, 0);
		if (ret & PW_OWNED)
			T_SYS(sem_post(&to_own));
		count(&told, (ret & PW_SYNC) != 0);
	}
	io_uring_cqe_seen(&ring, cqe);
}

/* Arms the watch, and is done when somebody has seen its end. */
static void round_of(int fd, int nr)
{
	T_EQ(load(&ended), nr);
	pw_init(&w, fd, POLLIN);
	T_EQ(io_uring_poll_watch_arm(&ring, &w), 0);
	if (nr < ROUNDS)
		T_SYS(sem_post(&to_cancel));
	while (load(&ended) == nr) {
		while (load(&told)) {
			count(&told, -1);
			/* Until this call it cannot end. */
			T_EQ(io_uring_poll_watch_sync(&ring, &w), 0);
		}
		T_GE(io_uring_submit_and_wait(&ring, 1), 0);
		reap();
	}
	T_EQ(load(&told), 0);
	pw_drain(sv[0]);
}

int main(void)
{
	pthread_t owning, cancelling;
	int i, closed;

	pw_needs_multishot();
	T_RING(64, &ring, 0);
	pw_socketpair(sv);
	wake_fd = (int)T_SYS(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	closed = (int)T_SYS(dup(sv[0]));
	close(closed);
	T_SYS(sem_init(&to_own, 0, 0));
	T_SYS(sem_init(&to_cancel, 0, 0));
	T_EQ(io_uring_poll_watch_init(&wake, wake_fd, POLLIN, WAKE_DATA, 0), 0);
	T_EQ(io_uring_poll_watch_arm(&ring, &wake), 0);
	T_EQ(pthread_create(&owning, NULL, owner, NULL), 0);
	T_EQ(pthread_create(&cancelling, NULL, canceller, NULL), 0);

	for (i = 0; i < ROUNDS; i++)
		round_of(sv[0], i);
	T_EQ(pthread_join(cancelling, NULL), 0);
	/* The last one fails, and the owner goes home. */
	round_of(closed, ROUNDS);
	T_EQ(pthread_join(owning, NULL), 0);
	T_EQ(load(&ended), ROUNDS + 1);
	io_uring_queue_exit(&ring);
	close(wake_fd);
	pw_close(sv);
	return T_EXIT_PASS;
}
