/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Notification slots: one completion for many zero-copy sends.
 *
 * A ring with slots belongs to one process and to one copy of struct io_uring.
 * <liburing.h> has the functions.
 */
#ifndef LIBURING_NOTIF_H
#define LIBURING_NOTIF_H

#include <linux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

@uapi notif

/*
 * While a ring has slots, and until their last notifier is done, the user_data
 * from here to LIBURING_UDATA_NOTIF + 0xffffffff are the library's.
 */
#define LIBURING_UDATA_NOTIF	0xfffffffe00000000ULL

#ifdef __cplusplus
}
#endif

#endif
