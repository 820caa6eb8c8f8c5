/* Description: register_napi() and unregister_napi() exchange the busy-poll
 * settings of the ring: each stores what was in force before into the
 * caller's structure. */
/* flavours: plain defer sqe128 cqe32 */
#include "file.h"

int main(void)
{
	struct io_uring_napi napi;
	struct io_uring ring;
	int ret;

	T_RING(8, &ring, 0);
	memset(&napi, 0, sizeof(napi));
	napi.busy_poll_to = 30;
	napi.prefer_busy_poll = 1;
	ret = io_uring_register_napi(&ring, &napi);
	T_NEEDS(6, 9, "IORING_REGISTER_NAPI", ret, -EINVAL);
	T_EQ(ret, 0);
	T_EQ(napi.busy_poll_to, 0);
	T_EQ(napi.prefer_busy_poll, 0);

	memset(&napi, 0, sizeof(napi));
	napi.busy_poll_to = 50;
	T_EQ(io_uring_register_napi(&ring, &napi), 0);
	T_EQ(napi.busy_poll_to, 30);
	T_EQ(napi.prefer_busy_poll, 1);

	memset(&napi, 0, sizeof(napi));
	T_EQ(io_uring_unregister_napi(&ring, &napi), 0);
	T_EQ(napi.busy_poll_to, 50);
	T_EQ(napi.prefer_busy_poll, 0);
	T_EQ(io_uring_unregister_napi(&ring, &napi), 0);
	T_EQ(napi.busy_poll_to, 0);

	/* A caller that does not care may pass nothing to the second one. */
	T_EQ(io_uring_unregister_napi(&ring, NULL), 0);
	memset(&napi, 0xff, sizeof(napi));
	T_EQ(io_uring_register_napi(&ring, &napi), -EINVAL);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
