//! Rows for the ring's own resources, for messages between rings, and for commands to drivers.

/// Calls `$callback` with the rows of this family.
#[doc(hidden)]
#[macro_export]
macro_rules! ring_ops {
    ($callback:ident) => {
        $callback! {
            /// Replace `nr_fds` registered files from the slot `offset` on.
            ///
            /// -1 empties a slot, and `IORING_REGISTER_FILES_SKIP` leaves it as it is. With `IORING_FILE_INDEX_ALLOC` as
            /// `offset` the kernel chooses slots and stores them at `fds` (Linux 6.0). The array must stay valid until the completion. Result:
            /// number of slots updated. Linux 5.6. See io_uring_prep_files_update(3).
            [2.4] fn prep_files_update(fds: *mut c_int, nr_fds: c_uint, offset: c_int) {
                prep_rw(IORING_OP_FILES_UPDATE, -1, fds, nr_fds, offset);
            }

            /// Make an ordinary descriptor for the registered file `fd`.
            ///
            /// Sets the SQE's flags to `IOSQE_FIXED_FILE`. The descriptor is close-on-exec unless `flags` has
            /// `IORING_FIXED_FD_NO_CLOEXEC`. Result: the descriptor; -EBADF when the slot is empty. Linux 6.8.
            /// See io_uring_prep_fixed_fd_install(3).
            [2.6] fn prep_fixed_fd_install(fd: c_int, flags: c_uint) {
                prep_rw(IORING_OP_FIXED_FD_INSTALL, fd, NULL, 0, 0);
                flags = IOSQE_FIXED_FILE;
                install_fd_flags = flags;
            }

            /// Give the group `bgid` `nr` buffers of `len` bytes each, which lie one behind the other at `addr`, with the
            /// numbers `bid`, `bid + 1` and so on.
            ///
            /// The memory must stay valid for as long as the kernel may use it. Buffer rings, see
            /// `io_uring_setup_buf_ring()`, do the same without a request for each batch. Result: 0; -EFAULT for memory that the
            /// program does not have. Linux 5.7. See io_uring_prep_provide_buffers(3).
            [2.4] fn prep_provide_buffers(addr: *mut c_void, len: c_int, nr: c_int, bgid: c_int, bid: c_int) {
                prep_rw(IORING_OP_PROVIDE_BUFFERS, nr, addr, len, bid);
                buf_group = bgid;
            }

            /// Take back `nr` buffers of the group `bgid`.
            ///
            /// Result: number of buffers removed; -ENOENT when the group does not exist. Linux 5.7.
            /// See io_uring_prep_remove_buffers(3).
            [2.4] fn prep_remove_buffers(nr: c_int, bgid: c_int) {
                prep_rw(IORING_OP_REMOVE_BUFFERS, nr, NULL, 0, 0);
                buf_group = bgid;
            }

            /// Post a CQE to the ring whose descriptor is `fd`, with `len` as its result, `data` as its user_data and
            /// `cqe_flags` as its flags.
            ///
            /// `flags` are `IORING_MSG_RING_*`. Result: 0; -EOVERFLOW when the other CQ is full; -EBADFD when `fd` is no ring
            /// or its ring is disabled. Linux 6.3. See io_uring_prep_msg_ring_cqe_flags(3).
            [2.4] fn prep_msg_ring_cqe_flags(fd: c_int, len: c_uint, data: __u64, flags: c_uint, cqe_flags: c_uint) {
                prep_rw(IORING_OP_MSG_RING, fd, NULL, len, data);
                msg_ring_flags = IORING_MSG_RING_FLAGS_PASS | flags;
                file_index = cqe_flags;
            }

            /// Post a CQE to the ring whose descriptor is `fd`, with `len` as its result and `data` as its user_data.
            ///
            /// `flags` are `IORING_MSG_RING_*`. Result: 0; -EOVERFLOW when the other CQ is full; -EBADFD when `fd` is no ring
            /// or its ring is disabled. Linux 5.18. See io_uring_prep_msg_ring(3).
            [2.4] fn prep_msg_ring(fd: c_int, len: c_uint, data: __u64, flags: c_uint) {
                prep_rw(IORING_OP_MSG_RING, fd, NULL, len, data);
                msg_ring_flags = flags;
            }

            /// Put the registered file `source_fd` of this ring into the slot `target_fd` of the ring whose descriptor is `fd`.
            ///
            /// The other ring gets a CQE with `data` as its user_data, unless `flags` has `IORING_MSG_RING_CQE_SKIP`. Result: 0, or
            /// the slot that the kernel chose for `IORING_FILE_INDEX_ALLOC`; -EBADF, -EINVAL, -EOVERFLOW. Linux 6.0.
            /// See io_uring_prep_msg_ring_fd(3).
            [2.4] fn prep_msg_ring_fd(fd: c_int, source_fd: c_int, target_fd: c_int, data: __u64, flags: c_uint) {
                prep_rw(IORING_OP_MSG_RING, fd, NULL, 0, data);
                addr = IORING_MSG_SEND_FD;
                addr3 = source_fd;
                __set_target_file_or_alloc(target_fd);
                msg_ring_flags = flags;
            }

            /// `io_uring_prep_msg_ring_fd()` into a slot that the kernel chooses.
            ///
            /// Result: the slot. Linux 6.0. See io_uring_prep_msg_ring_fd_alloc(3).
            [2.4] fn prep_msg_ring_fd_alloc(fd: c_int, source_fd: c_int, data: __u64, flags: c_uint) {
                prep_msg_ring_fd(fd, source_fd, IORING_FILE_INDEX_ALLOC, data, flags);
            }

            /// What `io_uring_prep_uring_cmd()` and `io_uring_prep_uring_cmd128()` have in common.
            ///
            /// Sets the command, and clears address and length; the driver's part of the SQE stays as it is.
            [oxiring] fn __prep_uring_cmd(op: c_int, cmd_op: __u32, fd: c_int) {
                opcode = op;
                fd = fd;
                cmd_op = cmd_op;
                __pad1 = 0;
                addr = 0;
                len = 0;
            }

            /// Hand the command `cmd_op` to the driver behind `fd`.
            ///
            /// The driver defines the commands, and what it reads from `cmd` in the SQE; many need a ring with
            /// `IORING_SETUP_SQE128`. Result: what the driver says; -EOPNOTSUPP when it has no commands. Linux 5.19.
            /// See io_uring_prep_uring_cmd(3).
            [2.13] fn prep_uring_cmd(cmd_op: c_int, fd: c_int) {
                __prep_uring_cmd(IORING_OP_URING_CMD, cmd_op, fd);
            }

            /// `io_uring_prep_uring_cmd()` with a 128-byte SQE, which has 80 bytes for the command.
            ///
            /// For rings with `IORING_SETUP_SQE128` or `IORING_SETUP_SQE_MIXED`; the SQE comes from `io_uring_get_sqe128()`. Result:
            /// what the driver says. Linux 6.19. See io_uring_prep_uring_cmd128(3).
            [2.13] fn prep_uring_cmd128(cmd_op: c_int, fd: c_int) {
                __prep_uring_cmd(IORING_OP_URING_CMD128, cmd_op, fd);
            }

            /// Query or set something on the socket `fd`: one of `SOCKET_URING_OP_*`.
            ///
            /// `SOCKET_URING_OP_SIOCINQ` and `SOCKET_URING_OP_SIOCOUTQ` give the number of bytes queued as the result and ignore the other arguments.
            /// `SOCKET_URING_OP_GETSOCKOPT` and `SOCKET_URING_OP_SETSOCKOPT` do what getsockopt(2), for `SOL_SOCKET` only, and setsockopt(2)
            /// do; the result is the length of the value, or 0. `optval` must stay valid until the completion. Linux 6.7.
            /// See io_uring_prep_cmd_sock(3).
            [2.5] fn prep_cmd_sock(cmd_op: c_int, fd: c_int, level: c_int, optname: c_int, optval: *mut c_void, optlen: c_int) {
                prep_uring_cmd(cmd_op, fd);
                optval = ptr(optval);
                optname = optname;
                optlen = optlen;
                level = level;
            }

            /// Get the address of the socket `fd`, as getsockname(2) does, or with a `peer` that is not 0 that of the other
            /// end, as getpeername(2) does.
            ///
            /// `sockaddr` and `sockaddr_len` must stay valid until the completion. Result: 0. Linux 6.19.
            /// See io_uring_prep_cmd_getsockname(3).
            [2.13] fn prep_cmd_getsockname(fd: c_int, sockaddr: *mut sockaddr, sockaddr_len: *mut socklen_t, peer: c_int) {
                prep_uring_cmd(SOCKET_URING_OP_GETSOCKNAME, fd);
                addr = ptr(sockaddr);
                addr3 = ptr(sockaddr_len);
                optlen = peer;
            }

            /// Discard `nbytes` bytes of the block device `fd` from `offset` on, as the ioctl `BLKDISCARD` does.
            ///
            /// Result: 0; -EINVAL when the range is not made of whole sectors. Linux 6.12. See io_uring_prep_cmd_discard(3).
            [2.8] fn prep_cmd_discard(fd: c_int, offset: uint64_t, nbytes: uint64_t) {
                prep_uring_cmd(BLOCK_URING_CMD_DISCARD, fd);
                addr = offset;
                addr3 = nbytes;
            }
        }
    };
}
