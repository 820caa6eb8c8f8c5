/* Description: one thread submits slot sends and updates while another reaps,
 * by every way to wait and to peek, without a lock: every send and every
 * notifier completes exactly once, and none before its flush. */
/* flavours: plain sqpoll sqe128 cqe32 */
/* valgrind: off: it stops all threads while one is in io_uring_enter(2) */
/* upstream: differs: liburing has no notification slots */
#include "notif.h"

#define ROUNDS 1500u
#define SENDS 8u

static struct io_uring ring;
static int udp, local[2];
/* Rounds that were submitted, and rounds that are over. */
static unsigned int started, over;
static unsigned char state[ROUNDS][2];

static unsigned int load(unsigned int *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

/* Slot 0 is flushed by flag, slot 1 by an update, of every round. */
static void *submitter(void *arg)
{
	unsigned int round, i;

	(void)arg;
	for (round = 0; round < ROUNDS; round++) {
		/* The CQ has room for four rounds. */
		while (round - load(&over) >= 4)
			sched_yield();
		__atomic_store_n(&started, round + 1, __ATOMIC_RELEASE);
		for (i = 0; i < SENDS; i++)
			notif_send(&ring, i % 3 ? udp : local[0], "x", 1,
				   i % 2, i == SENDS - 2 ? NOTIF_FLUSH : 0, 1);
		notif_update(&ring, 0, 1, 1, 2);
		t_submit(&ring, SENDS + 1);
	}
	/* The end of a thread cancels what of its requests still waits. */
	while (load(&over) < ROUNDS)
		sched_yield();
	return NULL;
}

/* A round is over when its sends, its update and its notifiers are. */
static unsigned int seen_total, notifiers[2];

static void count(const struct io_uring_cqe *cqe)
{
	uint64_t slot;

	seen_total++;
	if (cqe->user_data == 1) {
		T_EQ(cqe->res, 1);
		T_EQ(cqe->flags, 0);
		return;
	}
	T_EQ(cqe->res, 0);
	if (cqe->user_data == 2) {
		T_EQ(cqe->flags, 0);
		return;
	}
	slot = cqe->user_data - NOTIF_TAG(0);
	T_LE(slot, 1);
	T_LE(cqe->flags, load(&started) - 1);
	T_EQ(state[cqe->flags][slot], 0);
	state[cqe->flags][slot] = 1;
	notifiers[slot]++;
}

static void *drain_local(void *arg)
{
	char bytes[256];

	(void)arg;
	while (recv(local[1], bytes, sizeof(bytes), 0) > 0)
		;
	return NULL;
}

int main(void)
{
	const unsigned int per_round = SENDS + 3;
	struct __kernel_timespec ts = t_ms(1);
	struct io_uring_cqe *cqe, *batch[5];
	unsigned int i, n, head, how = 0;
	pthread_t thread, reader;
	struct io_uring_params p;
	struct sockaddr_in to;
	int rx, ret;

	memset(&p, 0, sizeof(p));
	p.flags = IORING_SETUP_CQSIZE;
	p.cq_entries = 256;
	T_EQ(t_ring_init_params(64, &ring, &p), 0);
	rx = t_udp(&to);
	udp = (int)T_SYS(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	T_SYS(connect(udp, (struct sockaddr *)&to, sizeof(to)));
	t_socketpair(local);
	notif_register(&ring, 2);
	T_EQ(pthread_create(&reader, NULL, drain_local, NULL), 0);
	T_EQ(pthread_create(&thread, NULL, submitter, NULL), 0);

	while (seen_total < ROUNDS * per_round) {
		/* Without EXT_ARG, a wait with a timeout submits. */
		if (!(ring.features & IORING_FEAT_EXT_ARG) && how % 4 < 2)
			how += 2;
		switch (how++ % 4) {
		case 0:
			ret = io_uring_wait_cqe_timeout(&ring, &cqe, &ts);
			if (ret == -ETIME)
				continue;
			T_EQ(ret, 0);
			count(cqe);
			io_uring_cqe_seen(&ring, cqe);
			break;
		case 1:
			ret = io_uring_wait_cqes(&ring, &cqe, 3, &ts, NULL);
			if (ret == -ETIME)
				continue;
			T_EQ(ret, 0);
			n = 0;
			io_uring_for_each_cqe(&ring, head, cqe) {
				count(cqe);
				n++;
			}
			io_uring_cq_advance(&ring, n);
			break;
		case 2:
			T_EQ(io_uring_wait_cqe(&ring, &cqe), 0);
			count(cqe);
			io_uring_cqe_seen(&ring, cqe);
			break;
		default:
			n = io_uring_peek_batch_cqe(&ring, batch, 5);
			for (i = 0; i < n; i++)
				count(batch[i]);
			io_uring_cq_advance(&ring, n);
			break;
		}
		__atomic_store_n(&over, seen_total / per_round,
				 __ATOMIC_RELEASE);
	}
	T_EQ(notifiers[0], ROUNDS);
	T_EQ(notifiers[1], ROUNDS);
	T_EQ(pthread_join(thread, NULL), 0);
	NOTIF_QUIET(&ring);
	io_uring_queue_exit(&ring);
	close(local[0]);
	T_EQ(pthread_join(reader, NULL), 0);
	close(local[1]);
	close(udp);
	close(rx);
	return T_EXIT_PASS;
}
