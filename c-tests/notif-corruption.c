/* Description: buffers of a slot are reported free only when the network no
 * longer reads them: the sender overwrites each as soon as it sees the
 * notifier, and the receiver, another process, verifies every byte. Over
 * loopback, and between two network namespaces that are joined by veth, with
 * delay and loss where the kernel has netem. The receiver stops at times, so
 * that data stays in the sender's memory. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no notification slots */
#include "notif.h"

#include <sched.h>

/* A group is what one flush covers. */
#define GROUPS 4u
#define SENDS 4u
#define SIZE 16384u
#define ROUNDS 40u
#define UPDATE 1000u

static unsigned char buffers[GROUPS][SENDS][SIZE];

/* What byte `at` of the stream is. */
static inline unsigned char byte_at(uint64_t at)
{
	uint64_t x = (at / 8 + 1) * 0x9e3779b97f4a7c15ULL;

	return (unsigned char)(x >> at % 8 * 8);
}

/* ---- the receiver ------------------------------------------------------ */

/* Reads the whole stream, with pauses, and answers with one byte. */
static void receive(int fd)
{
	const uint64_t total = (uint64_t)ROUNDS * GROUPS * SENDS * SIZE;
	static unsigned char seen[16384];
	unsigned int reads = 0;
	uint64_t at = 0;

	while (at < total) {
		ssize_t got = recv(fd, seen, sizeof(seen), 0), i;

		if (got <= 0)
			T_FAIL("recv: %zd after %llu bytes", got,
			       (unsigned long long)at);
		for (i = 0; i < got; i++)
			if (seen[i] != byte_at(at + (uint64_t)i))
				T_FAIL("byte %llu is 0x%02x, 0x%02x was sent",
				       (unsigned long long)at + i, seen[i],
				       byte_at(at + (uint64_t)i));
		at += (uint64_t)got;
		if (++reads % 8 == 0)
			t_sleep_ms(4);
	}
	T_EQ(send(fd, "k", 1, MSG_NOSIGNAL), 1);
}

/* ---- the sender -------------------------------------------------------- */

static struct io_uring ring;
static unsigned int generation[GROUPS];
static bool busy[GROUPS];
static bool sending;
static int sent;

/* Takes one completion, and overwrites at once what became free. */
static void step(void)
{
	struct t_result r = t_reap(&ring);
	uint64_t group = r.user_data - NOTIF_TAG(0);

	if (r.user_data == UPDATE) {
		T_EQ(r.res, 0);
		return;
	}
	T_EQ(r.flags, r.user_data < GROUPS ? 0 : generation[group % GROUPS]);
	if (r.user_data < GROUPS) {
		T_GE(r.res, 1);
		sent = r.res;
		sending = false;
		return;
	}
	T_LE(group, GROUPS - 1);
	T_EQ(r.res, 0);
	T_EQ(busy[group], 1);
	memset(buffers[group], 0xdb, sizeof(buffers[group]));
	generation[group]++;
	busy[group] = false;
}

/* All of a buffer: before 5.19 a part may be sent in spite of the flag. */
static void send_buffer(int fd, unsigned int group, unsigned char *buf,
			unsigned int zc_flags)
{
	unsigned int done = 0;

	while (done < SIZE) {
		struct io_uring_sqe *sqe;

		sqe = notif_send(&ring, fd, buf + done, SIZE - done, group,
				 zc_flags, group);
		sqe->msg_flags |= MSG_WAITALL;
		t_submit(&ring, 1);
		sending = true;
		while (sending)
			step();
		done += (unsigned int)sent;
	}
}

static void send_stream(int fd)
{
	unsigned int n, i, k, group;
	uint64_t at = 0;

	T_RING(16, &ring, 0);
	notif_register(&ring, GROUPS);
	memset(generation, 0, sizeof(generation));
	for (n = 0; n < ROUNDS * GROUPS; n++) {
		/* By an update and by flag, of each slot. */
		bool by_update = n / GROUPS % 2;

		group = n % GROUPS;
		while (busy[group])
			step();
		busy[group] = true;
		for (i = 0; i < SENDS; i++) {
			unsigned char *buf = buffers[group][i];

			for (k = 0; k < SIZE; k++)
				buf[k] = byte_at(at++);
			send_buffer(fd, group, buf,
				    i == SENDS - 1 && !by_update ? NOTIF_FLUSH
								 : 0);
		}
		if (by_update) {
			notif_update(&ring, 0, group, 1, UPDATE);
			t_submit(&ring, 1);
		}
	}
	for (group = 0; group < GROUPS; group++)
		while (busy[group])
			step();
	t_expect(fd, "k", 1);
	NOTIF_QUIET(&ring);
	io_uring_queue_exit(&ring);
}

/* ---- where they meet --------------------------------------------------- */

/* Runs a command of iproute2; whether it succeeded. */
static bool __attribute__((format(printf, 1, 2))) command(const char *fmt, ...)
{
	char line[256], quiet[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	snprintf(quiet, sizeof(quiet), "%s >/dev/null 2>&1", line);
	return system(quiet) == 0;
}

static void tell(int fd, char word)
{
	T_EQ(write(fd, &word, 1), 1);
}

static char hear(int fd)
{
	char word = 0;

	return read(fd, &word, 1) == 1 ? word : 0;
}

static void ends_well(pid_t pid)
{
	int status;

	T_EQ(waitpid(pid, &status, 0), pid);
	T_EQ(status, 0);
}

static void over_loopback(void)
{
	int sv[2];
	pid_t pid;

	t_tcp_pair(sv);
	pid = (pid_t)T_SYS(fork());
	if (!pid) {
		t_start();
		close(sv[0]);
		receive(sv[1]);
		_exit(T_EXIT_PASS);
	}
	close(sv[1]);
	send_stream(sv[0]);
	close(sv[0]);
	ends_well(pid);
}

/* The receiver's namespace: 'v' comes when its end of the veth is there. */
static void far_end(int talk)
{
	struct sockaddr_in addr;
	int lfd, fd, one = 1;

	t_start();
	if (unshare(CLONE_NEWNET)) {
		tell(talk, 'e');
		_exit(T_EXIT_PASS);
	}
	tell(talk, 'n');
	if (hear(talk) != 'v')
		_exit(T_EXIT_PASS);
	T_CHECK(command("ip addr add 10.18.0.2/24 dev far"));
	T_CHECK(command("ip link set far up"));
	memset(&addr, 0, sizeof(addr));
	addr.sin_family = AF_INET;
	addr.sin_port = htons(7000);
	lfd = (int)T_SYS(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	T_SYS(setsockopt(lfd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)));
	T_SYS(bind(lfd, (struct sockaddr *)&addr, sizeof(addr)));
	T_SYS(listen(lfd, 1));
	tell(talk, 'l');
	fd = (int)T_SYS(accept4(lfd, NULL, NULL, SOCK_CLOEXEC));
	receive(fd);
	/* The namespace stays until the sender is done with it. */
	hear(talk);
	_exit(T_EXIT_PASS);
}

/* Returns why there is no such connection, or NULL. */
static const char *near_end(int talk, pid_t pid)
{
	struct sockaddr_in addr;
	int fd;

	if (hear(talk) != 'n' || unshare(CLONE_NEWNET))
		return "no network namespaces for this process";
	if (!command("ip link add near type veth peer name far netns %d",
		     (int)pid))
		return "no veth, or no ip to make it";
	T_CHECK(command("ip addr add 10.18.0.1/24 dev near"));
	T_CHECK(command("ip link set near up"));
	if (!command("tc qdisc add dev near root netem delay 2ms loss 1%%"))
		printf("without delay and loss: no netem, or no tc\n");
	tell(talk, 'v');
	T_EQ(hear(talk), 'l');
	memset(&addr, 0, sizeof(addr));
	addr.sin_family = AF_INET;
	addr.sin_port = htons(7000);
	addr.sin_addr.s_addr = inet_addr("10.18.0.2");
	fd = t_tcp_connect(&addr);
	send_stream(fd);
	close(fd);
	return NULL;
}

static void over_veth(void)
{
	const char *missing;
	int talk[2];
	pid_t pid;

	t_socketpair(talk);
	pid = (pid_t)T_SYS(fork());
	if (!pid) {
		close(talk[0]);
		far_end(talk[1]);
	}
	close(talk[1]);
	missing = near_end(talk[0], pid);
	if (missing)
		printf("over loopback only: %s\n", missing);
	close(talk[0]);
	ends_well(pid);
}

int main(void)
{
	over_loopback();
	over_veth();
	return T_EXIT_PASS;
}
