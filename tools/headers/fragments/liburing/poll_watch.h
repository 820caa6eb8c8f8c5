/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Poll watches: multishot polls that cannot go deaf, shared by threads.
 *
 * Many threads may learn that something happened to a file; one at a time owns
 * the watch and handles it. <liburing.h> has the functions.
 */
#ifndef LIBURING_POLL_WATCH_H
#define LIBURING_POLL_WATCH_H

#include <linux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

@uapi poll_watch

#ifdef __cplusplus
}
#endif

#endif
