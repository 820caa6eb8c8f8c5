/* Description: an IORING_SETUP_NO_MMAP ring whose SQEs do not fit into one
 * page is put into one 2 MB huge page, rings behind the SQEs; without a free
 * huge page setup fails with -ENOMEM and leaks nothing. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
/* alone: it changes the size of the pool of huge pages */
#include "test.h"

#include <sys/file.h>

#define POOL "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"

static int pool_size(void)
{
	char text[32];
	int fd = open(POOL, O_RDONLY);
	ssize_t got;

	if (fd < 0)
		return -1;
	got = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (got <= 0)
		return -1;
	text[got] = 0;
	return atoi(text);
}

static void set_pool(int size)
{
	int fd = open(POOL, O_WRONLY);

	if (fd < 0)
		return;
	dprintf(fd, "%d", size);
	close(fd);
}

/* The kernel lets go of a closed ring's page a little later. */
static void restore_pool(int size)
{
	int i;

	for (i = 0; i < 500; i++) {
		set_pool(size);
		if (pool_size() == size)
			return;
		t_sleep_ms(10);
	}
}

static bool huge_page_free(void)
{
	void *p = mmap(NULL, 2 << 20, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB |
			       (21 << MAP_HUGE_SHIFT), -1, 0);

	if (p == MAP_FAILED)
		return false;
	munmap(p, 2 << 20);
	return true;
}

static int start(struct io_uring *ring, struct io_uring_params *p)
{
	memset(p, 0, sizeof(*p));
	p->flags = IORING_SETUP_NO_MMAP;
	t_flavour_params(p);
	return io_uring_queue_init_params(256, ring, p);
}

static int no_huge_page(void *arg)
{
	const struct t_arg_match huge = { 3, MAP_HUGETLB, MAP_HUGETLB };
	struct t_usage before = t_usage();
	struct io_uring_params p;
	struct io_uring ring;

	(void)arg;
	t_seccomp_deny(__NR_mmap, ENOMEM, &huge, 1);
	T_EQ(start(&ring, &p), -ENOMEM);
	T_NOTHING_LEAKED(before);
	return T_EXIT_PASS;
}

static int with_huge_page(void *arg)
{
	struct t_usage before = t_usage();
	struct io_uring_params p;
	struct io_uring ring;

	(void)arg;
	T_EQ_SINCE(6, 5, "IORING_SETUP_NO_MMAP", start(&ring, &p), 0, -EINVAL);
	T_EQ((uintptr_t)ring.sq.sqes % (2 << 20), 0);
	T_EQ(p.sq_off.user_addr, (uintptr_t)ring.sq.sqes);
	T_EQ(p.cq_off.user_addr, (uintptr_t)ring.cq.ring_ptr);
	T_CHECK((char *)ring.cq.ring_ptr > (char *)ring.sq.sqes);
	T_CHECK((char *)ring.cq.ring_ptr < (char *)ring.sq.sqes + (2 << 20));
	T_EQ(t_maps().shared, before.maps.shared + 1);
	T_EQ(t_maps().bytes, before.maps.bytes + (2 << 20));
	T_NOPS(&ring, 1000);
	io_uring_queue_exit(&ring);
	T_NOTHING_LEAKED(before);
	return T_EXIT_PASS;
}

int main(void)
{
	int ret, size, lock;

	T_NEEDS_RING();
	T_EQ(t_fork_run(no_huge_page, NULL), T_EXIT_PASS);
	/* Another run of this test may have borrowed a page just now. */
	lock = open(POOL, O_RDONLY | O_CLOEXEC);
	if (lock >= 0)
		T_SYS(flock(lock, LOCK_EX));
	if (huge_page_free())
		return with_huge_page(NULL);

	/* Borrow a page from the system where that is allowed. */
	size = pool_size();
	if (size >= 0)
		set_pool(size + 1);
	if (!huge_page_free()) {
		restore_pool(size);
		T_SKIP("no free 2 MB page, and none can be added to the pool");
	}
	ret = t_fork_run(with_huge_page, NULL);
	restore_pool(size);
	return ret;
}
