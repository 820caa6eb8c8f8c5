/* Description: many threads submit to one context at once, of every kind, while
 * each reaps whatever comes: no request is lost, none comes twice, and a full
 * context says so. */
/* libraries: uring-aio */
/* flavours: plain */
/* valgrind: off: it stops all threads while one is in io_uring_enter(2) */
/* upstream: differs: liburing has no AIO engine */
#include "aio.h"

#define THREADS 6u
#define EACH 12u
#define ROUNDS 120u
#define BLOCK 4096u

static struct io_uring_aio *ctx;
static struct io_uring_aio_req reqs[THREADS][EACH];
static unsigned char *mem;
static int direct, buffered;
static unsigned int delivered[THREADS], refusals;

static void deferred(struct io_uring_aio *context, struct io_uring_aio_req *req,
		     __s32 res)
{
	T_EQ(io_uring_aio_complete(context, req, res), 0);
}

static void prepare(unsigned int me, unsigned int i, unsigned int kind)
{
	struct io_uring_aio_req *req = &reqs[me][i];
	unsigned char *buf = mem + (me * EACH + i) * BLOCK;

	AIO_REQ(req);
	switch (kind % 5) {
	case 0:
		io_uring_prep_nop(&req->sqe);
		break;
	case 1:
		io_uring_prep_read(&req->sqe, buffered, buf, BLOCK, 0);
		break;
	case 2:
		io_uring_prep_write(&req->sqe, direct, buf, BLOCK,
				    (__u64)(me * EACH + i) * BLOCK);
		break;
	default:
		io_uring_prep_read(&req->sqe, direct, buf, BLOCK,
				   (__u64)(me * EACH + i) * BLOCK);
	}
	if (kind % 11 == 0)
		T_EQ(io_uring_aio_req_defer(req, deferred), 0);
	io_uring_sqe_set_data64(&req->sqe, me);
}

static void take(unsigned int min, const struct __kernel_timespec *ts)
{
	struct io_uring_aio_event ev[EACH];
	int ret, i;

	ret = io_uring_aio_getevents(ctx, min, EACH, ev, ts);
	T_GE(ret, 0);
	for (i = 0; i < ret; i++) {
		T_LE(ev[i].user_data, THREADS - 1);
		T_CHECK(ev[i].res == 0 || ev[i].res == BLOCK);
		T_CHECK(ev[i].req >= reqs[ev[i].user_data] &&
			ev[i].req < reqs[ev[i].user_data] + EACH);
		T_ADD(&delivered[ev[i].user_data], 1);
	}
}

/* A round of a thread is over when all its events were reaped, by anybody. */
static void *work(void *arg)
{
	unsigned int me = (unsigned int)(uintptr_t)arg, round, i, nr;
	struct io_uring_aio_req *all[EACH];
	struct __kernel_timespec ts = t_ms(2);
	int ret;

	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < EACH; i++) {
			prepare(me, i, round + i + me);
			all[i] = &reqs[me][i];
		}
		for (i = 0; i < EACH; i += (unsigned int)ret) {
			nr = 1 + (round + i) % 4;
			if (nr > EACH - i)
				nr = EACH - i;
			ret = io_uring_aio_submit(ctx, nr, all + i);
			if (ret == -EAGAIN) {
				T_ADD(&refusals, 1);
				take(1, &ts);
				ret = 0;
				continue;
			}
			T_GE(ret, 1);
			T_LE(ret, nr);
		}
		while (T_LOAD(&delivered[me]) < (round + 1) * EACH)
			take(1, &ts);
		T_EQ(T_LOAD(&delivered[me]), (round + 1) * EACH);
		for (i = 0; i < EACH; i++)
			T_UNTIL(!aio_is_live(&reqs[me][i]));
	}
	return NULL;
}

static void run(unsigned int flags)
{
	pthread_t threads[THREADS];
	unsigned int i;

	memset(delivered, 0, sizeof(delivered));
	refusals = 0;
	/* Less than all of them need. */
	ctx = aio_init(THREADS * EACH / 3, flags);
	for (i = 0; i < THREADS; i++)
		threads[i] = t_thread(work, (void *)(uintptr_t)i);
	for (i = 0; i < THREADS; i++)
		t_join(threads[i]);
	aio_quiet(ctx);
	AIO_EXIT(ctx);
	T_GE(refusals, 1);
}

/* Contexts come and go while others work: the issuer is everybody's. */
static void *come_and_go(void *arg)
{
	unsigned char *page = t_pages(BLOCK);
	struct io_uring_aio *mine;
	struct io_uring_aio_req req;
	unsigned int round;

	for (round = 0; round < 100; round++) {
		mine = aio_init(1 + round % 8, *(unsigned int *)arg);
		aio_read(&req, round % 2 ? direct : buffered, page, BLOCK, 0);
		if (round % 7 == 0)
			T_EQ(io_uring_aio_req_defer(&req, deferred), 0);
		if (round % 3)
			T_EQ(aio_do(mine, &req), BLOCK);
		else
			AIO_SUBMIT(mine, &req);
		AIO_EXIT(mine);
		AIO_IDLE(&req);
		T_EQ(io_uring_aio_req_init(&req), 0);
	}
	T_SYS(munmap(page, BLOCK));
	return NULL;
}

static void many_contexts(unsigned int flags)
{
	pthread_t threads[THREADS];
	unsigned int i;

	for (i = 0; i < THREADS; i++)
		threads[i] = t_thread(come_and_go, &flags);
	for (i = 0; i < THREADS; i++)
		t_join(threads[i]);
}

int main(void)
{
	mem = t_pages(THREADS * EACH * BLOCK);
	direct = aio_direct_file(THREADS * EACH * BLOCK);
	buffered = t_tmpfile(BLOCK);
	AIO_EACH_KIND(run);
	AIO_EACH_KIND(many_contexts);
	AIO_THREADS(AIO_WORKER, 0);
	AIO_THREADS(AIO_ISSUER, 1);
	T_SYS(munmap(mem, THREADS * EACH * BLOCK));
	close(direct);
	close(buffered);
	return T_EXIT_PASS;
}
