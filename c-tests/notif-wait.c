/* Description: a wait for a number of completions counts those that the program
 * sees: wait_cqe_nr, wait_cqes, submit_and_wait, submit_and_wait_timeout and
 * the forms with a minimum time return when so many are ready, however many
 * notifications the kernel posted meanwhile. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no notification slots */
#include "notif.h"

static struct io_uring ring;
static int sv[2];
static unsigned int generation;

static void queue_sends(unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		notif_send(&ring, sv[0], "wait", 4, 0,
			   i == nr - 1 ? NOTIF_FLUSH : 0, i);
}

/* All that was waited for is there, as each of the counters says. */
static void consume(unsigned int nr, unsigned int notifiers)
{
	struct io_uring_cqe *batch[32], *cqe;
	unsigned int i, head, seen = 0, tags = 0;

	T_EQ(io_uring_cq_ready(&ring), nr);
	T_EQ(io_uring_peek_batch_cqe(&ring, batch, 32), nr);
	io_uring_for_each_cqe(&ring, head, cqe) {
		T_PTR_EQ(cqe, batch[seen]);
		seen++;
	}
	T_EQ(seen, nr);
	for (i = 0; i < nr; i++) {
		if (batch[i]->user_data != NOTIF_TAG(0))
			continue;
		T_EQ(batch[i]->res, 0);
		T_EQ(batch[i]->flags, generation);
		generation++;
		tags++;
	}
	T_EQ(tags, notifiers);
	io_uring_cq_advance(&ring, nr);
	T_EQ(io_uring_cq_ready(&ring), 0);
}

static int wait_nr(unsigned int nr)
{
	struct io_uring_cqe *cqe = NULL;
	int ret;

	t_submit(&ring, 16);
	ret = io_uring_wait_cqe_nr(&ring, &cqe, nr);
	T_CHECK(cqe);
	return ret;
}

static int wait_cqes(unsigned int nr)
{
	struct __kernel_timespec ts = t_ms(10000);
	struct io_uring_cqe *cqe = NULL;
	int ret;

	t_submit(&ring, 16);
	ret = io_uring_wait_cqes(&ring, &cqe, nr, &ts, NULL);
	T_CHECK(cqe);
	return ret;
}

static int submit_and_wait(unsigned int nr)
{
	int ret = io_uring_submit_and_wait(&ring, nr);

	T_GE(ret, 0);
	return 0;
}

static int submit_and_wait_timeout(unsigned int nr)
{
	struct __kernel_timespec ts = t_ms(10000);
	struct io_uring_cqe *cqe = NULL;
	int ret = io_uring_submit_and_wait_timeout(&ring, &cqe, nr, &ts, NULL);

	T_GE(ret, 0);
	T_CHECK(cqe);
	return 0;
}

static int submit_and_get_events(unsigned int nr)
{
	T_GE(io_uring_submit_and_get_events(&ring), 0);
	while (io_uring_cq_ready(&ring) < nr)
		T_GE(io_uring_get_events(&ring), 0);
	return 0;
}

static int wait_cqes_min_timeout(unsigned int nr)
{
	struct __kernel_timespec ts = t_ms(10000);
	struct io_uring_cqe *cqe = NULL;
	int ret;

	t_submit(&ring, 16);
	/* A minimum that no wait reaches. */
	ret = io_uring_wait_cqes_min_timeout(&ring, &cqe, nr, &ts, 9000000,
					     NULL);
	T_CHECK(cqe);
	return ret;
}

static int submit_and_wait_min_timeout(unsigned int nr)
{
	struct __kernel_timespec ts = t_ms(10000);
	struct io_uring_cqe *cqe = NULL;
	int ret = io_uring_submit_and_wait_min_timeout(&ring, &cqe, nr, &ts,
						       9000000, NULL);

	T_GE(ret, 0);
	T_CHECK(cqe);
	return 0;
}

/*
 * Sixteen sends and their notifications come at once, the seventeenth
 * completion that the program sees comes later, of a timeout.
 */
static void late_ones(int (*wait)(unsigned int))
{
	struct __kernel_timespec later = t_ms(30);
	struct io_uring_sqe *sqe;
	unsigned int i;

	for (i = 0; i < 15; i++)
		notif_send(&ring, sv[0], "late", 4, 1, 0, i);
	sqe = notif_sqe(&ring);
	io_uring_prep_timeout(sqe, &later, 0, 0);
	io_uring_sqe_set_data64(sqe, 100);
	T_EQ(wait(16), 0);
	consume(16, 0);
	notif_discard(sv[1], 60);
}

/* A byte arrives here a little later. */
static int late_byte(pid_t *writer)
{
	int fds[2];

	T_SYS(pipe(fds));
	*writer = (pid_t)T_SYS(fork());
	if (!*writer) {
		t_sleep_ms(20);
		_exit(write(fds[1], "x", 1) != 1);
	}
	close(fds[1]);
	return fds[0];
}

/*
 * Two completions of the kernel bring three that the program sees: of a read,
 * of a plain send that flushes, and of its notifier.
 */
static void more_than_the_kernel_posts(int (*wait)(unsigned int), int fd)
{
	struct io_uring_sqe *sqe;
	pid_t writer;
	unsigned int i;
	char byte;
	int in, status;

	in = late_byte(&writer);
	for (i = 0; i < 14; i++)
		notif_nop(&ring, i);
	/* No timeout: those end a wait in the kernel. */
	sqe = notif_sqe(&ring);
	io_uring_prep_read(sqe, in, &byte, 1, 0);
	io_uring_sqe_set_data64(sqe, 100);
	io_uring_sqe_set_flags(sqe, IOSQE_IO_LINK);
	notif_send(&ring, fd, "twice", 5, 0, NOTIF_FLUSH, 101);
	T_EQ(wait(17), 0);
	consume(17, 1);
	T_EQ(waitpid(writer, &status, 0), writer);
	T_EQ(status, 0);
	close(in);
}

int main(void)
{
	static int (*const waits[])(unsigned int) = {
		wait_nr, wait_cqes, submit_and_wait, submit_and_wait_timeout,
		submit_and_get_events, wait_cqes_min_timeout,
		submit_and_wait_min_timeout,
	};
	unsigned int i, round, nr = 7;
	struct io_uring_cqe *cqe = NULL;
	int local[2];

	T_RING(32, &ring, 0);
	if (!(ring.features & IORING_FEAT_MIN_TIMEOUT))
		nr = 5;
	t_tcp_pair(sv);
	t_socketpair(local);
	notif_register(&ring, 2);
	for (i = 0; i < nr; i++) {
		for (round = 0; round < 4; round++) {
			queue_sends(16);
			T_EQ(waits[i](17), 0);
			consume(17, 1);
			notif_discard(sv[1], 64);
		}
		late_ones(waits[i]);
		more_than_the_kernel_posts(waits[i], local[0]);
		t_expect(local[1], "twice", 5);
	}

	/* For none, and for what is there already. */
	T_EQ(io_uring_wait_cqe_nr(&ring, &cqe, 0), -EAGAIN);
	queue_sends(16);
	T_EQ(wait_nr(17), 0);
	T_EQ(io_uring_wait_cqe_nr(&ring, &cqe, 1), 0);
	T_EQ(io_uring_wait_cqe_nr(&ring, &cqe, 17), 0);
	T_EQ(io_uring_wait_cqe(&ring, &cqe), 0);
	consume(17, 1);
	NOTIF_QUIET(&ring);
	io_uring_queue_exit(&ring);
	notif_close(sv);
	notif_close(local);
	return T_EXIT_PASS;
}
