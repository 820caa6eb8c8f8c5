/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* TCP sockets, on 127.0.0.1 where nothing else is said. */
#ifndef EXAMPLES_LOOPBACK_H
#define EXAMPLES_LOOPBACK_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common.h"

static inline struct sockaddr_in loopback_address(unsigned int port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	return address;
}

/* Returns a descriptor or -errno. */
static inline int loopback_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1;

	if (fd < 0)
		return -errno;
	/* An accepted socket inherits this from the listening one. */
	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on))) {
		int error = errno;

		close(fd);
		return -error;
	}
	return fd;
}

/* Port 0 becomes one that is free. Returns a descriptor or -errno. */
static inline int loopback_listen(unsigned int *port)
{
	struct sockaddr_in address = loopback_address(*port);
	socklen_t length = sizeof(address);
	int fd = loopback_socket();
	int on = 1;

	if (fd < 0)
		return fd;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(fd, (struct sockaddr *)&address, length) ||
	    listen(fd, SOMAXCONN) ||
	    getsockname(fd, (struct sockaddr *)&address, &length)) {
		int error = errno;

		close(fd);
		return -error;
	}
	*port = ntohs(address.sin_port);
	return fd;
}

/* ADDRESS:PORT, in numbers. */
static inline bool parse_address(const char *text, struct sockaddr_in *address)
{
	const char *colon = strrchr(text, ':');
	char host[INET_ADDRSTRLEN];
	unsigned int port;

	if (!colon || !parse_number(colon + 1, 65535, &port) ||
	    (size_t)(colon - text) >= sizeof(host))
		return false;
	memcpy(host, text, (size_t)(colon - text));
	host[colon - text] = '\0';
	*address = loopback_address(port);
	return inet_pton(AF_INET, host, &address->sin_addr) == 1;
}

/* The two ends of one connection. Returns 0 or -errno. */
static inline int loopback_pair(int ends[2])
{
	unsigned int port = 0;
	int listener = loopback_listen(&port);
	struct sockaddr_in address = loopback_address(port);
	int error = 0;

	if (listener < 0)
		return listener;
	ends[1] = -1;
	ends[0] = loopback_socket();
	if (ends[0] < 0)
		error = ends[0];
	else if (connect(ends[0], (struct sockaddr *)&address,
			 sizeof(address)) ||
		 (ends[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) < 0)
		error = -errno;
	if (error && ends[0] >= 0)
		close(ends[0]);
	close(listener);
	return error;
}

#endif
