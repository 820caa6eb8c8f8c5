/* Description: no thread can initialise a request that is in flight, however
 * many try so at once, and while other requests come and go. */
/* libraries: uring-aio */
/* flavours: plain */
/* upstream: differs: liburing has no AIO engine */
#include "aio.h"

#define THREADS 3
#define LIVE 2
#define DURATION_MS 600

static struct io_uring_aio *ctx;
static struct io_uring_aio_req live[LIVE], passing[8];
static int stop;

static void *initialise(void *arg)
{
	struct io_uring_aio_req *req = arg;
	unsigned int tries = 0;

	while (!T_LOAD(&stop)) {
		int ret = io_uring_aio_req_init(req);

		if (ret != -EBUSY)
			T_FAIL("try %u: %d", tries, ret);
		tries++;
	}
	return NULL;
}

/* The program's between start and start, and not otherwise. */
static void pass(void)
{
	struct io_uring_aio_event ev[8];
	unsigned int i;

	for (i = 0; i < 8; i++) {
		AIO_REQ(&passing[i]);
		T_EQ(io_uring_aio_start(ctx, &passing[i]), 0);
		T_EQ(io_uring_aio_req_init(&passing[i]), -EBUSY);
	}
	for (i = 0; i < 8; i++)
		T_EQ(io_uring_aio_complete(ctx, &passing[i], 0), 0);
	aio_events(ctx, 8, ev);
}

static void run(unsigned int flags)
{
	pthread_t threads[THREADS];
	long long end = t_now_ms() + DURATION_MS;
	unsigned int i;

	ctx = aio_init(LIVE + 8, flags);
	stop = 0;
	for (i = 0; i < LIVE; i++) {
		AIO_REQ(&live[i]);
		io_uring_sqe_set_data64(&live[i].sqe, i + 1);
		T_EQ(io_uring_aio_start(ctx, &live[i]), 0);
	}
	for (i = 0; i < THREADS; i++)
		threads[i] = t_thread(initialise, &live[i % LIVE]);
	do
		pass();
	while (t_now_ms() < end);
	T_STORE(&stop, 1);
	for (i = 0; i < THREADS; i++)
		t_join(threads[i]);
	for (i = 0; i < LIVE; i++) {
		T_EQ(io_uring_aio_complete(ctx, &live[i], 7), 0);
		T_EQ(aio_result(ctx, &live[i]), 7);
		AIO_REQ(&live[i]);
		T_EQ(live[i].sqe.user_data, 0);
	}
	AIO_EXIT(ctx);
}

int main(void)
{
	AIO_EACH_KIND(run);
	return T_EXIT_PASS;
}
