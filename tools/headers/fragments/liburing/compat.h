/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the system's kernel headers may be too old to have. It is decided here,
 * where the program is compiled, and not where the library was built.
 */
#ifndef LIBURING_COMPAT_H
#define LIBURING_COMPAT_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Without __has_include the headers of Linux 5.6 are taken for granted. */
#ifdef __has_include
#if !__has_include(<linux/time_types.h>)
#define _URING_WITHOUT_TIME_TYPES
#endif
#if !__has_include(<linux/openat2.h>)
#define _URING_WITHOUT_OPENAT2
#endif
#if __has_include(<linux/blkdev.h>)
#include <linux/blkdev.h>
#endif
#endif

/* A program that defines this has struct __kernel_timespec already. */
#ifndef UAPI_LINUX_IO_URING_H_SKIP_LINUX_TIME_TYPES_H
#define UAPI_LINUX_IO_URING_H_SKIP_LINUX_TIME_TYPES_H 1
#ifdef _URING_WITHOUT_TIME_TYPES
#include <stdint.h>

struct __kernel_timespec {
	int64_t		tv_sec;
	long long	tv_nsec;
};
#else
#include <linux/time_types.h>
#endif
#endif

#ifdef _URING_WITHOUT_OPENAT2
struct open_how {
	__u64	flags;
	__u64	mode;
	__u64	resolve;
};
#else
#include <linux/openat2.h>
#endif

/* Since Linux 6.12. */
#ifndef BLOCK_URING_CMD_DISCARD
#define BLOCK_URING_CMD_DISCARD _IO(0x12, 0)
#endif

#undef _URING_WITHOUT_TIME_TYPES
#undef _URING_WITHOUT_OPENAT2

#endif
