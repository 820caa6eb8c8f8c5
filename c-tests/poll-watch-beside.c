/* Description: poll watches leave other requests of their ring alone: polls of
 * the same file with another user_data, their updates and removals, requests with
 * registered files and buffers, and the sends of notification slots. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no poll watches */
#include "notif.h"
#include "poll-watch.h"

#define FOREIGN 0x100u
#define WATCHES 3

static struct io_uring ring;
static struct io_uring_poll_watch w[WATCHES];
static int sv[2];
/* What the watches and the polls of the test's own have seen. */
static unsigned int seen[WATCHES];
static int others, over;

/* Answers to the test's own requests, by user_data less FOREIGN. */
static int answers[16];

static void handle(struct io_uring_cqe *cqe)
{
	unsigned int i = (unsigned int)(cqe->user_data - PW_DATA);
	__u32 events;
	int ret;

	if (i >= WATCHES) {
		T_GE(cqe->user_data, FOREIGN);
		T_LE(cqe->user_data, FOREIGN + 15);
		answers[cqe->user_data - FOREIGN] = cqe->res;
		others++;
		return;
	}
	ret = io_uring_poll_watch_handle(&ring, &w[i], cqe, &events);
	while (ret == 1) {
		seen[i] |= events;
		ret = io_uring_poll_watch_next(&w[i], &events);
	}
	if (ret == PW_SYNC)
		T_EQ(io_uring_poll_watch_sync(&ring, &w[i]), 0);
	else if (ret == -ECANCELED)
		over++;
	else
		T_EQ(ret, 0);
}

static void reap(void)
{
	struct io_uring_cqe *cqe = pw_wait(&ring);

	handle(cqe);
	io_uring_cqe_seen(&ring, cqe);
	pw_submit(&ring, io_uring_sq_ready(&ring));
}

static void foreign(struct io_uring_sqe *sqe, unsigned int nr)
{
	io_uring_sqe_set_data64(sqe, FOREIGN + nr);
	answers[nr] = INT32_MIN;
}

static int answer(unsigned int nr)
{
	pw_submit(&ring, 1);
	while (answers[nr] == INT32_MIN)
		reap();
	return answers[nr];
}

/* Everything that waits for input on the socket hears of it. */
static void wake_up(int polls)
{
	int i;

	memset(seen, 0, sizeof(seen));
	others = 0;
	pw_write(sv[1]);
	while (!seen[0] || !seen[1] || others < polls)
		reap();
	for (i = 0; i < 2; i++)
		T_EQ(seen[i], POLLIN);
	T_EQ(others, polls);
	T_EQ(pw_drain(sv[0]), 1);
}

static void polls(void)
{
	struct io_uring_sqe *sqe;

	sqe = t_sqe(&ring);
	io_uring_prep_poll_multishot(sqe, sv[0], POLLIN);
	foreign(sqe, 1);
	pw_submit(&ring, 1);
	wake_up(1);
	sqe = t_sqe(&ring);
	io_uring_prep_poll_add(sqe, sv[0], POLLIN);
	foreign(sqe, 2);
	pw_submit(&ring, 1);
	wake_up(2);
	wake_up(1);

	sqe = t_sqe(&ring);
	io_uring_prep_poll_update(sqe, FOREIGN + 1, 0, POLLRDHUP,
				  IORING_POLL_UPDATE_EVENTS |
				  IORING_POLL_ADD_MULTI);
	foreign(sqe, 3);
	T_EQ(answer(3), 0);
	wake_up(0);
	sqe = t_sqe(&ring);
	io_uring_prep_poll_remove(sqe, FOREIGN + 1);
	foreign(sqe, 4);
	T_EQ(answer(4), 0);
	while (answers[1] != -ECANCELED)
		reap();
	wake_up(0);
	sqe = t_sqe(&ring);
	io_uring_prep_poll_remove(sqe, FOREIGN + 1);
	foreign(sqe, 5);
	T_EQ(answer(5), -ENOENT);
}

/* A file and a buffer that are registered, with the same ring. */
static void registered(void)
{
	static char block[4096];
	struct iovec iov = { .iov_base = block, .iov_len = sizeof(block) };
	int fd = t_text_file("beside"), table[2] = { fd, sv[1] };
	struct io_uring_sqe *sqe;

	T_EQ(io_uring_register_files(&ring, table, 2), 0);
	T_EQ(io_uring_register_buffers(&ring, &iov, 1), 0);
	sqe = t_sqe(&ring);
	io_uring_prep_read_fixed(sqe, 0, block, sizeof(block), 0, 0);
	io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE);
	foreign(sqe, 6);
	T_EQ(answer(6), 6);
	T_CHECK(!memcmp(block, "beside", 6));
	wake_up(0);
	T_EQ(io_uring_unregister_buffers(&ring), 0);
	T_EQ(io_uring_unregister_files(&ring), 0);
	close(fd);
}

/* One send, and the completion of its notifier, while watches are at work. */
static void slots(void)
{
	unsigned int i;
	int tcp[2];

	t_tcp_pair(tcp);
	notif_register(&ring, 2);
	for (i = 0; i < 4; i++) {
		struct io_uring_cqe *cqe;
		unsigned int sends = 0, notifiers = 0;

		wake_up(0);
		notif_send(&ring, tcp[0], "slot", 4, i % 2, NOTIF_FLUSH,
			   FOREIGN + 7);
		pw_write(sv[1]);
		pw_submit(&ring, 1);
		while (!sends || !notifiers) {
			cqe = pw_wait(&ring);
			if (cqe->user_data == NOTIF_TAG(i % 2)) {
				T_EQ(cqe->flags, i / 2);
				notifiers++;
			} else {
				sends += cqe->user_data == FOREIGN + 7;
				handle(cqe);
			}
			io_uring_cqe_seen(&ring, cqe);
		}
		T_EQ(answers[7], 4);
		t_expect(tcp[1], "slot", 4);
		T_EQ(pw_drain(sv[0]), 1);
	}
	wake_up(0);
	T_EQ(io_uring_unregister_notifications(&ring), 0);
	wake_up(0);
	pw_close(tcp);
}

int main(void)
{
	int i;

	pw_needs_multishot();
	T_RING(32, &ring, 0);
	pw_socketpair(sv);
	/* Two of one file, and one that sees nothing of what the others do. */
	for (i = 0; i < WATCHES; i++) {
		T_EQ(io_uring_poll_watch_init(&w[i], sv[0],
					      i < 2 ? POLLIN : POLLRDHUP,
					      PW_DATA + (unsigned int)i, 0), 0);
		T_EQ(io_uring_poll_watch_arm(&ring, &w[i]), 0);
	}
	pw_submit(&ring, WATCHES);
	wake_up(0);
	polls();
	registered();
	slots();
	T_EQ(seen[2], 0);
	/* The end of one is not that of the others. */
	for (i = 0; i < WATCHES; i++) {
		T_EQ(io_uring_poll_watch_cancel(&w[i]), PW_SYNC);
		T_EQ(io_uring_poll_watch_sync(&ring, &w[i]), 0);
		pw_submit(&ring, 1);
		while (over == i)
			reap();
		T_EQ(over, i + 1);
	}
	pw_quiet(&ring);
	io_uring_queue_exit(&ring);
	pw_close(sv);
	return T_EXIT_PASS;
}
