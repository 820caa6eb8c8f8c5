/* Description: cmd_discard punches the given range out of a block device, here
 * a loop device over a temporary file; anything else refuses it. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "file.h"

#include <linux/loop.h>
#include <sys/ioctl.h>

#define SIZE  (1U << 20)
#define START (256U << 10)
#define LEN   (128U << 10)

static struct io_uring ring;

static int discard(int fd, uint64_t start, uint64_t len)
{
	struct io_uring_sqe *sqe = t_sqe(&ring);

	io_uring_prep_cmd_discard(sqe, fd, start, len);
	return t_do(&ring, sqe);
}

/* A loop device on the file that goes away with its last descriptor; or -1. */
static int loop_device(int file)
{
	int control, nr, i, dev = -1;

	control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	if (control < 0)
		return -1;
	/* Others may look for a free device at the same time. */
	for (i = 0; i < 100 && dev < 0; i++) {
		struct loop_config config;
		char path[64];

		nr = ioctl(control, LOOP_CTL_GET_FREE);
		if (nr < 0)
			break;
		snprintf(path, sizeof(path), "/dev/loop%d", nr);
		dev = open(path, O_RDWR | O_CLOEXEC);
		if (dev < 0)
			break;
		memset(&config, 0, sizeof(config));
		config.fd = (__u32)file;
		config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
		if (ioctl(dev, LOOP_CONFIGURE, &config)) {
			close(dev);
			dev = -1;
			if (errno != EBUSY)
				break;
		}
	}
	close(control);
	return dev;
}

int main(void)
{
	static unsigned char zero[4096], data[4096];
	int fds[2], file = t_tmpfile(SIZE), dev, back;
	char path[64];

	T_RING(8, &ring, 0);
	T_NEEDS_OP(5, 19, IORING_OP_URING_CMD);
	T_EQ(discard(file, 0, 4096), -EOPNOTSUPP);
	T_SYS(pipe(fds));
	T_EQ(discard(fds[1], 0, 4096), -EOPNOTSUPP);

	/* A descriptor of its own, that stays valid when the device holds the first. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	back = (int)T_SYS(open(path, O_RDWR | O_CLOEXEC));
	dev = loop_device(back);
	if (dev < 0)
		T_SKIP("no loop device can be set up here: %s", strerror(errno));
	T_EQ(pread(file, data, 4096, START), 4096);
	T_EQ(data[1], 7);
	T_EQ_SINCE(6, 12, "BLOCK_URING_CMD_DISCARD", discard(dev, START, LEN),
		   0, -EOPNOTSUPP);
	T_EQ(pread(file, data, 4096, START), 4096);
	T_MEM_EQ(data, zero, 4096);
	T_EQ(pread(file, data, 4096, START + LEN - 4096), 4096);
	T_MEM_EQ(data, zero, 4096);
	T_EQ(pread(file, data, 2, START + LEN), 2);
	T_EQ(data[1], 7);
	T_EQ(pread(file, data, 2, START - 4096), 2);
	T_EQ(data[1], 7);

	T_EQ(discard(dev, 1, 512), -EINVAL);
	T_EQ(discard(dev, 0, 2ULL * SIZE), -EINVAL);
	close(dev);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
