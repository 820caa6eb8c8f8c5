/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Prints which liburing this program runs on and what the running kernel's
 * io_uring offers.
 *
 * Exit status: 0, or 1 when no ring can be set up here.
 */
#define _GNU_SOURCE 1

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include <liburing.h>

#include "loaded.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	unsigned int bit;
	const char *name;
} features[] = {
	{ IORING_FEAT_SINGLE_MMAP, "single_mmap" },
	{ IORING_FEAT_NODROP, "nodrop" },
	{ IORING_FEAT_SUBMIT_STABLE, "submit_stable" },
	{ IORING_FEAT_RW_CUR_POS, "rw_cur_pos" },
	{ IORING_FEAT_CUR_PERSONALITY, "cur_personality" },
	{ IORING_FEAT_FAST_POLL, "fast_poll" },
	{ IORING_FEAT_POLL_32BITS, "poll_32bits" },
	{ IORING_FEAT_SQPOLL_NONFIXED, "sqpoll_nonfixed" },
	{ IORING_FEAT_EXT_ARG, "ext_arg" },
	{ IORING_FEAT_NATIVE_WORKERS, "native_workers" },
	{ IORING_FEAT_RSRC_TAGS, "rsrc_tags" },
	{ IORING_FEAT_CQE_SKIP, "cqe_skip" },
	{ IORING_FEAT_LINKED_FILE, "linked_file" },
	{ IORING_FEAT_REG_REG_RING, "reg_reg_ring" },
	{ IORING_FEAT_RECVSEND_BUNDLE, "recvsend_bundle" },
	{ IORING_FEAT_MIN_TIMEOUT, "min_timeout" },
	{ IORING_FEAT_RW_ATTR, "rw_attr" },
	{ IORING_FEAT_NO_IOWAIT, "no_iowait" },
};

static void print_features(const struct io_uring *ring)
{
	unsigned int unnamed = ring->features;

	printf("uring-info: features");
	for (size_t i = 0; i < ARRAY_SIZE(features); i++) {
		if (ring->features & features[i].bit)
			printf(" %s", features[i].name);
		unnamed &= ~features[i].bit;
	}
	if (unnamed)
		printf(" 0x%x", unnamed);
	printf("\n");
}

/* Buffer rings have no opcode or feature bit, so the way to know is to try. */
static bool has_buffer_rings(struct io_uring *ring)
{
	struct io_uring_buf_ring *buffers;
	int err;

	buffers = io_uring_setup_buf_ring(ring, 8, 0, 0, &err);
	if (!buffers)
		return false;
	io_uring_free_buf_ring(ring, buffers, 8, 0);
	return true;
}

static void print_operations(struct io_uring *ring)
{
	struct io_uring_probe *probe = io_uring_get_probe_ring(ring);
	int supported = 0;

	if (!probe) {
		printf("uring-info: the kernel cannot be asked for its operations (it needs 5.6)\n");
		return;
	}
	for (int op = 0; op <= probe->last_op; op++)
		supported += io_uring_opcode_supported(probe, op);
	io_uring_free_probe(probe);
	printf("uring-info: %d operations, the header names %d; buffer rings: %s\n",
	       supported, (int)IORING_OP_LAST,
	       has_buffer_rings(ring) ? "yes" : "no");
}

int main(void)
{
	struct io_uring ring;
	struct utsname system;
	int ret;

	print_loaded_liburing("uring-info");
	if (uname(&system) == 0)
		printf("uring-info: %s %s, %s\n", system.sysname,
		       system.release, system.machine);

	ret = io_uring_queue_init(8, &ring, 0);
	if (ret < 0) {
		fprintf(stderr, "uring-info: no ring can be set up: %s\n",
			strerror(-ret));
		if (ret == -ENOSYS)
			fprintf(stderr, "uring-info: the kernel has no io_uring (it came with 5.1)\n");
		else if (ret == -EPERM)
			fprintf(stderr, "uring-info: io_uring is forbidden here (seccomp, or sysctl kernel.io_uring_disabled)\n");
		return 1;
	}
	print_features(&ring);
	print_operations(&ring);
	io_uring_queue_exit(&ring);
	return 0;
}
