/* Description: the io_uring_recvmsg_*() functions find name, control data and
 * payload in the buffer of a multishot recvmsg, and refuse buffers that are
 * too short, lengths that are negative and sums that overflow. */
/* flavours: plain */
#include "file.h"

#define NAME    16U
#define CONTROL 64U
#define HEADER  ((int)(sizeof(struct io_uring_recvmsg_out) + NAME + CONTROL))

static unsigned char buf[512] __attribute__((aligned(16)));
static struct io_uring_recvmsg_out *const out = (void *)buf;

static struct msghdr template(size_t name, size_t control)
{
	struct msghdr msg;

	memset(&msg, 0, sizeof(msg));
	msg.msg_namelen = (socklen_t)name;
	msg.msg_controllen = control;
	return msg;
}

static void validate(void)
{
	static const int refused[] = { -1, INT32_MIN, 0, 1, 15, 16,
				       HEADER - 1 };
	static const int taken[] = { HEADER, HEADER + 1, 512, INT32_MAX };
	struct msghdr msg = template(NAME, CONTROL);
	size_t i;

	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (io_uring_recvmsg_validate(buf, refused[i], &msg))
			T_FAIL("length %d taken", refused[i]);
	for (i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		if (io_uring_recvmsg_validate(buf, taken[i], &msg) != out)
			T_FAIL("length %d refused", taken[i]);

	msg = template(0, 0);
	T_PTR_EQ(io_uring_recvmsg_validate(buf, 15, &msg), NULL);
	T_PTR_EQ(io_uring_recvmsg_validate(buf, 16, &msg), out);

	/* Sums that do not fit, in 32 bits and in 64. */
	msg = template(0xffffffffU, 0);
	T_PTR_EQ(io_uring_recvmsg_validate(buf, 512, &msg), NULL);
	msg = template(0xfffffff0U, 0);
	T_PTR_EQ(io_uring_recvmsg_validate(buf, INT32_MAX, &msg), NULL);
	msg = template(NAME, (size_t)-16);
	T_PTR_EQ(io_uring_recvmsg_validate(buf, 512, &msg), NULL);
	msg = template(NAME, (size_t)-32);
	T_PTR_EQ(io_uring_recvmsg_validate(buf, 512, &msg), NULL);
	msg = template(NAME, SIZE_MAX);
	T_PTR_EQ(io_uring_recvmsg_validate(buf, INT32_MAX, &msg), NULL);
}

/* The parts are where the template says, whatever length they really have. */
static void places(void)
{
	struct msghdr msg = template(NAME, CONTROL);
	int len;

	memset(out, 0, sizeof(*out));
	out->namelen = 4;
	out->payloadlen = 3;
	T_PTR_EQ(io_uring_recvmsg_name(out), buf + sizeof(*out));
	T_PTR_EQ(io_uring_recvmsg_payload(out, &msg), buf + HEADER);

	for (len = 0; len <= HEADER; len++)
		T_EQ(io_uring_recvmsg_payload_length(out, len, &msg), 0);
	T_EQ(io_uring_recvmsg_payload_length(out, -1, &msg), 0);
	T_EQ(io_uring_recvmsg_payload_length(out, INT32_MIN, &msg), 0);
	T_EQ(io_uring_recvmsg_payload_length(out, HEADER + 1, &msg), 1);
	T_EQ(io_uring_recvmsg_payload_length(out, 512, &msg), 512 - HEADER);
	T_EQ(io_uring_recvmsg_payload_length(out, INT32_MAX, &msg),
	     INT32_MAX - HEADER);

	msg = template(0, 0);
	T_PTR_EQ(io_uring_recvmsg_payload(out, &msg), buf + 16);
	T_EQ(io_uring_recvmsg_payload_length(out, 20, &msg), 4);
}

static struct cmsghdr *at(size_t offset)
{
	return (void *)(buf + sizeof(*out) + NAME + offset);
}

static void control(void)
{
	struct msghdr msg = template(NAME, CONTROL);
	struct cmsghdr *first = at(0);
	unsigned int len;

	memset(buf, 0, sizeof(buf));
	for (len = 0; len < sizeof(struct cmsghdr); len++) {
		out->controllen = len;
		T_PTR_EQ(io_uring_recvmsg_cmsg_firsthdr(out, &msg), NULL);
	}
	for (; len <= CONTROL; len++) {
		out->controllen = len;
		T_PTR_EQ(io_uring_recvmsg_cmsg_firsthdr(out, &msg), first);
	}

	/* The next header is aligned and has to fit, with all of its data. */
	out->controllen = CONTROL;
	for (len = 0; len < sizeof(struct cmsghdr); len++) {
		first->cmsg_len = len;
		T_PTR_EQ(io_uring_recvmsg_cmsg_nexthdr(out, &msg, first), NULL);
	}
	for (; len <= CONTROL - sizeof(struct cmsghdr); len++) {
		first->cmsg_len = len;
		T_PTR_EQ(io_uring_recvmsg_cmsg_nexthdr(out, &msg, first),
			 at(CMSG_ALIGN(len)));
	}
	for (; len <= 2 * CONTROL; len++) {
		first->cmsg_len = len;
		T_PTR_EQ(io_uring_recvmsg_cmsg_nexthdr(out, &msg, first), NULL);
	}

	first->cmsg_len = CMSG_LEN(4);
	for (len = 0; len <= CONTROL; len++) {
		size_t next = CMSG_SPACE(4);

		at(next)->cmsg_len = len;
		T_PTR_EQ(io_uring_recvmsg_cmsg_nexthdr(out, &msg, first),
			 next + len <= CONTROL ? at(next) : NULL);
	}

	at(CMSG_SPACE(4))->cmsg_len = sizeof(struct cmsghdr);
	for (len = 0; len <= CONTROL; len++) {
		size_t end = CMSG_SPACE(4) + sizeof(struct cmsghdr);

		out->controllen = len;
		T_PTR_EQ(io_uring_recvmsg_cmsg_nexthdr(out, &msg, first),
			 len >= end ? at(CMSG_SPACE(4)) : NULL);
	}
}

int main(void)
{
	validate();
	places();
	control();
	return T_EXIT_PASS;
}
