//! Rows for reading, writing and moving data, and for getting it to the disk.

/// Calls `$callback` with the rows of this family.
#[doc(hidden)]
#[macro_export]
macro_rules! rw_ops {
    ($callback:ident) => {
        $callback! {
            /// Read from `fd` at `offset` into the buffers of `iovecs`, as preadv(2) does.
            ///
            /// An `offset` of -1 uses and moves the file position, also on descriptors that cannot seek. The array must
            /// stay valid until the SQE has been submitted (until completion on kernels without
            /// `IORING_FEAT_SUBMIT_STABLE`), the buffers until the completion. Result: bytes read, 0 at the end
            /// of the file. Linux 5.1. See io_uring_prep_readv(3).
            [2.4] fn prep_readv(fd: c_int, iovecs: *const iovec, nr_vecs: c_uint, offset: __u64) {
                prep_rw(IORING_OP_READV, fd, iovecs, nr_vecs, offset);
            }

            /// `io_uring_prep_readv()` with the `RWF_*` flags of preadv2(2).
            ///
            /// Result: bytes read; -EOPNOTSUPP for a flag that the file does not know. Linux 5.1.
            /// See io_uring_prep_readv2(3).
            [2.4] fn prep_readv2(fd: c_int, iovecs: *const iovec, nr_vecs: c_uint, offset: __u64, flags: c_int) {
                prep_readv(fd, iovecs, nr_vecs, offset);
                rw_flags = flags;
            }

            /// Read `nbytes` bytes from `fd` at `offset` into a part of the registered buffer `buf_index`.
            ///
            /// `buf` must lie inside that buffer; the buffer stays registered until the completion. Result: bytes read;
            /// -EFAULT when `buf` is outside, or when nothing is registered at the index. Linux 5.1.
            /// See io_uring_prep_read_fixed(3), io_uring_register_buffers(3).
            [2.4] fn prep_read_fixed(fd: c_int, buf: *mut c_void, nbytes: c_uint, offset: __u64, buf_index: c_int) {
                prep_rw(IORING_OP_READ_FIXED, fd, buf, nbytes, offset);
                buf_index = buf_index;
            }

            /// Vectored read into parts of the registered buffer `buf_index`, with `RWF_*` flags.
            ///
            /// Every element of `iovecs` must lie inside that buffer. The array must stay valid until the SQE has been
            /// submitted. Result: bytes read. Linux 6.15. See io_uring_prep_readv_fixed(3).
            [2.10] fn prep_readv_fixed(fd: c_int, iovecs: *const iovec, nr_vecs: c_uint, offset: __u64, flags: c_int, buf_index: c_int) {
                prep_readv2(fd, iovecs, nr_vecs, offset, flags);
                opcode = IORING_OP_READV_FIXED;
                buf_index = buf_index;
            }

            /// Write the buffers of `iovecs` to `fd` at `offset`, as pwritev(2) does.
            ///
            /// An `offset` of -1 uses and moves the file position. The array must stay valid until the SQE has been
            /// submitted (until completion on kernels without `IORING_FEAT_SUBMIT_STABLE`), the buffers until the completion.
            /// Result: bytes written, which may be fewer than asked for. Linux 5.1. See io_uring_prep_writev(3).
            [2.4] fn prep_writev(fd: c_int, iovecs: *const iovec, nr_vecs: c_uint, offset: __u64) {
                prep_rw(IORING_OP_WRITEV, fd, iovecs, nr_vecs, offset);
            }

            /// `io_uring_prep_writev()` with the `RWF_*` flags of pwritev2(2).
            ///
            /// Result: bytes written; -EOPNOTSUPP for a flag that the file does not know. Linux 5.1.
            /// See io_uring_prep_writev2(3).
            [2.4] fn prep_writev2(fd: c_int, iovecs: *const iovec, nr_vecs: c_uint, offset: __u64, flags: c_int) {
                prep_writev(fd, iovecs, nr_vecs, offset);
                rw_flags = flags;
            }

            /// Write `nbytes` bytes from a part of the registered buffer `buf_index` to `fd` at `offset`.
            ///
            /// `buf` must lie inside that buffer; the buffer stays registered until the completion. Result: bytes written;
            /// -EFAULT when `buf` is outside, or when nothing is registered at the index. Linux 5.1.
            /// See io_uring_prep_write_fixed(3), io_uring_register_buffers(3).
            [2.4] fn prep_write_fixed(fd: c_int, buf: *const c_void, nbytes: c_uint, offset: __u64, buf_index: c_int) {
                prep_rw(IORING_OP_WRITE_FIXED, fd, buf, nbytes, offset);
                buf_index = buf_index;
            }

            /// Vectored write from parts of the registered buffer `buf_index`, with `RWF_*` flags.
            ///
            /// Every element of `iovecs` must lie inside that buffer. The array must stay valid until the SQE has been
            /// submitted. Result: bytes written. Linux 6.15. See io_uring_prep_writev_fixed(3).
            [2.10] fn prep_writev_fixed(fd: c_int, iovecs: *const iovec, nr_vecs: c_uint, offset: __u64, flags: c_int, buf_index: c_int) {
                prep_writev2(fd, iovecs, nr_vecs, offset, flags);
                opcode = IORING_OP_WRITEV_FIXED;
                buf_index = buf_index;
            }

            /// Read `nbytes` bytes from `fd` at `offset` into `buf`, as pread(2) does.
            ///
            /// An `offset` of -1 uses and moves the file position. `buf` must stay valid until the completion; it is
            /// ignored with `IOSQE_BUFFER_SELECT`. Result: bytes read, 0 at the end of the file. Linux 5.6.
            /// See io_uring_prep_read(3).
            [2.4] fn prep_read(fd: c_int, buf: *mut c_void, nbytes: c_uint, offset: __u64) {
                prep_rw(IORING_OP_READ, fd, buf, nbytes, offset);
            }

            /// Read again and again from a pollable `fd`, each time into a buffer of the group `buf_group`.
            ///
            /// `nbytes` is 0, for as much as the buffer holds; only newer kernels take a limit. `offset` is 0 or -1 for files
            /// that cannot seek. Sets the SQE's flags to `IOSQE_BUFFER_SELECT`: add others afterwards with `|=`. Every read posts a CQE with
            /// the number of bytes and the buffer; one without `IORING_CQE_F_MORE` is the last. Result: -EBADFD for files that
            /// cannot be polled, such as regular ones; -ENOBUFS when the group runs dry. Linux 6.7.
            /// See io_uring_prep_read_multishot(3).
            [2.5] fn prep_read_multishot(fd: c_int, nbytes: c_uint, offset: __u64, buf_group: c_int) {
                prep_rw(IORING_OP_READ_MULTISHOT, fd, NULL, nbytes, offset);
                buf_group = buf_group;
                flags = IOSQE_BUFFER_SELECT;
            }

            /// Write `nbytes` bytes from `buf` to `fd` at `offset`, as pwrite(2) does.
            ///
            /// An `offset` of -1 uses and moves the file position. `buf` must stay valid until the completion. Result:
            /// bytes written, which may be fewer than asked for. Linux 5.6. See io_uring_prep_write(3).
            [2.4] fn prep_write(fd: c_int, buf: *const c_void, nbytes: c_uint, offset: __u64) {
                prep_rw(IORING_OP_WRITE, fd, buf, nbytes, offset);
            }

            /// Move `nbytes` bytes from `fd_in` to `fd_out`, one of which is a pipe, as splice(2) does.
            ///
            /// An offset of -1 stands for the pipe, and for the file position of the other file. `splice_flags` are
            /// `SPLICE_F_*`, and `SPLICE_F_FD_IN_FIXED` when `fd_in` is an index of the registered files; `IOSQE_FIXED_FILE`
            /// says the same about `fd_out`. Result: bytes moved, 0 at the end of the input. Linux 5.7.
            /// See io_uring_prep_splice(3).
            [2.4] fn prep_splice(fd_in: c_int, off_in: int64_t, fd_out: c_int, off_out: int64_t, nbytes: c_uint, splice_flags: c_uint) {
                prep_rw(IORING_OP_SPLICE, fd_out, NULL, nbytes, off_out);
                splice_off_in = off_in;
                splice_fd_in = fd_in;
                splice_flags = splice_flags;
            }

            /// Copy `nbytes` bytes from the pipe `fd_in` to the pipe `fd_out` without consuming them, as tee(2) does.
            ///
            /// Flags as for `io_uring_prep_splice()`. Result: bytes copied, 0 at the end of the input. Linux 5.8.
            /// See io_uring_prep_tee(3).
            [2.4] fn prep_tee(fd_in: c_int, fd_out: c_int, nbytes: c_uint, splice_flags: c_uint) {
                prep_rw(IORING_OP_TEE, fd_out, NULL, nbytes, 0);
                splice_off_in = 0;
                splice_fd_in = fd_in;
                splice_flags = splice_flags;
            }

            /// Bring what was written to `fd` to the disk, as fsync(2) does.
            ///
            /// `IORING_FSYNC_DATASYNC` makes it fdatasync(2). It does not wait for writes of the same ring that are still
            /// in flight: link it behind them, or use `IOSQE_IO_DRAIN`. Result: 0. Linux 5.1. See io_uring_prep_fsync(3).
            [2.4] fn prep_fsync(fd: c_int, fsync_flags: c_uint) {
                prep_rw(IORING_OP_FSYNC, fd, NULL, 0, 0);
                fsync_flags = fsync_flags;
            }

            /// Bring `len` bytes from `offset` on to the disk, as sync_file_range(2) does with `flags`.
            ///
            /// A `len` of 0 means up to the end of the file. Result: 0. Linux 5.2. See io_uring_prep_sync_file_range(3).
            [2.4] fn prep_sync_file_range(fd: c_int, len: c_uint, offset: __u64, flags: c_int) {
                prep_rw(IORING_OP_SYNC_FILE_RANGE, fd, NULL, len, offset);
                sync_range_flags = flags;
            }

            /// Say how a range of `fd` will be used, as posix_fadvise(3) does.
            ///
            /// A `len` of 0 means up to the end of the file. Result: 0. Linux 5.6. See io_uring_prep_fadvise(3), and
            /// `io_uring_prep_fadvise64()` for longer ranges.
            [2.4] fn prep_fadvise(fd: c_int, offset: __u64, len: __u32, advice: c_int) {
                prep_rw(IORING_OP_FADVISE, fd, NULL, len, offset);
                fadvise_advice = advice;
            }

            /// Say how `length` bytes of memory at `addr` will be used, as madvise(2) does.
            ///
            /// Result: 0. Linux 5.6. See io_uring_prep_madvise(3), and `io_uring_prep_madvise64()` for longer ranges.
            [2.4] fn prep_madvise(addr: *mut c_void, length: __u32, advice: c_int) {
                prep_rw(IORING_OP_MADVISE, -1, addr, length, 0);
                fadvise_advice = advice;
            }

            /// `io_uring_prep_fadvise()` with a 64-bit length.
            ///
            /// Result: 0; -EINVAL on a kernel without it. See io_uring_prep_fadvise64(3).
            [2.7] fn prep_fadvise64(fd: c_int, offset: __u64, len: off_t, advice: c_int) {
                prep_rw(IORING_OP_FADVISE, fd, NULL, 0, offset);
                addr = len;
                fadvise_advice = advice;
            }

            /// `io_uring_prep_madvise()` with a 64-bit length.
            ///
            /// Result: 0; -EINVAL on a kernel without it. See io_uring_prep_madvise64(3).
            [2.7] fn prep_madvise64(addr: *mut c_void, length: off_t, advice: c_int) {
                prep_rw(IORING_OP_MADVISE, -1, addr, 0, length);
                fadvise_advice = advice;
            }
        }
    };
}
