/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * libaio.h against the kernel's ABI, for any architecture: 64 bits for every
 * pointer and every long, the low ones where the machine has them.
 */
#include <libaio.h>

#include <stddef.h>

#define LITTLE (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
#define IS(x) _Static_assert(x, #x)
/* The member is all, or the low part, of the 8 bytes there. */
#define LOW_OF(record, member, offset)                                         \
	IS(offsetof(struct record, member) ==                                  \
	   (offset) + (LITTLE ? 0                                              \
			      : 8 - sizeof(((struct record *)0)->member)))

IS(sizeof(struct iocb) == 64);
LOW_OF(iocb, data, 0);
IS(offsetof(struct iocb, key) == (LITTLE ? 8 : 12));
IS(offsetof(struct iocb, aio_rw_flags) == (LITTLE ? 12 : 8));
IS(offsetof(struct iocb, aio_lio_opcode) == 16);
IS(offsetof(struct iocb, aio_reqprio) == 18);
IS(offsetof(struct iocb, aio_fildes) == 20);
LOW_OF(iocb, u.c.buf, 24);
LOW_OF(iocb, u.c.nbytes, 32);
LOW_OF(iocb, u.c.offset, 40);
LOW_OF(iocb, u.c.__pad3, 48);
IS(offsetof(struct iocb, u.c.flags) == 56);
IS(offsetof(struct iocb, u.c.resfd) == 60);
LOW_OF(iocb, u.v.vec, 24);
LOW_OF(iocb, u.v.nr, 32);
LOW_OF(iocb, u.v.offset, 40);
LOW_OF(iocb, u.poll.events, 24);
LOW_OF(iocb, u.saddr.addr, 24);
LOW_OF(iocb, u.saddr.len, 32);

IS(sizeof(struct io_event) == 32);
LOW_OF(io_event, data, 0);
LOW_OF(io_event, obj, 8);
LOW_OF(io_event, res, 16);
LOW_OF(io_event, res2, 24);
