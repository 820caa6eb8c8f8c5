/* ---- Buffers of a multishot recvmsg ---- */

IOURINGINLINE struct io_uring_recvmsg_out *
io_uring_recvmsg_validate(void *buf, int buf_len,
			  struct msghdr *msgh) LIBURING_NOEXCEPT
{
	size_t left = _URING_CAST(size_t, buf_len);

	/* Piece by piece, because the sum of the lengths may overflow. */
	if (buf_len < 0 || left < sizeof(struct io_uring_recvmsg_out))
		return NULL;
	left -= sizeof(struct io_uring_recvmsg_out);
	if (left < msgh->msg_namelen)
		return NULL;
	left -= msgh->msg_namelen;
	if (left < msgh->msg_controllen)
		return NULL;

	return _URING_CAST(struct io_uring_recvmsg_out *, buf);
}

IOURINGINLINE void *
io_uring_recvmsg_name(struct io_uring_recvmsg_out *o) LIBURING_NOEXCEPT
{
	return _URING_CAST(void *, o + 1);
}

IOURINGINLINE struct cmsghdr *
io_uring_recvmsg_cmsg_firsthdr(struct io_uring_recvmsg_out *o,
			       struct msghdr *msgh) LIBURING_NOEXCEPT
{
	if (o->controllen < sizeof(struct cmsghdr))
		return NULL;

	return _URING_CAST(struct cmsghdr *, _URING_CAST(void *,
		_URING_CAST(unsigned char *, io_uring_recvmsg_name(o)) +
		msgh->msg_namelen));
}

IOURINGINLINE struct cmsghdr *
io_uring_recvmsg_cmsg_nexthdr(struct io_uring_recvmsg_out *o,
			      struct msghdr *msgh,
			      struct cmsghdr *cmsg) LIBURING_NOEXCEPT
{
	const size_t header = sizeof(struct cmsghdr);
	unsigned char *control, *next;
	size_t end, used;

	if (cmsg->cmsg_len < header)
		return NULL;

	control = _URING_CAST(unsigned char *, io_uring_recvmsg_name(o)) +
		  msgh->msg_namelen;
	end = o->controllen;
	next = _URING_CAST(unsigned char *, _URING_CAST(void *, cmsg));
	used = _URING_CAST(size_t, next - control);
	if (used > end || cmsg->cmsg_len > end - used)
		return NULL;
	/* Below the end, so that aligning cannot overflow. */
	used += CMSG_ALIGN(cmsg->cmsg_len);
	if (used > end || end - used < header)
		return NULL;

	cmsg = _URING_CAST(struct cmsghdr *,
			   _URING_CAST(void *, control + used));
	if (cmsg->cmsg_len > end - used ||
	    CMSG_ALIGN(cmsg->cmsg_len) > end - used)
		return NULL;
	return cmsg;
}

IOURINGINLINE void *
io_uring_recvmsg_payload(struct io_uring_recvmsg_out *o,
			 struct msghdr *msgh) LIBURING_NOEXCEPT
{
	return _URING_CAST(unsigned char *, io_uring_recvmsg_name(o)) +
	       msgh->msg_namelen + msgh->msg_controllen;
}

IOURINGINLINE unsigned int
io_uring_recvmsg_payload_length(struct io_uring_recvmsg_out *o, int buf_len,
				struct msghdr *msgh) LIBURING_NOEXCEPT
{
	size_t left = _URING_CAST(size_t, buf_len);

	_URING_CAST(void, o);
	/* As in io_uring_recvmsg_validate(). */
	if (buf_len < 0 || left < sizeof(struct io_uring_recvmsg_out))
		return 0;
	left -= sizeof(struct io_uring_recvmsg_out);
	if (left < msgh->msg_namelen)
		return 0;
	left -= msgh->msg_namelen;
	if (left < msgh->msg_controllen)
		return 0;

	return _URING_CAST(unsigned int, left - msgh->msg_controllen);
}
