/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the tests of the prep functions and of the register family share: one
 * request at a time on a live ring, and a directory to work in.
 */
#ifndef T_FILE_H
#define T_FILE_H

#include "test.h"

#include <ftw.h>
#include <sys/stat.h>

/*
 * An SQE as it looks after a lap of the ring: io_uring_get_sqe() cleans some
 * fields and leaves the others stale, so a prep function that forgets to write
 * one of those fails here instead of profiting from a fresh, zeroed page.
 */
static inline struct io_uring_sqe *t_sqe(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (!sqe)
		T_FAIL("no free SQE");
	memset(sqe, 0xa5, sizeof(*sqe));
	io_uring_initialize_sqe(sqe);
	return sqe;
}

static inline void t_submit(struct io_uring *ring, unsigned int nr)
{
	int ret = io_uring_submit(ring);

	/*
	 * The SQPOLL thread may take entries before they are counted, and posts
	 * completions before it moves the head past their requests.
	 */
	if (ring->flags & IORING_SETUP_SQPOLL) {
		if (ret < 0 || ret > (int)ring->sq.ring_entries)
			T_FAIL("io_uring_submit: %d", ret);
		return;
	}
	if (ret != (int)nr)
		T_FAIL("io_uring_submit: %d seen, %u expected", ret, nr);
}

/* Waits for the completion of a given request; others may not come first. */
static inline struct t_result t_reap_as(struct io_uring *ring, uint64_t data)
{
	struct t_result r = t_reap(ring);

	if (r.user_data != data)
		T_FAIL("completion of 0x%llx (res %d) seen, of 0x%llx expected",
		       (unsigned long long)r.user_data, r.res,
		       (unsigned long long)data);
	return r;
}

static uint64_t t_last_data = 0x7700000000000000ULL;

/* Submits the SQE as the only pending one and returns its only completion. */
static inline struct t_result t_complete(struct io_uring *ring,
					 struct io_uring_sqe *sqe)
{
	uint64_t data = ++t_last_data;

	io_uring_sqe_set_data64(sqe, data);
	t_submit(ring, 1);
	return t_reap_as(ring, data);
}

static inline int t_do(struct io_uring *ring, struct io_uring_sqe *sqe)
{
	return t_complete(ring, sqe).res;
}

/*
 * Nothing more may be in the CQ ring. The enter runs deferred task work, so
 * that a completion that is due has been posted when we look.
 */
static inline void t_no_completion(struct io_uring *ring)
{
	struct io_uring_cqe *cqe;
	int ret;

	ret = io_uring_get_events(ring);
	if (ret < 0)
		T_FAIL("io_uring_get_events: %d", ret);
	if (!io_uring_peek_cqe(ring, &cqe))
		T_FAIL("unexpected completion: user_data 0x%llx res %d",
		       (unsigned long long)cqe->user_data, cqe->res);
}

static inline int t_remove_entry(const char *path, const struct stat *st,
				 int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static char t_dir[4096];
static pid_t t_dir_owner;

static inline void t_remove_dir(void)
{
	if (getpid() == t_dir_owner)
		nftw(t_dir, t_remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* Changes to a directory of our own, which is removed at a regular exit. */
static inline void t_enter_tmpdir(void)
{
	const char *dir = getenv("TMPDIR");

	snprintf(t_dir, sizeof(t_dir), "%s/ring-test-XXXXXX",
		 dir && *dir ? dir : "/tmp");
	if (!mkdtemp(t_dir))
		T_FAIL("mkdtemp %s: %s", t_dir, strerror(errno));
	t_dir_owner = getpid();
	atexit(t_remove_dir);
	T_SYS(chdir(t_dir));
}

static inline void t_write_file(const char *path, const char *text)
{
	int fd = (int)T_SYS(open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC,
				 0644));

	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		T_FAIL("write %s: %s", path, strerror(errno));
	close(fd);
}

/* An empty table of registered files. */
#define T_SPARSE_FILES(ring, nr)                                               \
	T_EQ_SINCE(5, 19, "IORING_RSRC_REGISTER_SPARSE",                       \
		   io_uring_register_files_sparse(ring, nr), 0, -EINVAL)

/* The first byte of the file in a slot of the fixed table, or -errno. */
static inline int t_read_slot(struct io_uring *ring, int slot)
{
	struct io_uring_sqe *sqe = t_sqe(ring);
	unsigned char byte = 0;
	int ret;

	io_uring_prep_read(sqe, slot, &byte, 1, 0);
	io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE);
	ret = t_do(ring, sqe);
	return ret == 1 ? byte : ret;
}

/*
 * The completion of a resource that leaves with its whole table, which comes
 * next. Before 6.13 such resources were forgotten silently.
 */
static inline void t_reap_last_tag(struct io_uring *ring, uint64_t tag)
{
	struct io_uring_cqe *cqe;

	if (t_before(6, 13) && io_uring_get_events(ring) >= 0 &&
	    t_lacks(6, 13, "completion of a tag at unregistration",
		    io_uring_peek_cqe(ring, &cqe), -EAGAIN))
		return;
	T_EQ(t_reap_as(ring, tag).res, 0);
}

/* A nameless file that holds the given text. */
static inline int t_text_file(const char *text)
{
	int fd = t_tmpfile(0);

	if (pwrite(fd, text, strlen(text), 0) != (ssize_t)strlen(text))
		T_FAIL("pwrite: %s", strerror(errno));
	return fd;
}

/* The text must be in the file at that offset. */
static inline void t_file_holds(int fd, off_t offset, const char *text)
{
	char seen[256];
	ssize_t got = pread(fd, seen, strlen(text), offset);

	if (got != (ssize_t)strlen(text) || memcmp(seen, text, strlen(text)))
		T_FAIL("file holds \"%.*s\" at %lld, \"%s\" expected",
		       got < 0 ? 0 : (int)got, seen, (long long)offset, text);
}

#define T_MEM_EQ(seen, wanted, len)                                            \
	do {                                                                   \
		const unsigned char *t_a_ = (const void *)(seen);              \
		const unsigned char *t_b_ = (const void *)(wanted);            \
		size_t t_i_, t_n_ = (size_t)(len);                             \
		for (t_i_ = 0; t_i_ < t_n_; t_i_++)                            \
			if (t_a_[t_i_] != t_b_[t_i_])                          \
				t_fail(__FILE__, __LINE__,                     \
				       "%s: byte %zu is 0x%02x, 0x%02x "       \
				       "expected",                             \
				       #seen, t_i_, t_a_[t_i_], t_b_[t_i_]);   \
	} while (0)

#endif /* T_FILE_H */
