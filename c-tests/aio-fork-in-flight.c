/* Description: a child that is forked while direct I/O is in flight ends as
 * any child does, by exit() too, and takes nothing of what is the parent's: no
 * event, and no file that has the number of one of the library's. */
/* libraries: uring-aio */
/* flavours: plain */
/* valgrind: off: to a child, what belongs to the parent's threads is lost */
/* upstream: differs: liburing has no AIO engine */
#include "aio.h"

#include <sys/resource.h>

#define NR 16u
#define BLOCK 65536u

static struct io_uring_aio_req reqs[NR];
static unsigned char *mem;

/*
 * To a child, what belongs to the parent's threads is lost. LeakSanitizer asks
 * by this name.
 */
static int in_child;
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return in_child;
}

static void child_exits(unsigned int flags)
{
	struct io_uring_aio *ctx = aio_init(NR, flags), *mine;
	struct io_uring_aio_req *all[NR];
	struct io_uring_aio_event ev[NR];
	int fd = aio_direct_file(NR * BLOCK), status, round;
	unsigned int i;
	pid_t pid;

	for (round = 0; round < 4; round++) {
		for (i = 0; i < NR; i++) {
			aio_read(&reqs[i], fd, mem + i * BLOCK, BLOCK,
				 i * BLOCK);
			all[i] = &reqs[i];
		}
		T_EQ(io_uring_aio_submit(ctx, NR, all), NR);
		pid = (pid_t)T_SYS(fork());
		if (!pid) {
			in_child = 1;
			alarm(T_TIMEOUT_SECONDS);
			if (round % 2) {
				mine = aio_init(4, flags);
				AIO_REQ(&reqs[0]);
				AIO_EXIT(mine);
			}
			/* Not _exit(): what ends with a thread is to run. */
			exit(T_EXIT_PASS);
		}
		T_SYS(waitpid(pid, &status, 0));
		T_EQ(status, 0);
		aio_events(ctx, NR, ev);
		for (i = 0; i < NR; i++)
			T_EQ(ev[i].res, BLOCK);
		T_CHECK(aio_is_pattern(mem, NR * BLOCK, 0));
	}
	AIO_EXIT(ctx);
	close(fd);
}

#define LOWEST 3
#define HIGHEST 40

/* As a daemon does: nothing stays open, and the numbers serve again. */
static int closes_all(void *arg)
{
	struct stat null, seen;
	int fd, open_before[HIGHEST];

	T_SYS(stat("/dev/null", &null));
	for (fd = LOWEST; fd < HIGHEST; fd++)
		close(fd);
	for (fd = LOWEST; fd < HIGHEST; fd++) {
		T_SYS(open("/dev/null", O_RDWR));
		open_before[fd] = fcntl(fd, F_GETFD) >= 0;
	}
	AIO_EXIT(aio_init(4, *(unsigned int *)arg));
	for (fd = LOWEST; fd < HIGHEST; fd++) {
		T_EQ(open_before[fd], 1);
		T_SYS(fstat(fd, &seen));
		T_EQ(seen.st_ino, null.st_ino);
		T_EQ(seen.st_rdev, null.st_rdev);
	}
	return T_EXIT_PASS;
}

static void child_closes_all(unsigned int flags)
{
	struct io_uring_aio *ctx = aio_init(4, flags);
	struct io_uring_aio_req req;
	int fd = aio_direct_file(BLOCK);

	aio_read(&req, fd, mem, BLOCK, 0);
	T_EQ(aio_do(ctx, &req), BLOCK);
	AIO_REQ(&req);
	io_uring_prep_nop(&req.sqe);
	T_EQ(aio_do(ctx, &req), 0);
	T_EQ(t_fork_run(closes_all, &flags), T_EXIT_PASS);
	T_EQ(aio_do(ctx, &req), 0);
	AIO_EXIT(ctx);
	close(fd);
}

int main(void)
{
	mem = t_pages(NR * BLOCK);
	AIO_EACH_KIND(child_exits);
	AIO_EACH_KIND(child_closes_all);
	T_SYS(munmap(mem, NR * BLOCK));
	return T_EXIT_PASS;
}
