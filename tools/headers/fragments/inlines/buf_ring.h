/* ---- Buffer rings ---- */

IOURINGINLINE int
io_uring_buf_ring_mask(__u32 ring_entries) LIBURING_NOEXCEPT
{
	return _URING_CAST(int, ring_entries - 1);
}

IOURINGINLINE void
io_uring_buf_ring_init(struct io_uring_buf_ring *br) LIBURING_NOEXCEPT
{
	br->tail = 0;
}

IOURINGINLINE void
io_uring_buf_ring_add(struct io_uring_buf_ring *br, void *addr,
		      unsigned int len, unsigned short bid, int mask,
		      int buf_offset) LIBURING_NOEXCEPT
{
	struct io_uring_buf *buf = &br->bufs[(br->tail + buf_offset) & mask];

	/* Not the whole entry: in the first one lies the ring's tail. */
	buf->addr = uring_ptr_to_u64(addr);
	buf->len = len;
	buf->bid = bid;
}

IOURINGINLINE void
io_uring_buf_ring_advance(struct io_uring_buf_ring *br,
			  int count) LIBURING_NOEXCEPT
{
	__u16 tail = _URING_CAST(__u16, br->tail + count);

	/* Release: the kernel reads the entries once it sees this. */
	io_uring_smp_store_release(&br->tail, tail);
}

IOURINGINLINE void
__io_uring_buf_ring_cq_advance(struct io_uring *ring,
			       struct io_uring_buf_ring *br, int cq_count,
			       int buf_count) LIBURING_NOEXCEPT
{
	io_uring_buf_ring_advance(br, buf_count);
	io_uring_cq_advance(ring, _URING_CAST(unsigned int, cq_count));
}

IOURINGINLINE void
io_uring_buf_ring_cq_advance(struct io_uring *ring,
			     struct io_uring_buf_ring *br,
			     int count) LIBURING_NOEXCEPT
{
	__io_uring_buf_ring_cq_advance(ring, br, count, count);
}

IOURINGINLINE int
io_uring_buf_ring_available(struct io_uring *ring,
			    struct io_uring_buf_ring *br,
			    unsigned short bgid) LIBURING_NOEXCEPT
{
	uint16_t head;
	int ret = io_uring_buf_ring_head(ring, bgid, &head);

	if (ret)
		return ret;

	return _URING_CAST(uint16_t, br->tail - head);
}
