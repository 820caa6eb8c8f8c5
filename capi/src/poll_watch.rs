//! Poll watches

use oxiring::poll::PollWatch;
use oxiring::ring::types::io_uring;
use oxiring::ring::Ring;
use oxiring::uapi::*;

/// The watch of a C pointer, for the functions that are called between init and the terminal result.
macro_rules! watch {
    ($watch:ident) => {
        // SAFETY: the caller of the C function has a live watch.
        unsafe { PollWatch::from_raw($watch) }
    };
}

/// The ring of a C pointer.
macro_rules! ring {
    ($ring:ident) => {
        // SAFETY: oxiring's contract holds for the ring that a C caller passes.
        unsafe { Ring::from_raw($ring) }
    };
}

/// Make a watch for the `events` of `fd`, as poll(2) names them.
///
/// The structure is the program's: it stays where it is, and is not written, from here until io_uring_poll_watch_next() or io_uring_poll_watch_handle() returned the terminal result
/// (or until the ring has ended). A watch that is armed must not be initialised. `events` may have `EPOLLEXCLUSIVE`, which wakes one of the watches
/// that wait for a file, and `EPOLLET`, which all watches have; `POLLERR` and `POLLHUP` are reported unasked. `flags` are 0 or `IO_URING_POLL_WATCH_FIXED_FILE`: `fd` is an index of the registered
/// files.
///
/// `user_data` is on every CQE that the watch causes, those of its updates and removals included. No other request in flight on the
/// ring may have it. The number `fd` must not come to mean another file before the watch was cancelled: arming again would watch that one.
/// Closing it does not end the watch.
///
/// Any thread. Returns 0 or -errno: -EBADF (negative), -EINVAL (no event, an unknown event or flag). Whether the file is there is
/// found out by arming. See poll(2), epoll_ctl(2), and io_uring_prep_poll_multishot(); the protocol is that of the kernel's own poll requests
/// (Linux aa43477b0402).
///
/// Symbol version: OXIRING_1.0, ffi OXIRING_1.0.
#[no_mangle]
pub unsafe extern "C" fn io_uring_poll_watch_init(
    watch: *mut io_uring_poll_watch,
    fd: c_int,
    events: __u32,
    user_data: __u64,
    flags: c_uint,
) -> c_int {
    match PollWatch::new(fd, events, user_data, flags) {
        Ok(new) => {
            // SAFETY: the structure is the caller's, and has a watch's size and alignment.
            unsafe { watch.cast::<PollWatch>().write(new) };
            0
        }
        Err(errno) => errno,
    }
}

/// Queue the first poll request of a watch.
///
/// Called by the submitting thread; what was queued has to be submitted. The watch belongs to this ring until it ends, and its CQEs go to
/// io_uring_poll_watch_post(). Needs Linux 5.13: before, the terminal result is -EINVAL. Works on every ring but one with
/// `IORING_SETUP_IOPOLL`.
///
/// Returns 0 or -errno: -EAGAIN (the SQ is full; nothing was changed), -EINVAL (the last SQE that the kernel has not taken yet has `IOSQE_IO_LINK` or `IOSQE_IO_HARDLINK`, so that
/// the request would belong to its chain; or memory of zeros), -EALREADY (armed).
///
/// Symbol version: OXIRING_1.0, ffi OXIRING_1.0.
#[no_mangle]
pub unsafe extern "C" fn io_uring_poll_watch_arm(ring: *mut io_uring, watch: *mut io_uring_poll_watch) -> c_int {
    watch!(watch).arm(ring!(ring))
}

/// Change the events that a watch waits for.
///
/// Called by the submitting thread. Where a poll request is in the kernel an update is queued, or will be owed when an earlier update is done; the
/// next poll request has the events anyway. The new events are checked against the state of the file, as by arming. Events of the
/// old mask may still arrive. `EPOLLEXCLUSIVE` and `EPOLLET` stay as they were at init and may only be repeated. Like sync, it is for a watch
/// that does not end meanwhile.
///
/// Returns 0 or -errno: -EAGAIN (the SQ is full; nothing was changed), -EINVAL (no event, an unknown event, an open chain as for io_uring_poll_watch_arm(), not armed),
/// -ECANCELED (cancelled), or why the poll failed for good.
///
/// Symbol version: OXIRING_1.0, ffi OXIRING_1.0.
#[no_mangle]
pub unsafe extern "C" fn io_uring_poll_watch_modify(
    ring: *mut io_uring,
    watch: *mut io_uring_poll_watch,
    events: __u32,
) -> c_int {
    watch!(watch).modify(ring!(ring), events)
}

/// Queue what a watch owes the kernel: a poll request, an update, a removal.
///
/// Called by the submitting thread, once for each `IO_URING_POLL_WATCH_SYNC` that somebody got; until then the watch cannot end. A call without one is
/// allowed on an armed watch, and takes the place of the call that another thread is just being told of: then the watch may end while that
/// thread still passes its `SYNC` on, and the program must not free it before it was passed on. What was queued has to be submitted.
///
/// Returns 0, also when there is nothing to queue, or -errno: -EAGAIN (the SQ is full; call again), -EINVAL (an open chain as for
/// io_uring_poll_watch_arm(): call again; or not armed).
///
/// Symbol version: OXIRING_1.0, ffi OXIRING_1.0.
#[no_mangle]
pub unsafe extern "C" fn io_uring_poll_watch_sync(ring: *mut io_uring, watch: *mut io_uring_poll_watch) -> c_int {
    watch!(watch).sync(ring!(ring))
}

/// End a watch.
///
/// Any thread, the owner too. From now on io_uring_poll_watch_next() returns no more events, and when the kernel is done with the watch it returns
/// -ECANCELED to whoever owns the watch then. A watch whose poll has failed for good ends by itself, perhaps before this call: whoever does not know that it lives must not cancel it.
///
/// Returns 0, after which the watch may be gone, `IO_URING_POLL_WATCH_SYNC`, after which it lives until sync was called, or -errno: -EINVAL (not armed),
/// -EALREADY (cancelled).
///
/// Symbol version: OXIRING_1.0, ffi OXIRING_1.0.
#[no_mangle]
pub unsafe extern "C" fn io_uring_poll_watch_cancel(watch: *mut io_uring_poll_watch) -> c_int {
    watch!(watch).cancel()
}

/// Hand a CQE over to its watch.
///
/// Called by one thread at a time, the one that reaps, with every CQE that has the watch's user_data, in the order of the CQ. The CQE is not kept. With `IO_URING_POLL_WATCH_OWNED` the caller owns the watch: this
/// thread, or another one that is told to, calls io_uring_poll_watch_next(). Without it somebody else owns the watch and will see what the CQE said, or there is nothing to see.
/// A thread that owns the watch is not waited for. Poll requests that end without a reason to stop (CQ overflow, cancelled by somebody else, the thread that
/// submitted them gone, no memory) are owed again.
///
/// Returns the bits `IO_URING_POLL_WATCH_OWNED` and `IO_URING_POLL_WATCH_SYNC`, or -ENOENT for a CQE that is not of this watch, which is then
/// unchanged.
///
/// Symbol version: OXIRING_1.0, ffi OXIRING_1.0.
#[no_mangle]
pub unsafe extern "C" fn io_uring_poll_watch_post(watch: *mut io_uring_poll_watch, cqe: *const io_uring_cqe) -> c_int {
    // SAFETY: the caller has a CQE.
    watch!(watch).post(unsafe { &*cqe })
}

/// The events that the owner has to handle.
///
/// Called by the owner, on any thread, until it does not return 1. The kernel reports that something happened and not how things are, so after `POLLIN` the owner
/// reads until -EAGAIN, or until something says that it has read everything (a short read of a stream, one read of an eventfd), before it calls again, and after `POLLOUT`
/// it writes until -EAGAIN or until it has nothing to write; then nothing is lost. Events
/// may be reported that are over.
///
/// Returns 1: `*events` has all events since the last call, and the caller still owns the watch; 0 or `IO_URING_POLL_WATCH_SYNC`: the caller does not own
/// the watch any more. -ECANCELED: the watch was cancelled and no CQE of it will come (before Linux 6.1: if the CQ did not overflow). Other -errno: the poll failed for good,
/// likewise: -EBADF (no such file), -EINVAL (before Linux 5.13, or a ring that cannot poll), -EACCES (a restriction), or what else the kernel says. Each of these ends the watch, is returned
/// once, and the memory is the program's again; the watch may also be armed again as it is. -EPERM when nobody owns the watch, which is no end.
///
/// Symbol version: OXIRING_1.0, ffi OXIRING_1.0.
#[no_mangle]
pub unsafe extern "C" fn io_uring_poll_watch_next(watch: *mut io_uring_poll_watch, events: *mut __u32) -> c_int {
    give(watch!(watch).next(), events)
}

/// Whether io_uring_poll_watch_sync() has something to do.
///
/// Any thread, but only where the watch cannot be freed meanwhile.
///
/// Symbol version: OXIRING_1.0, ffi OXIRING_1.0.
#[no_mangle]
pub unsafe extern "C" fn io_uring_poll_watch_owes(watch: *const io_uring_poll_watch) -> bool {
    watch!(watch).owes()
}

/// Do what a CQE asks for, in a loop of one thread that submits and reaps: io_uring_poll_watch_post(), the first io_uring_poll_watch_next(), and
/// io_uring_poll_watch_sync() when it is owed.
///
/// Returns what io_uring_poll_watch_next() does: after 1 the caller calls that until it does not return 1, and after
/// `IO_URING_POLL_WATCH_SYNC`, which here says that the SQ is full or a chain is open, it submits and calls io_uring_poll_watch_sync() before it waits again. 0 also for a CQE that needs
/// nobody. -ENOENT for a CQE that is not of this watch, which lives on.
///
/// Symbol version: OXIRING_1.0, ffi OXIRING_1.0.
#[no_mangle]
pub unsafe extern "C" fn io_uring_poll_watch_handle(
    ring: *mut io_uring,
    watch: *mut io_uring_poll_watch,
    cqe: *const io_uring_cqe,
    events: *mut __u32,
) -> c_int {
    // SAFETY: the caller has a CQE.
    give(watch!(watch).handle(ring!(ring), unsafe { &*cqe }), events)
}

/// Writes the events that come with 1 to where the caller wants them.
fn give((ret, seen): (c_int, __u32), events: *mut __u32) -> c_int {
    if ret == 1 {
        // SAFETY: the caller of the C function has a place for them.
        unsafe { events.write(seen) };
    }
    ret
}
