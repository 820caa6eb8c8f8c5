/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Description: a context belongs to the process: any thread may submit, reap,
 * cancel and destroy, and a request outlives the thread that submitted it.
 * Several may wait at once; each event goes to one of them. */
/* libraries: aio */
/* flavours: plain */
/* valgrind: off: it stops all threads while one is in io_uring_enter(2) */
/* upstream: kernel AIO */
#include "libaio-tests.h"

#include <sys/epoll.h>

#define NR 16
#define THREADS 4
#define ROUNDS 100
#define BLOCK 4096

static io_context_t ctx;
static int file, direct, p[2];
static char *mem;
static struct iocb reqs[NR];

static void *submits_and_ends(void *arg)
{
	struct iocb *list[NR];
	int i;

	(void)arg;
	for (i = 0; i < NR; i++) {
		char *to = mem + i * BLOCK;

		switch (i % 4) {
		case 0:
			io_prep_pread(&reqs[i], direct, to, BLOCK, i * BLOCK);
			break;
		case 1:
			io_prep_pread(&reqs[i], file, to, BLOCK, i * BLOCK);
			break;
		case 2:
			io_prep_poll(&reqs[i], p[0], POLLIN);
			break;
		default:
			io_prep_pwrite(&reqs[i], file, to, BLOCK, i * BLOCK);
		}
		reqs[i].data = (void *)(uintptr_t)(i + 1);
		list[i] = &reqs[i];
	}
	T_EQ(io_submit(ctx, NR, list), NR);
	return NULL;
}

static void check(struct io_event *ev, int nr, unsigned int *seen)
{
	int i;

	for (i = 0; i < nr; i++) {
		long index = ev[i].obj - reqs, res;

		T_CHECK(index >= 0 && index < NR);
		T_CHECK(!(*seen & 1u << index));
		*seen |= 1u << index;
		res = la_res_of(&ev[i], &reqs[index]);
		if (index % 4 == 2)
			T_CHECK(la_woken(res, POLLIN));
		else
			T_EQ(res, BLOCK);
	}
}

/* What is not in memory is fetched after its thread is gone. */
static void outlived(void)
{
	struct io_event ev[NR];
	unsigned int seen = 0;
	char byte;
	int i;

	for (i = 3; i < NR; i += 4)
		memset(mem + i * BLOCK, i, BLOCK);
	T_SYS(fsync(file));
	T_EQ(posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED), 0);
	t_join(t_thread(submits_and_ends, NULL));
	la_events(ctx, NR - NR / 4, ev);
	check(ev, NR - NR / 4, &seen);
	la_quiet(ctx);
	la_write(p[1], "x");
	la_events(ctx, NR / 4, ev);
	check(ev, NR / 4, &seen);
	T_EQ(seen, (1u << NR) - 1);
	for (i = 0; i < NR; i += i % 4 ? 3 : 1)
		T_CHECK(la_is_pattern(mem + i * BLOCK, BLOCK,
				      (size_t)i * BLOCK));
	T_EQ(read(p[0], &byte, 1), 1);
}

static void *cancels(void *arg)
{
	T_EQ(io_cancel(ctx, arg, NULL), -EINPROGRESS);
	return NULL;
}

static void *reaps(void *arg)
{
	T_EQ(la_result(ctx, arg), 0);
	return NULL;
}

static void *submits_poll(void *arg)
{
	io_prep_poll((struct iocb *)arg, p[0], POLLIN);
	LA_SUBMIT(ctx, (struct iocb *)arg);
	return NULL;
}

static void *destroys(void *arg)
{
	T_EQ(io_destroy(arg), 0);
	return NULL;
}

static void each_by_another(void)
{
	struct iocb req;

	t_join(t_thread(submits_poll, &req));
	t_join(t_thread(cancels, &req));
	t_join(t_thread(reaps, &req));
	la_quiet(ctx);
}

static int reaped, submitted;

static void *submitter(void *arg)
{
	struct iocb req[ROUNDS];
	char byte[ROUNDS];
	int i, ret;

	(void)arg;
	for (i = 0; i < ROUNDS; i++) {
		io_prep_pread(&req[i], file, &byte[i], 1, i);
		while ((ret = la_submit(ctx, &req[i])) == -EAGAIN)
			sched_yield();
		T_EQ(ret, 1);
		T_ADD(&submitted, 1);
	}
	/* The frame is the requests'. */
	T_UNTIL(T_LOAD(&reaped) == THREADS * ROUNDS);
	for (i = 0; i < ROUNDS; i++)
		T_CHECK(la_is_pattern(&byte[i], 1, (size_t)i));
	return NULL;
}

static void *reaper(void *arg)
{
	struct timespec ts = la_ms(5);
	struct io_event ev[3];
	int ret, i;

	(void)arg;
	while (T_LOAD(&reaped) < THREADS * ROUNDS) {
		ret = io_getevents(ctx, 1, 3, ev, &ts);
		T_GE(ret, 0);
		for (i = 0; i < ret; i++)
			T_EQ(ev[i].res, 1);
		T_LE(T_ADD(&reaped, ret), THREADS * ROUNDS);
	}
	return NULL;
}

static void all_at_once(void)
{
	pthread_t thread[2 * THREADS];
	int i;

	for (i = 0; i < 2 * THREADS; i++)
		thread[i] = t_thread(i % 2 ? submitter : reaper, NULL);
	for (i = 0; i < 2 * THREADS; i++)
		t_join(thread[i]);
	T_EQ(submitted, THREADS * ROUNDS);
	la_quiet(ctx);
}

/* A completion is no signal: what else the thread sleeps in goes on. */
static void no_eintr(void)
{
	int ep = (int)T_SYS(epoll_create1(EPOLL_CLOEXEC)), i;
	struct epoll_event ee;
	struct io_event ev[8];

	for (i = 0; i < 8; i++) {
		io_prep_pread(&reqs[i], direct, mem + i * BLOCK, BLOCK,
			      i * BLOCK);
		LA_SUBMIT(ctx, &reqs[i]);
		T_EQ(epoll_wait(ep, &ee, 1, 3), 0);
	}
	la_events(ctx, 8, ev);
	close(ep);
}

/* A thread that has waited for events only, and then does something else. */
static void no_eintr_after_waits(void)
{
	struct timespec zero = la_ms(0);
	struct iocb waiting;
	struct io_event ev;
	char byte;
	int i;

	for (i = 0; i < 40; i++) {
		io_prep_pread(&reqs[0], direct, mem, BLOCK, 0);
		T_EQ(la_do(ctx, &reqs[0]), BLOCK);
	}
	io_prep_poll(&waiting, p[0], POLLIN);
	LA_SUBMIT(ctx, &waiting);
	T_EQ(io_getevents(ctx, 0, 1, &ev, &zero), 0);
	no_eintr();
	la_write(p[1], "x");
	T_CHECK(la_woken(la_result(ctx, &waiting), POLLIN));
	T_EQ(read(p[0], &byte, 1), 1);
}

int main(void)
{
	unsigned int i;

	ctx = la_setup(NR);
	file = la_tmpfile(NR * BLOCK);
	T_SYS(fsync(file));
	direct = t_reopen(file, O_RDWR | O_DIRECT);
	mem = t_pages(NR * BLOCK);
	t_pipe(p);
	for (i = 0; i < 3; i++)
		outlived();
	close(file);
	close(direct);
	file = la_tmpfile(NR * BLOCK);
	direct = t_reopen(file, O_RDWR | O_DIRECT);
	each_by_another();
	all_at_once();
	no_eintr();
	no_eintr_after_waits();
	t_join(t_thread(destroys, ctx));
	t_close_both(p);
	close(file);
	close(direct);
	return T_EXIT_PASS;
}
