/* Description: a program that may have few descriptors is left most of them;
 * contexts work when there is none left, and the first one that cannot be made
 * is refused with -EMFILE, and makes another day. Likewise -ENOMEM. */
/* libraries: uring-aio */
/* flavours: plain */
/* valgrind: off: it stops all threads while one is in io_uring_enter(2) */
/* upstream: differs: liburing has no AIO engine */
#include "aio.h"

#include <sys/resource.h>

#define NR 50u

static void limit(int which, rlim_t value)
{
	struct rlimit rl;

	T_SYS(getrlimit(which, &rl));
	rl.rlim_cur = value;
	T_SYS(setrlimit(which, &rl));
}

static void use_up(void)
{
	while (open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0)
		;
	T_EQ(errno, EMFILE);
}

static void works(struct io_uring_aio *ctx, int fd)
{
	static struct io_uring_aio_req req;
	unsigned char *mem = t_pages(4096);

	aio_read(&req, fd, mem, 4096, 0);
	T_EQ(aio_do(ctx, &req), 4096);
	T_CHECK(aio_is_pattern(mem, 4096, 0));
	AIO_REQ(&req);
	io_uring_prep_nop(&req.sqe);
	T_EQ(aio_do(ctx, &req), 0);
	T_SYS(munmap(mem, 4096));
}

static int twenty(void *arg)
{
	struct io_uring_aio *ctx[NR];
	unsigned int i, flags = *(unsigned int *)arg;
	int fd, used = t_open_fds();

	limit(RLIMIT_NOFILE, 20);
	fd = aio_direct_file(4096);
	for (i = 0; i < NR; i++) {
		ctx[i] = aio_init(16, flags);
		works(ctx[i], fd);
	}
	/* The issuer's two, one ring, and the file. */
	T_LE(t_open_fds(), used + 4);
	use_up();
	for (i = 0; i < NR; i++)
		works(ctx[i], fd);
	for (i = 0; i < NR; i++)
		AIO_EXIT(ctx[i]);
	return T_EXIT_PASS;
}

static int none_left(void *arg)
{
	unsigned int flags = *(unsigned int *)arg, free;
	int fd = aio_direct_file(4096), spare[2], fds;
	struct io_uring_aio *ctx = NULL;
	struct io_uring ring;

	limit(RLIMIT_NOFILE, 32);
	/* Without io_uring at all it ends here. */
	T_RING(1, &ring, 0);
	io_uring_queue_exit(&ring);
	t_pipe(spare);
	use_up();
	fds = t_open_fds();
	for (free = 0; free < 2; free++) {
		T_EQ(io_uring_aio_queue_init(4, &ctx, flags), -EMFILE);
		T_PTR_EQ(ctx, NULL);
		/* It has kept none of what it had opened. */
		T_EQ(t_open_fds(), fds - (int)free);
		close(spare[free]);
	}
	ctx = aio_init(4, flags);
	T_EQ(open("/dev/null", O_RDONLY | O_CLOEXEC), -1);
	/* There is no ring to be had, and no need for one. */
	works(ctx, fd);
	/* More contexts need no more. */
	AIO_EXIT(aio_init(4, flags));
	AIO_EXIT(ctx);
	return T_EXIT_PASS;
}

/* A context of the largest size, of which there are soon too many. */
static int no_memory(void *arg)
{
	unsigned int flags = *(unsigned int *)arg, nr = 0, i;
	static struct io_uring_aio *ctx[1000];
	int fd = aio_direct_file(4096), ret = 0;

	ctx[nr++] = aio_init(16, flags);
	works(ctx[0], fd);
	limit(RLIMIT_AS, (rlim_t)(t_maps().bytes + (256ll << 20)));
	while (nr < 1000) {
		ret = io_uring_aio_queue_init(65536, &ctx[nr], flags);
		if (ret)
			break;
		nr++;
	}
	T_EQ(ret, -ENOMEM);
	T_GE(nr, 2);
	T_PTR_EQ(ctx[nr], NULL);
	/* Those that are there work; the memory of one that ends is there again. */
	works(ctx[0], fd);
	AIO_EXIT(ctx[--nr]);
	ctx[nr++] = aio_init(65536, flags);
	works(ctx[nr - 1], fd);
	for (i = 0; i < nr; i++)
		AIO_EXIT(ctx[i]);
	return T_EXIT_PASS;
}

/* A user's processes and threads may be too many for one more. */
static int no_thread(void *arg)
{
	struct io_uring_aio *ctx = aio_init(4, *(unsigned int *)arg);
	const struct t_arg_match any[1] = { { 0, 0, 0 } };
	struct io_uring_aio_req req;

	/* Threads are made by clone3, or by clone where that is denied. */
	t_seccomp_deny(SYS_clone3, EAGAIN, any, 1);
	t_seccomp_deny(SYS_clone, EAGAIN, any, 1);
	AIO_REQ(&req);
	io_uring_prep_nop(&req.sqe);
	T_EQ(aio_submit(ctx, &req), -EAGAIN);
	AIO_IDLE(&req);
	T_EQ(aio_submit(ctx, &req), -EAGAIN);
	AIO_IDLE(&req);
	aio_quiet(ctx);
	AIO_EXIT(ctx);
	return T_EXIT_PASS;
}

static void run(unsigned int flags)
{
	T_EQ(t_fork_run(twenty, &flags), T_EXIT_PASS);
	T_EQ(t_fork_run(none_left, &flags), T_EXIT_PASS);
	if (!t_in_memory_tool())
		T_EQ(t_fork_run(no_memory, &flags), T_EXIT_PASS);
	T_EQ(t_fork_run(no_thread, &flags), T_EXIT_PASS);
}

int main(void)
{
	AIO_EACH_KIND(run);
	return T_EXIT_PASS;
}
