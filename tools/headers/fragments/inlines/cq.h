/* ---- Completion queue ---- */

IOURINGINLINE void *
io_uring_cqe_get_data(const struct io_uring_cqe *cqe) LIBURING_NOEXCEPT
{
	return _URING_REINTERPRET(void *,
			_URING_CAST(uintptr_t, cqe->user_data));
}

IOURINGINLINE __u64
io_uring_cqe_get_data64(const struct io_uring_cqe *cqe) LIBURING_NOEXCEPT
{
	return cqe->user_data;
}

IOURINGINLINE unsigned int
io_uring_cqe_shift_from_flags(unsigned int flags) LIBURING_NOEXCEPT
{
	return !!(flags & IORING_SETUP_CQE32);
}

IOURINGINLINE unsigned int
io_uring_cqe_shift(const struct io_uring *ring) LIBURING_NOEXCEPT
{
	return io_uring_cqe_shift_from_flags(ring->flags);
}

IOURINGINLINE unsigned int
io_uring_cqe_nr(const struct io_uring_cqe *cqe) LIBURING_NOEXCEPT
{
	return cqe->flags & IORING_CQE_F_32 ? 2 : 1;
}

IOURINGINLINE struct io_uring_cqe_iter
io_uring_cqe_iter_init(const struct io_uring *ring) LIBURING_NOEXCEPT
{
	struct io_uring_cqe_iter iter;

	iter.cqes = ring->cq.cqes;
	iter.mask = ring->cq.ring_mask;
	iter.shift = io_uring_cqe_shift(ring);
	if (uring_unlikely(ring->int_flags & _URING_INT_NOTIF)) {
		iter.shift |= _URING_ITER_FLAGS_ARE_NUMBERS;
		iter.tail = _io_uring_notif_cq_tail(ring);
	} else {
		iter.tail = io_uring_smp_load_acquire(ring->cq.ktail);
	}
	iter.head = *ring->cq.khead;
	return iter;
}

IOURINGINLINE bool
io_uring_cqe_iter_next(struct io_uring_cqe_iter *iter,
		       struct io_uring_cqe **cqe) LIBURING_NOEXCEPT
{
	if (iter->head == iter->tail)
		return false;

	/* The mask costs nothing: processors shift by the low five bits. */
	*cqe = &iter->cqes[(iter->head & iter->mask) << (iter->shift & 31)];
	iter->head++;
	/*
	 * A branch, not a sum: the next index must not wait until this CQE's
	 * flags are loaded. The empty statement keeps gcc from making it a sum.
	 */
	if (uring_unlikely((*cqe)->flags & IORING_CQE_F_32)) {
		__asm__ volatile ("");
		if (!(iter->shift & _URING_ITER_FLAGS_ARE_NUMBERS))
			iter->head++;
	}
	return true;
}

IOURINGINLINE unsigned int
io_uring_cq_ready(const struct io_uring *ring) LIBURING_NOEXCEPT
{
	unsigned int tail = _io_uring_cq_tail(ring);

	return tail - *ring->cq.khead;
}

IOURINGINLINE bool
io_uring_cq_has_overflow(const struct io_uring *ring) LIBURING_NOEXCEPT
{
	return IO_URING_READ_ONCE(*ring->sq.kflags) & IORING_SQ_CQ_OVERFLOW;
}

IOURINGINLINE void
io_uring_cq_advance(struct io_uring *ring, unsigned int nr) LIBURING_NOEXCEPT
{
	unsigned int *khead = ring->cq.khead;

	/* Release: the slots may be overwritten once the kernel sees this. */
	if (nr)
		io_uring_smp_store_release(khead, *khead + nr);
}

IOURINGINLINE void
io_uring_cqe_seen(struct io_uring *ring,
		  struct io_uring_cqe *cqe) LIBURING_NOEXCEPT
{
	if (!cqe)
		return;
	/* Two calls, for a branch that is hardly ever taken and no arithmetic. */
	if (uring_unlikely(io_uring_cqe_nr(cqe) == 2) &&
	    (ring->flags & IORING_SETUP_CQE_MIXED))
		io_uring_cq_advance(ring, 2);
	else
		io_uring_cq_advance(ring, 1);
}

IOURINGINLINE bool
io_uring_cq_eventfd_enabled(const struct io_uring *ring) LIBURING_NOEXCEPT
{
	if (!ring->cq.kflags)
		return true;

	return !(*ring->cq.kflags & IORING_CQ_EVENTFD_DISABLED);
}

IOURINGINLINE int
io_uring_cq_eventfd_toggle(struct io_uring *ring,
			   bool enabled) LIBURING_NOEXCEPT
{
	unsigned int flags;

	if (enabled == io_uring_cq_eventfd_enabled(ring))
		return 0;
	if (!ring->cq.kflags)
		return -EOPNOTSUPP;

	flags = *ring->cq.kflags;
	if (enabled)
		flags &= ~IORING_CQ_EVENTFD_DISABLED;
	else
		flags |= IORING_CQ_EVENTFD_DISABLED;
	IO_URING_WRITE_ONCE(*ring->cq.kflags, flags);
	return 0;
}

/*
 * Look for a CQE without entering the kernel: 1 and *cqe_ptr, or 0 or -errno and
 * NULL. What callers of __io_uring_peek_cqe() learn from *cqe_ptr, the compiler
 * knows here from the return value.
 */
_LOCAL_INLINE int
_io_uring_peek_cqe(struct io_uring *ring, struct io_uring_cqe **cqe_ptr,
		   unsigned int *nr_available) LIBURING_NOEXCEPT
{
	unsigned int available;
	int err = 0;

	for (;;) {
		unsigned int tail = _io_uring_cq_tail(ring);
		unsigned int head = *ring->cq.khead;
		unsigned int index = head & ring->cq.ring_mask;
		struct io_uring_cqe *cqe;

		available = tail - head;
		if (!available)
			break;
		if (uring_unlikely(io_uring_cqe_shift(ring)))
			index <<= 1;
		cqe = &ring->cq.cqes[index];
		if (uring_unlikely(io_uring_skip_cqe(ring, cqe, &err)))
			continue;
		if (uring_unlikely(err))
			break;
		*cqe_ptr = cqe;
		if (nr_available)
			*nr_available = available;
		return 1;
	}

	*cqe_ptr = NULL;
	if (nr_available)
		*nr_available = available;
	return err;
}

IOURINGINLINE int
__io_uring_peek_cqe(struct io_uring *ring, struct io_uring_cqe **cqe_ptr,
		    unsigned int *nr_available) LIBURING_NOEXCEPT
{
	int ret = _io_uring_peek_cqe(ring, cqe_ptr, nr_available);

	return ret < 0 ? ret : 0;
}

IOURINGINLINE int
io_uring_wait_cqe_nr(struct io_uring *ring, struct io_uring_cqe **cqe_ptr,
		     unsigned int wait_nr) LIBURING_NOEXCEPT
{
	return __io_uring_get_cqe(ring, cqe_ptr, 0, wait_nr, NULL);
}

IOURINGINLINE int
io_uring_peek_cqe(struct io_uring *ring,
		  struct io_uring_cqe **cqe_ptr) LIBURING_NOEXCEPT
{
	int ret = _io_uring_peek_cqe(ring, cqe_ptr, NULL);

	if (uring_likely(ret > 0))
		return 0;
	/*
	 * The kernel may hold completions back until it is entered, and behind
	 * the library's own timeout there may be others.
	 */
	if (ret < 0 || (ring->flags & IORING_SETUP_IOPOLL) ||
	    (IO_URING_READ_ONCE(*ring->sq.kflags) &
	     (IORING_SQ_CQ_OVERFLOW | IORING_SQ_TASKRUN)))
		return io_uring_wait_cqe_nr(ring, cqe_ptr, 0);

	return -EAGAIN;
}

IOURINGINLINE int
io_uring_wait_cqe(struct io_uring *ring,
		  struct io_uring_cqe **cqe_ptr) LIBURING_NOEXCEPT
{
	if (uring_likely(_io_uring_peek_cqe(ring, cqe_ptr, NULL) > 0))
		return 0;

	return io_uring_wait_cqe_nr(ring, cqe_ptr, 1);
}
