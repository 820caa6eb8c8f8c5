//! Rows for notification slots. `crate::notif` replaces what they write when the SQE is submitted.

/// Calls `$callback` with the rows of this family.
#[doc(hidden)]
#[macro_export]
macro_rules! notif_ops {
    ($callback:ident) => {
        $callback! {
            /// Send `len` bytes at `buf` without copying them, with the notifier of slot `slot_idx` to say when `buf` may be
            /// reused.
            ///
            /// The send completes with one CQE, as `io_uring_prep_send()` does; the notifier with another, once for all sends
            /// that it covers, see `io_uring_register_notifications()`. `zc_flags` are `IORING_RECVSEND_NOTIF_FLUSH`,
            /// `IORING_RECVSEND_NOTIF_COPY_TAG` and `IORING_RECVSEND_POLL_FIRST`. `buf` must stay valid and unchanged until the CQE of
            /// the notifier, also when the send fails. The socket may be of any kind that can be sent to; where zero-copy
            /// is not possible the data is copied. Result: bytes sent; -EINVAL without such a slot.
            [oxiring] fn prep_sendzc(sockfd: c_int, buf: *const c_void, len: size_t, flags: c_int, slot_idx: c_uint, zc_flags: c_uint) {
                prep_send_zc(sockfd, buf, len, flags, zc_flags);
                opcode = IORING_OP_SENDZC_NOTIF;
                addr3 = slot_idx;
            }

            /// `io_uring_prep_sendzc()` from a part of the registered buffer `buf_idx`.
            ///
            /// `buf` must lie inside that buffer. Result: bytes sent; -EFAULT when it does not, unless the data is copied.
            [oxiring] fn prep_sendzc_fixed(sockfd: c_int, buf: *const c_void, len: size_t, flags: c_int, slot_idx: c_uint, zc_flags: c_uint, buf_idx: c_uint) {
                prep_sendzc(sockfd, buf, len, flags, slot_idx, zc_flags);
                ioprio |= IORING_RECVSEND_FIXED_BUF;
                buf_index = buf_idx;
            }

            /// Add a destination to `io_uring_prep_sendzc()`, `io_uring_prep_sendzc_fixed()` or `io_uring_prep_sendvzc()`.
            ///
            /// The address must stay valid until the SQE has been submitted.
            [oxiring] fn prep_sendzc_set_addr(dest: *const sockaddr, addr_len: __u16) {
                prep_send_set_addr(dest, addr_len);
            }

            /// Send a message without copying its data, with the notifier of slot `slot_idx`.
            ///
            /// As `io_uring_prep_sendzc()`; `msg` and what it points to, except the data, must stay valid until the SQE has been
            /// submitted. Result: bytes sent; -EINVAL without such a slot.
            [oxiring] fn prep_sendmsgzc(fd: c_int, msg: *const msghdr, flags: c_uint, slot_idx: c_uint, zc_flags: c_uint) {
                prep_sendmsg(fd, msg, flags);
                opcode = IORING_OP_SENDMSGZC_NOTIF;
                ioprio = zc_flags;
                addr3 = slot_idx;
            }

            /// Send the `nr_iov` buffers at `iov` without copying them, with the notifier of slot `slot_idx`.
            ///
            /// As `io_uring_prep_sendzc()`; `iov` must stay valid until the SQE has been submitted. Result: bytes sent; -EINVAL
            /// without such a slot.
            [oxiring] fn prep_sendvzc(sockfd: c_int, iov: *const iovec, nr_iov: c_uint, flags: c_int, slot_idx: c_uint, zc_flags: c_uint) {
                prep_rw(IORING_OP_SENDVZC_NOTIF, sockfd, iov, nr_iov, 0);
                msg_flags = flags;
                ioprio = zc_flags;
                addr3 = slot_idx;
            }

            /// Flush `nr` slots from slot `offset` on: the notifier that a slot has completes as soon as its buffers are free, and
            /// the next send on the slot gets a new one.
            ///
            /// Slots without a notifier are left alone. `new_tag` is the tag of the notifiers that come after the flushed
            /// ones; 0 keeps the tag. The update has a CQE of its own. Result: 0; -EINVAL for no slot and for a range that is
            /// not registered, -EOVERFLOW when `offset` and `nr` add up to more than 32 bits.
            [oxiring] fn prep_notif_update(new_tag: __u64, offset: c_uint, nr: c_uint) {
                prep_rw(IORING_RSRC_UPDATE_NOTIF, -1, NULL, nr, offset);
                addr = new_tag;
            }
        }
    };
}
