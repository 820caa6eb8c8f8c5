/* Description: an eventfd that is registered while direct requests are in
 * flight counts those of them whose events come later, though no thread reaps,
 * and though another thread submits at the very moment. */
/* libraries: uring-aio */
/* flavours: plain */
/* upstream: differs: liburing has no AIO engine */
#include "aio.h"

#include <sys/eventfd.h>

#define NR 16u
#define BLOCK 65536u
#define ROUNDS 60

static struct io_uring_aio *ctx;
static struct io_uring_aio_req reqs[NR];
static unsigned char *mem;
static int direct;

static void *submit(void *arg)
{
	struct io_uring_aio_req *all[NR];
	unsigned int i;

	(void)arg;
	for (i = 0; i < NR; i++) {
		aio_read(&reqs[i], direct, mem + i * BLOCK, BLOCK, i * BLOCK);
		all[i] = &reqs[i];
	}
	T_EQ(io_uring_aio_submit(ctx, NR, all), NR);
	return NULL;
}

/*
 * What came before the registration is not counted. So events are reaped
 * until the first that comes after, which the counter must tell of by itself.
 */
static void register_and_wait(void)
{
	struct __kernel_timespec zero = t_ms(0);
	struct io_uring_aio_event ev[NR];
	struct pollfd pfd;
	unsigned int got = 0;
	uint64_t value;
	int efd, ret;

	efd = (int)T_SYS(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	T_EQ(io_uring_aio_register_eventfd(ctx, efd), 0);
	pfd.fd = efd;
	pfd.events = POLLIN;
	while (got < NR) {
		ret = io_uring_aio_getevents(ctx, 0, NR - got, ev, &zero);
		T_GE(ret, 0);
		got += (unsigned int)ret;
		if (got == NR || ret)
			continue;
		/* Not here yet: then the counter will tell. */
		ret = poll(&pfd, 1, AIO_PATIENCE_MS);
		if (ret != 1)
			T_FAIL("after %u events the eventfd is silent", got);
		if (read(efd, &value, sizeof(value)) != sizeof(value))
			T_EQ(errno, EAGAIN);
	}
	aio_quiet(ctx);
	T_EQ(io_uring_aio_register_eventfd(ctx, -1), 0);
	close(efd);
}

static void run(unsigned int flags)
{
	pthread_t thread;
	int round;

	for (round = 0; round < ROUNDS; round++) {
		ctx = aio_init(NR, flags);
		if (round % 2) {
			thread = t_thread(submit, NULL);
			register_and_wait();
			t_join(thread);
		} else {
			submit(NULL);
			register_and_wait();
		}
		AIO_EXIT(ctx);
	}
}

int main(void)
{
	direct = aio_direct_file(NR * BLOCK);
	mem = t_pages(NR * BLOCK);
	AIO_EACH_KIND(run);
	T_SYS(munmap(mem, NR * BLOCK));
	close(direct);
	return T_EXIT_PASS;
}
