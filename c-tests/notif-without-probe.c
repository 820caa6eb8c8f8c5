/* Description: where the kernel does not tell what it can do, slot sends are
 * plain sends with the same completions. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* upstream: differs: liburing has no notification slots */
#include "notif.h"

static struct io_uring ring;
static struct notif_box box;

static void batch(int fd, int peer, unsigned int generation)
{
	unsigned int i;

	for (i = 0; i < 16; i++)
		notif_send(&ring, fd, "plain", 5, 0, i == 15 ? NOTIF_FLUSH : 0,
			   i);
	t_submit(&ring, 16);
	NOTIF_COLLECT_ALL(&ring, &box, 17);
	for (i = 0; i < 16; i++)
		NOTIF_TAKE(&box, i, 5, 0);
	T_EQ(NOTIF_TAKE(&box, NOTIF_TAG(0), 0, generation), 16);
	for (i = 0; i < 16; i++)
		t_expect(peer, "plain", 5);
}

static int without_probe(void *arg)
{
	const struct t_arg_match probe = { 1, ~0U, IORING_REGISTER_PROBE };
	int tcp[2], local[2];
	unsigned int i;

	(void)arg;
	t_tcp_pair(tcp);
	t_socketpair(local);
	t_seccomp_deny(__NR_io_uring_register, EINVAL, &probe, 1);
	T_RING(32, &ring, 0);
	notif_register(&ring, 2);
	for (i = 0; i < 4; i++) {
		batch(tcp[0], tcp[1], 2 * i);
		batch(local[0], local[1], 2 * i + 1);
	}
	io_uring_queue_exit(&ring);
	return 0;
}

int main(void)
{
	T_NEEDS_RING();
	T_EQ(t_fork_run(without_probe, NULL), 0);
	return T_EXIT_PASS;
}
