/* Description: setup first asks for a ring without index array. A kernel that
 * answers -EINVAL to that is asked again without the flag, the array is filled
 * with the identity and the flags say so. Any other error is final and leaves
 * the flag in the parameters; and nothing is repeated for a caller who asked
 * for the flag. Such kernels are played by a seccomp supervisor thread. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* valgrind: off: it does not know seccomp(2) */
#include "test.h"

#include <sys/ioctl.h>

static int listener = -1;
static int error_without_array;
static volatile int setups;
static pthread_mutex_t ready = PTHREAD_MUTEX_INITIALIZER;

/* Created before the filter, so that it is not subject to it. */
static void *old_kernel(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&ready);
	for (;;) {
		struct seccomp_notif_resp answer;
		struct seccomp_notif call;
		const struct io_uring_params *p;

		memset(&call, 0, sizeof(call));
		memset(&answer, 0, sizeof(answer));
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call)) {
			if (errno == EINTR || errno == ENOENT)
				continue;
			return NULL;
		}
		setups++;
		p = (const void *)(uintptr_t)call.data.args[1];
		answer.id = call.id;
		if (p->flags & IORING_SETUP_NO_SQARRAY)
			answer.error = error_without_array;
		else
			answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		/* Interrupted meanwhile: the call starts over, and asks again. */
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer))
			setups--;
	}
}

static void start_old_kernel(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_setup, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { sizeof(code) / sizeof(code[0]), code };
	pthread_t thread;

	pthread_mutex_lock(&ready);
	T_EQ(pthread_create(&thread, NULL, old_kernel, NULL), 0);
	T_SYS(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	listener = (int)syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER,
				SECCOMP_FILTER_FLAG_NEW_LISTENER, &prog);
	if (listener < 0)
		T_SKIP("no seccomp user notification: %s", strerror(errno));
	pthread_mutex_unlock(&ready);
}

static void identity_and_use(struct io_uring *ring)
{
	unsigned int i, j;

	T_EQ(ring->flags & IORING_SETUP_NO_SQARRAY, 0);
	T_CHECK(ring->sq.array != NULL);
	for (i = 0; i < ring->sq.ring_entries; i++)
		T_EQ(ring->sq.array[i], i);
	for (i = 0; i < 10; i++) {
		for (j = 0; j < 3; j++)
			t_queue_nop(ring, 3 * i + j);
		T_SUBMIT(ring, 3);
		for (j = 0; j < 3; j++)
			T_EQ(t_reap(ring).user_data, 3 * i + j);
	}
}

static int setup(struct io_uring *ring, struct io_uring_params *p,
		 unsigned int flags)
{
	setups = 0;
	memset(p, 0, sizeof(*p));
	p->flags = flags;
	t_flavour_params(p);
	return io_uring_queue_init_params(8, ring, p);
}

int main(void)
{
	struct io_uring_params p;
	struct t_usage before;
	struct io_uring ring;
	char *memory;
	int ret;

	T_NEEDS_RING();
	memory = mmap(NULL, 2 << 20, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	T_CHECK(memory != MAP_FAILED);
	start_old_kernel();
	before = t_usage();

	error_without_array = -EINVAL;
	T_EQ(setup(&ring, &p, 0), 0);
	T_EQ(setups, 2);
	T_EQ(p.flags, t_flavour_flags());
	identity_and_use(&ring);
	io_uring_queue_exit(&ring);

	setups = 0;
	T_EQ(io_uring_queue_init(8, &ring, t_flavour_flags()), 0);
	T_EQ(setups, 2);
	identity_and_use(&ring);
	io_uring_queue_exit(&ring);

	T_NOTHING_LEAKED(before);

	T_EQ(setup(&ring, &p, IORING_SETUP_NO_SQARRAY), -EINVAL);
	T_EQ(setups, 1);
	T_EQ(p.flags, t_flavour_flags() | IORING_SETUP_NO_SQARRAY);

	error_without_array = -ENOMEM;
	T_EQ(setup(&ring, &p, 0), -ENOMEM);
	T_EQ(setups, 1);
	T_EQ(p.flags, t_flavour_flags() | IORING_SETUP_NO_SQARRAY);
	T_EQ(setup(&ring, &p, IORING_SETUP_NO_MMAP), -ENOMEM);
	T_EQ(setups, 1);

	error_without_array = -EINVAL;
	ret = setup(&ring, &p, IORING_SETUP_NO_MMAP);
	T_EQ(setups, 2);
	T_EQ(p.flags, t_flavour_flags() | IORING_SETUP_NO_MMAP);
	T_NEEDS(6, 5, "IORING_SETUP_NO_MMAP", ret, -EINVAL);
	T_EQ(ret, 0);
	identity_and_use(&ring);
	io_uring_queue_exit(&ring);
	T_NOTHING_LEAKED(before);

	/* The array needs room in the caller's memory. */
	memset(&p, 0, sizeof(p));
	t_flavour_params(&p);
	setups = 0;
	ret = io_uring_queue_init_mem(4096, &ring, &p, memory, 2 << 20);
	T_EQ(setups, 2);
	T_EQ(ret, io_uring_memory_size(4096, t_flavour_flags()));
	identity_and_use(&ring);
	T_LE((char *)(ring.sq.array + 4096), memory + ret);
	T_CHECK((char *)ring.sq.array > (char *)ring.sq.sqes);
	io_uring_queue_exit(&ring);
	T_NOTHING_LEAKED(before);
	return T_EXIT_PASS;
}
