//! Rows that set members of an SQE, and those that every other row uses.

/// Calls `$callback` with the rows of this family.
#[doc(hidden)]
#[macro_export]
macro_rules! sqe_ops {
    ($callback:ident) => {
        $callback! {
            /// Clear the members that an operation may leave unset: flags, ioprio, rw_flags, buf_index,
            /// personality, file_index, addr3 and the padding behind it.
            ///
            /// `io_uring_get_sqe()` does this to every entry that it hands out. The opcode, descriptor, addresses, length
            /// and user_data keep what an earlier use left there.
            [oxiring] fn initialize_sqe() {
                flags = 0;
                ioprio = 0;
                rw_flags = 0;
                buf_index = 0;
                personality = 0;
                file_index = 0;
                addr3 = 0;
                __pad2 = 0;
            }

            /// Attach a pointer to the request; the CQE brings it back, see `io_uring_cqe_get_data()`.
            ///
            /// It is the same member that `io_uring_sqe_set_data64()` sets. The prep helpers never set it, and
            /// `io_uring_get_sqe()` does not clear it. See io_uring_sqe_set_data(3).
            [2.4] fn sqe_set_data(data: *mut c_void) {
                user_data = ptr(data);
            }

            /// Attach a 64-bit value to the request; the CQE brings it back, see `io_uring_cqe_get_data64()`.
            ///
            /// The value -1 (`LIBURING_UDATA_TIMEOUT`) belongs to the library. See io_uring_sqe_set_data64(3).
            [2.4] fn sqe_set_data64(data: __u64) {
                user_data = data;
            }

            /// Set the `IOSQE_*` flags of the request, replacing those that were set.
            ///
            /// To be called after the prep helper: some of those set flags themselves. See io_uring_sqe_set_flags(3).
            [2.4] fn sqe_set_flags(flags: c_uint) {
                flags = flags;
            }

            /// Name the group that a request with `IOSQE_BUFFER_SELECT` takes its buffer from.
            ///
            /// Linux 5.7. See io_uring_sqe_set_buf_group(3).
            [2.9] fn sqe_set_buf_group(bgid: c_int) {
                buf_group = bgid;
            }

            /// Let the request put its new descriptor into the slot `file_index` of the registered files. The
            /// kernel counts slots from 1 here, since 0 asks for an ordinary descriptor.
            [local] fn __set_target_fixed_file(file_index: c_uint) {
                file_index = file_index.wrapping_add(1);
            }

            /// Like `__io_uring_set_target_fixed_file()`, where `IORING_FILE_INDEX_ALLOC` leaves the choice of the slot
            /// to the kernel.
            [local] fn __set_target_file_or_alloc(file_index: c_uint) {
                file_index = if file_index == IORING_FILE_INDEX_ALLOC {
                    file_index
                } else {
                    file_index.wrapping_add(1)
                };
            }

            /// Fill the members that every read- or write-like operation has: opcode, descriptor, address, length, offset.
            ///
            /// For operations that have no helper of their own yet. All other members stay as they are.
            [2.4] fn prep_rw[op: c_int](fd: c_int, addr: *const c_void, len: c_uint, offset: __u64) {
                opcode = op;
                fd = fd;
                off = offset;
                addr = ptr(addr);
                len = len;
            }

            /// Do nothing and complete.
            ///
            /// Result: 0, or with `IORING_NOP_INJECT_RESULT` in `nop_flags` what `len` says. Linux 5.1.
            /// See io_uring_prep_nop(3).
            [2.4] fn prep_nop() {
                prep_rw(IORING_OP_NOP, -1, NULL, 0, 0);
            }

            /// Do nothing, with a 128-byte SQE.
            ///
            /// For rings with `IORING_SETUP_SQE128` or `IORING_SETUP_SQE_MIXED`; the SQE comes from `io_uring_get_sqe128()`.
            /// Result: 0. Linux 6.19. See io_uring_prep_nop128(3).
            [2.13] fn prep_nop128() {
                prep_rw(IORING_OP_NOP128, -1, NULL, 0, 0);
            }
        }
    };
}
