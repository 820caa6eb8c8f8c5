/* Description: another process receives what slot sends of this one carry, on
 * TCP, UDP and local sockets, in order and unchanged. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no notification slots */
#include "notif.h"

#define SENDS 64u
#define SIZE 4096u

static char data[8][SIZE];

static void paint(char *block, unsigned int i)
{
	unsigned int at;

	for (at = 0; at < SIZE; at++)
		block[at] = (char)(i * 7 + at * 13 + at / 256);
}

static int receive(void *arg)
{
	static char wanted[SIZE], seen[SIZE];
	const int *fd = arg;
	unsigned int i;

	for (i = 0; i < SENDS; i++) {
		paint(wanted, i);
		T_EQ(recv(*fd, seen, SIZE, MSG_WAITALL), SIZE);
		T_MEM_EQ(seen, wanted, SIZE);
		/* The next may be sent. */
		T_EQ(send(*fd, "k", 1, MSG_NOSIGNAL), 1);
	}
	return 0;
}

static void talk(int fd, int peer)
{
	struct io_uring ring;
	unsigned int i;
	pid_t pid;
	int status;

	pid = (pid_t)T_SYS(fork());
	if (!pid) {
		t_start();
		_exit(receive(&peer));
	}
	T_RING(8, &ring, 0);
	notif_register(&ring, 2);
	for (i = 0; i < SENDS; i++) {
		struct io_uring_sqe *sqe;

		paint(data[i % 8], i);
		sqe = notif_send(&ring, fd, data[i % 8], SIZE, i / 8 % 2,
				 i % 8 == 7 ? NOTIF_FLUSH : 0, 1);
		sqe->msg_flags |= MSG_WAITALL;
		t_submit(&ring, 1);
		NOTIF_NEXT(&ring, 1, SIZE, 0);
		t_expect(fd, "k", 1);
		if (i % 8 == 7)
			NOTIF_NEXT(&ring, NOTIF_TAG(i / 8 % 2), 0, i / 16);
	}
	NOTIF_QUIET(&ring);
	io_uring_queue_exit(&ring);
	T_EQ(waitpid(pid, &status, 0), pid);
	T_EQ(status, 0);
}

int main(void)
{
	struct sockaddr_in a, b;
	int sv[2];

	t_tcp_pair(sv);
	talk(sv[0], sv[1]);
	notif_close(sv);
	t_socketpair(sv);
	talk(sv[0], sv[1]);
	notif_close(sv);
	T_SYS(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, sv));
	talk(sv[0], sv[1]);
	notif_close(sv);
	sv[0] = t_udp(&a);
	sv[1] = t_udp(&b);
	T_SYS(connect(sv[0], (struct sockaddr *)&b, sizeof(b)));
	T_SYS(connect(sv[1], (struct sockaddr *)&a, sizeof(a)));
	talk(sv[0], sv[1]);
	notif_close(sv);
	return T_EXIT_PASS;
}
