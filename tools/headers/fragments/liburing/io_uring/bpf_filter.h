/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef LINUX_IO_URING_BPF_FILTER_H
#define LINUX_IO_URING_BPF_FILTER_H

#include <linux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

@uapi bpf

#ifdef __cplusplus
}
#endif

#endif
