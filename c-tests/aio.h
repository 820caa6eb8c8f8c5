/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the tests of the AIO engine share. A test runs on a context of each
 * kind: one whose threads issue direct I/O themselves, and one that leaves
 * everything to the issuer.
 */
#ifndef T_AIO_H
#define T_AIO_H

#include "test.h"

#include <dirent.h>
#include <poll.h>
#include <sys/stat.h>

#include <liburing/aio.h>

#ifdef __SANITIZE_THREAD__
/*
 * The library's memory goes from thread to thread under locks of Rust's, which
 * ThreadSanitizer does not see; it sees that it is allocated, copied and freed.
 */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
	return "race:___rdl_\nrace:aio/src/\n";
}
#endif

/* Long enough for every wait that is to succeed. */
#define AIO_PATIENCE_MS 10000

static const unsigned int aio_kinds[] = { 0, IO_URING_AIO_ISSUER };

/* Runs fn(flags) for each kind of context. */
#define AIO_EACH_KIND(fn)                                                      \
	do {                                                                   \
		unsigned int aio_kind_;                                        \
		for (aio_kind_ = 0; aio_kind_ < 2; aio_kind_++)                \
			fn(aio_kinds[aio_kind_]);                              \
	} while (0)

static inline struct io_uring_aio *aio_init(unsigned int entries,
					    unsigned int flags)
{
	struct io_uring_aio *ctx = NULL;
	int ret = io_uring_aio_queue_init(entries, &ctx, flags);

	t_needs_setup_flags(0, ret);
	if (ret) {
		struct io_uring_params p;

		memset(&p, 0, sizeof(p));
		t_skip_if_kernel_refuses(1, &p, ret);
	}
	if (ret || !ctx)
		T_FAIL("io_uring_aio_queue_init(%u, 0x%x): %d", entries, flags,
		       ret);
	return ctx;
}

/* Whether contexts have rings of their own, and so do without the issuer. */
static inline bool aio_issues_inline(void)
{
	struct io_uring ring;
	unsigned int features;

	T_EQ(io_uring_queue_init(1, &ring, 0), 0);
	features = ring.features;
	io_uring_queue_exit(&ring);
	return features & IORING_FEAT_EXT_ARG ||
	       !t_lacks(5, 11, "IORING_FEAT_EXT_ARG", 0, 0);
}

#define AIO_EXIT(ctx) T_EQ(io_uring_aio_queue_exit(ctx), 0)

/* ---- requests ---------------------------------------------------------- */

#define AIO_REQ(req) T_EQ(io_uring_aio_req_init(req), 0)

static inline void aio_read(struct io_uring_aio_req *req, int fd, void *buf,
			    unsigned int len, __u64 offset)
{
	AIO_REQ(req);
	io_uring_prep_read(&req->sqe, fd, buf, len, offset);
}

static inline void aio_write(struct io_uring_aio_req *req, int fd,
			     const void *buf, unsigned int len, __u64 offset)
{
	AIO_REQ(req);
	io_uring_prep_write(&req->sqe, fd, buf, len, offset);
}

static inline int aio_submit(struct io_uring_aio *ctx,
			     struct io_uring_aio_req *req)
{
	struct io_uring_aio_req *reqs[1] = { req };

	return io_uring_aio_submit(ctx, 1, reqs);
}

#define AIO_SUBMIT(ctx, req) T_EQ(aio_submit(ctx, req), 1)

/* Whether a context has the request: its settings cannot be changed then. */
static inline bool aio_is_live(struct io_uring_aio_req *req)
{
	int ret = io_uring_aio_req_sync(req, 0);

	if (ret && ret != -EBUSY)
		T_FAIL("io_uring_aio_req_sync: %d", ret);
	return ret != 0;
}

#define AIO_IDLE(req) T_CHECK(!aio_is_live(req))
#define AIO_LIVE(req) T_CHECK(aio_is_live(req))

/* ---- events ------------------------------------------------------------ */

/* Waits for exactly nr events. */
static inline void aio_events(struct io_uring_aio *ctx, unsigned int nr,
			      struct io_uring_aio_event *ev)
{
	struct __kernel_timespec ts = t_ms(AIO_PATIENCE_MS);
	unsigned int got = 0;
	int ret;

	while (got < nr) {
		ret = io_uring_aio_getevents(ctx, nr - got, nr - got, ev + got,
					     &ts);
		if (ret == -EINTR)
			continue;
		if (ret < 0 || (unsigned int)ret != nr - got)
			T_FAIL("io_uring_aio_getevents(%u): %d", nr - got, ret);
		got += (unsigned int)ret;
	}
}

static inline struct io_uring_aio_event aio_event(struct io_uring_aio *ctx)
{
	struct io_uring_aio_event ev;

	aio_events(ctx, 1, &ev);
	return ev;
}

/* The result of the only request in flight. */
static inline int aio_result(struct io_uring_aio *ctx,
			     struct io_uring_aio_req *req)
{
	__u64 data = req->sqe.user_data;
	struct io_uring_aio_event ev = aio_event(ctx);

	T_PTR_EQ(ev.req, req);
	T_EQ(ev.user_data, data);
	AIO_IDLE(req);
	return ev.res;
}

/* Carries one request out. */
static inline int aio_do(struct io_uring_aio *ctx, struct io_uring_aio_req *req)
{
	AIO_SUBMIT(ctx, req);
	return aio_result(ctx, req);
}

/* No event is there. */
static inline void aio_quiet(struct io_uring_aio *ctx)
{
	struct __kernel_timespec zero = t_ms(0);
	struct io_uring_aio_event ev;
	int ret = io_uring_aio_getevents(ctx, 0, 1, &ev, &zero);

	if (ret)
		T_FAIL("an event nobody asked for: %d, res %d", ret,
		       ret > 0 ? ev.res : 0);
}

/* ---- files, memory ----------------------------------------------------- */

/* A nameless file for direct I/O; its contents are those of t_tmpfile(). */
static inline int aio_direct_file(size_t size)
{
	return t_direct(t_tmpfile(size));
}

/* Whether the bytes are those of t_tmpfile() at that offset. */
static inline bool aio_is_pattern(const unsigned char *buf, size_t len,
				  size_t offset)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (buf[i] != (unsigned char)((offset + i) * 7))
			return false;
	return true;
}

/* ---- threads ----------------------------------------------------------- */

/* Threads of this process that have this name; all of them for NULL. */
static inline int aio_threads(const char *name)
{
	char path[64], comm[32];
	struct dirent *entry;
	int nr = 0, fd;
	ssize_t got;
	DIR *dir;

	dir = opendir("/proc/self/task");
	if (!dir)
		T_FAIL("/proc/self/task: %s", strerror(errno));
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/self/task/%.20s/comm",
			 entry->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		got = read(fd, comm, sizeof(comm) - 1);
		close(fd);
		if (got < 1)
			continue;
		comm[got - 1] = 0;
		nr += !name || !strcmp(comm, name);
	}
	closedir(dir);
	return nr;
}

/*
 * Waits until there are that many: a thread that was joined may be listed for
 * a moment.
 */
#define AIO_THREADS(name, nr) T_UNTIL(aio_threads(name) == (nr))

#define AIO_ISSUER "io_uring-aio"
#define AIO_WORKER "io_uring-aio-wq"

#endif /* T_AIO_H */
