/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * libaio on io_uring: requests in the form of the kernel's AIO (io_submit(2)).
 *
 * Programs link -laio. What they were built with, this header or another
 * libaio's, and which library they are started with is all the same: layouts,
 * numbers and symbols are those of libaio 0.3.113.
 *
 * Unless it says otherwise, every function may be called by any thread, takes
 * contexts of any thread of this process, and returns 0 or a number, or -errno;
 * errno itself stays as it was. A signal handler must not call any of them on a
 * context that the thread it has interrupted is using.
 *
 * io_uring is used where the kernel has it (tested since Linux 5.10); where it
 * has not, or forbids it, all of this is the kernel's AIO. Either way polls and
 * io_pgetevents() need Linux 4.18, and aio_rw_flags 4.13: RWF_NOWAIT 4.13, and
 * 4.14 through the page cache, RWF_APPEND 4.16, RWF_NOAPPEND 6.9, RWF_ATOMIC
 * 6.11, RWF_DONTCACHE 6.14. Older kernels refuse them.
 */
#ifndef __LIBAIO_H
#define __LIBAIO_H

#include <signal.h>
#include <string.h>
/* sigset_t, in every mode of the compiler. */
#include <sys/select.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct iovec;
struct sockaddr;
struct timespec;

/*
 * A context: the address of the ring with its events, which programs may read
 * on their own. NULL is no context.
 */
typedef struct io_context *io_context_t;

typedef enum io_iocb_cmd {
	/* As pread(2), pwrite(2). */
	IO_CMD_PREAD = 0,
	IO_CMD_PWRITE = 1,

	/* As fsync(2), fdatasync(2). */
	IO_CMD_FSYNC = 2,
	IO_CMD_FDSYNC = 3,

	/* As poll(2), once. */
	IO_CMD_POLL = 5,

	/* io_submit() refuses it with -EINVAL. */
	IO_CMD_NOOP = 6,

	/* As preadv2(2), pwritev2(2). */
	IO_CMD_PREADV = 7,
	IO_CMD_PWRITEV = 8
} io_iocb_cmd_t;

/*
 * The kernel's members have 64 bits on every machine: pointers and longs of 32
 * have a neighbour that is zero, and an int has one everywhere.
 */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define __LIBAIO_INT(member, pad) member; unsigned int pad
#else
#define __LIBAIO_INT(member, pad) unsigned int pad; member
#endif
#if __SIZEOF_POINTER__ == 8
#define __LIBAIO_WORD(member, pad) member
#else
#define __LIBAIO_WORD(member, pad) __LIBAIO_INT(member, pad)
#endif

/* Neither C90 nor C++98 has the type. */
__extension__ typedef long long __libaio_off;

/* Of IO_CMD_POLL. */
struct io_iocb_poll {
	/* POLL* of poll(2), 16 bits. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && __SIZEOF_POINTER__ == 8
	/* There libaio 0.3.113 has a neighbour with a sign. */
	int events, __pad1;
#else
	__LIBAIO_INT(int events, __pad1);
#endif
};

/* Of no command. */
struct io_iocb_sockaddr {
	__LIBAIO_WORD(struct sockaddr *addr, __pad1);
	__LIBAIO_WORD(unsigned long len, __pad2);
};

/* Of IO_CMD_PREAD and IO_CMD_PWRITE; flags and resfd are those of all. */
struct io_iocb_common {
	__LIBAIO_WORD(void *buf, __pad1);
	__LIBAIO_WORD(unsigned long nbytes, __pad2);
	__libaio_off offset;
	/* 0. */
	__libaio_off __pad3;
	/* IOCB_FLAG_* of <linux/aio_abi.h>. */
	unsigned int flags;
	/* An eventfd, with IOCB_FLAG_RESFD; see io_set_eventfd(). */
	unsigned int resfd;
};

/* Of IO_CMD_PREADV and IO_CMD_PWRITEV. */
struct io_iocb_vector {
	__LIBAIO_WORD(const struct iovec *vec, __pad1);
	__LIBAIO_WORD(unsigned long nr, __pad2);
	__libaio_off offset;
};

/*
 * A request. The memory is the program's again when io_submit() has returned,
 * but its address is the request's name, in its event and for io_cancel().
 */
struct iocb {
	/* Comes back in the event. */
	__LIBAIO_WORD(void *data, __pad1);
	/* key is the kernel's: leave it zero. Flags are RWF_* of preadv2(2). */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	unsigned int key;
	unsigned int aio_rw_flags;
#else
	unsigned int aio_rw_flags;
	unsigned int key;
#endif
	/* IO_CMD_*. */
	short aio_lio_opcode;
	/* As ioprio_set(2) has it, with IOCB_FLAG_IOPRIO. */
	short aio_reqprio;
	int aio_fildes;
	union {
		struct io_iocb_common c;
		struct io_iocb_vector v;
		struct io_iocb_poll poll;
		struct io_iocb_sockaddr saddr;
	} u;
};

/* The end of a request. */
struct io_event {
	/* Of the request. */
	__LIBAIO_WORD(void *data, __pad1);
	/* Where the request was when it was submitted. */
	__LIBAIO_WORD(struct iocb *obj, __pad2);
	/* Bytes, POLL* bits or 0; or, as a long, -errno. */
	__LIBAIO_WORD(unsigned long res, __pad3);
	/* 0. */
	__LIBAIO_WORD(unsigned long res2, __pad4);
};

#undef __LIBAIO_INT
#undef __LIBAIO_WORD

/* See io_set_callback(). res and res2 are the event's. */
typedef void (*io_callback_t)(io_context_t ctx, struct iocb *iocb, long res,
		long res2);

/*
 * Make a context, whatever *ctxp is before.
 *
 * Returns as io_setup() does; -EINVAL for a maxevents that is not positive.
 */
extern int io_queue_init(int maxevents, io_context_t *ctxp);

/* The same as io_destroy(). */
extern int io_queue_release(io_context_t ctx);

/*
 * Reap what is there, without waiting, and call for each event the function
 * that io_set_callback() set. Every request in the context must have one.
 *
 * The functions are called on this thread, one after the other. Returns 0 when
 * no event is left, or -errno as io_getevents() does.
 */
extern int io_queue_run(io_context_t ctx);

/*
 * int io_queue_wait(io_context_t ctx, const struct timespec *timeout): exported
 * with both of its versions, and left to programs to declare, as by libaio
 * 0.3.113, or those that do it with another const would not compile.
 *
 * io_getevents() for no events: returns 0 at once, or -EINVAL (no context),
 * -EFAULT (timeout). timeout is looked at and not waited for.
 */

/*
 * Make a context for at least maxevents requests that are in flight or whose
 * events were not reaped. *ctxp must be NULL before.
 *
 * A context belongs to the process: in a forked child it is none. It ends with
 * io_destroy(), at exit and at exec.
 *
 * Returns 0, and the context in *ctxp, or -errno: -EINVAL (not positive, beyond
 * all bounds, *ctxp not NULL), -EFAULT (ctxp), -EAGAIN (beyond
 * /proc/sys/fs/aio-max-nr), -ENOMEM, -ENOSYS (the kernel has neither io_uring
 * nor AIO).
 */
extern int io_setup(int maxevents, io_context_t *ctxp);

/*
 * End a context: cancel what can be cancelled, and wait until the rest is done.
 *
 * Afterwards no buffer is in use, and events that were not reaped are lost.
 * Threads that wait for events leave with -EINVAL. Returns 0, or -EINVAL (no
 * context of this process).
 */
extern int io_destroy(io_context_t ctx);

/*
 * Submit the nr requests that ios points to, in that order; in which they are
 * carried out is not said.
 *
 * Nothing behind the first request that is refused is looked at. When the call
 * returns, requests, vectors and ios may be used again and files be closed; a
 * buffer is in use until its request's event.
 *
 * Neither reads, of files with or without O_DIRECT, nor pipes and sockets are
 * waited for; of several reads, or writes, of one pipe or socket each waits for
 * that before it, outside of this call. What may take time: writes through the
 * page cache are done in the call while that is quick, and handed over when it
 * is not, as are direct ones that make their file longer; a sync waits for what
 * was handed over before it, and what reads or writes the same bytes does;
 * direct writes that append are done in the call. docs/libaio.md says more.
 *
 * Returns how many were taken, the room in the context permitting; or why the
 * first was not, -errno: -EINVAL (no context, nr negative, an unknown command,
 * a member that has to be zero, a length, an offset or a priority out of range,
 * a file that the command is not for), -EFAULT (ios, a request, vectors, a
 * buffer that is no memory of programs), -EBADF (no file, or one not open for
 * this; the eventfd), -EAGAIN (no room), -EOPNOTSUPP (aio_rw_flags), -EPERM
 * (the priority), -EMFILE (with an eventfd, or for a pipe or socket that blocks:
 * no descriptor is left), -ENOMEM.
 * Whatever else is wrong is res of the event.
 */
extern int io_submit(io_context_t ctx, long nr, struct iocb *ios[]);

/*
 * Cancel a request, named by the address that it was submitted at.
 *
 * -EINPROGRESS: it is being cancelled, and its event, with -ECANCELED or for a
 * poll 0, is delivered as usual; evt is not touched and may be NULL. In a
 * program that was started with LIBAIO_CANCEL=caller in its environment, 0: it
 * is cancelled, *evt is its event, and no other comes; -EFAULT for an evt that
 * cannot be written to, NULL too, and nothing is cancelled. That switch does
 * nothing for a context of the kernel's. A cancelled read consumed no bytes.
 *
 * -EINVAL: it cannot be cancelled, is over, was never submitted, or ctx is no
 * context; to find that it cannot may take a tenth of a second. -EFAULT: iocb.
 */
extern int io_cancel(io_context_t ctx, struct iocb *iocb, struct io_event *evt);

/*
 * Reap up to nr events, and wait until there are min_nr.
 *
 * timeout is relative, on CLOCK_MONOTONIC, and not written to; NULL, and
 * negative seconds, wait for as long as it takes. Of several threads that wait,
 * each event goes to one. Returns how many, less than min_nr (perhaps 0) at the
 * timeout or after a signal; or -errno: -EINTR (a signal, and no event),
 * -EINVAL (no context, it ended, min_nr or nr negative, min_nr above nr),
 * -EFAULT (events, which stay, or timeout). With a timeout of zero and no event
 * the answer is 0 whatever min_nr and nr are.
 */
extern int io_getevents(io_context_t ctx, long min_nr, long nr,
		struct io_event *events, struct timespec *timeout);

/*
 * The same with sigmask as the thread's signal mask, if it is not NULL, from
 * before the wait until after it, as ppoll(2) does. -EFAULT also for sigmask;
 * -EMFILE when no descriptor is left.
 */
extern int io_pgetevents(io_context_t ctx, long min_nr, long nr,
		struct io_event *events, struct timespec *timeout,
		sigset_t *sigmask);

/*
 * Have io_queue_run() call cb for the request's event. The function takes the
 * place of data. To be called after the io_prep_*() function.
 */
static __inline__ void io_set_callback(struct iocb *iocb, io_callback_t cb)
{
	/* ISO C has no conversion between these pointers. */
	memcpy(&iocb->data, &cb, sizeof(cb));
}

static __inline__ void __libaio_prep(struct iocb *iocb, io_iocb_cmd_t cmd,
		int fd)
{
	memset(iocb, 0, sizeof(*iocb));
	iocb->aio_fildes = fd;
	iocb->aio_lio_opcode = (short)cmd;
}

static __inline__ void __libaio_prep_rw(struct iocb *iocb, io_iocb_cmd_t cmd,
		int fd, void *buf, size_t count, __libaio_off offset)
{
	__libaio_prep(iocb, cmd, fd);
	iocb->u.c.buf = buf;
	iocb->u.c.nbytes = count;
	iocb->u.c.offset = offset;
}

static __inline__ void __libaio_prep_rwv(struct iocb *iocb, io_iocb_cmd_t cmd,
		int fd, const struct iovec *iov, int iovcnt,
		__libaio_off offset, int flags)
{
	__libaio_prep(iocb, cmd, fd);
	iocb->aio_rw_flags = (unsigned int)flags;
	iocb->u.v.vec = iov;
	iocb->u.v.nr = (unsigned long)iovcnt;
	iocb->u.v.offset = offset;
}

/*
 * The io_prep_*() functions fill in all of a request, data and flags with zero;
 * they cannot fail.
 */

/* Read count bytes at offset, in bytes, into buf. */
static __inline__ void io_prep_pread(struct iocb *iocb, int fd, void *buf,
		size_t count, __libaio_off offset)
{
	__libaio_prep_rw(iocb, IO_CMD_PREAD, fd, buf, count, offset);
}

/* Write count bytes from buf at offset. */
static __inline__ void io_prep_pwrite(struct iocb *iocb, int fd, void *buf,
		size_t count, __libaio_off offset)
{
	__libaio_prep_rw(iocb, IO_CMD_PWRITE, fd, buf, count, offset);
}

/* Read into the iovcnt buffers that iov lists. */
static __inline__ void io_prep_preadv(struct iocb *iocb, int fd,
		const struct iovec *iov, int iovcnt, __libaio_off offset)
{
	__libaio_prep_rwv(iocb, IO_CMD_PREADV, fd, iov, iovcnt, offset, 0);
}

/* Write from them. */
static __inline__ void io_prep_pwritev(struct iocb *iocb, int fd,
		const struct iovec *iov, int iovcnt, __libaio_off offset)
{
	__libaio_prep_rwv(iocb, IO_CMD_PWRITEV, fd, iov, iovcnt, offset, 0);
}

/* The same with flags, RWF_* of preadv2(2). */
static __inline__ void io_prep_preadv2(struct iocb *iocb, int fd,
		const struct iovec *iov, int iovcnt, __libaio_off offset,
		int flags)
{
	__libaio_prep_rwv(iocb, IO_CMD_PREADV, fd, iov, iovcnt, offset, flags);
}

/* The same with flags. */
static __inline__ void io_prep_pwritev2(struct iocb *iocb, int fd,
		const struct iovec *iov, int iovcnt, __libaio_off offset,
		int flags)
{
	__libaio_prep_rwv(iocb, IO_CMD_PWRITEV, fd, iov, iovcnt, offset, flags);
}

/*
 * Wait until one of the events (POLL* of poll(2)) is there, an error or a
 * hangup. res of the event says which are.
 */
static __inline__ void io_prep_poll(struct iocb *iocb, int fd, int events)
{
	__libaio_prep(iocb, IO_CMD_POLL, fd);
	iocb->u.poll.events = events;
}

/* Have what was written before be durable, as after fsync(2). */
static __inline__ void io_prep_fsync(struct iocb *iocb, int fd)
{
	__libaio_prep(iocb, IO_CMD_FSYNC, fd);
}

/* As after fdatasync(2). */
static __inline__ void io_prep_fdsync(struct iocb *iocb, int fd)
{
	__libaio_prep(iocb, IO_CMD_FDSYNC, fd);
}

static __inline__ int __libaio_submit(io_context_t ctx, struct iocb *iocb,
		io_callback_t cb)
{
	io_set_callback(iocb, cb);
	return io_submit(ctx, 1, &iocb);
}

/*
 * io_prep_poll(), io_set_callback() and io_submit(). Returns 1, or -errno as
 * io_submit() does.
 */
static __inline__ int io_poll(io_context_t ctx, struct iocb *iocb,
		io_callback_t cb, int fd, int events)
{
	io_prep_poll(iocb, fd, events);
	return __libaio_submit(ctx, iocb, cb);
}

/* The same with io_prep_fsync(). */
static __inline__ int io_fsync(io_context_t ctx, struct iocb *iocb,
		io_callback_t cb, int fd)
{
	io_prep_fsync(iocb, fd);
	return __libaio_submit(ctx, iocb, cb);
}

/* The same with io_prep_fdsync(). */
static __inline__ int io_fdsync(io_context_t ctx, struct iocb *iocb,
		io_callback_t cb, int fd)
{
	io_prep_fdsync(iocb, fd);
	return __libaio_submit(ctx, iocb, cb);
}

/*
 * Have the eventfd be one more when the request's event can be reaped; one that
 * is full stays full. To be called after the io_prep_*() function.
 */
static __inline__ void io_set_eventfd(struct iocb *iocb, int eventfd)
{
	/* IOCB_FLAG_RESFD. */
	iocb->u.c.flags |= 1;
	iocb->u.c.resfd = (unsigned int)eventfd;
}

#ifdef __cplusplus
}
#endif

#endif
