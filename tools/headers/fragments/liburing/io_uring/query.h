/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef LINUX_IO_URING_QUERY_H
#define LINUX_IO_URING_QUERY_H

#include <linux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

@uapi query

#ifdef __cplusplus
}
#endif

#endif
