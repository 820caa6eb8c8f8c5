/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the tests of socket operations share. All traffic is on loopback. */
#ifndef T_NET_H
#define T_NET_H

#include "file.h"

#include <poll.h>

/* A bound UDP socket on loopback, and its address. */
static inline int t_udp(struct sockaddr_in *addr)
{
	socklen_t len = sizeof(*addr);
	int fd;

	fd = (int)T_SYS(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	memset(addr, 0, sizeof(*addr));
	addr->sin_family = AF_INET;
	addr->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	T_SYS(bind(fd, (struct sockaddr *)addr, len));
	T_SYS(getsockname(fd, (struct sockaddr *)addr, &len));
	return fd;
}

static inline void t_send_all(int fd, const void *buf, size_t len)
{
	if (send(fd, buf, len, MSG_NOSIGNAL) != (ssize_t)len)
		T_FAIL("send: %s", strerror(errno));
}

/* Exactly these bytes must be the next ones that arrive. */
static inline void t_expect(int fd, const void *wanted, size_t len)
{
	char seen[4096];
	ssize_t got;

	if (len > sizeof(seen))
		T_FAIL("t_expect: %zu bytes", len);
	got = recv(fd, seen, len, MSG_WAITALL);
	if (got != (ssize_t)len || memcmp(seen, wanted, len))
		T_FAIL("%zd bytes received, \"%.*s\" expected", got, (int)len,
		       (const char *)wanted);
}

static inline void t_expect_eof(int fd)
{
	char byte;

	T_EQ(recv(fd, &byte, 1, 0), 0);
}

/* A connected client of the listener. */
static inline int t_tcp_connect(const struct sockaddr_in *addr)
{
	int fd = (int)T_SYS(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));

	T_SYS(connect(fd, (const struct sockaddr *)addr, sizeof(*addr)));
	return fd;
}

#endif /* T_NET_H */
