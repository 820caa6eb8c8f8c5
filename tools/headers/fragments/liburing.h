/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The interface of liburing.
 *
 * Most helpers are inlines here. With LIBURING_FFI_PROTOTYPES they are only
 * declared, and the functions of liburing-ffi.so.2 are called instead.
 */
#ifndef LIB_URING_H
#define LIB_URING_H

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <time.h>
#include <linux/filter.h>
#include <linux/swab.h>

/* IOURINGINLINE functions are in the ffi library too, _LOCAL_INLINE are not. */
#ifndef IOURINGINLINE
#if defined(__cplusplus) && __cplusplus >= 202002L
#define IOURINGINLINE	inline
#else
#define IOURINGINLINE	static inline
#endif
#endif

#ifndef _LOCAL_INLINE
#if defined(__cplusplus) && __cplusplus >= 202002L
#define _LOCAL_INLINE	inline
#else
#define _LOCAL_INLINE	static inline
#endif
#endif

#include "liburing/compat.h"
#include "liburing/io_uring.h"
#include "liburing/io_uring/query.h"
#include "liburing/io_uring/bpf_filter.h"
#include "liburing/io_uring_version.h"
#include "liburing/notif.h"
#include "liburing/poll_watch.h"
#include "liburing/barrier.h"

#ifndef IORING_SETUP_SQE_MIXED
#error "<linux/io_uring.h> came first and is older than Linux 6.19: include <liburing.h> before it"
#endif

/* What strict C without feature macros hides and the prototypes need. */
#ifndef AT_FDCWD
#define AT_FDCWD	-100
#endif
#if defined(__GLIBC__) && defined(__has_include)
#if __has_include(<bits/types/sigset_t.h>)
#include <bits/types/sigset_t.h>
#endif
#if __has_include(<bits/types/siginfo_t.h>)
#include <bits/types/siginfo_t.h>
#endif
#if __has_include(<bits/types/idtype_t.h>)
#include <bits/types/idtype_t.h>
#endif
#endif
#if defined(__GLIBC__) && !defined(__id_t_defined)
typedef __id_t id_t;
#define __id_t_defined
#endif

#ifndef uring_unlikely
#define uring_unlikely(cond)	__builtin_expect(!!(cond), 0)
#endif
#ifndef uring_likely
#define uring_likely(cond)	__builtin_expect(!!(cond), 1)
#endif

/* Numbers of the system calls, the same almost everywhere. */
#ifndef __NR_io_uring_setup
#if defined(__alpha__)
#define __NR_io_uring_setup	535
#elif defined(__mips__) && _MIPS_SIM == _MIPS_SIM_ABI64
#define __NR_io_uring_setup	5425
#elif defined(__mips__) && _MIPS_SIM == _MIPS_SIM_NABI32
#define __NR_io_uring_setup	6425
#elif defined(__mips__)
#define __NR_io_uring_setup	4425
#else
#define __NR_io_uring_setup	425
#endif
#endif
#ifndef __NR_io_uring_enter
#if defined(__alpha__)
#define __NR_io_uring_enter	536
#elif defined(__mips__) && _MIPS_SIM == _MIPS_SIM_ABI64
#define __NR_io_uring_enter	5426
#elif defined(__mips__) && _MIPS_SIM == _MIPS_SIM_NABI32
#define __NR_io_uring_enter	6426
#elif defined(__mips__)
#define __NR_io_uring_enter	4426
#else
#define __NR_io_uring_enter	426
#endif
#endif
#ifndef __NR_io_uring_register
#if defined(__alpha__)
#define __NR_io_uring_register	537
#elif defined(__mips__) && _MIPS_SIM == _MIPS_SIM_ABI64
#define __NR_io_uring_register	5427
#elif defined(__mips__) && _MIPS_SIM == _MIPS_SIM_NABI32
#define __NR_io_uring_register	6427
#elif defined(__mips__)
#define __NR_io_uring_register	4427
#else
#define __NR_io_uring_register	427
#endif
#endif

/* No function of the library throws; those of C++ may rely on it. */
#if defined(__cplusplus) && __cplusplus >= 201103L
#define LIBURING_NOEXCEPT	noexcept
#else
#define LIBURING_NOEXCEPT
#endif

/* Casts of this header, which a program's -Wold-style-cast does not see. */
#ifdef __cplusplus
#define _URING_CAST(type, value)	static_cast<type>(value)
#define _URING_REINTERPRET(type, value)	reinterpret_cast<type>(value)
#else
#define _URING_CAST(type, value)	((type) (value))
#define _URING_REINTERPRET(type, value)	((type) (value))
#endif

/* user_data of the timeout that the library itself queues before Linux 5.11. */
#define LIBURING_UDATA_TIMEOUT	(~0ULL)

/* io_uring_sqe_set_data64() and io_uring_cqe_get_data64() exist. */
#define LIBURING_HAVE_DATA64

/*
 * Whether this header is OLDER than major.minor: true means too old. For the
 * library that is loaded there is io_uring_check_version().
 */
#define IO_URING_CHECK_VERSION(major, minor) \
	((major) > IO_URING_VERSION_MAJOR || \
	 ((major) == IO_URING_VERSION_MAJOR && (minor) > IO_URING_VERSION_MINOR))

#ifdef __cplusplus
extern "C" {
#endif

struct epoll_event;
struct futex_waitv;
struct statx;

/* The kernel's header may have come first, without these. */
struct io_uring_bpf;
struct io_uring_query_hdr;
struct io_uring_zcrx_ifq_reg;
struct io_uring_zcrx_rqe;
struct zcrx_ctrl;

@struct io_uring_sq io_uring_cq io_uring io_uring_zcrx_rq io_uring_cqe_iter

@prototypes setup probe version submit wait complete queue ring_fd files buffers buf_ring notif poll_watch register enter

/* A pointer as the kernel takes it in an SQE. */
_LOCAL_INLINE __u64 uring_ptr_to_u64(const void *ptr) LIBURING_NOEXCEPT
{
	return _URING_REINTERPRET(unsigned long, ptr);
}

/*
 * Poll events as the kernel takes them: the 16 bits of the first kernels share
 * the place, and sit in the upper half on big-endian machines.
 */
_LOCAL_INLINE unsigned int
__io_uring_prep_poll_mask(unsigned int poll_mask) LIBURING_NOEXCEPT
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	poll_mask = (poll_mask << 16) | (poll_mask >> 16);
#endif
	return poll_mask;
}

@ops local

/* Bit of int_flags: the ring has notification slots. */
#define _URING_INT_NOTIF	(1U << 3)

/* In the shift of an iterator: bit 15 of flags is not IORING_CQE_F_32. */
#define _URING_ITER_FLAGS_ARE_NUMBERS	32U

/* What is known here of the state that a ring with notification slots has. */
struct _io_uring_notif {
	unsigned int (*cq_tail)(const struct io_uring *ring);
};

/*
 * The end of what the program is to see, which may move the head: load that
 * afterwards. The library is reached through a pointer, so that programs which
 * do not use slots need no library that has them.
 */
_LOCAL_INLINE unsigned int
_io_uring_notif_cq_tail(const struct io_uring *ring) LIBURING_NOEXCEPT
{
	struct _io_uring_notif *notif;

	__builtin_memcpy(&notif, ring->cq.pad, sizeof(notif));
	return notif->cq_tail(ring);
}

_LOCAL_INLINE unsigned int
_io_uring_cq_tail(const struct io_uring *ring) LIBURING_NOEXCEPT
{
	if (uring_unlikely(ring->int_flags & _URING_INT_NOTIF))
		return _io_uring_notif_cq_tail(ring);
	return io_uring_smp_load_acquire(ring->cq.ktail);
}

/*
 * Consume a CQE that is not for the program: a filler, or the library's own
 * timeout before Linux 5.11, whose failure becomes *err. Returns whether to
 * look at the next one: true when it was consumed and there is no error.
 */
_LOCAL_INLINE bool
io_uring_skip_cqe(struct io_uring *ring, struct io_uring_cqe *cqe,
		  int *err) LIBURING_NOEXCEPT
{
	unsigned int *khead = ring->cq.khead;

	/* On rings with notification slots the flags may be a number. */
	if (uring_likely(!(cqe->flags & IORING_CQE_F_SKIP)) ||
	    (ring->int_flags & _URING_INT_NOTIF)) {
		if (uring_likely(ring->features & IORING_FEAT_EXT_ARG))
			return false;
		if (cqe->user_data != LIBURING_UDATA_TIMEOUT)
			return false;
		if (cqe->res < 0)
			*err = cqe->res;
	}
	io_uring_smp_store_release(khead, *khead +
		(cqe->flags & IORING_CQE_F_32 ? 2 : 1));
	return !*err;
}

#ifdef LIBURING_FFI_PROTOTYPES

@ffi

#else /* !LIBURING_FFI_PROTOTYPES */

@ops

@splice sq

@splice cq

@splice buf_ring

@splice recvmsg

/* ---- Probes ---- */

IOURINGINLINE int
io_uring_opcode_supported(const struct io_uring_probe *p,
			  int op) LIBURING_NOEXCEPT
{
	if (op < 0 || op > p->last_op)
		return 0;

	return (p->ops[op].flags & IO_URING_OP_SUPPORTED) != 0;
}

#endif /* !LIBURING_FFI_PROTOTYPES */

#define _URING_JOIN_(a, b)	a ## b
#define _URING_JOIN(a, b)	_URING_JOIN_(a, b)

/*
 * Run the statement that follows for every CQE that is visible when the loop
 * starts. Nothing is consumed: count and use io_uring_cq_advance() afterwards.
 * In the statement, head is the index of the CQE; fillers of rings with
 * IORING_SETUP_CQE_MIXED are shown too.
 */
#define io_uring_for_each_cqe(ring, __head__, cqe) \
	_URING_FOR_EACH_CQE(ring, __head__, cqe, \
			    _URING_JOIN(__io_uring_iter_, __LINE__))

#define _URING_FOR_EACH_CQE(ring, __head__, cqe, iter) \
	for (struct io_uring_cqe_iter iter = io_uring_cqe_iter_init(ring); \
	     ((__head__) = iter.head, (void) (__head__), \
	      io_uring_cqe_iter_next(&iter, &(cqe))); )

#ifdef __cplusplus
}
#endif

#undef _URING_CAST
#undef _URING_REINTERPRET
#undef IOURINGINLINE
#undef _LOCAL_INLINE

#endif
