/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Access to the words that the program shares with the kernel.
 *
 * The compiler's builtins work in every version of C and C++; _Atomic does not.
 * A store with release makes what was written before visible to whoever loads
 * the value with acquire.
 */
#ifndef LIBURING_BARRIER_H
#define LIBURING_BARRIER_H

/* Programs take the standard's atomics from here. */
#if defined(__cplusplus)
#include <atomic>
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L && \
	!defined(__STDC_NO_ATOMICS__)
#include <stdatomic.h>
#endif

#define IO_URING_READ_ONCE(var)	__atomic_load_n(&(var), __ATOMIC_RELAXED)
#define IO_URING_WRITE_ONCE(var, val) \
	__atomic_store_n(&(var), (val), __ATOMIC_RELAXED)

#define io_uring_smp_load_acquire(p)	__atomic_load_n((p), __ATOMIC_ACQUIRE)
#define io_uring_smp_store_release(p, v) \
	__atomic_store_n((p), (v), __ATOMIC_RELEASE)

#define io_uring_smp_mb()	__atomic_thread_fence(__ATOMIC_SEQ_CST)

#endif
