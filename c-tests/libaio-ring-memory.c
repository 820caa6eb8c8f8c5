/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Description: a program that submits and then does nothing but look at the
 * ring's memory finds its events there, in time and in full. */
/* libraries: aio */
/* flavours: plain */
/* valgrind: off: it does not execute what /proc/self/exe says */
/* upstream: kernel AIO */
#include "libaio-tests.h"

/* What such a program has to be started with; the kernel needs nothing. */
#define SWITCH "LIBAIO_RING"
#define SETTING "filled"

#define NR 8u
#define BLOCK 4096u
#define ROUNDS 100

static io_context_t ctx;
static struct iocb reqs[NR];

static struct io_event take(void)
{
	struct la_ring *ring = la_ring(ctx);
	unsigned int head = ring->head;
	struct io_event ev;

	while (head == T_LOAD(&ring->tail))
		sched_yield();
	ev = ring->events[head];
	T_STORE(&ring->head, (head + 1) % ring->nr);
	return ev;
}

int main(int argc, char **argv)
{
	int direct, file, p[2], round;
	char *mem = t_pages(NR * BLOCK);
	struct iocb *list[NR];
	unsigned int i, seen;

	if (argc < 2) {
		char *again[] = { argv[0], (char *)(uintptr_t)"again", NULL };

		T_SYS(setenv(SWITCH, SETTING, 1));
		T_SYS(execv("/proc/self/exe", again));
	}
	ctx = la_setup(NR);
	direct = la_direct_file(NR * BLOCK);
	file = la_tmpfile(NR * BLOCK);
	t_pipe(p);
	for (round = 0; round < ROUNDS; round++) {
		memset(mem, 0, NR * BLOCK);
		for (i = 0; i < NR; i++) {
			io_prep_pread(&reqs[i], i & 1 ? direct : file,
				      mem + i * BLOCK, BLOCK, i * BLOCK);
			reqs[i].data = &reqs[NR - 1 - i];
			list[i] = &reqs[i];
		}
		T_EQ(io_submit(ctx, NR, list), NR);
		for (i = 0, seen = 0; i < NR; i++) {
			struct io_event ev = take();
			unsigned int index = (unsigned int)(ev.obj - reqs);

			T_CHECK(index < NR && !(seen & 1u << index));
			seen |= 1u << index;
			T_EQ(la_res_of(&ev, &reqs[index]), BLOCK);
			T_CHECK(la_is_pattern(mem + index * BLOCK, BLOCK,
					      index * BLOCK));
		}
		T_EQ(la_in_ring(ctx), 0);
	}
	/* Nothing happens in the program, and the event is there. */
	io_prep_poll(&reqs[0], p[0], POLLIN);
	LA_SUBMIT(ctx, &reqs[0]);
	la_write(p[1], "x");
	T_CHECK(la_woken((long)take().res, POLLIN));
	LA_DESTROY(ctx);
	t_close_both(p);
	close(direct);
	close(file);
	return T_EXIT_PASS;
}
