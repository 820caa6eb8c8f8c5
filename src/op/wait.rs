//! Rows for polling, timeouts and cancellation, and for waiting on epoll, futexes and child processes.

/// Calls `$callback` with the rows of this family.
#[doc(hidden)]
#[macro_export]
macro_rules! wait_ops {
    ($callback:ident) => {
        $callback! {
            /// Wait for one of the events of `poll_mask` on `fd`, as poll(2) does, once.
            ///
            /// The mask has the `POLL*` bits, and all `EPOLL*` bits with `IORING_FEAT_POLL_32BITS`. Result: the events that
            /// occurred. Linux 5.1. See io_uring_prep_poll_add(3).
            [2.4] fn prep_poll_add(fd: c_int, poll_mask: c_uint) {
                prep_rw(IORING_OP_POLL_ADD, fd, NULL, 0, 0);
                poll32_events = poll_events(poll_mask);
            }

            /// Wait for events on `fd` again and again, with a CQE for each.
            ///
            /// A CQE without `IORING_CQE_F_MORE` is the last, for instance after the CQ was full. Whoever reads it must
            /// read the file until -EAGAIN: the kernel reports events, not the state. Result: the events. Linux 5.13.
            /// See io_uring_prep_poll_multishot(3).
            [2.4] fn prep_poll_multishot(fd: c_int, poll_mask: c_uint) {
                prep_poll_add(fd, poll_mask);
                len = IORING_POLL_ADD_MULTI;
            }

            /// Cancel the poll request that has `user_data`.
            ///
            /// Result: 0, and the request completes with -ECANCELED; -ENOENT when there is none; -EALREADY when it is
            /// completing. Linux 5.1. See io_uring_prep_poll_remove(3).
            [2.4] fn prep_poll_remove(user_data: __u64) {
                prep_rw(IORING_OP_POLL_REMOVE, -1, NULL, 0, 0);
                addr = user_data;
            }

            /// Change the events or the user_data of the poll request that has `old_user_data`.
            ///
            /// `flags` say which: `IORING_POLL_UPDATE_EVENTS`, `IORING_POLL_UPDATE_USER_DATA`, and `IORING_POLL_ADD_MULTI` for a
            /// request that is to stay. Result: 0; -ENOENT, -EALREADY as for `io_uring_prep_poll_remove()`. Linux 5.13.
            /// See io_uring_prep_poll_update(3).
            [2.4] fn prep_poll_update(old_user_data: __u64, new_user_data: __u64, poll_mask: c_uint, flags: c_uint) {
                prep_rw(IORING_OP_POLL_REMOVE, -1, NULL, flags, new_user_data);
                addr = old_user_data;
                poll32_events = poll_events(poll_mask);
            }

            /// Add, change or remove a descriptor of an epoll instance, as epoll_ctl(2) does.
            ///
            /// `ev` must stay valid until the SQE has been submitted. Result: 0. Linux 5.6. See io_uring_prep_epoll_ctl(3).
            [2.4] fn prep_epoll_ctl(epfd: c_int, fd: c_int, op: c_int, ev: *const epoll_event) {
                prep_rw(IORING_OP_EPOLL_CTL, epfd, ev, op, fd as __u32);
            }

            /// Wait for events of an epoll instance, as epoll_wait(2) does.
            ///
            /// `events` must stay valid until the completion; `flags` are 0. Result: number of events. Linux 6.15.
            [2.10] fn prep_epoll_wait(fd: c_int, events: *mut epoll_event, maxevents: c_int, flags: c_uint) {
                prep_rw(IORING_OP_EPOLL_WAIT, fd, events, maxevents, 0);
                rw_flags = flags;
            }

            /// Complete when the time has come, or after `count` other completions when that is not 0.
            ///
            /// `flags` are `IORING_TIMEOUT_*`. The structure must stay valid until the SQE has been submitted (until completion on
            /// kernels without `IORING_FEAT_SUBMIT_STABLE`). Result: -ETIME when the time has come, 0 after `count` completions,
            /// -ECANCELED when removed. Linux 5.4. See io_uring_prep_timeout(3).
            [2.4] fn prep_timeout(ts: *const __kernel_timespec, count: c_uint, flags: c_uint) {
                prep_rw(IORING_OP_TIMEOUT, -1, ts, 1, count);
                timeout_flags = flags;
            }

            /// Remove the timeout that has `user_data`.
            ///
            /// Result: 0, and the timeout completes with -ECANCELED; -ENOENT when there is none; -EALREADY when it is firing.
            /// Linux 5.5. See io_uring_prep_timeout_remove(3).
            [2.4] fn prep_timeout_remove(user_data: __u64, flags: c_uint) {
                prep_rw(IORING_OP_TIMEOUT_REMOVE, -1, NULL, 0, 0);
                addr = user_data;
                timeout_flags = flags;
            }

            /// Give the timeout that has `user_data` another time.
            ///
            /// `flags` are `IORING_TIMEOUT_ABS` and the clocks, and `IORING_LINK_TIMEOUT_UPDATE` for linked timeouts (Linux 5.15).
            /// The structure must stay valid until the SQE has been submitted. Result: 0; -ENOENT when there is none. Linux
            /// 5.11. See io_uring_prep_timeout_update(3).
            [2.4] fn prep_timeout_update(ts: *const __kernel_timespec, user_data: __u64, flags: c_uint) {
                prep_rw(IORING_OP_TIMEOUT_REMOVE, -1, NULL, 0, ptr(ts));
                addr = user_data;
                timeout_flags = flags | IORING_TIMEOUT_UPDATE;
            }

            /// Limit the time of the request before this one, which must have `IOSQE_IO_LINK`.
            ///
            /// The structure must stay valid until the SQE has been submitted. Result: -ETIME when the time has come and the
            /// request was cancelled, -EALREADY or -ENOENT when it could no longer be, -ECANCELED when it completed before. Linux 5.5.
            /// See io_uring_prep_link_timeout(3).
            [2.4] fn prep_link_timeout(ts: *const __kernel_timespec, flags: c_uint) {
                prep_rw(IORING_OP_LINK_TIMEOUT, -1, ts, 1, 0);
                timeout_flags = flags;
            }

            /// Try to cancel the request that has `user_data`, or what the `IORING_ASYNC_CANCEL_*` flags describe.
            ///
            /// Result: 0, with `IORING_ASYNC_CANCEL_ALL` the number of requests; -ENOENT when there is none; -EALREADY when it
            /// is running and may or may not be cancelled. Only the request's own CQE says how it ended. Linux 5.5.
            /// See io_uring_prep_cancel64(3).
            [2.4] fn prep_cancel64(user_data: __u64, flags: c_int) {
                prep_rw(IORING_OP_ASYNC_CANCEL, -1, NULL, 0, 0);
                addr = user_data;
                cancel_flags = flags;
            }

            /// `io_uring_prep_cancel64()` by a pointer that was set with `io_uring_sqe_set_data()`.
            ///
            /// Results are the same. Linux 5.5. See io_uring_prep_cancel(3).
            [2.4] fn prep_cancel(user_data: *const c_void, flags: c_int) {
                prep_cancel64(ptr(user_data), flags);
            }

            /// Try to cancel a request on `fd`, or with `IORING_ASYNC_CANCEL_ALL` all of them.
            ///
            /// With `IORING_ASYNC_CANCEL_FD_FIXED` it is an index of the registered files. Results as for
            /// `io_uring_prep_cancel64()`. Linux 5.19. See io_uring_prep_cancel_fd(3).
            [2.4] fn prep_cancel_fd(fd: c_int, flags: c_uint) {
                prep_rw(IORING_OP_ASYNC_CANCEL, fd, NULL, 0, 0);
                cancel_flags = flags | IORING_ASYNC_CANCEL_FD;
            }

            /// Wait for a child process to change its state, as waitid(2) does.
            ///
            /// `infop` may be NULL; otherwise it must stay valid until the completion. `flags` are 0. Result: 0. Linux 6.7.
            /// See io_uring_prep_waitid(3).
            [2.5] fn prep_waitid(idtype: idtype_t, id: id_t, infop: *mut siginfo_t, options: c_int, flags: c_uint) {
                prep_rw(IORING_OP_WAITID, id, NULL, idtype, 0);
                waitid_flags = flags;
                file_index = options;
                addr2 = ptr(infop);
            }

            /// Wake up to `val` waiters of a futex whose mask has a bit in common with `mask`.
            ///
            /// `futex_flags` are the `FUTEX2_*` flags; `flags` are 0. Result: number of waiters woken. Linux 6.7.
            /// See io_uring_prep_futex_wake(3).
            [2.5] fn prep_futex_wake(futex: *const uint32_t, val: uint64_t, mask: uint64_t, futex_flags: uint32_t, flags: c_uint) {
                prep_rw(IORING_OP_FUTEX_WAKE, futex_flags, futex, 0, val);
                futex_flags = flags;
                addr3 = mask;
            }

            /// Wait on a futex for as long as it has the value `val`.
            ///
            /// `futex_flags` are the `FUTEX2_*` flags; `flags` are 0. The futex must stay mapped until the completion.
            /// Result: 0 after a wake-up; -EAGAIN when it has another value. Linux 6.7. See io_uring_prep_futex_wait(3).
            [2.5] fn prep_futex_wait(futex: *const uint32_t, val: uint64_t, mask: uint64_t, futex_flags: uint32_t, flags: c_uint) {
                prep_rw(IORING_OP_FUTEX_WAIT, futex_flags, futex, 0, val);
                futex_flags = flags;
                addr3 = mask;
            }

            /// Wait on any of `nr_futex` futexes, as futex_waitv(2) does.
            ///
            /// The array must stay valid until the SQE has been submitted; `flags` are 0. Result: index of a futex that was woken.
            /// Linux 6.7. See io_uring_prep_futex_waitv(3).
            [2.5] fn prep_futex_waitv(futex: *const futex_waitv, nr_futex: uint32_t, flags: c_uint) {
                prep_rw(IORING_OP_FUTEX_WAITV, 0, futex, nr_futex, 0);
                futex_flags = flags;
            }
        }
    };
}
