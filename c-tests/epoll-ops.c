/* Description: epoll_ctl adds, changes and removes interest of an epoll
 * descriptor, and epoll_wait completes with its events, at once or when one
 * comes. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "net.h"

#include <sys/epoll.h>

static struct io_uring ring;

static int ctl(int epfd, int fd, int op, uint32_t events, uint64_t data)
{
	struct io_uring_sqe *sqe = t_sqe(&ring);
	struct epoll_event ev;

	memset(&ev, 0, sizeof(ev));
	ev.events = events;
	ev.data.u64 = data;
	io_uring_prep_epoll_ctl(sqe, epfd, fd, op, &ev);
	return t_do(&ring, sqe);
}

int main(void)
{
	struct epoll_event ev[4];
	struct io_uring_sqe *sqe;
	int epfd, a[2], b[2];

	epfd = (int)T_SYS(epoll_create1(EPOLL_CLOEXEC));
	t_socketpair(a);
	t_socketpair(b);
	T_RING(8, &ring, 0);
	T_EQ(ctl(epfd, a[1], EPOLL_CTL_ADD, EPOLLIN, 1), 0);
	T_EQ(ctl(epfd, a[1], EPOLL_CTL_ADD, EPOLLIN, 1), -EEXIST);
	T_EQ(ctl(epfd, b[1], EPOLL_CTL_MOD, EPOLLIN, 2), -ENOENT);
	T_EQ(ctl(epfd, -1, EPOLL_CTL_ADD, EPOLLIN, 2), -EBADF);
	T_EQ(epoll_wait(epfd, ev, 4, 0), 0);
	t_send_all(a[0], "x", 1);
	T_EQ(epoll_wait(epfd, ev, 4, 0), 1);
	T_EQ(ev[0].data.u64, 1);

	T_EQ(ctl(epfd, a[1], EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT, 0x300000004ULL),
	     0);
	T_EQ(epoll_wait(epfd, ev, 4, 0), 1);
	T_EQ(ev[0].events, EPOLLIN | EPOLLOUT);
	T_EQ(ev[0].data.u64, 0x300000004ULL);
	T_EQ(ctl(epfd, a[1], EPOLL_CTL_DEL, 0, 0), 0);
	T_EQ(epoll_wait(epfd, ev, 4, 0), 0);

	T_NEEDS_OP(6, 15, IORING_OP_EPOLL_WAIT);
	T_EQ(ctl(epfd, a[1], EPOLL_CTL_ADD, EPOLLIN, 5), 0);
	T_EQ(ctl(epfd, b[1], EPOLL_CTL_ADD, EPOLLIN, 6), 0);
	memset(ev, 0, sizeof(ev));
	sqe = t_sqe(&ring);
	io_uring_prep_epoll_wait(sqe, epfd, ev, 4, 0);
	T_EQ(t_do(&ring, sqe), 1);
	T_EQ(ev[0].events, EPOLLIN);
	T_EQ(ev[0].data.u64, 5);

	/* Room for one although two are ready. */
	t_send_all(b[0], "x", 1);
	sqe = t_sqe(&ring);
	io_uring_prep_epoll_wait(sqe, epfd, ev, 1, 0);
	T_EQ(t_do(&ring, sqe), 1);
	t_expect(a[1], "x", 1);
	t_expect(b[1], "x", 1);

	memset(ev, 0, sizeof(ev));
	sqe = t_sqe(&ring);
	io_uring_prep_epoll_wait(sqe, epfd, ev, 4, 0);
	io_uring_sqe_set_data64(sqe, 9);
	t_submit(&ring, 1);
	t_no_completion(&ring);
	t_send_all(b[0], "y", 1);
	T_EQ(t_reap_as(&ring, 9).res, 1);
	T_EQ(ev[0].data.u64, 6);
	sqe = t_sqe(&ring);
	io_uring_prep_epoll_wait(sqe, epfd, ev, 4, 1);
	T_EQ(t_do(&ring, sqe), -EINVAL);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
