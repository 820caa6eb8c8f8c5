//! Rows for sockets.

/// Calls `$callback` with the rows of this family.
#[doc(hidden)]
#[macro_export]
macro_rules! net_ops {
    ($callback:ident) => {
        $callback! {
            /// Make a socket, as socket(2) does.
            ///
            /// `flags` are none yet. Result: the descriptor. Linux 5.19. See io_uring_prep_socket(3).
            [2.4] fn prep_socket(domain: c_int, type_: c_int, protocol: c_int, flags: c_uint) {
                prep_rw(IORING_OP_SOCKET, domain, NULL, protocol, type_);
                rw_flags = flags;
            }

            /// Make a socket in the slot `file_index` of the registered files, without an ordinary descriptor.
            ///
            /// `IORING_FILE_INDEX_ALLOC` lets the kernel choose the slot. Result: 0, or the slot that the kernel chose; -ENFILE
            /// when none is free. Linux 5.19. See io_uring_prep_socket_direct(3).
            [2.4] fn prep_socket_direct(domain: c_int, type_: c_int, protocol: c_int, file_index: c_uint, flags: c_uint) {
                prep_socket(domain, type_, protocol, flags);
                __set_target_file_or_alloc(file_index);
            }

            /// Make a socket in a slot of the registered files that the kernel chooses.
            ///
            /// Result: the slot; -ENFILE when none is free. Linux 5.19. See io_uring_prep_socket_direct_alloc(3).
            [2.4] fn prep_socket_direct_alloc(domain: c_int, type_: c_int, protocol: c_int, flags: c_uint) {
                prep_socket(domain, type_, protocol, flags);
                __set_target_fixed_file(IORING_FILE_INDEX_ALLOC - 1);
            }

            /// Bind a socket to an address, as bind(2) does.
            ///
            /// The address must stay valid until the SQE has been submitted. Result: 0. Linux 6.11.
            /// See io_uring_prep_bind(3).
            [2.7] fn prep_bind(fd: c_int, addr: *const sockaddr, addrlen: socklen_t) {
                prep_rw(IORING_OP_BIND, fd, addr, 0, addrlen);
            }

            /// Make a socket accept connections, as listen(2) does.
            ///
            /// Result: 0. Linux 6.11. See io_uring_prep_listen(3).
            [2.7] fn prep_listen(fd: c_int, backlog: c_int) {
                prep_rw(IORING_OP_LISTEN, fd, NULL, backlog, 0);
            }

            /// Accept a connection, as accept4(2) does with `flags`.
            ///
            /// `addr` and `addrlen` may be NULL; otherwise they must stay valid until the completion. Result: the new descriptor.
            /// Linux 5.5. See io_uring_prep_accept(3).
            [2.4] fn prep_accept(fd: c_int, addr: *mut sockaddr, addrlen: *mut socklen_t, flags: c_int) {
                prep_rw(IORING_OP_ACCEPT, fd, addr, 0, ptr(addrlen));
                accept_flags = flags;
            }

            /// Accept a connection into the slot `file_index` of the registered files, without an ordinary descriptor.
            ///
            /// `IORING_FILE_INDEX_ALLOC` lets the kernel choose the slot (Linux 5.19). Result: 0, or the slot that the
            /// kernel chose; -ENFILE when none is free. Linux 5.15. See io_uring_prep_accept_direct(3).
            [2.4] fn prep_accept_direct(fd: c_int, addr: *mut sockaddr, addrlen: *mut socklen_t, flags: c_int, file_index: c_uint) {
                prep_accept(fd, addr, addrlen, flags);
                __set_target_file_or_alloc(file_index);
            }

            /// Accept connections again and again, with a CQE for each.
            ///
            /// A CQE without `IORING_CQE_F_MORE` is the last. `addr` and `addrlen` are shared by all of them, so they are NULL
            /// as a rule. Result: the new descriptor. Linux 5.19. See io_uring_prep_multishot_accept(3).
            [2.4] fn prep_multishot_accept(fd: c_int, addr: *mut sockaddr, addrlen: *mut socklen_t, flags: c_int) {
                prep_accept(fd, addr, addrlen, flags);
                ioprio |= IORING_ACCEPT_MULTISHOT;
            }

            /// Accept connections again and again into slots of the registered files that the kernel chooses.
            ///
            /// Result: the slot; -ENFILE, and the end of the request, when none is free. Linux 5.19.
            /// See io_uring_prep_multishot_accept_direct(3).
            [2.4] fn prep_multishot_accept_direct(fd: c_int, addr: *mut sockaddr, addrlen: *mut socklen_t, flags: c_int) {
                prep_multishot_accept(fd, addr, addrlen, flags);
                __set_target_fixed_file(IORING_FILE_INDEX_ALLOC - 1);
            }

            /// Connect a socket to an address, as connect(2) does.
            ///
            /// The address must stay valid until the SQE has been submitted. Result: 0. Linux 5.5.
            /// See io_uring_prep_connect(3).
            [2.4] fn prep_connect(fd: c_int, addr: *const sockaddr, addrlen: socklen_t) {
                prep_rw(IORING_OP_CONNECT, fd, addr, 0, addrlen);
            }

            /// Shut down one or both directions of a connection, as shutdown(2) does.
            ///
            /// Result: 0. Linux 5.11. See io_uring_prep_shutdown(3).
            [2.4] fn prep_shutdown(fd: c_int, how: c_int) {
                prep_rw(IORING_OP_SHUTDOWN, fd, NULL, how, 0);
            }

            /// Send `len` bytes at `buf`, as send(2) does with the `MSG_*` flags.
            ///
            /// `buf` must stay valid until the completion. The length has 32 bits in the kernel. Result: bytes sent, which may be
            /// fewer than asked for without `MSG_WAITALL`. Linux 5.6. See io_uring_prep_send(3).
            [2.4] fn prep_send(sockfd: c_int, buf: *const c_void, len: size_t, flags: c_int) {
                prep_rw(IORING_OP_SEND, sockfd, buf, len, 0);
                msg_flags = flags;
            }

            /// Send the buffers of a provided-buffer group, as many as are ready, with one request.
            ///
            /// `len` limits the bytes; 0 means no limit. The caller sets `IOSQE_BUFFER_SELECT` and the buffer group. Result:
            /// bytes sent; the CQE names the first buffer, the others follow in the ring's order. Linux 6.10
            /// (`IORING_FEAT_RECVSEND_BUNDLE`). See io_uring_prep_send_bundle(3).
            [2.6] fn prep_send_bundle(sockfd: c_int, len: size_t, flags: c_int) {
                prep_send(sockfd, NULL, len, flags);
                ioprio |= IORING_RECVSEND_BUNDLE;
            }

            /// Add a destination to a send request that is prepared already.
            ///
            /// For `io_uring_prep_send_zc()` since Linux 6.0, for `io_uring_prep_send()` since 6.1. The address must stay valid
            /// until the SQE has been submitted. See io_uring_prep_send_set_addr(3).
            [2.4] fn prep_send_set_addr(dest_addr: *const sockaddr, addr_len: __u16) {
                addr2 = ptr(dest_addr);
                addr_len = addr_len;
            }

            /// Send `len` bytes at `buf` to an address, as sendto(2) does.
            ///
            /// `buf` must stay valid until the completion, the address until the SQE has been submitted. Result: bytes sent.
            /// Linux 6.1. See io_uring_prep_sendto(3).
            [2.4] fn prep_sendto(sockfd: c_int, buf: *const c_void, len: size_t, flags: c_int, addr: *const sockaddr, addrlen: socklen_t) {
                prep_send(sockfd, buf, len, flags);
                prep_send_set_addr(addr, addrlen);
            }

            /// Send `len` bytes at `buf` without copying them.
            ///
            /// `zc_flags` are `IORING_RECVSEND_POLL_FIRST`, `IORING_SEND_ZC_REPORT_USAGE` and the like. The first CQE has the number
            /// of bytes sent; when it has `IORING_CQE_F_MORE`, a second one with `IORING_CQE_F_NOTIF` follows, and `buf` must
            /// stay valid and unchanged until then, also when the first has an error. Result: bytes sent; -EOPNOTSUPP for sockets that
            /// cannot. Linux 6.0. See io_uring_prep_send_zc(3).
            [2.4] fn prep_send_zc(sockfd: c_int, buf: *const c_void, len: size_t, flags: c_int, zc_flags: c_uint) {
                prep_rw(IORING_OP_SEND_ZC, sockfd, buf, len, 0);
                msg_flags = flags;
                ioprio = zc_flags;
            }

            /// `io_uring_prep_send_zc()` from a part of the registered buffer `buf_index`.
            ///
            /// `buf` must lie inside that buffer. Result: bytes sent; -EFAULT when it does not. Linux 6.0.
            /// See io_uring_prep_send_zc_fixed(3).
            [2.4] fn prep_send_zc_fixed(sockfd: c_int, buf: *const c_void, len: size_t, flags: c_int, zc_flags: c_uint, buf_index: c_uint) {
                prep_send_zc(sockfd, buf, len, flags, zc_flags);
                ioprio |= IORING_RECVSEND_FIXED_BUF;
                buf_index = buf_index;
            }

            /// Send a message, as sendmsg(2) does.
            ///
            /// `msg` and what it points to, except the data, must stay valid until the SQE has been submitted (until completion on
            /// kernels without `IORING_FEAT_SUBMIT_STABLE`); the data until the completion. Result: bytes sent. Linux 5.3.
            /// See io_uring_prep_sendmsg(3).
            [2.4] fn prep_sendmsg(fd: c_int, msg: *const msghdr, flags: c_uint) {
                prep_rw(IORING_OP_SENDMSG, fd, msg, 1, 0);
                msg_flags = flags;
            }

            /// Send a message without copying its data; completions as for `io_uring_prep_send_zc()`.
            ///
            /// Result: bytes sent. Linux 6.1. See io_uring_prep_sendmsg_zc(3).
            [2.4] fn prep_sendmsg_zc(fd: c_int, msg: *const msghdr, flags: c_uint) {
                prep_sendmsg(fd, msg, flags);
                opcode = IORING_OP_SENDMSG_ZC;
            }

            /// `io_uring_prep_sendmsg_zc()` from parts of the registered buffer `buf_index`.
            ///
            /// Every element of the message's vector must lie inside that buffer. Result: bytes sent. Linux 6.15.
            /// See io_uring_prep_sendmsg_zc_fixed(3).
            [2.10] fn prep_sendmsg_zc_fixed(fd: c_int, msg: *const msghdr, flags: c_uint, buf_index: c_uint) {
                prep_sendmsg_zc(fd, msg, flags);
                ioprio |= IORING_RECVSEND_FIXED_BUF;
                buf_index = buf_index;
            }

            /// Receive up to `len` bytes into `buf`, as recv(2) does with the `MSG_*` flags.
            ///
            /// `buf` must stay valid until the completion; it is ignored with `IOSQE_BUFFER_SELECT`. The length has 32 bits in the
            /// kernel. Result: bytes received, 0 at the end of the stream. Linux 5.6. See io_uring_prep_recv(3).
            [2.4] fn prep_recv(sockfd: c_int, buf: *mut c_void, len: size_t, flags: c_int) {
                prep_rw(IORING_OP_RECV, sockfd, buf, len, 0);
                msg_flags = flags;
            }

            /// Receive again and again, each time into a buffer of a provided-buffer group.
            ///
            /// `buf` is NULL and `len` 0; the caller sets `IOSQE_BUFFER_SELECT` and the buffer group. Every receive posts a CQE; one
            /// without `IORING_CQE_F_MORE` is the last. Result: bytes received, 0 at the end of the stream; -ENOBUFS when the
            /// group runs dry. Linux 6.0. See io_uring_prep_recv_multishot(3).
            [2.4] fn prep_recv_multishot(sockfd: c_int, buf: *mut c_void, len: size_t, flags: c_int) {
                prep_recv(sockfd, buf, len, flags);
                ioprio |= IORING_RECV_MULTISHOT;
            }

            /// Receive a message, as recvmsg(2) does.
            ///
            /// `msg` and all that it points to must stay valid until the completion. Result: bytes received. Linux 5.3.
            /// See io_uring_prep_recvmsg(3).
            [2.4] fn prep_recvmsg(fd: c_int, msg: *mut msghdr, flags: c_uint) {
                prep_rw(IORING_OP_RECVMSG, fd, msg, 1, 0);
                msg_flags = flags;
            }

            /// Receive messages again and again, each time into a buffer of a provided-buffer group.
            ///
            /// Only `msg_namelen` and `msg_controllen` of `msg` are used, as the room to leave for them; the buffer then begins
            /// with a `struct io_uring_recvmsg_out`, which `io_uring_recvmsg_validate()` and its relatives take apart. The caller sets
            /// `IOSQE_BUFFER_SELECT` and the buffer group. A CQE without `IORING_CQE_F_MORE` is the last. Result: bytes used in the
            /// buffer; -ENOBUFS when the group runs dry. Linux 6.0. See io_uring_prep_recvmsg_multishot(3).
            [2.4] fn prep_recvmsg_multishot(fd: c_int, msg: *mut msghdr, flags: c_uint) {
                prep_recvmsg(fd, msg, flags);
                ioprio |= IORING_RECV_MULTISHOT;
            }
        }
    };
}
