/* Description: the directories that paths begin at, what splice and tee take
 * bytes from, and the files of what may block and of what is IOSQE_ASYNC may be
 * closed or have their numbers given to others as soon as submit has returned,
 * though the kernel looks such files up only when it carries a request out,
 * which is later here: all threads that it has for that wait in opens of
 * FIFOs. Locks on such a file stay. */
/* libraries: uring-aio */
/* flavours: plain */
/* upstream: differs: liburing has no AIO engine */
#include "aio.h"
#include "file.h"

#include <sys/epoll.h>

/* The kernel has four threads for each processor, and no more than a ring of
 * the library's has entries. */
#define MOST_FIFOS 272
#define NR 16u

static struct io_uring_aio *ctx;
static struct io_uring_aio_req opens[MOST_FIFOS], reqs[NR];
static int wanted[NR], seen[NR], writers[MOST_FIFOS];
static unsigned int nr, fifos;
/* What the numbers are given to, when that is how they are lost. */
static int other_dir, other_pipe[2];
static bool replaced;
static bool has_renameat, has_mkdirat, has_tee;

static int dir(void)
{
	return (int)T_SYS(open("right", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static int rw(const char *path)
{
	return (int)T_SYS(open(path, O_RDWR | O_CLOEXEC));
}

static int reading(int p[2], const char *text)
{
	t_pipe(p);
	T_EQ(write(p[1], text, strlen(text)), strlen(text));
	return p[0];
}

/* What was the program's descriptor is so no more; the number to close. */
static int lose(int fd, int by)
{
	if (replaced)
		return (int)T_SYS(dup3(by, fd, O_CLOEXEC));
	T_SYS(close(fd));
	return -1;
}

static struct io_uring_sqe *next(void)
{
	T_CHECK(nr < NR);
	AIO_REQ(&reqs[nr]);
	return &reqs[nr].sqe;
}

static void submit(int res)
{
	io_uring_sqe_set_data64(&reqs[nr].sqe, nr);
	wanted[nr] = res;
	AIO_SUBMIT(ctx, &reqs[nr]);
	nr++;
}

/* What the request was for, up to two files, is lost. */
static void submit_for(int res, int fd, int second)
{
	submit(res);
	fd = lose(fd, other_dir);
	if (second >= 0)
		second = lose(second, other_dir);
	if (fd >= 0)
		close(fd);
	if (second >= 0)
		close(second);
}

static void occupy(void)
{
	char name[32];
	unsigned int i;

	for (i = 0; i < fifos; i++) {
		snprintf(name, sizeof(name), "fifo%u", i);
		T_SYS(mkfifo(name, 0600));
		AIO_REQ(&opens[i]);
		/* What may make a file is never tried by the submitter. */
		io_uring_prep_openat(&opens[i].sqe, AT_FDCWD, name,
				     O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
		io_uring_sqe_set_data64(&opens[i].sqe, NR + i);
		AIO_SUBMIT(ctx, &opens[i]);
	}
}

/* For reading as well, so that this does not wait. */
static void vacate(void)
{
	char name[32];
	unsigned int i;

	for (i = 0; i < fifos; i++) {
		snprintf(name, sizeof(name), "fifo%u", i);
		writers[i] = (int)T_SYS(open(name, O_RDWR | O_CLOEXEC));
	}
}

static void reap(void)
{
	unsigned int left = nr + fifos;

	while (left--) {
		struct io_uring_aio_event ev = aio_event(ctx);

		if (ev.user_data < NR) {
			seen[ev.user_data] = ev.res;
			continue;
		}
		T_GE(ev.res, 0);
		close(ev.res);
	}
}

static void paths(struct statx *stx)
{
	int fd, second;

	fd = dir();
	io_uring_prep_openat(next(), fd, "made", O_CREAT | O_EXCL | O_WRONLY,
			     0600);
	/* The descriptor that it gets is known only later. */
	submit_for(0, fd, -1);
	fd = dir();
	io_uring_prep_statx(next(), fd, "five", 0, STATX_SIZE, stx);
	submit_for(0, fd, -1);
	if (has_renameat) {
		fd = dir();
		io_uring_prep_unlinkat(next(), fd, "dropped", 0);
		submit_for(0, fd, -1);
		fd = dir();
		second = dir();
		io_uring_prep_renameat(next(), fd, "old", second, "new", 0);
		submit_for(0, fd, second);
	}
	if (has_mkdirat) {
		fd = dir();
		io_uring_prep_mkdirat(next(), fd, "deep", 0700);
		submit_for(0, fd, -1);
		fd = dir();
		io_uring_prep_symlinkat(next(), "nowhere", fd, "soft");
		submit_for(0, fd, -1);
		fd = dir();
		second = dir();
		io_uring_prep_linkat(next(), fd, "five", second, "hard", 0);
		submit_for(0, fd, second);
	}
}

static void bytes(int in[2][2], int out[2][2])
{
	int fd = reading(in[0], "spliced");

	t_pipe(out[0]);
	io_uring_prep_splice(next(), fd, -1, out[0][1], -1, 7, 0);
	submit(7);
	in[0][0] = lose(fd, other_pipe[0]);
	if (!has_tee)
		return;
	fd = reading(in[1], "teed");
	t_pipe(out[1]);
	io_uring_prep_tee(next(), fd, out[1][1], 4, 0);
	submit(4);
	in[1][0] = lose(fd, other_pipe[0]);
}

/* What the kernel leaves to its threads, and what the program does. */
static void files(char got[5])
{
	int fd = rw("right/five");

	io_uring_prep_fsync(next(), fd, 0);
	submit_for(0, fd, -1);
	fd = rw("right/grown");
	io_uring_prep_fallocate(next(), fd, 0, 0, 4096);
	submit_for(0, fd, -1);
	fd = rw("right/five");
	io_uring_prep_read(next(), fd, got, 5, 0);
	reqs[nr].sqe.flags |= IOSQE_ASYNC;
	submit_for(5, fd, -1);
}

static void holds(int p[2], const char *text)
{
	char got[16];

	T_EQ(read(p[0], got, sizeof(got)), strlen(text));
	T_MEM_EQ(got, text, strlen(text));
}

static bool there(const char *path)
{
	struct stat st;

	return !lstat(path, &st);
}

static void check(const struct statx *stx, int out[2][2])
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (!i) {
			T_GE(seen[i], 0);
			close(seen[i]);
		} else if (seen[i] != wanted[i]) {
			T_FAIL("opcode %u: %d seen, %d expected",
			       reqs[i].sqe.opcode, seen[i], wanted[i]);
		}
	}
	T_CHECK(there("right/made"));
	T_EQ(stx->stx_size, 5);
	T_EQ(there("right/dropped"), !has_renameat);
	T_EQ(there("right/old"), !has_renameat);
	T_EQ(there("right/new"), has_renameat);
	T_EQ(there("right/deep"), has_mkdirat);
	T_EQ(there("right/soft"), has_mkdirat);
	T_EQ(there("right/hard"), has_mkdirat);
	/* Nothing was done where the numbers lead to now. */
	T_SYS(unlink("wrong/five"));
	T_SYS(unlink("wrong/dropped"));
	T_SYS(unlink("wrong/old"));
	T_SYS(rmdir("wrong"));
	holds(out[0], "spliced");
	if (has_tee)
		holds(out[1], "teed");
}

static void set_up(void)
{
	t_enter_tmpdir();
	T_SYS(mkdir("right", 0700));
	T_SYS(mkdir("wrong", 0700));
	t_write_file("right/five", "12345");
	t_write_file("right/dropped", "");
	t_write_file("right/old", "");
	t_write_file("right/grown", "");
	t_write_file("wrong/five", "1234567");
	t_write_file("wrong/dropped", "");
	t_write_file("wrong/old", "");
	other_dir = (int)T_SYS(open("wrong",
				    O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	reading(other_pipe, "of another pipe");
	nr = 0;
}

static void close_all(int in[2][2], int out[2][2])
{
	unsigned int i;

	for (i = 0; i < (has_tee ? 2 : 1); i++) {
		if (in[i][0] >= 0)
			close(in[i][0]);
		close(in[i][1]);
		t_close_both(out[i]);
	}
	for (i = 0; i < fifos; i++)
		close(writers[i]);
	t_close_both(other_pipe);
	close(other_dir);
}

static void later(bool by_others)
{
	struct statx stx;
	struct stat grown;
	char got[5] = "";
	int in[2][2], out[2][2], fds = t_open_fds();

	replaced = by_others;
	set_up();
	occupy();
	memset(&stx, 0xff, sizeof(stx));
	paths(&stx);
	bytes(in, out);
	files(got);
	vacate();
	reap();
	check(&stx, out);
	T_MEM_EQ(got, "12345", 5);
	T_SYS(stat("right/grown", &grown));
	T_EQ(grown.st_size, 4096);
	close_all(in, out);
	T_SYS(chdir("/"));
	t_remove_dir();
	/* The library keeps none of what it held. */
	T_EQ(t_open_fds(), fds);
}

static void cancelled(void)
{
	struct io_uring_aio_event ev;
	int fd, fds = t_open_fds();

	t_enter_tmpdir();
	T_SYS(mkdir("right", 0700));
	T_SYS(mkfifo("right/fifo", 0600));
	nr = 0;
	fd = dir();
	io_uring_prep_openat(next(), fd, "fifo", O_RDONLY | O_CREAT | O_CLOEXEC,
			     0600);
	AIO_SUBMIT(ctx, &reqs[0]);
	close(fd);
	T_EQ(io_uring_aio_cancel(ctx, &reqs[0], &ev, NULL), 0);
	T_EQ(ev.res, -ECANCELED);
	T_SYS(chdir("/"));
	t_remove_dir();
	T_EQ(t_open_fds(), fds);
}

/* To close a descriptor of a file takes the process's locks away. */
static void locks(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = t_tmpfile(4096), other, p[2];
	char byte;

	t_pipe(p);
	T_SYS(fcntl(fd, F_SETLK, &lock));
	AIO_REQ(&reqs[0]);
	io_uring_prep_fsync(&reqs[0].sqe, fd, 0);
	T_EQ(aio_do(ctx, &reqs[0]), 0);
	AIO_REQ(&reqs[0]);
	io_uring_prep_read(&reqs[0].sqe, fd, &byte, 1, 0);
	io_uring_sqe_set_flags(&reqs[0].sqe, IOSQE_ASYNC);
	T_EQ(aio_do(ctx, &reqs[0]), 1);
	AIO_REQ(&reqs[0]);
	io_uring_prep_splice(&reqs[0].sqe, fd, 0, p[1], -1, 16, 0);
	T_EQ(aio_do(ctx, &reqs[0]), 16);
	/* As others see it. */
	other = t_reopen(fd, O_RDWR);
	T_SYS(fcntl(other, F_OFD_GETLK, &lock));
	T_EQ(lock.l_type, F_WRLCK);
	close(other);
	t_close_both(p);
	close(fd);
}

/* It is the numbers that it is about: none but the program's will do. */
static void numbers(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	int ep, p[2];

	t_pipe(p);
	ep = (int)T_SYS(epoll_create1(EPOLL_CLOEXEC));
	AIO_REQ(&reqs[0]);
	io_uring_prep_epoll_ctl(&reqs[0].sqe, ep, p[0], EPOLL_CTL_ADD, &event);
	io_uring_sqe_set_flags(&reqs[0].sqe, IOSQE_ASYNC);
	T_EQ(aio_submit(ctx, &reqs[0]), -EINVAL);
	AIO_IDLE(&reqs[0]);
	reqs[0].sqe.flags = 0;
	T_EQ(aio_do(ctx, &reqs[0]), 0);
	event.events = 0;
	T_EQ(write(p[1], "x", 1), 1);
	T_EQ(epoll_wait(ep, &event, 1, 0), 1);
	close(ep);
	t_close_both(p);
}

static void run(unsigned int flags)
{
	ctx = aio_init(MOST_FIFOS + NR, flags);
	/* What stays for the process is there before anything is counted. */
	AIO_REQ(&reqs[0]);
	io_uring_prep_nop(&reqs[0].sqe);
	T_EQ(aio_do(ctx, &reqs[0]), 0);
	later(false);
	later(true);
	cancelled();
	numbers();
	locks();
	aio_quiet(ctx);
	AIO_EXIT(ctx);
}

int main(void)
{
	long processors = sysconf(_SC_NPROCESSORS_CONF);

	T_NEEDS_RING();
	has_tee = !t_lacks_op(5, 8, IORING_OP_TEE, "IORING_OP_TEE");
	has_renameat = !t_lacks_op(5, 11, IORING_OP_RENAMEAT,
				   "IORING_OP_RENAMEAT");
	has_mkdirat = !t_lacks_op(5, 15, IORING_OP_MKDIRAT,
				  "IORING_OP_MKDIRAT");
	fifos = 4 * (unsigned int)(processors > 0 ? processors : 1) + 8;
	if (fifos > MOST_FIFOS)
		fifos = MOST_FIFOS;
	AIO_EACH_KIND(run);
	return T_EXIT_PASS;
}
