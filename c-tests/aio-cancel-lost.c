/* Description: a canceller that loses is told so: -EALREADY for the second
 * canceller and for what is running, whose event then comes with its own
 * result; -ETIME when its wait is over before the outcome, which is delivered
 * later. What cannot be interrupted ends with a result that is true. */
/* libraries: uring-aio */
/* flavours: plain */
/* valgrind: off: it stops all threads while one is in io_uring_enter(2) */
/* thread-sanitizer: on */
/* upstream: differs: liburing has no AIO engine */
#include "aio.h"

#include <linux/userfaultfd.h>
#include <sys/ioctl.h>

#define NR 16u
#define BIG (1u << 18)

static struct io_uring_aio *ctx;
static struct io_uring_aio_req req, reqs[NR];
static int running, release, answers[2];

static int slow_cancel(struct io_uring_aio_req *r)
{
	T_PTR_EQ(r, &req);
	T_STORE(&running, 1);
	T_UNTIL(T_LOAD(&release));
	return 0;
}

static void *cancel(void *arg)
{
	struct io_uring_aio_event ev;

	*(int *)arg = io_uring_aio_cancel(ctx, &req, &ev, NULL);
	return NULL;
}

/* The first is still at it when the second comes. */
static void second_canceller(void)
{
	struct io_uring_aio_event ev;
	pthread_t thread;

	running = release = 0;
	AIO_REQ(&req);
	T_EQ(io_uring_aio_start(ctx, &req), 0);
	T_EQ(io_uring_aio_req_set_cancel_fn(ctx, &req, slow_cancel), 0);
	thread = t_thread(cancel, &answers[0]);
	T_UNTIL(T_LOAD(&running));
	T_EQ(io_uring_aio_cancel(ctx, &req, &ev, NULL), -EALREADY);
	T_EQ(io_uring_aio_cancel_async(ctx, &req), -EALREADY);
	T_EQ(io_uring_aio_req_set_cancel_fn(ctx, &req, NULL), -EALREADY);
	T_STORE(&release, 1);
	t_join(thread);
	T_EQ(answers[0], 0);
	aio_quiet(ctx);
	AIO_IDLE(&req);
}

/* Two at once: one of them gets the event. */
static void race_of_two(void)
{
	pthread_t threads[2];
	int p[2], round;
	char byte;

	t_pipe(p);
	for (round = 0; round < 300; round++) {
		aio_read(&req, p[0], &byte, 1, (__u64)-1);
		AIO_SUBMIT(ctx, &req);
		threads[0] = t_thread(cancel, &answers[0]);
		threads[1] = t_thread(cancel, &answers[1]);
		t_join(threads[0]);
		t_join(threads[1]);
		T_CHECK((answers[0] == 0) != (answers[1] == 0));
		T_CHECK(answers[0] == 0 || answers[0] == -EALREADY ||
			answers[0] == -ENOENT);
		T_CHECK(answers[1] == 0 || answers[1] == -EALREADY ||
			answers[1] == -ENOENT);
		AIO_IDLE(&req);
		aio_quiet(ctx);
	}
	t_close_both(p);
}

/* A race between the byte and the canceller: the byte is not lost. */
static void *put(void *arg)
{
	T_EQ(write(*(int *)arg, "x", 1), 1);
	return NULL;
}

static void race_with_data(void)
{
	int p[2], round, ret;
	struct __kernel_timespec ts;
	struct io_uring_aio_event ev;
	pthread_t thread;
	char byte;

	t_pipe(p);
	for (round = 0; round < 300; round++) {
		byte = 0;
		aio_read(&req, p[0], &byte, 1, (__u64)-1);
		AIO_SUBMIT(ctx, &req);
		thread = t_thread(put, &p[1]);
		ts = t_ms(0);
		ret = io_uring_aio_cancel(ctx, &req, &ev,
					  round % 2 ? &ts : NULL);
		if (ret == 0) {
			T_EQ(ev.res, -ECANCELED);
			T_EQ(byte, 0);
		} else {
			T_CHECK(ret == -EALREADY || ret == -ENOENT ||
				(ret == -ETIME && round % 2));
			ev = aio_event(ctx);
			/* It was asked, and may have been in time after all. */
			T_CHECK(ev.res == 1 ||
				(ev.res == -ECANCELED && ret == -ETIME));
		}
		t_join(thread);
		if (ev.res == -ECANCELED)
			T_EQ(read(p[0], &byte, 1), 1);
		T_EQ(byte, 'x');
		aio_quiet(ctx);
	}
	t_close_both(p);
}

static void *submit(void *arg)
{
	(void)arg;
	AIO_SUBMIT(ctx, &req);
	return NULL;
}

/* The kernel is held up in the middle of a request, at a page that userfaultfd
 * keeps back: the wait is over before there is an outcome. */
static void out_of_time(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_zeropage fill;
	struct io_uring_aio_event ev;
	struct __kernel_timespec ts;
	struct uffd_msg msg;
	unsigned char *page;
	pthread_t thread;
	int fd, p[2], i;

	fd = syscall(__NR_userfaultfd, O_CLOEXEC);
	if (fd < 0) {
		T_CHECK(errno == ENOSYS || errno == EPERM);
		return;
	}
	T_SYS(ioctl(fd, UFFDIO_API, &api));
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	T_CHECK(page != MAP_FAILED);
	range.range.start = (unsigned long)page;
	range.range.len = 4096;
	T_SYS(ioctl(fd, UFFDIO_REGISTER, &range));
	t_pipe(p);
	T_EQ(write(p[1], "x", 1), 1);
	aio_read(&req, p[0], page, 1, (__u64)-1);
	thread = t_thread(submit, NULL);
	T_EQ(read(fd, &msg, sizeof(msg)), sizeof(msg));
	T_EQ(msg.event, UFFD_EVENT_PAGEFAULT);
	for (i = 0; i < 3; i++) {
		ts = t_ms(i);
		/* The second time another has asked already. */
		T_EQ(io_uring_aio_cancel(ctx, &req, &ev, &ts),
		     i ? -EALREADY : -ETIME);
	}
	fill.range = range.range;
	fill.mode = 0;
	T_SYS(ioctl(fd, UFFDIO_ZEROPAGE, &fill));
	t_join(thread);
	ev = aio_event(ctx);
	T_PTR_EQ(ev.req, &req);
	T_EQ(ev.res, 1);
	T_EQ(*page, 'x');
	aio_quiet(ctx);
	t_close_both(p);
	close(fd);
	T_SYS(munmap(page, 4096));
}

/* A device is not interrupted. Whether there is time depends on it. */
static void in_a_hurry(int fd)
{
	unsigned char *mem = t_pages(8 * BIG);
	struct io_uring_aio_event ev[NR];
	struct io_uring_aio_req *all[NR];
	unsigned int i, open;
	struct __kernel_timespec ts;
	int round, ret;

	for (round = 0; round < 20; round++) {
		for (i = 0; i < NR; i++) {
			aio_read(&reqs[i], fd, mem + i % 8 * BIG, BIG,
				 (__u64)(i % 8) * BIG);
			all[i] = &reqs[i];
		}
		T_EQ(io_uring_aio_submit(ctx, NR, all), NR);
		for (i = NR, open = NR; i--;) {
			ts = t_ms(0);
			ret = io_uring_aio_cancel(ctx, &reqs[i], ev, &ts);
			T_CHECK(ret == 0 || ret == -EALREADY ||
				ret == -ENOENT || ret == -ETIME);
			open -= ret == 0;
		}
		aio_events(ctx, open, ev);
		for (i = 0; i < open; i++)
			T_CHECK(ev[i].res == BIG || ev[i].res == -ECANCELED);
		aio_quiet(ctx);
	}
	T_SYS(munmap(mem, 8 * BIG));
}

/* Files: the cancel may win or lose, and what it says has to be true. */
static void files(int fd, bool write, bool sync)
{
	unsigned char *mem = t_pages(BIG * 2);
	struct io_uring_aio_event ev;
	unsigned int i, round;
	int ret, wanted;

	for (round = 0; round < 6; round++) {
		for (i = 0; i < NR; i++) {
			AIO_REQ(&reqs[i]);
			if (sync && i % 4 == 3)
				io_uring_prep_fsync(&reqs[i].sqe, fd, 0);
			else if (write)
				io_uring_prep_write(&reqs[i].sqe, fd, mem, BIG,
						    (__u64)i * BIG);
			else
				io_uring_prep_read(&reqs[i].sqe, fd, mem, BIG,
						   (__u64)(i % 8) * BIG);
			AIO_SUBMIT(ctx, &reqs[i]);
		}
		for (i = NR; i--;) {
			wanted = sync && i % 4 == 3 ? 0 : (int)BIG;
			ret = io_uring_aio_cancel(ctx, &reqs[i], &ev, NULL);
			if (ret == 0) {
				T_PTR_EQ(ev.req, &reqs[i]);
				T_EQ(ev.res, -ECANCELED);
				AIO_IDLE(&reqs[i]);
				/* So that it is not looked for below. */
				reqs[i].sqe.user_data = 1;
				continue;
			}
			T_CHECK(ret == -EALREADY || ret == -ENOENT);
		}
		for (i = 0; i < NR; i++) {
			if (reqs[i].sqe.user_data)
				continue;
			ev = aio_event(ctx);
			wanted = sync && (ev.req - reqs) % 4 == 3 ? 0 : BIG;
			T_EQ(ev.res, wanted);
		}
		aio_quiet(ctx);
	}
	T_SYS(munmap(mem, BIG * 2));
}

static void run(unsigned int flags)
{
	int fd;

	ctx = aio_init(NR, flags);
	second_canceller();
	race_of_two();
	race_with_data();
	out_of_time();
	fd = aio_direct_file(8 * BIG);
	in_a_hurry(fd);
	files(fd, false, false);
	files(fd, true, true);
	close(fd);
	fd = t_tmpfile(8 * BIG);
	files(fd, true, true);
	close(fd);
	AIO_EXIT(ctx);
}

int main(void)
{
	AIO_EACH_KIND(run);
	return T_EXIT_PASS;
}
