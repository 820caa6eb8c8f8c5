/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The sockets of the two echo programs: TCP, on 127.0.0.1 and nowhere else. */
#ifndef EXAMPLES_LOOPBACK_H
#define EXAMPLES_LOOPBACK_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

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

#endif
