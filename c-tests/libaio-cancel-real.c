/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Description: reads and writes of pipes and sockets do not hold io_submit()
 * up, and io_cancel() cancels them: -EINPROGRESS and an event with -ECANCELED
 * in the ring, or with LIBAIO_CANCEL=caller 0 and the event in the caller's
 * structure. What was cancelled has moved nothing. */
/* libraries: aio */
/* flavours: plain */
/* valgrind: off: it does not execute what /proc/self/exe says */
/* upstream: differs: in kernel AIO io_submit() waits for pipes and sockets, and io_cancel() has nothing to cancel */
#include "libaio-tests.h"

#include <sys/uio.h>

static io_context_t ctx;
static struct iocb req;
static int efd;
static bool to_caller;

/* Cancels what has been prepared and waits for ever by itself. */
static void cancelled(long wanted)
{
	struct io_event ev, untouched;

	memset(&ev, 0xee, sizeof(ev));
	untouched = ev;
	req.data = &efd;
	io_set_eventfd(&req, efd);
	LA_SUBMIT(ctx, &req);
	la_quiet(ctx);
	if (to_caller) {
		T_EQ(io_cancel(ctx, &req, &ev), 0);
		T_EQ(la_res_of(&ev, &req), wanted);
		t_sleep_ms(5);
		T_EQ(la_count(efd), 0);
	} else {
		T_EQ(io_cancel(ctx, &req, &ev), -EINPROGRESS);
		T_CHECK(!memcmp(&ev, &untouched, sizeof(ev)));
		T_CHECK(la_wait_readable(efd));
		T_EQ(la_in_ring(ctx), 1);
		T_EQ(la_count(efd), 1);
		T_EQ(la_result(ctx, &req), wanted);
	}
	la_quiet(ctx);
	T_EQ(la_in_ring(ctx), 0);
	T_EQ(io_cancel(ctx, &req, &ev), -EINVAL);
}

static void pipes(void)
{
	static char big[65536];
	struct iovec iov = { big, 8 };
	char text[16];
	int p[2];

	t_pipe(p);
	io_prep_pread(&req, p[0], text, 8, 0);
	cancelled(-ECANCELED);
	io_prep_preadv(&req, p[0], &iov, 1, 0);
	cancelled(-ECANCELED);
	io_prep_poll(&req, p[0], POLLIN);
	cancelled(0);
	/* None of them took anything. */
	la_write(p[1], "12345678");
	T_EQ(read(p[0], text, sizeof(text)), 8);
	/* A write that finds no room. */
	T_SYS(fcntl(p[1], F_SETFL, O_NONBLOCK));
	while (write(p[1], big, 4096) > 0)
		;
	T_SYS(fcntl(p[1], F_SETFL, 0));
	io_prep_pwrite(&req, p[1], big, 4096, 0);
	cancelled(-ECANCELED);
	t_close_both(p);
}

static void sockets(void)
{
	struct io_event ev;
	char text[16];
	int sv[2];

	t_socketpair(sv);
	io_prep_pread(&req, sv[0], text, 8, 0);
	cancelled(-ECANCELED);
	la_write(sv[1], "12345678");
	T_EQ(read(sv[0], text, sizeof(text)), 8);
	/* One that is served, and then too late. */
	io_prep_pread(&req, sv[0], text, 8, 0);
	LA_SUBMIT(ctx, &req);
	la_quiet(ctx);
	la_write(sv[1], "abc");
	T_EQ(la_result(ctx, &req), 3);
	T_CHECK(!memcmp(text, "abc", 3));
	T_EQ(io_cancel(ctx, &req, &ev), -EINVAL);
	t_close_both(sv);
}

/* Requests whose turn comes at the end of the context, or never. */
static void destroyed(void)
{
	io_context_t gone = la_setup(8);
	struct iocb reqs[4];
	char text[16];
	int p[2], i;

	t_pipe(p);
	for (i = 0; i < 4; i++) {
		io_prep_pread(&reqs[i], p[0], text, 8, 0);
		LA_SUBMIT(gone, &reqs[i]);
	}
	LA_DESTROY(gone);
	la_write(p[1], "still");
	T_EQ(read(p[0], text, sizeof(text)), 5);
	t_close_both(p);
}

/* Only where the event is for the caller there has to be a place for it. */
static void nowhere(struct io_event *place)
{
	char text[16];
	int p[2];

	t_pipe(p);
	io_prep_pread(&req, p[0], text, 8, 0);
	LA_SUBMIT(ctx, &req);
	if (to_caller) {
		T_EQ(io_cancel(ctx, &req, place), -EFAULT);
		la_quiet(ctx);
		la_write(p[1], "abc");
		T_EQ(la_result(ctx, &req), 3);
		T_CHECK(!memcmp(text, "abc", 3));
	} else {
		T_EQ(io_cancel(ctx, &req, place), -EINPROGRESS);
		T_EQ(la_result(ctx, &req), -ECANCELED);
	}
	la_quiet(ctx);
	t_close_both(p);
}

int main(int argc, char **argv)
{
	/* Switches are read once, so the other mode is another program. */
	to_caller = argc > 1;
	if (to_caller)
		T_EQ(strcmp(getenv("LIBAIO_CANCEL"), "caller"), 0);
	else
		T_SYS(unsetenv("LIBAIO_CANCEL"));
	efd = (int)T_SYS(eventfd(0, EFD_CLOEXEC));
	ctx = la_setup(8);
	la_needs_io_uring(ctx);
	pipes();
	sockets();
	destroyed();
	nowhere(NULL);
	nowhere(LA_WILD);
	LA_DESTROY(ctx);
	close(efd);
	if (!to_caller) {
		char *again[] = { argv[0], (char *)(uintptr_t)"caller", NULL };

		T_SYS(setenv("LIBAIO_CANCEL", "caller", 1));
		T_SYS(execv("/proc/self/exe", again));
	}
	return T_EXIT_PASS;
}
