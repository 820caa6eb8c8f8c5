/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The AIO engine: asynchronous requests that any thread submits, cancels and
 * reaps.
 *
 * Programs link -luring-aio. A request is filled in with any io_uring_prep_*()
 * helper, and completes once.
 */
#ifndef LIBURING_AIO_H
#define LIBURING_AIO_H

#include <liburing.h>

#ifdef __cplusplus
extern "C" {
#endif

@constant IO_URING_AIO_ISSUER IO_URING_AIO_DSYNC IO_URING_AIO_SYNC

/* A context. */
struct io_uring_aio;

/*
 * A request, embedded in what the program has about it. Its address is its
 * identity; see io_uring_aio_req_init().
 */
__extension__ struct io_uring_aio_req {
	/* Filled in with any io_uring_prep_*() helper. */
	struct io_uring_sqe sqe;
	/* The library's. */
	__u64 opaque[8];
};

/* The end of a request. */
struct io_uring_aio_event {
	struct io_uring_aio_req *req;
	/* Of its SQE. */
	__u64 user_data;
	/* As in a CQE. */
	__s32 res;
	__u32 flags;
};

/* See io_uring_aio_req_set_cancel_fn(). */
typedef int io_uring_aio_cancel_fn(struct io_uring_aio_req *);
/* See io_uring_aio_req_defer(). */
typedef void io_uring_aio_complete_fn(struct io_uring_aio *,
		struct io_uring_aio_req *, __s32 res);

@aio

#ifdef __cplusplus
}
#endif

#endif
