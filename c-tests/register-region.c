/* Description: io_uring_register_region() hands one descriptor to the kernel
 * and returns its answer; the older io_uring_register_wait_reg() has no kernel
 * behind it any more and is always -EINVAL. */
/* flavours: plain sqpoll defer sqe128 cqe32 */
#include "test.h"

int main(void)
{
	struct io_uring_mem_region_reg reg;
	struct io_uring_region_desc desc;
	struct io_uring_reg_wait wait;
	struct io_uring ring;
	char *memory;
	int ret;

	T_RING(4, &ring, 0);
	memset(&wait, 0, sizeof(wait));
	T_EQ(io_uring_register_wait_reg(&ring, &wait, 1), -EINVAL);
	T_EQ(io_uring_register_wait_reg(&ring, &wait, 0), -EINVAL);

	memory = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	T_CHECK(memory != MAP_FAILED);
	memset(&desc, 0, sizeof(desc));
	desc.user_addr = (uintptr_t)memory + 1;
	desc.size = 8192;
	desc.flags = IORING_MEM_REGION_TYPE_USER;
	memset(&reg, 0, sizeof(reg));
	reg.region_uptr = (uintptr_t)&desc;
	T_EQ(io_uring_register_region(&ring, &reg), -EINVAL);
	desc.user_addr = (uintptr_t)memory;
	ret = io_uring_register_region(&ring, &reg);
	T_NEEDS(6, 13, "IORING_REGISTER_MEM_REGION", ret, -EINVAL);
	T_EQ(ret, 0);
	T_EQ(io_uring_register_region(&ring, &reg), -EBUSY);
	io_uring_queue_exit(&ring);

	/* Arguments for waits are refused on a ring that runs already. */
	T_RING(4, &ring, 0);
	reg.flags = IORING_MEM_REGION_REG_WAIT_ARG;
	T_EQ(io_uring_register_region(&ring, &reg), -EINVAL);
	io_uring_queue_exit(&ring);
	return T_EXIT_PASS;
}
