/* Description: register_iowq_max_workers() sets the two worker limits and hands
 * back the previous ones, 0 leaves a limit alone; register_iowq_aff() binds
 * the workers to CPUs and unregister_iowq_aff() frees them; CPU sets of 2^31
 * bytes or more are refused before the kernel sees them. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "file.h"

#include <dirent.h>
#include <sched.h>

/* How many io-wq threads of this process may run on these CPUs. */
static int workers_on(const cpu_set_t *set)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *ent;
	int found = 0;

	T_CHECK(dir);
	while ((ent = readdir(dir))) {
		char path[300], name[32] = "";
		cpu_set_t seen;
		int fd;

		snprintf(path, sizeof(path), "/proc/self/task/%s/comm",
			 ent->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (read(fd, name, sizeof(name) - 1) > 0 &&
		    !strncmp(name, "iou-wrk", 7) &&
		    !sched_getaffinity(atoi(ent->d_name), sizeof(seen), &seen))
			found += CPU_EQUAL(&seen, set);
		close(fd);
	}
	closedir(dir);
	return found;
}

/* Opening a pipe that nobody writes to keeps a worker busy: poll cannot help. */
static void occupy_worker(struct io_uring *ring, const char *fifo)
{
	struct io_uring_sqe *sqe = t_sqe(ring);

	T_SYS(mkfifo(fifo, 0600));
	io_uring_prep_open(sqe, fifo, O_RDONLY | O_CLOEXEC, 0);
	io_uring_sqe_set_flags(sqe, IOSQE_ASYNC);
	io_uring_sqe_set_data64(sqe, 1);
	t_submit(ring, 1);
}

static void release_worker(struct io_uring *ring, const char *fifo)
{
	int fd = (int)T_SYS(open(fifo, O_WRONLY | O_CLOEXEC));

	T_GE(t_reap_as(ring, 1).res, 0);
	close(fd);
}

static void affinity(struct io_uring *ring)
{
	cpu_set_t all, one;
	int cpu;

	T_SYS(sched_getaffinity(0, sizeof(all), &all));
	for (cpu = CPU_SETSIZE - 1; !CPU_ISSET(cpu, &all); cpu--)
		;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	t_enter_tmpdir();
	T_EQ(io_uring_register_iowq_aff(ring, sizeof(one), &one), 0);
	occupy_worker(ring, "first");
	while (workers_on(&one) != 1)
		t_sleep_ms(1);

	/* A running worker stays where it is; a new one may go anywhere. */
	if (CPU_COUNT(&all) > 1) {
		T_EQ(workers_on(&all), 0);
		T_EQ(io_uring_unregister_iowq_aff(ring), 0);
		occupy_worker(ring, "second");
		while (workers_on(&all) != 1)
			t_sleep_ms(1);
		release_worker(ring, "second");
	}
	release_worker(ring, "first");
	T_EQ(io_uring_unregister_iowq_aff(ring), 0);

	CPU_ZERO(&one);
	T_EQ(io_uring_register_iowq_aff(ring, (size_t)1 << 31, &one), -EINVAL);
	T_EQ(io_uring_register_iowq_aff(ring, ~(size_t)0, &one), -EINVAL);
	T_EQ(io_uring_register_iowq_aff(ring, sizeof(one), NULL), -EINVAL);
	T_EQ(io_uring_register_iowq_aff(ring, 0, &one), -EINVAL);
}

static void max_workers(struct io_uring *ring)
{
	unsigned int limits[2] = { 0, 0 }, first[2];

	T_EQ_SINCE(5, 15, "IORING_REGISTER_IOWQ_MAX_WORKERS",
		   io_uring_register_iowq_max_workers(ring, limits), 0,
		   -EINVAL);
	T_GE(limits[0], 1);
	T_GE(limits[1], 1);
	first[0] = limits[0];
	first[1] = limits[1];

	limits[0] = 3;
	limits[1] = 5;
	T_EQ(io_uring_register_iowq_max_workers(ring, limits), 0);
	T_EQ(limits[0], first[0]);
	T_EQ(limits[1], first[1]);

	limits[0] = 0;
	limits[1] = 4;
	T_EQ(io_uring_register_iowq_max_workers(ring, limits), 0);
	T_EQ(limits[0], 3);
	T_EQ(limits[1], 5);

	limits[0] = limits[1] = 0;
	T_EQ(io_uring_register_iowq_max_workers(ring, limits), 0);
	T_EQ(limits[0], 3);
	T_EQ(limits[1], 4);
	T_EQ(io_uring_register_iowq_max_workers(ring, NULL), -EINVAL);
}

int main(void)
{
	struct io_uring ring;

	T_RING(8, &ring, 0);
	max_workers(&ring);
	/* The setting was that of the caller, not of the SQPOLL thread. */
	if (t_flavour() != T_SQPOLL ||
	    !t_lacks(6, 6, "IORING_REGISTER_IOWQ_AFF for SQPOLL", 0, 0))
		affinity(&ring);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
