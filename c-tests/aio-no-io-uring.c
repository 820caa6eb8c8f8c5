/* Description: where there is no io_uring, or it is forbidden, that is what
 * io_uring_aio_queue_init() says: -ENOSYS, -EPERM, and other errors of the
 * kernel as they are. It leaves nothing behind, and can be tried again. */
/* libraries: uring-aio */
/* flavours: plain */
/* upstream: differs: liburing has no AIO engine */
#include "aio.h"

static int denied(void *arg)
{
	const struct t_arg_match any[1] = { { 0, 0, 0 } };
	struct io_uring_aio *ctx = NULL;
	int error = *(int *)arg, fds;

	t_seccomp_deny(__NR_io_uring_setup, error, any, 1);
	fds = t_open_fds();
	errno = 77;
	T_EQ(io_uring_aio_queue_init(4, &ctx, 0), -error);
	T_EQ(io_uring_aio_queue_init(4, &ctx, IO_URING_AIO_ISSUER), -error);
	T_EQ(errno, 77);
	T_PTR_EQ(ctx, NULL);
	T_EQ(t_open_fds(), fds);
	AIO_THREADS(NULL, 1);
	return T_EXIT_PASS;
}

/* Only later: contexts that are there go on, by the issuer if need be. */
static int denied_later(void *arg)
{
	const struct t_arg_match any[1] = { { 0, 0, 0 } };
	unsigned int flags = *(unsigned int *)arg;
	struct io_uring_aio *ctx = aio_init(4, flags);
	unsigned char *mem = t_pages(4096);
	int fd = aio_direct_file(4096);
	struct io_uring_aio_req req;

	t_seccomp_deny(__NR_io_uring_setup, EPERM, any, 1);
	aio_read(&req, fd, mem, 4096, 0);
	T_EQ(aio_do(ctx, &req), 4096);
	AIO_EXIT(ctx);
	ctx = aio_init(4, flags);
	T_EQ(aio_do(ctx, &req), 4096);
	AIO_EXIT(ctx);
	T_SYS(munmap(mem, 4096));
	close(fd);
	return T_EXIT_PASS;
}

static void later(unsigned int flags)
{
	T_EQ(t_fork_run(denied_later, &flags), T_EXIT_PASS);
}

int main(void)
{
	static const int errors[] = { ENOSYS, EPERM, ENOMEM, EMFILE, ENFILE };
	unsigned int i;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		int error = errors[i];

		T_EQ(t_fork_run(denied, &error), T_EXIT_PASS);
	}
	AIO_EACH_KIND(later);
	return T_EXIT_PASS;
}
