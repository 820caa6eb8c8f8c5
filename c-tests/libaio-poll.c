/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Description: IOCB_CMD_POLL reports what of the asked-for events holds, once:
 * at once when something does, else when it comes to be; errors and a hangup
 * unasked; a file that cannot wait is ready; the file stays in use after it
 * was closed. */
/* libraries: aio */
/* flavours: plain */
/* upstream: kernel AIO */
#include "libaio-tests.h"

#include <sys/timerfd.h>

static io_context_t ctx;
static struct iocb req;
static char bytes[16];

static long polled(int fd, int events)
{
	io_prep_poll(&req, fd, events);
	return la_do(ctx, &req);
}

/* In flight until something happens. */
static void waiting(int fd, int events)
{
	io_prep_poll(&req, fd, events);
	LA_SUBMIT(ctx, &req);
	la_quiet(ctx);
}

static void woken(int events)
{
	T_CHECK(la_woken(la_result(ctx, &req), events));
	la_quiet(ctx);
}

static void at_once(void)
{
	int p[2], sv[2], file = la_tmpfile(1), efd;

	t_pipe(p);
	T_EQ(polled(p[1], POLLOUT), POLLOUT);
	T_EQ(polled(p[1], POLLOUT | POLLIN), POLLOUT);
	la_write(p[1], "x");
	T_EQ(polled(p[0], POLLIN), POLLIN);
	T_EQ(polled(p[0], POLLIN | POLLOUT | POLLPRI), POLLIN);
	T_EQ(polled(p[0], POLLIN | POLLRDNORM), POLLIN | POLLRDNORM);
	close(p[1]);
	T_EQ(polled(p[0], POLLIN), POLLIN | POLLHUP);
	T_EQ(polled(p[0], 0), POLLHUP);
	close(p[0]);
	t_pipe(p);
	close(p[0]);
	T_EQ(polled(p[1], POLLOUT), POLLOUT | POLLERR);
	T_EQ(polled(p[1], 0), POLLERR);
	close(p[1]);

	t_socketpair(sv);
	T_EQ(polled(sv[0], POLLIN | POLLOUT), POLLOUT);
	la_write(sv[1], "x");
	T_EQ(polled(sv[0], POLLIN | POLLOUT), POLLIN | POLLOUT);
	T_SYS(shutdown(sv[1], SHUT_WR));
	T_EQ(polled(sv[0], POLLRDHUP), POLLRDHUP);
	t_close_both(sv);

	/* Always ready. */
	T_EQ(polled(file, POLLIN), POLLIN);
	T_EQ(polled(file, POLLOUT), POLLOUT);
	T_EQ(polled(file, POLLIN | POLLOUT), POLLIN | POLLOUT);
	close(file);
	efd = (int)T_SYS(eventfd(3, EFD_CLOEXEC));
	T_EQ(polled(efd, POLLIN), POLLIN);
	/* Looked at, and not read. */
	T_EQ(la_count(efd), 3);
	close(efd);
	la_quiet(ctx);
}

static void later(void)
{
	struct itimerspec its = { .it_value.tv_nsec = 5000000 };
	struct sockaddr_in addr;
	int p[2], sv[2], fd, client;
	uint64_t one = 1;

	t_pipe(p);
	waiting(p[0], POLLIN);
	la_write(p[1], "xx");
	woken(POLLIN);
	/* Once: more of it is for the next one. */
	la_write(p[1], "x");
	la_quiet(ctx);
	T_EQ(read(p[0], bytes, sizeof(bytes)), 3);
	waiting(p[0], 0);
	la_write(p[1], "x");
	la_quiet(ctx);
	close(p[1]);
	T_EQ(la_result(ctx, &req) & ~POLLIN, POLLHUP);
	close(p[0]);

	t_socketpair(sv);
	waiting(sv[0], POLLIN);
	la_write(sv[1], "x");
	woken(POLLIN);
	t_close_both(sv);

	fd = (int)T_SYS(eventfd(0, EFD_CLOEXEC));
	waiting(fd, POLLIN);
	T_EQ(write(fd, &one, sizeof(one)), sizeof(one));
	woken(POLLIN);
	close(fd);

	fd = (int)T_SYS(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
	io_prep_poll(&req, fd, POLLIN);
	LA_SUBMIT(ctx, &req);
	T_SYS(timerfd_settime(fd, 0, &its, NULL));
	woken(POLLIN);
	close(fd);

	fd = t_tcp_listen(&addr);
	waiting(fd, POLLIN);
	client = (int)T_SYS(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	T_SYS(connect(client, (struct sockaddr *)&addr, sizeof(addr)));
	woken(POLLIN);
	close(client);
	close(fd);
}

/* A wake-up for something else ends nothing. */
static void not_asked_for(void)
{
	int p[2];

	t_pipe(p);
	waiting(p[0], POLLPRI);
	la_write(p[1], "x");
	t_sleep_ms(5);
	la_quiet(ctx);
	close(p[1]);
	T_CHECK(la_result(ctx, &req) & POLLHUP);
	close(p[0]);
}

static void several(void)
{
	struct iocb reqs[8];
	struct io_event ev[8];
	int p[8][2], i, seen = 0;

	for (i = 0; i < 8; i++) {
		t_pipe(p[i]);
		io_prep_poll(&reqs[i], p[i][0], POLLIN);
		reqs[i].data = (void *)(uintptr_t)(50 + i);
		LA_SUBMIT(ctx, &reqs[i]);
	}
	for (i = 7; i >= 0; i -= 2)
		la_write(p[i][1], "x");
	la_events(ctx, 4, ev);
	for (i = 0; i < 4; i++) {
		long index = ev[i].obj - reqs;

		T_CHECK(index >= 0 && index < 8);
		T_CHECK(la_woken(la_res_of(&ev[i], &reqs[index]), POLLIN));
		seen |= 1 << index;
	}
	T_EQ(seen, 0xaa);
	la_quiet(ctx);
	for (i = 0; i < 8; i += 2) {
		la_write(p[i][1], "x");
		T_CHECK(la_woken(la_result(ctx, &reqs[i]), POLLIN));
	}
	/* The same file many times: one write tells them all. */
	T_EQ(read(p[0][0], bytes, 1), 1);
	for (i = 0; i < 8; i++) {
		io_prep_poll(&reqs[i], p[0][0], POLLIN);
		LA_SUBMIT(ctx, &reqs[i]);
	}
	la_quiet(ctx);
	la_write(p[0][1], "x");
	la_events(ctx, 8, ev);
	for (i = 0; i < 8; i++)
		T_CHECK(la_woken((long)ev[i].res, POLLIN));
	for (i = 0; i < 8; i++)
		t_close_both(p[i]);
}

static void closed(void)
{
	int p[2];

	t_pipe(p);
	waiting(p[0], POLLIN);
	close(p[0]);
	la_quiet(ctx);
	/* Were the reader gone, this would be SIGPIPE. */
	la_write(p[1], "x");
	woken(POLLIN);
	/* Now it is; the file may go a moment after the event. */
	signal(SIGPIPE, SIG_IGN);
	T_UNTIL(write(p[1], "x", 1) < 0);
	T_EQ(errno, EPIPE);
	close(p[1]);
}

int main(void)
{
	ctx = la_setup(16);
	at_once();
	later();
	not_asked_for();
	several();
	closed();
	LA_DESTROY(ctx);
	return T_EXIT_PASS;
}
