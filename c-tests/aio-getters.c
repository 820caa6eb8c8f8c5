/* Description: several threads reap at once, by every kind of wait, while
 * others submit: each event goes to one of them, and none sleeps while there
 * is one, on a ring of the context or not. */
/* libraries: uring-aio */
/* flavours: plain */
/* valgrind: off: it stops all threads while one is in io_uring_enter(2) */
/* thread-sanitizer: on */
/* upstream: differs: liburing has no AIO engine */
#include "aio.h"

#define SUBMITTERS 2u
#define GETTERS 3u
#define DEPTH 16u
#define BLOCK 4096u
#define ROUNDS 300u
#define TOTAL (SUBMITTERS * DEPTH * ROUNDS)

static struct io_uring_aio *ctx;
static struct {
	struct io_uring_aio_req req;
	int free;
} slots[SUBMITTERS * DEPTH];
static unsigned char *mem;
static int direct, buffered;
static unsigned int reaped, got_by[GETTERS];

/* Each submitter has requests of its own, of three kinds. */
static void *submit(void *arg)
{
	unsigned int first = (unsigned int)(uintptr_t)arg * DEPTH, i, n = 0;
	struct io_uring_aio_req *req;
	void *buf;

	while (n < DEPTH * ROUNDS) {
		i = first + n % DEPTH;
		while (!T_LOAD(&slots[i].free))
			sched_yield();
		T_STORE(&slots[i].free, 0);
		req = &slots[i].req;
		buf = mem + i * BLOCK;
		AIO_REQ(req);
		switch (n % 7) {
		case 0:
			io_uring_prep_nop(&req->sqe);
			break;
		case 1:
			io_uring_prep_read(&req->sqe, buffered, buf, BLOCK, 0);
			break;
		default:
			io_uring_prep_read(&req->sqe, direct, buf, BLOCK,
					   i * BLOCK);
		}
		io_uring_sqe_set_data64(&req->sqe, i);
		AIO_SUBMIT(ctx, req);
		n++;
		if (n % 50 == 0)
			sched_yield();
	}
	return NULL;
}

static void *get(void *arg)
{
	unsigned int *mine = arg, how = 0;
	struct __kernel_timespec ts;
	struct io_uring_aio_event ev[4];
	int ret, i;

	while (T_LOAD(&reaped) < TOTAL) {
		ts = t_ms(how++ % 3 ? 20 : 0);
		ret = io_uring_aio_getevents(ctx, 1, 1 + how % 4, ev, &ts);
		T_GE(ret, 0);
		for (i = 0; i < ret; i++) {
			T_LE(ev[i].user_data, SUBMITTERS * DEPTH - 1);
			T_PTR_EQ(ev[i].req, &slots[ev[i].user_data].req);
			T_CHECK(ev[i].res == BLOCK || ev[i].res == 0);
			/* Twice would find it free. */
			T_EQ(T_LOAD(&slots[ev[i].user_data].free), 0);
			T_STORE(&slots[ev[i].user_data].free, 1);
		}
		*mine += (unsigned int)ret;
		T_ADD(&reaped, (unsigned int)ret);
	}
	return NULL;
}

static void run(unsigned int flags)
{
	pthread_t threads[SUBMITTERS + GETTERS];
	unsigned int i, nr = 0;

	ctx = aio_init(SUBMITTERS * DEPTH, flags);
	reaped = 0;
	for (i = 0; i < SUBMITTERS * DEPTH; i++)
		slots[i].free = 1;
	for (i = 0; i < GETTERS; i++)
		threads[nr++] = t_thread(get, &got_by[i]);
	for (i = 0; i < SUBMITTERS; i++)
		threads[nr++] = t_thread(submit, (void *)(uintptr_t)i);
	for (i = 0; i < nr; i++)
		t_join(threads[i]);
	T_EQ(reaped, TOTAL);
	aio_quiet(ctx);
	AIO_EXIT(ctx);
}

static void *one(void *arg)
{
	struct io_uring_aio_event *ev = arg;

	T_EQ(io_uring_aio_getevents(ctx, 1, 1, ev, NULL), 1);
	return NULL;
}

/* Every one of the sleepers has to be woken, whoever sleeps in the ring. */
static void each_gets_one(unsigned int flags)
{
	struct io_uring_aio_event ev[GETTERS];
	pthread_t threads[GETTERS];
	unsigned int i, round, seen;

	ctx = aio_init(8, flags);
	for (round = 0; round < 50; round++) {
		for (i = 0; i < GETTERS; i++)
			threads[i] = t_thread(one, &ev[i]);
		if (round % 2)
			t_sleep_ms(1);
		for (i = 0; i < GETTERS; i++) {
			aio_read(&slots[i].req, direct, mem + i * BLOCK, BLOCK,
				 i * BLOCK);
			io_uring_sqe_set_data64(&slots[i].req.sqe, i);
			AIO_SUBMIT(ctx, &slots[i].req);
		}
		for (i = 0, seen = 0; i < GETTERS; i++) {
			t_join(threads[i]);
			T_EQ(ev[i].res, BLOCK);
			seen |= 1u << ev[i].user_data;
		}
		T_EQ(seen, (1u << GETTERS) - 1);
	}
	AIO_EXIT(ctx);
}

int main(void)
{
	direct = aio_direct_file(SUBMITTERS * DEPTH * BLOCK);
	buffered = t_tmpfile(BLOCK);
	mem = t_pages(SUBMITTERS * DEPTH * BLOCK);
	AIO_EACH_KIND(each_gets_one);
	AIO_EACH_KIND(run);
	T_SYS(munmap(mem, SUBMITTERS * DEPTH * BLOCK));
	close(direct);
	close(buffered);
	return T_EXIT_PASS;
}
