/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Description: /proc/sys/fs/aio-max-nr bounds what all contexts may hold: it
 * counts what io_setup() was asked for, beyond it is -EAGAIN, io_destroy()
 * gives back at once, and a change of the bound counts from the next call. */
/* libraries: aio */
/* alone: it changes a limit of the machine, and fills it */
/* flavours: plain */
/* valgrind: off: to a child, what belongs to the parent's threads is lost */
/* upstream: kernel AIO */
#include "libaio-tests.h"

#define BOUND "/proc/sys/fs/aio-max-nr"
/* What other programs may hold meanwhile. */
#define OTHERS 8192
/* More is -EINVAL, whatever the bound. */
#define LARGEST 4194304

static int bound;

static int number(const char *path)
{
	char text[32];
	ssize_t got;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		T_SKIP("%s: %s", path, strerror(errno));
	got = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (got <= 0)
		T_FAIL("%s: nothing in it", path);
	text[got] = 0;
	return atoi(text);
}

static void beyond(void)
{
	io_context_t ctx = NULL;

	T_EQ(io_setup(bound + 1, &ctx), -EAGAIN);
	T_EQ(io_setup(LARGEST, &ctx), -EAGAIN);
	T_EQ(io_setup(LARGEST + 1, &ctx), -EINVAL);
	T_PTR_EQ(ctx, NULL);
}

/* Two halves fit, and a third does not, until one of the two is gone. */
static void sums_up(void)
{
	int half = (bound - OTHERS) / 2, round;
	io_context_t ctx[2], third = NULL;

	ctx[0] = la_setup(half);
	ctx[1] = la_setup(half);
	for (round = 0; round < 3; round++) {
		T_EQ(io_setup(half + 1, &third), -EAGAIN);
		T_PTR_EQ(third, NULL);
		LA_DESTROY(ctx[round & 1]);
		ctx[round & 1] = la_setup(half);
	}
	/* A refused one has taken nothing. */
	third = la_setup(1);
	LA_DESTROY(third);
	LA_DESTROY(ctx[0]);
	LA_DESTROY(ctx[1]);
}

static void set_bound(int to)
{
	char text[32];
	int fd, len;

	len = snprintf(text, sizeof(text), "%d\n", to);
	fd = open(BOUND, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, (size_t)len) != len) {
		printf("%s cannot be changed here: %s\n", BOUND,
		       strerror(errno));
		exit(T_EXIT_PASS);
	}
	close(fd);
}

/* Upwards only: other programs on this machine live by the bound. */
static int changed(void *arg)
{
	io_context_t ctx = NULL;

	(void)arg;
	set_bound(bound + OTHERS);
	T_EQ(io_setup(bound + 2 * OTHERS, &ctx), -EAGAIN);
	ctx = la_setup(bound + 1);
	LA_DESTROY(ctx);
	set_bound(bound);
	ctx = NULL;
	T_EQ(io_setup(bound + 1, &ctx), -EAGAIN);
	return T_EXIT_PASS;
}

int main(void)
{
	int ret;

	bound = number(BOUND);
	if (bound < 4 * OTHERS || bound > LARGEST / 2 ||
	    number("/proc/sys/fs/aio-nr") > OTHERS)
		T_SKIP("aio-max-nr is %d, aio-nr %d: no room to try it out",
		       bound, number("/proc/sys/fs/aio-nr"));
	beyond();
	sums_up();
	/* A child, as its failure must not leave the bound changed. */
	ret = t_fork_run(changed, NULL);
	if (number(BOUND) == bound + OTHERS)
		set_bound(bound);
	T_EQ(ret, T_EXIT_PASS);
	return T_EXIT_PASS;
}
