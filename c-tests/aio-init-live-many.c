/* Description: however many requests are in flight, none of them can be
 * initialised meanwhile, and all can be afterwards. */
/* libraries: uring-aio */
/* flavours: plain */
/* upstream: differs: liburing has no AIO engine */
#include "aio.h"

#define NR 60000u

static struct io_uring_aio_req reqs[NR];
static struct io_uring_aio_event ev[NR];

static void run(unsigned int flags)
{
	struct io_uring_aio *ctx = aio_init(NR, flags);
	unsigned int i;

	for (i = 0; i < NR; i++) {
		AIO_REQ(&reqs[i]);
		T_EQ(io_uring_aio_start(ctx, &reqs[i]), 0);
	}
	for (i = 0; i < NR; i++)
		if (io_uring_aio_req_init(&reqs[i]) != -EBUSY)
			T_FAIL("request %u of %u in flight is initialised", i,
			       NR);
	for (i = 0; i < NR; i++)
		T_EQ(io_uring_aio_complete(ctx, &reqs[i], 0), 0);
	aio_events(ctx, NR, ev);
	for (i = 0; i < NR; i++)
		AIO_REQ(&reqs[i]);
	AIO_EXIT(ctx);
}

int main(void)
{
	AIO_EACH_KIND(run);
	return T_EXIT_PASS;
}
