/* Description: every generation of a slot arrives, and only once, however the
 * program reads the CQ: also those whose bits would mean "skip me" (bit 5) or
 * "I take two entries" (bit 15) in an entry of another ring. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no notification slots */
#include "notif.h"

/* Beyond bit 15, and far enough to see both values of bit 5 with it. */
#define GENERATIONS 33600u
#define AT_ONCE 16u

static struct io_uring ring;
static unsigned int next_gen;
static unsigned int sends_seen, sends_due;
static bool early[AT_ONCE];

/* Notifiers of one slot may arrive out of order, but all of a round do. */
static void count(const struct io_uring_cqe *cqe)
{
	unsigned int i;

	T_EQ(cqe->res, cqe->user_data == 1);
	if (cqe->user_data == 1) {
		T_EQ(cqe->flags, 0);
		sends_seen++;
		return;
	}
	T_EQ(cqe->user_data, NOTIF_TAG(0));
	i = cqe->flags - next_gen;
	if (i >= AT_ONCE || early[i])
		T_FAIL("generation %u seen again or early, %u expected",
		       cqe->flags, next_gen);
	early[i] = true;
}

static bool round_is_over(void)
{
	unsigned int i;

	if (sends_seen != sends_due)
		return false;
	for (i = 0; i < AT_ONCE; i++)
		if (!early[i])
			return false;
	return true;
}

static void by_peek(void)
{
	struct io_uring_cqe *cqe;

	while (!io_uring_peek_cqe(&ring, &cqe)) {
		count(cqe);
		io_uring_cqe_seen(&ring, cqe);
	}
}

static void by_iterator(void)
{
	struct io_uring_cqe *cqe;
	unsigned int head, nr = 0;

	io_uring_for_each_cqe(&ring, head, cqe) {
		count(cqe);
		nr++;
	}
	io_uring_cq_advance(&ring, nr);
}

static void by_batch(void)
{
	struct io_uring_cqe *batch[7];
	unsigned int i, nr;

	while ((nr = io_uring_peek_batch_cqe(&ring, batch, 7))) {
		for (i = 0; i < nr; i++)
			count(batch[i]);
		io_uring_cq_advance(&ring, nr);
	}
}

static void by_ready(void)
{
	unsigned int nr = io_uring_cq_ready(&ring), seen = 0, head;
	struct io_uring_cqe *cqe;

	io_uring_for_each_cqe(&ring, head, cqe) {
		if (seen == nr)
			break;
		count(cqe);
		seen++;
	}
	T_EQ(seen, nr);
	io_uring_cq_advance(&ring, nr);
}

/* The library itself looks at the first, whatever the header has inline. */
static void submit_and_wait(void)
{
	struct __kernel_timespec ts = t_ms(10000);
	struct io_uring_cqe *cqe = NULL;
	int ret;

	ret = io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &ts, NULL);
	T_GE(ret, 0);
	T_CHECK(cqe);
}

int main(void)
{
	static void (*const read_by[])(void) = {
		by_peek, by_iterator, by_batch, by_ready,
	};
	struct io_uring_cqe *cqe;
	struct sockaddr_in to;
	unsigned int i, how = 0;
	int rx, tx;

	T_RING(64, &ring, 0);
	/* Nobody reads the datagrams: the network drops most of them. */
	rx = t_udp(&to);
	tx = (int)T_SYS(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	T_SYS(connect(tx, (struct sockaddr *)&to, sizeof(to)));
	notif_register(&ring, 1);

	while (next_gen < GENERATIONS) {
		/* Every other time there is nothing but notifiers. */
		bool loud = next_gen / AT_ONCE % 2;

		memset(early, 0, sizeof(early));
		sends_seen = 0;
		sends_due = loud ? AT_ONCE : 0;
		for (i = 0; i < AT_ONCE; i++)
			io_uring_sqe_set_flags(notif_send(&ring, tx, "g", 1, 0,
							  NOTIF_FLUSH, 1),
					       loud ? 0
						    : IOSQE_CQE_SKIP_SUCCESS);
		submit_and_wait();
		while (true) {
			read_by[how++ % 4]();
			if (round_is_over())
				break;
			T_EQ(io_uring_wait_cqe(&ring, &cqe), 0);
		}
		T_EQ(io_uring_cq_ready(&ring), 0);
		next_gen += AT_ONCE;
	}
	NOTIF_QUIET(&ring);
	io_uring_queue_exit(&ring);
	close(rx);
	close(tx);
	return T_EXIT_PASS;
}
