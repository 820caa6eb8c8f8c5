/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What a program gets from libaio.h: layouts, numbers, types, and the bytes of
 * a request behind each inline function. Compiled with our header and with the
 * original's, as C and as C++, it must print the same.
 */
#include <libaio.h>

#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/uio.h>
#include <time.h>

#define NUMBER(x) printf("%s %ld\n", #x, (long)(x))
#define MEMBER(record, member)                                                 \
	printf("%s.%s at %lu, %lu bytes\n", #record, #member,                  \
	       (unsigned long)offsetof(struct record, member),                 \
	       (unsigned long)sizeof(((struct record *)NULL)->member))

static void layouts(void)
{
	NUMBER(sizeof(struct iocb));
	MEMBER(iocb, data);
	MEMBER(iocb, key);
	MEMBER(iocb, aio_rw_flags);
	MEMBER(iocb, aio_lio_opcode);
	MEMBER(iocb, aio_reqprio);
	MEMBER(iocb, aio_fildes);
	MEMBER(iocb, u);
	MEMBER(iocb, u.c);
	MEMBER(iocb, u.c.buf);
	MEMBER(iocb, u.c.nbytes);
	MEMBER(iocb, u.c.offset);
	MEMBER(iocb, u.c.__pad3);
	MEMBER(iocb, u.c.flags);
	MEMBER(iocb, u.c.resfd);
	MEMBER(iocb, u.v);
	MEMBER(iocb, u.v.vec);
	MEMBER(iocb, u.v.nr);
	MEMBER(iocb, u.v.offset);
	MEMBER(iocb, u.poll);
	MEMBER(iocb, u.poll.events);
	MEMBER(iocb, u.saddr);
	MEMBER(iocb, u.saddr.addr);
	MEMBER(iocb, u.saddr.len);
	NUMBER(sizeof(struct io_event));
	MEMBER(io_event, data);
	MEMBER(io_event, obj);
	MEMBER(io_event, res);
	MEMBER(io_event, res2);
	NUMBER(IO_CMD_PREAD);
	NUMBER(IO_CMD_PWRITE);
	NUMBER(IO_CMD_FSYNC);
	NUMBER(IO_CMD_FDSYNC);
	NUMBER(IO_CMD_POLL);
	NUMBER(IO_CMD_NOOP);
	NUMBER(IO_CMD_PREADV);
	NUMBER(IO_CMD_PWRITEV);
}

static struct iocb req;

#ifdef __cplusplus
static void types(void)
{
}
#else
/* Expected of both; a mistake in the type that is named shows as well. */
#define TYPE(x, ...)                                                           \
	printf("%s is %s%s\n", #x,                                             \
	       __builtin_types_compatible_p(__typeof__(x), __VA_ARGS__)        \
		       ? ""                                                    \
		       : "not ",                                               \
	       #__VA_ARGS__)

static struct io_event ev;

/* Declared by neither: a program may do it without the const. */
int io_queue_wait(io_context_t ctx, struct timespec *timeout);

static void types(void)
{
	TYPE(io_context_t, struct io_context *);
	TYPE(io_callback_t, void (*)(io_context_t, struct iocb *, long, long));
	TYPE(io_iocb_cmd_t, enum io_iocb_cmd);
	TYPE(req.data, void *);
	TYPE(req.key, unsigned int);
	TYPE(req.aio_rw_flags, unsigned int);
	TYPE(req.aio_lio_opcode, short);
	TYPE(req.aio_reqprio, short);
	TYPE(req.aio_fildes, int);
	TYPE(req.u.c, struct io_iocb_common);
	TYPE(req.u.c.buf, void *);
	TYPE(req.u.c.nbytes, unsigned long);
	TYPE(req.u.c.offset, long long);
	TYPE(req.u.c.__pad3, long long);
	TYPE(req.u.c.flags, unsigned int);
	TYPE(req.u.c.resfd, unsigned int);
	TYPE(req.u.v, struct io_iocb_vector);
	TYPE(req.u.v.vec, const struct iovec *);
	TYPE(req.u.v.nr, unsigned long);
	TYPE(req.u.v.offset, long long);
	TYPE(req.u.poll, struct io_iocb_poll);
	TYPE(req.u.poll.events, int);
	TYPE(req.u.poll.__pad1, int);
	TYPE(req.u.saddr, struct io_iocb_sockaddr);
	TYPE(req.u.saddr.addr, struct sockaddr *);
	TYPE(req.u.saddr.len, unsigned long);
	TYPE(ev.data, void *);
	TYPE(ev.obj, struct iocb *);
	TYPE(ev.res, unsigned long);
	TYPE(ev.res2, unsigned long);

	TYPE(io_queue_init, int(int, io_context_t *));
	TYPE(io_queue_release, int(io_context_t));
	TYPE(io_queue_run, int(io_context_t));
	TYPE(io_queue_wait, int(io_context_t, struct timespec *));
	TYPE(io_setup, int(int, io_context_t *));
	TYPE(io_destroy, int(io_context_t));
	TYPE(io_submit, int(io_context_t, long, struct iocb *[]));
	TYPE(io_cancel, int(io_context_t, struct iocb *, struct io_event *));
	TYPE(io_getevents, int(io_context_t, long, long, struct io_event *,
			       struct timespec *));
	TYPE(io_pgetevents, int(io_context_t, long, long, struct io_event *,
				struct timespec *, sigset_t *));

	TYPE(io_set_callback, void(struct iocb *, io_callback_t));
	TYPE(io_set_eventfd, void(struct iocb *, int));
	TYPE(io_prep_pread, void(struct iocb *, int, void *, size_t, long long));
	TYPE(io_prep_pwrite, void(struct iocb *, int, void *, size_t, long long));
	TYPE(io_prep_preadv, void(struct iocb *, int, const struct iovec *, int,
				  long long));
	TYPE(io_prep_pwritev, void(struct iocb *, int, const struct iovec *,
				   int, long long));
	TYPE(io_prep_preadv2, void(struct iocb *, int, const struct iovec *,
				   int, long long, int));
	TYPE(io_prep_pwritev2, void(struct iocb *, int, const struct iovec *,
				    int, long long, int));
	TYPE(io_prep_poll, void(struct iocb *, int, int));
	TYPE(io_prep_fsync, void(struct iocb *, int));
	TYPE(io_prep_fdsync, void(struct iocb *, int));
	TYPE(io_poll, int(io_context_t, struct iocb *, io_callback_t, int, int));
	TYPE(io_fsync, int(io_context_t, struct iocb *, io_callback_t, int));
	TYPE(io_fdsync, int(io_context_t, struct iocb *, io_callback_t, int));
}
#endif

static void callback(io_context_t ctx, struct iocb *iocb, long res, long res2)
{
	(void)ctx;
	(void)iocb;
	(void)res;
	(void)res2;
}

/* The request, whose address of a function is another one in each program. */
static void bytes(const char *what)
{
	io_callback_t cb = callback;
	unsigned char raw[sizeof(req)];
	unsigned int i;

	memcpy(raw, &req, sizeof(raw));
	if (!memcmp(raw, &cb, sizeof(cb)))
		memset(raw, 0xcb, sizeof(cb));
	printf("%s:", what);
	for (i = 0; i < sizeof(raw); i++)
		printf(" %02x", raw[i]);
	printf("\n");
}

#define BYTES(call)                                                            \
	do {                                                                   \
		memset(&req, 0xa4, sizeof(req));                               \
		call;                                                          \
		bytes(#call);                                                  \
	} while (0)

static void inlines(void)
{
	char *mem = (char *)NULL + 0x76543210;
	struct iovec *iov = (struct iovec *)(void *)mem;
	/* No context: what is to be submitted is refused. */
	io_context_t ctx = NULL;

	BYTES(io_prep_pread(&req, 7, mem, 99, 0x123456789abLL));
	BYTES(io_prep_pread(&req, -1, NULL, (size_t)-1, -1));
	BYTES(io_prep_pwrite(&req, 7, mem, 99, 0x123456789abLL));
	BYTES(io_prep_pwrite(&req, -1, NULL, (size_t)-1, -1));
	BYTES(io_prep_preadv(&req, 7, iov, 5, 0x123456789abLL));
	BYTES(io_prep_preadv(&req, -1, NULL, -1, -1));
	BYTES(io_prep_pwritev(&req, 7, iov, 5, 0x123456789abLL));
	BYTES(io_prep_pwritev(&req, -1, NULL, -1, -1));
	BYTES(io_prep_preadv2(&req, 7, iov, 5, 0x123456789abLL, 0x1234));
	BYTES(io_prep_preadv2(&req, -1, NULL, -1, -1, -1));
	BYTES(io_prep_pwritev2(&req, 7, iov, 5, 0x123456789abLL, 0x1234));
	BYTES(io_prep_pwritev2(&req, -1, NULL, -1, -1, -1));
	BYTES(io_prep_poll(&req, 7, POLLIN | POLLHUP));
	BYTES(io_prep_poll(&req, -1, -1));
	BYTES(io_prep_fsync(&req, 7));
	BYTES(io_prep_fsync(&req, -1));
	BYTES(io_prep_fdsync(&req, 7));
	BYTES(io_prep_fdsync(&req, -1));
	BYTES(io_set_callback(&req, callback));
	BYTES(io_set_callback(&req, NULL));
	BYTES(io_set_eventfd(&req, 7));
	BYTES(io_set_eventfd(&req, -1));
	BYTES(NUMBER(io_poll(ctx, &req, callback, 7, POLLIN | POLLHUP)));
	BYTES(NUMBER(io_fsync(ctx, &req, callback, 7)));
	BYTES(NUMBER(io_fdsync(ctx, &req, callback, 7)));
}

int main(void)
{
	layouts();
	types();
	inlines();
	return 0;
}
