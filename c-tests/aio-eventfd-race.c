/* Description: an eventfd that is registered while another thread submits the
 * first direct I/O of a context counts all events that come afterwards, though
 * no thread reaps; not one is counted twice. */
/* libraries: uring-aio */
/* flavours: plain */
/* upstream: differs: liburing has no AIO engine */
#include "aio.h"

#include <sys/eventfd.h>

#define NR 4u
#define BLOCK 4096u
#define DURATION_MS 900

static struct io_uring_aio *ctx;
static struct io_uring_aio_req reqs[NR];
static unsigned char *mem;
static pthread_barrier_t barrier;
static int direct, efd, stop;
static unsigned int delay, begun, late;

static void *registers(void *arg)
{
	volatile unsigned int spin;

	(void)arg;
	for (;;) {
		pthread_barrier_wait(&barrier);
		if (T_LOAD(&stop))
			return NULL;
		for (spin = delay; spin; spin--)
			;
		T_EQ(io_uring_aio_register_eventfd(ctx, efd), 0);
		/* Those that will be submitted from now on. */
		late = NR - T_LOAD(&begun);
		pthread_barrier_wait(&barrier);
	}
}

static uint64_t counted(void)
{
	uint64_t value = 0;

	if (read(efd, &value, sizeof(value)) != sizeof(value))
		T_EQ(errno, EAGAIN);
	return value;
}

static void once(unsigned int flags, bool all)
{
	struct io_uring_aio_event ev[NR];
	struct pollfd pfd;
	uint64_t count = 0;
	unsigned int i;

	ctx = aio_init(NR, flags);
	efd = (int)T_SYS(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	T_STORE(&begun, 0);
	pthread_barrier_wait(&barrier);
	for (i = 0; i < NR; i++) {
		aio_read(&reqs[i], direct, mem + i * BLOCK, BLOCK, i * BLOCK);
		T_ADD(&begun, 1);
		AIO_SUBMIT(ctx, &reqs[i]);
	}
	pthread_barrier_wait(&barrier);
	/* Nobody takes anything out of a ring of the context's before. */
	if (all)
		late = NR;
	pfd.fd = efd;
	pfd.events = POLLIN;
	while ((count += counted()) < late)
		if (poll(&pfd, 1, AIO_PATIENCE_MS) != 1)
			T_FAIL("%llu events are counted, %u expected",
			       (unsigned long long)count, late);
	aio_events(ctx, NR, ev);
	T_LE(count + counted(), NR);
	for (i = 0; i < NR; i++)
		T_EQ(ev[i].res, BLOCK);
	AIO_EXIT(ctx);
	close(efd);
}

static void run(unsigned int flags)
{
	long long end = t_now_ms() + DURATION_MS;
	bool all = !flags && aio_issues_inline();
	pthread_t thread;

	stop = 0;
	T_EQ(pthread_barrier_init(&barrier, NULL, 2), 0);
	thread = t_thread(registers, NULL);
	delay = 0;
	do {
		once(flags, all);
		delay = (delay + 13) % 2000;
	} while (t_now_ms() < end);
	T_STORE(&stop, 1);
	pthread_barrier_wait(&barrier);
	t_join(thread);
	T_EQ(pthread_barrier_destroy(&barrier), 0);
}

int main(void)
{
	T_NEEDS_RING();
	direct = aio_direct_file(NR * BLOCK);
	mem = t_pages(NR * BLOCK);
	AIO_EACH_KIND(run);
	T_SYS(munmap(mem, NR * BLOCK));
	close(direct);
	return T_EXIT_PASS;
}
