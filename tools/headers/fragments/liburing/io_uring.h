/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The kernel's io_uring interface. The include guard is that of the kernel's
 * own <linux/io_uring.h>: of the two, the header that comes first counts.
 */
#ifndef LINUX_IO_URING_H
#define LINUX_IO_URING_H

#include <linux/fs.h>
#include <linux/types.h>
#include "compat.h"

#ifdef __cplusplus
extern "C" {
#endif

@uapi sqe op cqe setup register zcrx

#ifdef __cplusplus
}
#endif

#endif
