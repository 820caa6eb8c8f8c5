/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Copies a file with many reads and writes in flight.
 *
 * The file is cut into blocks. Each block is read, and as soon as its data is
 * there the same buffer is written; blocks finish in any order. A block has one
 * request in flight at a time, so a ring of as many entries as there are blocks
 * can neither run out of submission entries nor overflow its completion queue.
 *
 * Exit status: 0 copied (and, with --verify, identical), 1 failed, 2 usage.
 */
#define _GNU_SOURCE 1

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <liburing.h>

#include "common.h"
#include "loaded.h"
#include "progress.h"

/* A multiple of every logical block size that O_DIRECT meets in practice. */
#define DIRECT_ALIGN 4096u
#define MAX_DEPTH 4096u
#define MAX_BLOCK (64u << 20)
#define MAX_MEMORY (1024ull << 20)

struct options {
	const char *source;
	const char *target;
	unsigned int depth;
	unsigned int block_size;
	bool direct;
	bool sync;
	bool verify;
	bool quiet;
};

enum step {
	READ_SOURCE,
	WRITE_TARGET,
	READ_TARGET,
};

struct block {
	char *data;
	/* What --verify read back from the target. */
	char *back;
	uint64_t offset;
	/* Bytes of the file in this block. */
	unsigned int length;
	/* length, rounded up where O_DIRECT wants whole sectors. */
	unsigned int span;
	unsigned int done;
	enum step step;
};

struct copy {
	struct options opt;
	struct io_uring ring;
	int source;
	int target;
	uint64_t size;

	struct block *blocks;
	struct block **idle;
	unsigned int idle_count;
	unsigned int in_flight;

	/* Of the running pass: what follows READ_SOURCE, and how far it is. */
	enum step second_step;
	uint64_t next_offset;
	uint64_t finished;
	bool failed;

	uint64_t reads;
	uint64_t writes;
	uint64_t short_transfers;

	struct progress progress;
};

static unsigned int round_up(unsigned int bytes)
{
	return (bytes + DIRECT_ALIGN - 1) & ~(DIRECT_ALIGN - 1);
}

__attribute__((format(printf, 2, 3)))
static void fail(struct copy *copy, const char *format, ...)
{
	va_list args;

	copy->failed = true;
	progress_end_line(&copy->progress);
	fputs("cp: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

static void queue_request(struct copy *copy, struct block *block)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&copy->ring);
	unsigned int left = block->span - block->done;
	uint64_t offset = block->offset + block->done;

	if (!sqe) {
		fail(copy, "the submission queue is full, with a place for every block");
		return;
	}
	switch (block->step) {
	case READ_SOURCE:
		io_uring_prep_read(sqe, copy->source, block->data + block->done,
				   left, offset);
		copy->reads++;
		break;
	case WRITE_TARGET:
		io_uring_prep_write(sqe, copy->target, block->data + block->done,
				    left, offset);
		copy->writes++;
		break;
	case READ_TARGET:
		io_uring_prep_read(sqe, copy->target, block->back + block->done,
				   left, offset);
		copy->reads++;
		break;
	}
	io_uring_sqe_set_data(sqe, block);
	copy->in_flight++;
}

static void start_block(struct copy *copy)
{
	struct block *block = copy->idle[--copy->idle_count];
	uint64_t left = copy->size - copy->next_offset;

	block->offset = copy->next_offset;
	block->length = left < copy->opt.block_size ? (unsigned int)left
						    : copy->opt.block_size;
	block->span = block->length;
	if (copy->opt.direct)
		block->span = round_up(block->length);
	block->done = 0;
	block->step = READ_SOURCE;
	copy->next_offset += block->length;
	queue_request(copy, block);
}

static void compare_block(struct copy *copy, const struct block *block)
{
	unsigned int at = 0;

	if (!memcmp(block->data, block->back, block->length))
		return;
	while (block->data[at] == block->back[at])
		at++;
	fail(copy, "%s differs from %s at byte %" PRIu64, copy->opt.target,
	     copy->opt.source, block->offset + at);
}

static void finish_block(struct copy *copy, struct block *block)
{
	copy->finished += block->length;
	copy->idle[copy->idle_count++] = block;
}

static void finish_step(struct copy *copy, struct block *block)
{
	if (block->step != READ_SOURCE) {
		if (block->step == READ_TARGET)
			compare_block(copy, block);
		finish_block(copy, block);
		return;
	}
	/* The padding of the last sector is written too, and cut off later. */
	memset(block->data + block->length, 0, block->span - block->length);
	block->done = 0;
	block->step = copy->second_step;
	queue_request(copy, block);
}

static void complete_request(struct copy *copy, struct block *block, int result)
{
	static const char *const doing[] = {
		[READ_SOURCE] = "reading",
		[WRITE_TARGET] = "writing",
		[READ_TARGET] = "reading back",
	};
	const char *path = block->step == READ_SOURCE ? copy->opt.source
						      : copy->opt.target;
	unsigned int needed = block->step == WRITE_TARGET ? block->span
							  : block->length;

	/* After a failure the requests in flight are only waited for. */
	if (copy->failed)
		return;
	if (result == -EINTR || result == -EAGAIN) {
		queue_request(copy, block);
		return;
	}
	if (result < 0) {
		fail(copy, "%s %s at byte %" PRIu64 ": %s", doing[block->step],
		     path, block->offset + block->done, strerror(-result));
		return;
	}
	if (result == 0) {
		fail(copy, "%s %s stopped at byte %" PRIu64 " of %" PRIu64,
		     doing[block->step], path, block->offset + block->done,
		     copy->size);
		return;
	}
	block->done += (unsigned int)result;
	if (block->done < needed) {
		copy->short_transfers++;
		queue_request(copy, block);
		return;
	}
	finish_step(copy, block);
}

static void reap(struct copy *copy)
{
	struct io_uring_cqe *cqe;
	unsigned int head, seen = 0;

	io_uring_for_each_cqe(&copy->ring, head, cqe) {
		struct block *block = io_uring_cqe_get_data(cqe);

		seen++;
		copy->in_flight--;
		complete_request(copy, block, cqe->res);
	}
	io_uring_cq_advance(&copy->ring, seen);
}

static int run_pass(struct copy *copy, enum step second_step)
{
	copy->second_step = second_step;
	copy->next_offset = 0;
	copy->finished = 0;
	progress_start(&copy->progress,
		       second_step == WRITE_TARGET ? "copied" : "verified",
		       copy->size);

	for (;;) {
		int ret;

		while (!copy->failed && copy->idle_count &&
		       copy->next_offset < copy->size)
			start_block(copy);
		if (!copy->in_flight)
			break;
		ret = io_uring_submit_and_wait(&copy->ring, 1);
		if (ret < 0 && ret != -EINTR) {
			fail(copy, "submitting: %s", strerror(-ret));
			return -1;
		}
		reap(copy);
		if (!copy->failed)
			progress_report(&copy->progress, copy->finished);
	}
	return copy->failed ? -1 : 0;
}

static int sync_target(struct copy *copy)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&copy->ring);
	struct io_uring_cqe *cqe;
	int ret;

	io_uring_prep_fsync(sqe, copy->target, 0);
	io_uring_sqe_set_data(sqe, NULL);
	ret = io_uring_submit(&copy->ring);
	if (ret < 0) {
		fail(copy, "submitting: %s", strerror(-ret));
		return -1;
	}
	do
		ret = io_uring_wait_cqe(&copy->ring, &cqe);
	while (ret == -EINTR);
	if (!ret) {
		ret = cqe->res;
		io_uring_cqe_seen(&copy->ring, cqe);
	}
	if (ret < 0)
		fail(copy, "fsync of %s: %s", copy->opt.target, strerror(-ret));
	return ret;
}

static int copy_file(struct copy *copy)
{
	double seconds;

	if (run_pass(copy, WRITE_TARGET))
		return -1;
	if (copy->opt.direct && ftruncate(copy->target, (off_t)copy->size)) {
		fail(copy, "truncating %s: %s", copy->opt.target, strerror(errno));
		return -1;
	}
	if (copy->opt.sync && sync_target(copy) < 0)
		return -1;
	seconds = seconds_since(&copy->progress.started);
	printf("cp: copied %" PRIu64 " bytes in %.3f s, %.0f MB/s%s\n",
	       copy->size, seconds, megabytes_per_second(copy->size, seconds),
	       copy->opt.sync ? " with fsync" : "");
	printf("cp: %" PRIu64 " reads and %" PRIu64 " writes, %" PRIu64 " of them short; up to %u in flight, blocks of %u bytes%s\n",
	       copy->reads, copy->writes, copy->short_transfers,
	       copy->opt.depth, copy->opt.block_size,
	       copy->opt.direct ? ", O_DIRECT" : "");
	return 0;
}

static int verify_file(struct copy *copy)
{
	double seconds;
	struct stat st;

	if (fstat(copy->target, &st)) {
		fail(copy, "%s: %s", copy->opt.target, strerror(errno));
		return -1;
	}
	if ((uint64_t)st.st_size != copy->size) {
		fail(copy, "%s has %jd bytes instead of %" PRIu64,
		     copy->opt.target, (intmax_t)st.st_size, copy->size);
		return -1;
	}
	if (run_pass(copy, READ_TARGET))
		return -1;
	seconds = seconds_since(&copy->progress.started);
	printf("cp: verified every byte in %.3f s, %.0f MB/s\n", seconds,
	       megabytes_per_second(copy->size, seconds));
	return 0;
}

/*
 * The target is truncated only once it is known not to be the source under
 * another name.
 */
static int open_files(struct copy *copy)
{
	int flags = O_CLOEXEC | (copy->opt.direct ? O_DIRECT : 0);
	struct stat from, to;

	copy->source = open(copy->opt.source, O_RDONLY | flags);
	if (copy->source < 0 || fstat(copy->source, &from)) {
		fail(copy, "%s: %s", copy->opt.source, strerror(errno));
		return -1;
	}
	if (!S_ISREG(from.st_mode)) {
		fail(copy, "%s is not a regular file", copy->opt.source);
		return -1;
	}
	copy->size = (uint64_t)from.st_size;

	copy->target = open(copy->opt.target, O_RDWR | O_CREAT | flags,
			    from.st_mode & 0777);
	if (copy->target < 0 || fstat(copy->target, &to)) {
		fail(copy, "%s: %s", copy->opt.target, strerror(errno));
		return -1;
	}
	if (!S_ISREG(to.st_mode)) {
		fail(copy, "%s is not a regular file", copy->opt.target);
		return -1;
	}
	if (from.st_dev == to.st_dev && from.st_ino == to.st_ino) {
		fail(copy, "%s and %s are the same file", copy->opt.source,
		     copy->opt.target);
		return -1;
	}
	if (ftruncate(copy->target, 0)) {
		fail(copy, "truncating %s: %s", copy->opt.target, strerror(errno));
		return -1;
	}
	return 0;
}

static int allocate_blocks(struct copy *copy)
{
	unsigned int depth = copy->opt.depth;
	size_t size = round_up(copy->opt.block_size);

	copy->blocks = calloc(depth, sizeof(*copy->blocks));
	copy->idle = calloc(depth, sizeof(*copy->idle));
	if (!copy->blocks || !copy->idle)
		return -1;
	for (unsigned int i = 0; i < depth; i++) {
		struct block *block = &copy->blocks[i];

		block->data = aligned_alloc(DIRECT_ALIGN, size);
		if (!block->data)
			return -1;
		if (copy->opt.verify) {
			block->back = aligned_alloc(DIRECT_ALIGN, size);
			if (!block->back)
				return -1;
		}
		copy->idle[copy->idle_count++] = block;
	}
	return 0;
}

static void usage(FILE *out)
{
	fprintf(out,
		"usage: cp [options] SOURCE TARGET\n"
		"  -d, --depth N         blocks in flight (64)\n"
		"  -b, --block-size N    bytes in a block, K and M understood (128K)\n"
		"  -D, --direct          bypass the page cache with O_DIRECT\n"
		"  -s, --sync            fsync the target, and count its time\n"
		"  -V, --verify          read both files again and compare every byte\n"
		"  -q, --quiet           no progress on standard error\n");
}

/* Returns -1 to go on, or the exit status. */
static int parse_options(int argc, char **argv, struct options *opt)
{
	static const struct option names[] = {
		{ "depth", required_argument, NULL, 'd' },
		{ "block-size", required_argument, NULL, 'b' },
		{ "direct", no_argument, NULL, 'D' },
		{ "sync", no_argument, NULL, 's' },
		{ "verify", no_argument, NULL, 'V' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	bool good = true;
	int letter;

	*opt = (struct options){ .depth = 64, .block_size = 128u << 10 };
	while ((letter = getopt_long(argc, argv, "d:b:DsVqh", names, NULL)) != -1) {
		switch (letter) {
		case 'd':
			good &= parse_number(optarg, MAX_DEPTH, &opt->depth);
			break;
		case 'b':
			good &= parse_number(optarg, MAX_BLOCK, &opt->block_size);
			break;
		case 'D':
			opt->direct = true;
			break;
		case 's':
			opt->sync = true;
			break;
		case 'V':
			opt->verify = true;
			break;
		case 'q':
			opt->quiet = true;
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			good = false;
		}
	}
	if (opt->direct && opt->block_size % DIRECT_ALIGN) {
		fprintf(stderr, "cp: --direct needs blocks of a multiple of %u bytes\n",
			DIRECT_ALIGN);
		good = false;
	}
	if ((unsigned long long)opt->depth * opt->block_size > MAX_MEMORY) {
		fprintf(stderr, "cp: depth times block size is limited to 1024M\n");
		good = false;
	}
	if (!good || argc - optind != 2) {
		usage(stderr);
		return 2;
	}
	opt->source = argv[optind];
	opt->target = argv[optind + 1];
	return -1;
}

int main(int argc, char **argv)
{
	static struct copy copy;
	int ret;

	ret = parse_options(argc, argv, &copy.opt);
	if (ret >= 0)
		return ret;
	copy.progress = (struct progress){
		.program = "cp",
		.quiet = copy.opt.quiet,
	};
	print_loaded_liburing("cp");
	if (open_files(&copy))
		return 1;
	if (allocate_blocks(&copy)) {
		fail(&copy, "no memory for %u blocks", copy.opt.depth);
		return 1;
	}
	ret = io_uring_queue_init(copy.opt.depth, &copy.ring, 0);
	if (ret < 0) {
		fail(&copy, "setting up the ring: %s", strerror(-ret));
		return 1;
	}
	if (copy_file(&copy) || (copy.opt.verify && verify_file(&copy))) {
		/*
		 * If it was submitting that failed, requests may still be in
		 * flight: the exit of the process waits for them, so nothing is
		 * freed under the kernel's hands.
		 */
		return 1;
	}
	io_uring_queue_exit(&copy.ring);
	for (unsigned int i = 0; i < copy.opt.depth; i++) {
		free(copy.blocks[i].data);
		free(copy.blocks[i].back);
	}
	free(copy.blocks);
	free(copy.idle);
	close(copy.source);
	if (close(copy.target)) {
		fail(&copy, "closing %s: %s", copy.opt.target, strerror(errno));
		return 1;
	}
	return 0;
}
