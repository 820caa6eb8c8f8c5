/* Description: what a poll watch makes of the answers to its updates, in every
 * order that the kernel may give them in: the events that were asked for last
 * are what the kernel ends up with. */
/* flavours: plain */
/* upstream: differs: liburing has no poll watches */
#include "poll-watch.h"

static struct io_uring ring;
static struct io_uring_poll_watch w;

static void modify(unsigned int events)
{
	T_EQ(io_uring_poll_watch_modify(&ring, &w, events), 0);
}

static void sync_owed(void)
{
	T_CHECK(io_uring_poll_watch_owes(&w));
	T_EQ(io_uring_poll_watch_sync(&ring, &w), 0);
	T_CHECK(!io_uring_poll_watch_owes(&w));
}

static void updated_to(unsigned int events)
{
	modify(events);
	PW_QUEUED_FOR(&ring, PW_UPDATE, events);
}

/* Nothing of an earlier update is left to be done. */
static void idle(void)
{
	T_CHECK(!io_uring_poll_watch_owes(&w));
	T_EQ(io_uring_poll_watch_sync(&ring, &w), 0);
	PW_QUEUED(&ring, PW_NOTHING);
	PW_NEXT(&w, -EPERM);
}

/* The poll request was being handled: once more. */
static void too_late(void)
{
	pw_arm_by_hand(&ring, &w, POLLIN);
	updated_to(POLLOUT);
	T_EQ(pw_post(&w, -EALREADY, 0), PW_SYNC);
	sync_owed();
	PW_QUEUED_FOR(&ring, PW_UPDATE, POLLOUT);
	T_EQ(pw_post(&w, -EALREADY, 0), PW_SYNC);
	/* With the events of today. */
	modify(POLLIN | POLLOUT);
	PW_QUEUED_FOR(&ring, PW_UPDATE, POLLIN | POLLOUT);
	sync_owed();
	PW_QUEUED(&ring, PW_NOTHING);
	T_EQ(pw_post(&w, 0, 0), 0);
	idle();
}

/* The poll request is over; of its completions the update's comes first. */
static void not_found(void)
{
	pw_arm_by_hand(&ring, &w, POLLIN);
	updated_to(POLLOUT);
	T_EQ(pw_post(&w, -ENOENT, 0), 0);
	T_CHECK(!io_uring_poll_watch_owes(&w));
	T_EQ(pw_post(&w, -ECANCELED, 0), PW_SYNC);
	sync_owed();
	PW_QUEUED_FOR(&ring, PW_POLL, POLLOUT);
	idle();
}

/* And last: meanwhile one must not be armed, which an update might hit. */
static void not_found_late(int answer)
{
	pw_arm_by_hand(&ring, &w, POLLIN);
	updated_to(POLLOUT);
	T_EQ(pw_post(&w, POLLIN, 0), PW_OWNED);
	PW_EVENTS(&w, POLLIN);
	PW_NEXT(&w, 0);
	idle();
	T_EQ(pw_post(&w, answer, 0), PW_SYNC);
	sync_owed();
	PW_QUEUED_FOR(&ring, PW_POLL, POLLOUT);
	idle();
}

/* The owner was handling events meanwhile, and is told when it leaves. */
static void owned(void)
{
	pw_arm_by_hand(&ring, &w, POLLIN);
	T_EQ(pw_post(&w, POLLIN, PW_MORE), PW_OWNED);
	updated_to(POLLOUT);
	T_EQ(pw_post(&w, POLLIN, 0), 0);
	T_EQ(pw_post(&w, -ENOENT, 0), 0);
	T_CHECK(!io_uring_poll_watch_owes(&w));
	PW_EVENTS(&w, POLLIN);
	PW_NEXT(&w, PW_SYNC);
	sync_owed();
	PW_QUEUED_FOR(&ring, PW_POLL, POLLOUT);
	idle();
}

/* An update that waits for another is told with the answer, once. */
static void waiting(void)
{
	pw_arm_by_hand(&ring, &w, POLLIN);
	updated_to(POLLOUT);
	modify(POLLPRI);
	modify(POLLRDHUP);
	PW_QUEUED(&ring, PW_NOTHING);
	idle();
	/* Of the old mask or of the new one. */
	T_EQ(pw_post(&w, POLLOUT, PW_MORE), PW_OWNED);
	PW_EVENTS(&w, POLLOUT);
	T_EQ(pw_post(&w, 0, 0), PW_SYNC);
	PW_NEXT(&w, 0);
	T_EQ(pw_post(&w, POLLOUT, PW_MORE), PW_OWNED);
	PW_EVENTS(&w, POLLOUT);
	PW_NEXT(&w, 0);
	sync_owed();
	PW_QUEUED_FOR(&ring, PW_UPDATE, POLLRDHUP);
	T_EQ(pw_post(&w, 0, 0), 0);
	idle();

	/* Where the poll ends meanwhile the next one has them anyway. */
	updated_to(POLLIN);
	modify(POLLOUT);
	T_EQ(pw_post(&w, -ECANCELED, 0), 0);
	T_EQ(pw_post(&w, -ENOENT, 0), PW_SYNC);
	sync_owed();
	PW_QUEUED_FOR(&ring, PW_POLL, POLLOUT);
	idle();
}

/* The end is more urgent than other events. */
static void cancelled(void)
{
	pw_arm_by_hand(&ring, &w, POLLIN);
	updated_to(POLLOUT);
	modify(POLLPRI);
	T_EQ(io_uring_poll_watch_cancel(&w), 0);
	T_EQ(io_uring_poll_watch_modify(&ring, &w, POLLIN), -ECANCELED);
	idle();
	T_EQ(pw_post(&w, 0, 0), PW_SYNC);
	sync_owed();
	PW_QUEUED(&ring, PW_REMOVAL);
	T_EQ(pw_post(&w, 0, 0), 0);
	T_EQ(pw_post(&w, -ECANCELED, 0), PW_OWNED);
	PW_NEXT(&w, -ECANCELED);
}

/* How the file is watched stays, also where it is not repeated. */
static void how(void)
{
	unsigned int bits[] = { EPOLLEXCLUSIVE, EPOLLET }, i;

	for (i = 0; i < 2; i++) {
		pw_arm_by_hand(&ring, &w, POLLIN | bits[i]);
		modify(POLLOUT);
		PW_QUEUED_FOR(&ring, PW_UPDATE, POLLOUT | bits[i]);
		T_EQ(pw_post(&w, 0, 0), 0);
		updated_to(POLLIN | bits[i]);
		T_EQ(io_uring_poll_watch_modify(&ring, &w, bits[i]), -EINVAL);
		T_EQ(io_uring_poll_watch_modify(&ring, &w,
						POLLIN | bits[1 - i]),
		     -EINVAL);
		T_EQ(pw_post(&w, 0, 0), 0);
		T_EQ(pw_post(&w, -ECANCELED, 0), PW_SYNC);
		sync_owed();
		PW_QUEUED_FOR(&ring, PW_POLL, POLLIN | bits[i]);
	}
}

int main(void)
{
	T_RING(256, &ring, 0);
	too_late();
	not_found();
	not_found_late(-ENOENT);
	not_found_late(-EALREADY);
	not_found_late(0);
	owned();
	waiting();
	cancelled();
	how();
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
