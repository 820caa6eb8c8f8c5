/* Description: a timed wait ends with -ETIME, and not before its time, when
 * nothing comes but notifications that the program does not see; a visible
 * completion ends it with 0. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* valgrind: off: it stops all threads while one is in io_uring_enter(2) */
/* upstream: differs: liburing has no notification slots */
#include "notif.h"

#define SENDS 6u
#define EACH 65536u

static struct io_uring ring;
static char block[EACH];
static int sv[2];

/* What the sends said; negative until all have. */
static volatile long long bytes_sent;

static void *slow_reader(void *arg)
{
	static char block[EACH];
	long long got = 0;

	(void)arg;
	while (got != bytes_sent) {
		ssize_t ret;

		t_sleep_ms(8);
		ret = recv(sv[1], block, sizeof(block), MSG_DONTWAIT);
		if (ret > 0)
			got += ret;
	}
	return NULL;
}

static int wait_timeout(struct io_uring_cqe **cqe, long long ms)
{
	struct __kernel_timespec ts = t_ms(ms);

	return io_uring_wait_cqe_timeout(&ring, cqe, &ts);
}

static int wait_cqes(struct io_uring_cqe **cqe, long long ms)
{
	struct __kernel_timespec ts = t_ms(ms);

	return io_uring_wait_cqes(&ring, cqe, 1, &ts, NULL);
}

static int submit_and_wait(struct io_uring_cqe **cqe, long long ms)
{
	struct __kernel_timespec ts = t_ms(ms);
	int ret = io_uring_submit_and_wait_timeout(&ring, cqe, 1, &ts, NULL);

	/* The SQPOLL thread may still count what has completed. */
	return ret > 0 ? 0 : ret;
}

int main(void)
{
	static int (*const waits[])(struct io_uring_cqe **, long long) = {
		wait_timeout, wait_cqes, submit_and_wait,
	};
	struct io_uring_cqe *cqe;
	pthread_t thread;
	unsigned int i, j;

	T_RING(32, &ring, 0);
	t_tcp_pair(sv);
	notif_register(&ring, 2);
	for (i = 0; i < 3; i++) {
		long long start, sum;

		for (j = 0; j < SENDS; j++) {
			struct io_uring_sqe *sqe;

			sqe = notif_send(&ring, sv[0], block, EACH, i % 2, 0,
					 j);
			/* All of it is in the socket when this completes. */
			sqe->msg_flags |= MSG_WAITALL;
		}
		bytes_sent = -1;
		T_EQ(pthread_create(&thread, NULL, slow_reader, NULL), 0);
		t_submit(&ring, SENDS);
		sum = 0;
		for (j = 0; j < SENDS; j++) {
			struct t_result r = t_reap(&ring);

			T_LE(r.user_data, SENDS - 1);
			/* Before 5.19 a send that cannot block was short. */
			T_GE(r.res, 1);
			sum += r.res;
		}
		bytes_sent = sum;
		/* Now the notifications come, one after the other. */
		start = t_now_ms();
		cqe = NULL;
		T_EQ(waits[i](&cqe, 80), -ETIME);
		T_GE(t_now_ms() - start, 79);
		T_EQ(pthread_join(thread, NULL), 0);

		/* And one that is seen. */
		notif_update(&ring, 0, i % 2, 1, 10);
		t_submit(&ring, 1);
		T_EQ(waits[i](&cqe, 10000), 0);
		T_EQ(cqe->user_data, 10);
		io_uring_cqe_seen(&ring, cqe);
		T_EQ(waits[i](&cqe, 10000), 0);
		T_EQ(cqe->user_data, NOTIF_TAG(i % 2));
		T_EQ(cqe->res, 0);
		T_EQ(cqe->flags, i / 2);
		io_uring_cqe_seen(&ring, cqe);
	}
	NOTIF_QUIET(&ring);
	io_uring_queue_exit(&ring);
	notif_close(sv);
	return T_EXIT_PASS;
}
