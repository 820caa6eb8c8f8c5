/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The other end of a connection: a process that reads all there is, sums it up
 * and says what it got. It is forked before there is a ring, because a ring
 * with notification slots belongs to one process.
 */
#ifndef EXAMPLES_RECEIVER_H
#define EXAMPLES_RECEIVER_H

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loopback.h"

/* Of a stream of bytes, however it comes in pieces. */
struct checksum {
	uint64_t bytes;
	uint64_t mixed;
	/* The last bytes, less than a word of them, then zeros. */
	uint64_t tail;
};

static inline uint64_t checksum_mix(uint64_t mixed, uint64_t word)
{
	mixed = (mixed ^ word) * 0x9e3779b97f4a7c15;
	return mixed ^ mixed >> 32;
}

static inline void checksum_add(struct checksum *sum, const char *data,
				size_t size)
{
	while (size) {
		size_t held = sum->bytes % sizeof(sum->tail);
		size_t taken = sizeof(sum->tail) - held;

		if (!held && size >= sizeof(sum->tail)) {
			memcpy(&sum->tail, data, sizeof(sum->tail));
		} else {
			if (taken > size)
				taken = size;
			memcpy((char *)&sum->tail + held, data, taken);
		}
		if (held + taken == sizeof(sum->tail)) {
			sum->mixed = checksum_mix(sum->mixed, sum->tail);
			sum->tail = 0;
		}
		sum->bytes += taken;
		data += taken;
		size -= taken;
	}
}

static inline uint64_t checksum_value(const struct checksum *sum)
{
	return checksum_mix(checksum_mix(sum->mixed, sum->tail), sum->bytes);
}

struct receiver {
	pid_t process;
	/* Where it says what it got. */
	int report;
};

__attribute__((format(printf, 2, 3), noreturn))
static inline void receiver_fail(const char *program, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s: the receiver: ", program);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	_exit(EXIT_FAILURE);
}

static inline void receiver_write(const char *program, int fd,
				  const char *path, const char *data,
				  size_t size)
{
	while (size) {
		ssize_t written = write(fd, data, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			receiver_fail(program, "writing %s: %s", path,
				      strerror(errno));
		data += written;
		size -= (size_t)written;
	}
}

__attribute__((noreturn))
static inline void receiver_run(const char *program, int connection,
				int output, const char *output_path, int report)
{
	static char data[256u << 10];
	struct checksum sum = { 0 };
	ssize_t size;

	while ((size = read(connection, data, sizeof(data))) != 0) {
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			receiver_fail(program, "reading: %s", strerror(errno));
		checksum_add(&sum, data, (size_t)size);
		if (output >= 0)
			receiver_write(program, output, output_path, data,
				       (size_t)size);
	}
	if (output >= 0 && close(output))
		receiver_fail(program, "closing %s: %s", output_path,
			      strerror(errno));
	receiver_write(program, report, "its report", (const char *)&sum,
		       sizeof(sum));
	_exit(EXIT_SUCCESS);
}

/*
 * output_path may be NULL; the data is then only summed up. Returns the
 * sending end of the connection, or -errno.
 */
static inline int receiver_start(struct receiver *receiver,
				 const char *program, int output,
				 const char *output_path)
{
	int connection[2], report[2];
	int error;

	error = loopback_pair(connection);
	if (error)
		return error;
	if (pipe2(report, O_CLOEXEC)) {
		error = -errno;
		close(connection[0]);
		close(connection[1]);
		return error;
	}
	fflush(stdout);
	receiver->process = fork();
	if (!receiver->process) {
		/* With this end open the data would never be over. */
		close(connection[0]);
		receiver_run(program, connection[1], output, output_path,
			     report[1]);
	}
	error = receiver->process < 0 ? -errno : 0;
	close(connection[1]);
	close(report[1]);
	receiver->report = report[0];
	if (error) {
		close(connection[0]);
		close(report[0]);
		return error;
	}
	return connection[0];
}

/* After the end of the data: what it got. Returns false when it failed. */
static inline bool receiver_finish(struct receiver *receiver,
				   struct checksum *sum)
{
	ssize_t size;

	do
		size = read(receiver->report, sum, sizeof(*sum));
	while (size < 0 && errno == EINTR);
	close(receiver->report);
	while (waitpid(receiver->process, NULL, 0) < 0 && errno == EINTR)
		;
	return size == (ssize_t)sizeof(*sum);
}

#endif
