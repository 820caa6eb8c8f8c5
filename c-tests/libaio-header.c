/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Description: libaio.h lays requests and events out as the kernel's ABI does
 * (that of 64 bits), numbers the commands alike, and its inline functions set
 * what they are for, with the rest of the request zero. */
/* libraries: aio */
/* flavours: plain */
/* upstream: kernel AIO */
#include "libaio-tests.h"

#include <sys/uio.h>

#define MEM ((void *)(uintptr_t)0x123456789abcull)
#define OFFSET 0x1122334455667788ll

static struct iocb req;
static unsigned char raw[64];

/* The member of that size and place, and nothing else, has this value. */
static void put(size_t offset, unsigned long long value, size_t size)
{
	memcpy(raw + offset, &value, size);
}

#define IS_RAW()                                                               \
	do {                                                                   \
		unsigned int t_i_;                                             \
		for (t_i_ = 0; t_i_ < sizeof(raw); t_i_++)                     \
			if (((unsigned char *)&req)[t_i_] != raw[t_i_])        \
				T_FAIL("byte %u is 0x%02x, 0x%02x expected",   \
				       t_i_, ((unsigned char *)&req)[t_i_],    \
				       raw[t_i_]);                             \
	} while (0)

static void start(int opcode, int fd)
{
	memset(&req, 0xee, sizeof(req));
	memset(raw, 0, sizeof(raw));
	put(16, (unsigned long long)opcode, 2);
	put(20, (unsigned long long)fd, 4);
}

static void range(const void *mem, size_t len, long long offset)
{
	put(24, (uintptr_t)mem, 8);
	put(32, len, 8);
	put(40, (unsigned long long)offset, 8);
}

static void layout(void)
{
	struct io_event ev;

	T_EQ(sizeof(struct iocb), 64);
	T_EQ(offsetof(struct iocb, data), 0);
	T_EQ(offsetof(struct iocb, key), 8);
	T_EQ(offsetof(struct iocb, aio_rw_flags), 12);
	T_EQ(offsetof(struct iocb, aio_lio_opcode), 16);
	T_EQ(sizeof(req.aio_lio_opcode), 2);
	T_EQ(offsetof(struct iocb, aio_reqprio), 18);
	T_EQ(sizeof(req.aio_reqprio), 2);
	T_EQ(offsetof(struct iocb, aio_fildes), 20);
	T_EQ(offsetof(struct iocb, u.c.buf), 24);
	T_EQ(offsetof(struct iocb, u.c.nbytes), 32);
	T_EQ(offsetof(struct iocb, u.c.offset), 40);
	T_EQ(offsetof(struct iocb, u.c.flags), 56);
	T_EQ(offsetof(struct iocb, u.c.resfd), 60);
	T_EQ(offsetof(struct iocb, u.poll.events), 24);
	T_EQ(offsetof(struct iocb, u.v.vec), 24);
	T_EQ(offsetof(struct iocb, u.v.nr), 32);
	T_EQ(offsetof(struct iocb, u.v.offset), 40);

	T_EQ(sizeof(struct io_event), 32);
	T_EQ(offsetof(struct io_event, data), 0);
	T_EQ(offsetof(struct io_event, obj), 8);
	T_EQ(offsetof(struct io_event, res), 16);
	T_EQ(offsetof(struct io_event, res2), 24);
	T_EQ(sizeof(ev.res), 8);
	T_EQ(sizeof(io_context_t), sizeof(void *));

	T_EQ(IO_CMD_PREAD, 0);
	T_EQ(IO_CMD_PWRITE, 1);
	T_EQ(IO_CMD_FSYNC, 2);
	T_EQ(IO_CMD_FDSYNC, 3);
	T_EQ(IO_CMD_POLL, 5);
	T_EQ(IO_CMD_NOOP, 6);
	T_EQ(IO_CMD_PREADV, 7);
	T_EQ(IO_CMD_PWRITEV, 8);
}

static void prepared(void)
{
	struct iovec *iov = MEM;

	start(0, 7);
	range(MEM, 99, OFFSET);
	io_prep_pread(&req, 7, MEM, 99, OFFSET);
	IS_RAW();
	start(1, 7);
	range(MEM, 99, OFFSET);
	io_prep_pwrite(&req, 7, MEM, 99, OFFSET);
	IS_RAW();
	start(7, 8);
	range(iov, 5, OFFSET);
	io_prep_preadv(&req, 8, iov, 5, OFFSET);
	IS_RAW();
	start(8, 8);
	range(iov, 5, OFFSET);
	io_prep_pwritev(&req, 8, iov, 5, OFFSET);
	IS_RAW();
	start(7, 8);
	range(iov, 5, OFFSET);
	put(12, 0x1234, 4);
	io_prep_preadv2(&req, 8, iov, 5, OFFSET, 0x1234);
	IS_RAW();
	start(8, 8);
	range(iov, 5, OFFSET);
	put(12, 0x1234, 4);
	io_prep_pwritev2(&req, 8, iov, 5, OFFSET, 0x1234);
	IS_RAW();
	start(2, 9);
	io_prep_fsync(&req, 9);
	IS_RAW();
	start(3, 9);
	io_prep_fdsync(&req, 9);
	IS_RAW();
	start(5, 9);
	put(24, POLLIN | POLLHUP, 8);
	io_prep_poll(&req, 9, POLLIN | POLLHUP);
	IS_RAW();
}

static void callback(io_context_t ctx, struct iocb *iocb, long res, long res2)
{
	(void)ctx;
	(void)iocb;
	(void)res;
	(void)res2;
}

/* These leave the rest of what was prepared alone. */
static void added(void)
{
	start(0, 7);
	range(MEM, 99, OFFSET);
	io_prep_pread(&req, 7, MEM, 99, OFFSET);
	io_set_eventfd(&req, 33);
	put(56, 1, 4);
	put(60, 33, 4);
	IS_RAW();
	req.u.c.flags |= LA_FLAG_IOPRIO;
	io_set_eventfd(&req, 34);
	put(56, 3, 4);
	put(60, 34, 4);
	IS_RAW();
	io_set_callback(&req, callback);
	put(0, (uintptr_t)callback, 8);
	IS_RAW();
}

/* These submit as well; their request keeps the callback given to them. */
static void submitted(void)
{
	io_context_t ctx = la_setup(4);
	int file = la_tmpfile(1);

	T_EQ(io_fsync(ctx, &req, callback, file), 1);
	T_EQ(req.aio_lio_opcode, IO_CMD_FSYNC);
	T_PTR_EQ(req.data, (uintptr_t)callback);
	T_EQ(la_result(ctx, &req), 0);
	T_EQ(io_fdsync(ctx, &req, callback, file), 1);
	T_EQ(req.aio_lio_opcode, IO_CMD_FDSYNC);
	T_EQ(la_result(ctx, &req), 0);
	T_EQ(io_poll(ctx, &req, callback, file, POLLIN), 1);
	T_EQ(req.aio_lio_opcode, IO_CMD_POLL);
	T_PTR_EQ(req.data, (uintptr_t)callback);
	T_EQ(la_result(ctx, &req), POLLIN);
	T_EQ(io_fsync(ctx, &req, callback, -1), -EBADF);
	LA_DESTROY(ctx);
	close(file);
}

int main(void)
{
	if (sizeof(void *) != 8 ||
	    __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__) {
		printf("the layout that is checked is another machine's\n");
	} else {
		layout();
		prepared();
		added();
	}
	submitted();
	return T_EXIT_PASS;
}
