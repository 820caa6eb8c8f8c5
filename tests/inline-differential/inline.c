/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * usage: inline SEED ROUNDS
 *
 * Calls the inline helpers of whichever liburing.h it was compiled with on rings
 * and buffers that exist only in memory, in states drawn from SEED, and prints
 * what they return and leave behind. Two headers that do the same print the
 * same. A line begins with the name of what was tried; deviations.txt lists the
 * names whose lines may differ.
 *
 * The one function that the helpers call in the library is defined here, so no
 * library and no kernel takes part.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <liburing.h>

/* ---- decisions --------------------------------------------------------- */

static uint64_t state;

static uint64_t draw(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1dULL;
}

static unsigned int below(unsigned int n)
{
	return (unsigned int)((draw() >> 32) % n);
}

/* Most often close to where indices wrap around. */
static unsigned int index_near_wrap(void)
{
	return below(4) ? 0U - below(80) : (unsigned int)draw();
}

static uint64_t hash(const void *p, size_t n)
{
	const unsigned char *byte = p;
	uint64_t h = 0xcbf29ce484222325ULL;

	while (n--)
		h = (h ^ *byte++) * 0x100000001b3ULL;
	return h;
}

/* ---- a ring in memory -------------------------------------------------- */

#define MAX_ENTRIES 32

static struct {
	struct io_uring ring;
	unsigned int sq_head, sq_tail, sq_flags;
	unsigned int cq_head, cq_tail, cq_flags;
	struct io_uring_sqe sqes[2 * MAX_ENTRIES];
	/* struct io_uring_cqe ends in a flexible array: two words for each. */
	uint64_t cqes[2 * 2 * 2 * MAX_ENTRIES];
} fake;

static unsigned int enters;

int __io_uring_get_cqe(struct io_uring *ring, struct io_uring_cqe **cqe_ptr,
		       unsigned int submit, unsigned int wait_nr,
		       sigset_t *sigmask)
{
	(void)ring;
	(void)sigmask;
	enters += 1 + 16 * wait_nr + 4096 * submit;
	*cqe_ptr = NULL;
	return -EAGAIN;
}

static void make_ring(void)
{
	static const unsigned int flags[] = {
		0,
		IORING_SETUP_SQPOLL,
		IORING_SETUP_IOPOLL,
		IORING_SETUP_SQE128,
		IORING_SETUP_CQE32,
		IORING_SETUP_SQE_MIXED,
		IORING_SETUP_SQE_MIXED | IORING_SETUP_SQPOLL,
		IORING_SETUP_CQE_MIXED,
		IORING_SETUP_CQE_MIXED,
		IORING_SETUP_SQE128 | IORING_SETUP_CQE32,
	};
	unsigned int entries = 1U << below(6);
	struct io_uring *ring = &fake.ring;

	memset(&fake, 0, sizeof(fake));
	memset(fake.sqes, 0xa5, sizeof(fake.sqes));
	enters = 0;
	ring->flags = flags[below(sizeof(flags) / sizeof(flags[0]))];
	ring->features = below(4) ? IORING_FEAT_EXT_ARG : 0;
	ring->ring_fd = ring->enter_ring_fd = -1;
	ring->int_flags = (uint8_t)below(8);

	fake.sq_head = index_near_wrap();
	fake.sq_tail = fake.sq_head + below(entries + 1);
	fake.sq_flags = below(8);
	ring->sq.khead = &fake.sq_head;
	ring->sq.ktail = &fake.sq_tail;
	ring->sq.kflags = &fake.sq_flags;
	ring->sq.sqes = fake.sqes;
	ring->sq.sqe_head = fake.sq_tail;
	ring->sq.sqe_tail =
		fake.sq_tail + below(entries + 1 - (fake.sq_tail - fake.sq_head));
	ring->sq.ring_mask = entries - 1;
	ring->sq.ring_entries = entries;

	fake.cq_head = fake.cq_tail = index_near_wrap();
	fake.cq_flags = below(2);
	ring->cq.khead = &fake.cq_head;
	ring->cq.ktail = &fake.cq_tail;
	ring->cq.kflags = below(8) ? &fake.cq_flags : NULL;
	ring->cq.cqes = (struct io_uring_cqe *)(void *)fake.cqes;
	ring->cq.ring_mask = 2 * entries - 1;
	ring->cq.ring_entries = 2 * entries;
}

static struct io_uring_cqe *cqe_at(unsigned int index)
{
	unsigned int shift = !!(fake.ring.flags & IORING_SETUP_CQE32);
	unsigned int slot = (index & fake.ring.cq.ring_mask) << shift;

	return (struct io_uring_cqe *)(void *)&fake.cqes[2 * slot];
}

static void put_cqe(uint64_t user_data, int res, unsigned int flags)
{
	struct io_uring_cqe *cqe = cqe_at(fake.cq_tail);

	cqe->user_data = user_data;
	cqe->res = res;
	cqe->flags = flags;
	fake.cq_tail += flags & IORING_CQE_F_32 ? 2 : 1;
}

/* As a kernel fills it, with a filler where a wide one would be cut in two. */
static void fill_cq(void)
{
	unsigned int size = fake.ring.cq.ring_entries;
	unsigned int nr = below(size + 1);

	while (fake.cq_tail - fake.cq_head < nr) {
		uint64_t user_data = below(8) ? below(200) : UINT64_MAX;
		int res = (int)below(64) - 32;
		unsigned int left = nr - (fake.cq_tail - fake.cq_head);
		unsigned int kind = below(5);

		if (!(fake.ring.flags & IORING_SETUP_CQE_MIXED) || kind < 2) {
			put_cqe(user_data, res, kind ? IORING_CQE_F_MORE : 0);
		} else if (kind == 2) {
			put_cqe(0, 0, IORING_CQE_F_SKIP);
		} else if (left < 2 ||
			   (fake.cq_tail & (size - 1)) == size - 1) {
			put_cqe(0, 0, IORING_CQE_F_SKIP);
		} else {
			put_cqe(user_data, res, IORING_CQE_F_32);
		}
	}
}

static void print_cqe(const struct io_uring_cqe *cqe)
{
	if (cqe)
		printf(" [%td %" PRIu64 " %d %x]",
		       ((const uint64_t *)(const void *)cqe - fake.cqes) / 2,
		       (uint64_t)cqe->user_data, cqe->res, cqe->flags);
	else
		printf(" null");
}

/* ---- what is tried ----------------------------------------------------- */

static void sq(void)
{
	struct io_uring *ring = &fake.ring;
	struct io_uring_sqe *sqe;
	int i;

	make_ring();
	printf("sq: %x %x+%u", ring->flags, fake.sq_head,
	       ring->sq.sqe_tail - fake.sq_head);
	for (i = 0; i < 6; i++) {
		sqe = below(2) ? io_uring_get_sqe128(ring)
			       : io_uring_get_sqe(ring);
		printf(" %td/%x", sqe ? sqe - fake.sqes : -1,
		       ring->sq.sqe_tail);
		printf(" %u %u", io_uring_sq_ready(ring),
		       io_uring_sq_space_left(ring));
		if (sqe && below(2))
			sqe->opcode = IORING_OP_READV;
		if (!below(4) && ring->sq.sqe_tail != fake.sq_head)
			fake.sq_head++;
	}
	printf(" %016" PRIx64 " %016" PRIx64 " %u\n",
	       hash(fake.sqes, sizeof(fake.sqes)),
	       hash(&ring->sq.sqe_head, 2 * sizeof(ring->sq.sqe_head)), enters);
}

static void cq_iteration(void)
{
	struct io_uring *ring = &fake.ring;
	struct io_uring_cqe_iter iter;
	struct io_uring_cqe *cqe;
	unsigned int head, nr = 0, slots = 0;

	make_ring();
	fill_cq();
	printf("cq-iteration: %x %x %u %d", ring->flags, fake.cq_head,
	       io_uring_cq_ready(ring), io_uring_cq_has_overflow(ring));
	io_uring_for_each_cqe(ring, head, cqe) {
		printf(" %x", head);
		print_cqe(cqe);
		slots += io_uring_cqe_nr(cqe);
		if (++nr == 20)
			break;
	}
	printf(" |");
	iter = io_uring_cqe_iter_init(ring);
	while (io_uring_cqe_iter_next(&iter, &cqe))
		print_cqe(cqe);
	io_uring_cq_advance(ring, slots);
	printf(" %x %u\n", fake.cq_head, io_uring_cq_ready(ring));
}

static void cq_peek(void)
{
	struct io_uring *ring = &fake.ring;
	struct io_uring_cqe *cqe;
	unsigned int i, wait_nr;

	make_ring();
	fill_cq();
	printf("cq-peek: %x %x %x %x", ring->flags, ring->features,
	       ring->int_flags, fake.cq_head);
	for (i = 0; i < 8; i++) {
		cqe = NULL;
		switch (below(4)) {
		case 0:
			wait_nr = below(4);
			printf(" nr %u", wait_nr);
			printf(" %d", io_uring_wait_cqe_nr(ring, &cqe, wait_nr));
			break;
		case 1:
			printf(" wait %d", io_uring_wait_cqe(ring, &cqe));
			break;
		default:
			printf(" peek %d", io_uring_peek_cqe(ring, &cqe));
			break;
		}
		print_cqe(cqe);
		if (below(4))
			io_uring_cqe_seen(ring, cqe);
		printf(" %x %u", fake.cq_head, enters);
	}
	printf("\n");
}

static void cq_eventfd(void)
{
	struct io_uring *ring = &fake.ring;
	int i;

	make_ring();
	printf("cq-eventfd:");
	for (i = 0; i < 3; i++) {
		bool on = below(2);

		printf(" %d", io_uring_cq_eventfd_enabled(ring));
		/* Without a flags word the kernel is too old for the rest. */
		printf(" %d", io_uring_cq_eventfd_toggle(ring, on));
		printf(" %x", fake.cq_flags);
	}
	printf("\n");
}

static void buf_ring(void)
{
	static struct io_uring_buf bufs[256];
	struct io_uring_buf_ring *br = (struct io_uring_buf_ring *)(void *)bufs;
	unsigned int entries = 1U << below(9);
	int mask = io_uring_buf_ring_mask(entries);
	int i, nr = (int)below(12);

	make_ring();
	fill_cq();
	memset(bufs, 0, sizeof(bufs));
	io_uring_buf_ring_init(br);
	br->tail = (uint16_t)(below(4) ? 0U - below(40) : below(65536));
	printf("buf-ring: %d", mask);
	for (i = 0; i < nr; i++) {
		void *addr = (void *)(uintptr_t)draw();
		unsigned int len = (unsigned int)draw();
		unsigned short bid = (unsigned short)draw();
		int offset = (int)below(entries + 1);
		int count = (int)below(3), bufs_added = (int)below(3);

		io_uring_buf_ring_add(br, addr, len, bid, mask, offset);
		if (!below(3))
			io_uring_buf_ring_advance(br, (int)below(entries + 1));
		if (!below(5))
			__io_uring_buf_ring_cq_advance(&fake.ring, br, count,
						       bufs_added);
		if (!below(5))
			io_uring_buf_ring_cq_advance(&fake.ring, br, count);
	}
	printf(" %u %016" PRIx64 " %x\n", br->tail, hash(bufs, sizeof(bufs)),
	       fake.cq_head);
}

/* ---- recvmsg ----------------------------------------------------------- */

static union {
	struct io_uring_recvmsg_out out;
	unsigned char bytes[3 * 1024];
	uint64_t align;
} memory;

/* In the middle, so that what a header miscalculates is not a fault. */
#define BUFFER (memory.bytes + 1024)

static void print_offset(const void *p)
{
	if (p)
		printf(" %td", (const unsigned char *)p - BUFFER);
	else
		printf(" null");
}

static void put_len(size_t at, size_t len)
{
	memcpy(BUFFER + at, &len, sizeof(len));
}

static struct msghdr small_message(void)
{
	struct msghdr msg;

	memset(&msg, 0, sizeof(msg));
	/* A multiple of 8, so that the messages are aligned. */
	msg.msg_namelen = 8 * below(16);
	msg.msg_controllen = below(160);
	memset(&memory, 0, sizeof(memory));
	return msg;
}

static void recvmsg_parts(void)
{
	struct msghdr msg = small_message();
	struct io_uring_recvmsg_out *o, header;
	size_t at = sizeof(header) + msg.msg_namelen;
	size_t all = at + msg.msg_controllen, used;
	struct cmsghdr *cmsg;
	int len = (int)(all + below(64)), i;

	if (!below(4))
		len = (int)below(400);
	if (!below(16))
		len = -len;
	memset(&header, 0, sizeof(header));
	header.namelen = (unsigned int)draw();
	header.payloadlen = (unsigned int)draw();
	header.controllen = below(3) ? (unsigned int)msg.msg_controllen
				     : below((unsigned int)msg.msg_controllen + 1);
	memcpy(BUFFER, &header, sizeof(header));
	for (used = 0; header.controllen - used >= sizeof(*cmsg);) {
		size_t left = header.controllen - used;
		size_t cmsg_len = sizeof(*cmsg) + below((unsigned int)left) / 2;

		switch (below(8)) {
		case 0:
			cmsg_len = left + below(12) - 6;
			break;
		case 1:
			cmsg_len = below(20);
			break;
		case 2:
			/* Large, and far from an overflow. */
			cmsg_len = draw() >> 8;
			break;
		}
		put_len(at + used, cmsg_len);
		cmsg_len = CMSG_ALIGN(cmsg_len);
		used += cmsg_len && cmsg_len < left ? cmsg_len : left;
	}

	o = io_uring_recvmsg_validate(BUFFER, len, &msg);
	printf("recvmsg: %d %u %zu %u", len, msg.msg_namelen,
	       (size_t)msg.msg_controllen, header.controllen);
	print_offset(o);
	if (!o) {
		printf("\n");
		return;
	}
	print_offset(io_uring_recvmsg_name(o));
	print_offset(io_uring_recvmsg_payload(o, &msg));
	printf(" %u |", io_uring_recvmsg_payload_length(o, len, &msg));
	cmsg = io_uring_recvmsg_cmsg_firsthdr(o, &msg);
	for (i = 0; cmsg && i < 12; i++) {
		print_offset(cmsg);
		cmsg = io_uring_recvmsg_cmsg_nexthdr(o, &msg, cmsg);
	}
	print_offset(cmsg);
	printf("\n");
}

/* A control message whose length, rounded up or added, overflows. */
static void recvmsg_nexthdr_wraps(void)
{
	struct msghdr msg = small_message();
	struct io_uring_recvmsg_out *o = (void *)BUFFER;
	size_t at = sizeof(*o) + msg.msg_namelen;
	struct cmsghdr *cmsg;

	msg.msg_controllen = 64;
	o->controllen = 64;
	put_len(at, SIZE_MAX - below(24));
	put_len(at + 24, sizeof(*cmsg));
	cmsg = io_uring_recvmsg_cmsg_firsthdr(o, &msg);
	printf("recvmsg-nexthdr-wraps: ");
	print_offset(cmsg);
	print_offset(io_uring_recvmsg_cmsg_nexthdr(o, &msg, cmsg));
	printf("\n");
}

/* The second message's length overflows. */
static void recvmsg_second_wraps(void)
{
	struct msghdr msg = small_message();
	struct io_uring_recvmsg_out *o = (void *)BUFFER;
	size_t at = sizeof(*o) + msg.msg_namelen;
	struct cmsghdr *cmsg;

	msg.msg_controllen = 64;
	o->controllen = 64;
	put_len(at, sizeof(*cmsg) + below(9));
	put_len(at + 16, SIZE_MAX - below(24));
	put_len(at + 24, SIZE_MAX - below(24));
	cmsg = io_uring_recvmsg_cmsg_firsthdr(o, &msg);
	printf("recvmsg-second-wraps:");
	print_offset(io_uring_recvmsg_cmsg_nexthdr(o, &msg, cmsg));
	printf("\n");
}

/* Lengths of the request whose sum no buffer can have. */
static void recvmsg_huge_request(void)
{
	struct msghdr msg = small_message();
	int len = below(2) ? INT32_MAX : (int)below(400);

	if (below(2))
		msg.msg_namelen = UINT32_MAX - below(40);
	else
		msg.msg_controllen = SIZE_MAX - below(200);
	printf("recvmsg-huge-request: %d", len);
	print_offset(io_uring_recvmsg_validate(BUFFER, len, &msg));
	printf("\n");
}

/* The payload of a buffer that is too short for it. */
static void recvmsg_no_payload(void)
{
	struct msghdr msg = small_message();
	struct io_uring_recvmsg_out *o = (void *)BUFFER;
	size_t all = sizeof(*o) + msg.msg_namelen + msg.msg_controllen;
	int len = (int)below((unsigned int)all);

	if (below(2))
		len -= 300;
	printf("recvmsg-no-payload: %d %u\n", len,
	       io_uring_recvmsg_payload_length(o, len, &msg));
}

/* A request's lengths that wrap around to where the payload would fit. */
static void recvmsg_payload_wraps(void)
{
	struct msghdr msg = small_message();
	struct io_uring_recvmsg_out *o = (void *)BUFFER;
	int len = (int)below(400);

	msg.msg_controllen = SIZE_MAX - below(64);
	printf("recvmsg-payload-wraps: %d %u\n", len,
	       io_uring_recvmsg_payload_length(o, len, &msg));
}

int main(int argc, char **argv)
{
	static void (*const tried[])(void) = {
		sq,
		cq_iteration,
		cq_peek,
		cq_eventfd,
		buf_ring,
		recvmsg_parts,
		recvmsg_nexthdr_wraps,
		recvmsg_second_wraps,
		recvmsg_huge_request,
		recvmsg_no_payload,
		recvmsg_payload_wraps,
	};
	const size_t nr = sizeof(tried) / sizeof(tried[0]);
	unsigned long round, rounds;
	uint64_t seed;

	if (argc != 3) {
		fprintf(stderr, "usage: %s SEED ROUNDS\n", argv[0]);
		return 2;
	}
	seed = strtoull(argv[1], NULL, 10);
	rounds = strtoul(argv[2], NULL, 10);
	for (round = 0; round < rounds * nr; round++) {
		/* What a round draws does not depend on what one before did. */
		state = (seed + 1) * 0x9e3779b97f4a7c15ULL + round;
		draw();
		draw();
		tried[round % nr]();
	}
	return 0;
}
