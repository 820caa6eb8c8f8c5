/* Description: register_ifq() and register_zcrx_ctrl() report why the kernel
 * refuses: wrong ring, unknown device, a device without zero-copy receive,
 * missing privilege, unknown context. No virtual device supports it. */
/* flavours: plain */
#include "net.h"

#include <liburing/io_uring/query.h>
#include <net/if.h>

#define RQ_SIZE 65536UL

static void *area;
static void *refill;

static int try(unsigned int ring_flags, unsigned int ifindex)
{
	struct io_uring_zcrx_ifq_reg reg;
	struct io_uring_zcrx_area_reg ar;
	struct io_uring_region_desc rd;
	struct io_uring ring;
	int ret;

	T_RING(8, &ring, ring_flags);
	memset(&ar, 0, sizeof(ar));
	ar.addr = (unsigned long)area;
	ar.len = RQ_SIZE;
	memset(&rd, 0, sizeof(rd));
	rd.user_addr = (unsigned long)refill;
	rd.size = RQ_SIZE;
	rd.flags = IORING_MEM_REGION_TYPE_USER;
	memset(&reg, 0, sizeof(reg));
	reg.if_idx = ifindex;
	reg.rq_entries = 64;
	reg.area_ptr = (unsigned long)&ar;
	reg.region_ptr = (unsigned long)&rd;
	ret = io_uring_register_ifq(&ring, &reg);
	io_uring_queue_exit(&ring);
	return ret;
}

static bool kernel_has(unsigned int register_opcode)
{
	struct io_uring_query_hdr hdr;
	struct io_uring_query_opcode op;

	memset(&hdr, 0, sizeof(hdr));
	memset(&op, 0, sizeof(op));
	hdr.query_data = (unsigned long)&op;
	hdr.size = sizeof(op);
	return !io_uring_register_query(&hdr) && !hdr.result &&
	       op.nr_register_opcodes > register_opcode;
}

static void ctrl(void)
{
	struct zcrx_ctrl c;
	struct io_uring ring;
	int ret;

	T_RING(8, &ring, 0);
	memset(&c, 0, sizeof(c));
	c.zcrx_id = 12345;
	c.op = ZCRX_CTRL_FLUSH_RQ;
	ret = io_uring_register_zcrx_ctrl(&ring, &c);
	if (!kernel_has(IORING_REGISTER_ZCRX_CTRL) &&
	    t_lacks(6, 19, "IORING_REGISTER_ZCRX_CTRL", ret, -EINVAL))
		ret = -ENXIO;
	T_EQ(ret, -ENXIO);
	io_uring_queue_exit(&ring);
}

int main(void)
{
	unsigned int good = IORING_SETUP_SINGLE_ISSUER |
			    IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQE32;
	struct io_uring ring;

	ctrl();
	area = mmap(NULL, RQ_SIZE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	refill = mmap(NULL, RQ_SIZE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	T_CHECK(area != MAP_FAILED && refill != MAP_FAILED);
	memset(area, 0, RQ_SIZE);
	memset(refill, 0, RQ_SIZE);

	T_RING(8, &ring, 0);
	T_EQ(io_uring_register_ifq(&ring, NULL), geteuid() ? -EPERM : -EINVAL);
	io_uring_queue_exit(&ring);
	if (geteuid() == 0) {
		int ret = try(good, 0x7ffffffe);

		T_NEEDS(6, 15, "IORING_REGISTER_ZCRX_IFQ", ret, -EINVAL);
		if (ret == -EINVAL)
			T_SKIP("the kernel is built without zero-copy receive");
		T_EQ(ret, -ENODEV);
		T_EQ(try(0, if_nametoindex("lo")), -EINVAL);
		T_EQ(try(good, if_nametoindex("lo")), -EOPNOTSUPP);
		T_SYS(setuid(65534));
	}
	T_EQ(try(good, if_nametoindex("lo")), -EPERM);
	return T_EXIT_PASS;
}
