/* needs: 2.3 */
#include "see.h"

#define ENTRIES 4
#define SIZE 64
#define GROUP 7

static char memory[ENTRIES][SIZE];
static struct io_uring ring;

static void receive(int fd, uint64_t data)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

	io_uring_prep_recv(sqe, fd, NULL, SIZE, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = GROUP;
	sqe->user_data = data;
	CALL(io_uring_submit_and_wait(&ring, 1));
	reap(&ring, 1);
}

static void use(struct io_uring_buf_ring *br, int sv[2])
{
	unsigned short i;

	io_uring_buf_ring_init(br);
	for (i = 0; i < ENTRIES; i++)
		io_uring_buf_ring_add(br, memory[i], SIZE, i + 1,
				      io_uring_buf_ring_mask(ENTRIES), i);
	VALUE(br->tail);
	io_uring_buf_ring_advance(br, ENTRIES);
	VALUE(br->tail);
	for (i = 0; i < ENTRIES; i++) {
		MUST(write(sv[1], "some text", 9));
		receive(sv[0], i);
	}
	MUST(write(sv[1], "more", 4));
	receive(sv[0], 10);
	io_uring_buf_ring_add(br, memory[2], SIZE, 9,
			      io_uring_buf_ring_mask(ENTRIES), 0);
	io_uring_buf_ring_advance(br, 1);
	receive(sv[0], 11);
	see("%.4s\n", memory[2]);
	VALUE(br->tail);
}

int main(void)
{
	struct io_uring_buf_ring *br;
	struct io_uring_buf_reg reg;
	int sv[2];

	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, sv));
	br = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (br == MAP_FAILED)
		return 1;
	ring_up(&ring, 4, 0);
	part("register");
	memset(&reg, 0, sizeof(reg));
	reg.ring_addr = (unsigned long)br;
	reg.ring_entries = ENTRIES;
	reg.bgid = GROUP;
	CALL(io_uring_register_buf_ring(&ring, &reg, 0));
	CALL(io_uring_register_buf_ring(&ring, &reg, 0));
	use(br, sv);
	part("unregister");
	CALL(io_uring_unregister_buf_ring(&ring, GROUP));
	CALL(io_uring_unregister_buf_ring(&ring, GROUP));
	part("refused");
	reg.ring_entries = 3;
	CALL(io_uring_register_buf_ring(&ring, &reg, 0));
	part("unknown flag");
	reg.ring_entries = ENTRIES;
	CALL(io_uring_register_buf_ring(&ring, &reg, 1U << 15));

#if API >= 215
	VALUE(reg.flags);
	{
		unsigned short head = 99;
		int err = 5;

		part("setup");
		br = CALL_PTR(io_uring_setup_buf_ring(&ring, ENTRIES, GROUP, 0,
						      &err));
		VALUE(err);
		use(br, sv);
		VALUE(io_uring_buf_ring_available(&ring, br, GROUP));
		CALL(io_uring_buf_ring_head(&ring, GROUP, &head));
		VALUE(head);
		CALL(io_uring_buf_ring_head(&ring, GROUP + 1, &head));
		CALL_PTR(io_uring_setup_buf_ring(&ring, ENTRIES, GROUP, 0, &err));
		VALUE(err);
		part("free");
		CALL(io_uring_free_buf_ring(&ring, br, ENTRIES, GROUP + 1));
		CALL(io_uring_free_buf_ring(&ring, br, ENTRIES, GROUP));
		part("setup refused");
		CALL_PTR(io_uring_setup_buf_ring(&ring, 3, GROUP, 0, &err));
		VALUE(err);
		CALL_PTR(io_uring_setup_buf_ring(&ring, 0, GROUP, 0, &err));
		VALUE(err);
		CALL_PTR(io_uring_setup_buf_ring(&ring, 65536, GROUP, 0, &err));
		VALUE(err);
		CALL_PTR(io_uring_setup_buf_ring(&ring, ENTRIES, GROUP, 1U << 15,
						 &err));
		VALUE(err);
		part("incremental");
		br = CALL_PTR(io_uring_setup_buf_ring(&ring, 1024, GROUP,
						      IOU_PBUF_RING_INC, &err));
		if (br) {
			io_uring_buf_ring_add(br, memory, sizeof(memory), 1,
					      io_uring_buf_ring_mask(1024), 0);
			io_uring_buf_ring_advance(br, 1);
			MUST(write(sv[1], "one", 3));
			receive(sv[0], 20);
			MUST(write(sv[1], "two", 3));
			receive(sv[0], 21);
			CALL(io_uring_free_buf_ring(&ring, br, 1024, GROUP));
		}
	}
#endif
	ring_down(&ring);
	return 0;
}
