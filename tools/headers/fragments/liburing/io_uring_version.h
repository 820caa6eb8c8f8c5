/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef LIBURING_VERSION_H
#define LIBURING_VERSION_H

/* Version of liburing whose interface this is. */
@version

#endif
