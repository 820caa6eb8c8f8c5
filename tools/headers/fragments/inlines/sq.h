/* ---- Submission queue ---- */

IOURINGINLINE unsigned int
io_uring_sqe_shift_from_flags(unsigned int flags) LIBURING_NOEXCEPT
{
	return !!(flags & IORING_SETUP_SQE128);
}

IOURINGINLINE unsigned int
io_uring_sqe_shift(const struct io_uring *ring) LIBURING_NOEXCEPT
{
	return io_uring_sqe_shift_from_flags(ring->flags);
}

IOURINGINLINE unsigned int
io_uring_load_sq_head(const struct io_uring *ring) LIBURING_NOEXCEPT
{
	/*
	 * Without SQPOLL the kernel moves the head inside our own calls. Where
	 * every load acquires, it is not worth asking.
	 */
#if !defined(__x86_64__) && !defined(__i386__)
	if (!(ring->flags & IORING_SETUP_SQPOLL))
		return IO_URING_READ_ONCE(*ring->sq.khead);
#endif
	return io_uring_smp_load_acquire(ring->sq.khead);
}

IOURINGINLINE unsigned int
io_uring_sq_ready(const struct io_uring *ring) LIBURING_NOEXCEPT
{
	return ring->sq.sqe_tail - io_uring_load_sq_head(ring);
}

IOURINGINLINE unsigned int
io_uring_sq_space_left(const struct io_uring *ring) LIBURING_NOEXCEPT
{
	return ring->sq.ring_entries - io_uring_sq_ready(ring);
}

IOURINGINLINE int
io_uring_sqring_wait(struct io_uring *ring) LIBURING_NOEXCEPT
{
	if (!(ring->flags & IORING_SETUP_SQPOLL))
		return 0;
	if (io_uring_sq_space_left(ring))
		return 0;

	return __io_uring_sqring_wait(ring);
}

IOURINGINLINE struct io_uring_sqe *
_io_uring_get_sqe(struct io_uring *ring) LIBURING_NOEXCEPT
{
	unsigned int tail = ring->sq.sqe_tail;
	unsigned int head = io_uring_load_sq_head(ring);
	unsigned int index = tail & ring->sq.ring_mask;
	struct io_uring_sqe *sqe;

	if (uring_unlikely(tail - head >= ring->sq.ring_entries))
		return NULL;

	ring->sq.sqe_tail = tail + 1;
	if (uring_unlikely(io_uring_sqe_shift(ring)))
		index <<= 1;
	sqe = &ring->sq.sqes[index];
	io_uring_initialize_sqe(sqe);
	return sqe;
}

#ifdef LIBURING_INTERNAL
/* For the library, which exports it to programs built before liburing 2.2. */
struct io_uring_sqe *io_uring_get_sqe(struct io_uring *ring) LIBURING_NOEXCEPT;
#else
IOURINGINLINE struct io_uring_sqe *
io_uring_get_sqe(struct io_uring *ring) LIBURING_NOEXCEPT
{
	return _io_uring_get_sqe(ring);
}
#endif

IOURINGINLINE struct io_uring_sqe *
io_uring_get_sqe128(struct io_uring *ring) LIBURING_NOEXCEPT
{
	unsigned int mask = ring->sq.ring_mask;
	unsigned int tail = ring->sq.sqe_tail;
	unsigned int needed = 2;
	struct io_uring_sqe *sqe;

	if (ring->flags & IORING_SETUP_SQE128)
		return _io_uring_get_sqe(ring);
	if (!(ring->flags & IORING_SETUP_SQE_MIXED))
		return NULL;

	/* The last slot has no neighbour, so something must fill it. */
	if ((tail & mask) == mask)
		needed = 3;
	if (io_uring_sq_space_left(ring) < needed)
		return NULL;
	if (needed == 3) {
		sqe = _io_uring_get_sqe(ring);
		io_uring_prep_nop(sqe);
		io_uring_sqe_set_flags(sqe, IOSQE_CQE_SKIP_SUCCESS);
		tail++;
	}

	sqe = &ring->sq.sqes[tail & mask];
	ring->sq.sqe_tail = tail + 2;
	io_uring_initialize_sqe(sqe);
	return sqe;
}
