//! The C functions.

#![allow(
    clippy::missing_safety_doc,
    reason = "the documentation of a function is its contract, and the C header's text"
)]
#![allow(unreachable_pub, reason = "the linker reaches what Rust does not")]

use crate::context::Context;
use crate::events::Event;
use crate::futex::Deadline;
use crate::req::{CancelFn, CompleteFn, Req};
use libc::{c_int, c_uint};
use oxiring::uapi::{__kernel_timespec, __s32, io_uring_sqe};
use std::mem::{offset_of, size_of};
use std::ptr::from_ref;

/// Flag of io_uring_aio_queue_init(): no request is issued by the thread that submits it.
pub const IO_URING_AIO_ISSUER: c_uint = 1u32 << 0;

/// Flag of io_uring_aio_req_sync(): the data is durable, and what is needed to read it, as after fdatasync(2).
pub const IO_URING_AIO_DSYNC: c_uint = 1u32 << 0;
/// Flag of io_uring_aio_req_sync(): the file's attributes as well, as after fsync(2).
pub const IO_URING_AIO_SYNC: c_uint = 1u32 << 1;

const _: () = {
    assert!(IO_URING_AIO_ISSUER == crate::ISSUER);
    assert!(IO_URING_AIO_DSYNC == crate::DSYNC && IO_URING_AIO_SYNC == crate::SYNC);
    // The header has these structures in words of its own.
    assert!(offset_of!(Req, sqe) == 0 && size_of::<Req>() == size_of::<io_uring_sqe>() + 64);
    assert!(offset_of!(Event, req) == 0 && offset_of!(Event, user_data) == 8);
    assert!(offset_of!(Event, res) == 16 && offset_of!(Event, flags) == 20 && size_of::<Event>() == 24);
};

// The header's names for these are types of functions, which Rust does not have.
type CancelFnPointer = Option<CancelFn>;
type CompleteFnPointer = Option<CompleteFn>;

extern "C" {
    fn pthread_setcancelstate(state: c_int, old: *mut c_int) -> c_int;
}

const PTHREAD_CANCEL_DISABLE: c_int = 1;

/// What a call leaves as it was: errno, and that the thread is not cancelled within, where others rely on its frame.
struct Quietly {
    errno: c_int,
    cancel_state: c_int,
}

impl Quietly {
    fn enter() -> Self {
        let mut cancel_state = 0;
        // SAFETY: a place for the old state.
        unsafe { pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &mut cancel_state) };
        // SAFETY: errno's place is the thread's.
        Self { errno: unsafe { *libc::__errno_location() }, cancel_state }
    }
}

impl Drop for Quietly {
    fn drop(&mut self) {
        // SAFETY: as above; the old state is not asked for.
        unsafe {
            *libc::__errno_location() = self.errno;
            pthread_setcancelstate(self.cancel_state, std::ptr::null_mut());
        }
    }
}

/// A call on `ctx`: what `body` returns, or -errno.
unsafe fn on(ctx: *const Context, body: impl FnOnce(&'static Context) -> Result<usize, c_int>) -> c_int {
    let _quietly = Quietly::enter();
    // SAFETY: the caller of the C function has a context, or had one.
    let result = unsafe { Context::call(ctx, false) }.and_then(|call| body(call.0));
    result.map_or_else(|errno| errno, |nr| nr as c_int)
}

/// A deadline, or none for null.
unsafe fn deadline(timeout: *const __kernel_timespec) -> Result<Option<Deadline>, c_int> {
    // SAFETY: null or the caller's.
    unsafe { timeout.as_ref() }.map(Deadline::after).transpose()
}

fn done(result: Result<(), c_int>) -> c_int {
    result.map_or_else(|errno| errno, |()| 0)
}

/// Make a context for up to `entries` requests that are in flight or whose events were not reaped.
///
/// A context is memory: what else it needs, a thread for the process, a ring, a worker, comes on first need, so there may be many. `flags`
/// are 0 or `IO_URING_AIO_ISSUER`. Without it, direct I/O of a regular file or a block device is issued by the thread that submits it, on
/// a ring of the context, which costs least, and what a read finds in the page cache is copied by that thread. Such a thread may see -EINTR
/// from epoll_wait(2), semtimedop(2) or sigtimedwait(2) without a signal, and waits at its end for the direct I/O that it issued. With the
/// flag, and whatever else a request is, it is issued by a thread of the library's, one for the process.
///
/// That thread has the credentials of the thread that needed it first: a program whose threads differ in them (setfsuid(2), raw setresuid
/// system calls) opens, renames or connects with the wrong ones. It waits where a buffer's page has to be brought from elsewhere
/// (userfaultfd(2), a file of a slow server), and all other requests with it, unless the request has IOSQE_ASYNC.
///
/// The context belongs to this process: in a child, every function that takes it returns -EINVAL, and the parent does not notice. A child
/// may make contexts of its own.
///
/// Any thread. Returns 0, and the context in `*ctx`, or -errno: -EINVAL (no `entries` or more than 65536, an unknown flag, NULL), -ENOMEM,
/// -EMFILE and -ENFILE (the first context of a process needs two descriptors), -ENOSYS (no io_uring), -EPERM (io_uring is forbidden). Needs
/// Linux 5.6, before which it returns -EINVAL.
///
/// Symbol version: OXIRING_AIO_1.0.
#[no_mangle]
pub unsafe extern "C" fn io_uring_aio_queue_init(entries: c_uint, ctx: *mut *mut Context, flags: c_uint) -> c_int {
    let _quietly = Quietly::enter();
    if ctx.is_null() {
        return -libc::EINVAL;
    }
    match Context::new(entries, flags) {
        Ok(context) => {
            // SAFETY: the caller's place for it.
            unsafe { *ctx = from_ref(context).cast_mut() };
            0
        }
        Err(errno) => errno,
    }
}

/// End a context: cancel what can be cancelled, and wait until everything is done.
///
/// Afterwards no buffer is in use, the requests are the program's, and events that were not reaped are lost. Threads that wait for events
/// leave with -EINVAL. What the program carries out itself is cancelled by its cancel function, or else waited for until the program
/// completes it. Signals do not end the wait.
///
/// Any thread, but not from a cancel or complete function. The memory of a context is not given back but serves the next one: until then, a
/// call with `ctx` returns -EINVAL.
///
/// Returns 0, or -EINVAL (NULL, ended, of another process).
///
/// Symbol version: OXIRING_AIO_1.0.
#[no_mangle]
pub unsafe extern "C" fn io_uring_aio_queue_exit(ctx: *mut Context) -> c_int {
    let _quietly = Quietly::enter();
    // SAFETY: as in `on`.
    match unsafe { Context::call(ctx, false) } {
        Ok(call) => Context::end(call),
        Err(errno) => errno,
    }
}

/// Prepare the memory of a request.
///
/// Once before its first use, and whenever what io_uring_aio_req_defer() and io_uring_aio_req_sync() asked for is to be forgotten. The SQE
/// is zeroed; then any io_uring_prep_*() helper fills it in. The address is the request's identity, so a copy has to be initialised anew.
/// The memory is the library's from io_uring_aio_submit() or io_uring_aio_start() until the event was delivered; then the request may be
/// filled in and submitted again.
///
/// Returns 0, or -EINVAL (NULL), -EBUSY (in flight).
///
/// Symbol version: OXIRING_AIO_1.0.
#[no_mangle]
pub unsafe extern "C" fn io_uring_aio_req_init(req: *mut Req) -> c_int {
    if req.is_null() {
        return -libc::EINVAL;
    }
    // SAFETY: the caller's request.
    unsafe { Req::init(req) }
}

/// Submit the `nr` requests at `reqs`. They are accepted in that order; in which they are carried out, and complete, is not said.
///
/// A request may be of any opcode that completes once; a zero-copy send does, with its notification. The only flag that its SQE may have is
/// `IOSQE_ASYNC`. Refused with -EINVAL are multishot forms and bundles, operations of 128 bytes, registered files, buffers and
/// personalities, provided buffers, timeouts that count completions, messages to rings, and what is aimed at another request
/// (cancellations, updates, linked timeouts).
///
/// When the call returns the kernel has taken the requests: files may be closed, directories that paths begin at too, and the array,
/// vectors, paths and times be used again. Buffers, and everything else that an operation writes to, stay until the event; so does the
/// control data of a message (`msg_control`, and files that it passes), and for `IORING_OP_EPOLL_CTL`, whose numbers are what it is about,
/// both files. Paths that begin at the current directory use the one at the time when they are carried out. No request fails because the
/// thread that submitted it ends. A bad descriptor is an event with -EBADF.
///
/// Any thread. Returns how many were accepted, those before the first that was not; or why the first was not, -errno: -EINVAL (`nr` 0,
/// NULL, not initialised, what a request may not be, ended, another process), -EBUSY (in flight), -EAGAIN (as many as the context has room
/// for are in flight or not reaped; or no thread could be made), -EOPNOTSUPP (no write, see io_uring_aio_req_sync()), -EMFILE, -ENFILE,
/// -ENOMEM.
///
/// Symbol version: OXIRING_AIO_1.0.
#[no_mangle]
pub unsafe extern "C" fn io_uring_aio_submit(ctx: *mut Context, nr: c_uint, reqs: *const *mut Req) -> c_int {
    if nr == 0 || reqs.is_null() {
        return -libc::EINVAL;
    }
    // SAFETY: the caller's array.
    let reqs = unsafe { std::slice::from_raw_parts(reqs, nr as usize) };
    // SAFETY: the caller's requests.
    unsafe { on(ctx, |context| context.submit(reqs)) }
}

/// Begin a request that the program itself carries out.
///
/// It has a place in the context, and an event, like one that was submitted, but nobody looks at its SQE other than for user_data. It ends
/// with io_uring_aio_complete(), or by its cancel function.
///
/// Any thread. Returns 0 or -errno as io_uring_aio_submit() does: -EINVAL, -EBUSY, -EAGAIN.
///
/// Symbol version: OXIRING_AIO_1.0.
#[no_mangle]
pub unsafe extern "C" fn io_uring_aio_start(ctx: *mut Context, req: *mut Req) -> c_int {
    // SAFETY: the caller's request.
    unsafe { on(ctx, |context| context.start(req).map(|()| 0)) }
}

/// Complete a request that the program started, or whose complete function was called: its event has the result `res`.
///
/// Of all paths to the end of a request one wins. Whoever gets -EALREADY did not: the request, whose memory may be gone, must not be
/// touched. After 0 another thread may reap the event at once.
///
/// Any thread. Returns 0 or -errno: -EALREADY (another path finished it, or it was never in flight), -EINVAL (the kernel has it, NULL,
/// ended, another process).
///
/// Symbol version: OXIRING_AIO_1.0.
#[no_mangle]
pub unsafe extern "C" fn io_uring_aio_complete(ctx: *mut Context, req: *mut Req, res: __s32) -> c_int {
    if req.is_null() {
        return -libc::EINVAL;
    }
    let _quietly = Quietly::enter();
    // SAFETY: see `on`.
    done(unsafe { Context::call(ctx, true) }.and_then(|call| call.0.complete(req, res)))
}

/// Reap up to `max` events, and wait until there are `min`.
///
/// `timeout` is relative, on CLOCK_MONOTONIC; NULL waits for as long as it takes. With a `min` of 0 the call does not wait. Any thread; of
/// several that wait, each event goes to one. With the event, the memory of its request is the program's again. An event has the request,
/// the user_data of its SQE, and res and flags as in a CQE; a cancelled request has -ECANCELED.
///
/// Returns how many, less than `min` (perhaps 0) at the timeout or after a signal; or -errno: -EINTR (a signal, and no event), -EINVAL
/// (`max` 0, `min` above `max`, a time that is none, NULL, ended, another process).
///
/// Symbol version: OXIRING_AIO_1.0.
#[no_mangle]
pub unsafe extern "C" fn io_uring_aio_getevents(
    ctx: *mut Context,
    min: c_uint,
    max: c_uint,
    ev: *mut Event,
    timeout: *const __kernel_timespec,
) -> c_int {
    if max == 0 || min > max || ev.is_null() {
        return -libc::EINVAL;
    }
    // SAFETY: null or the caller's.
    let deadline = match unsafe { deadline(timeout) } {
        Ok(deadline) => deadline,
        Err(errno) => return errno,
    };
    let mut at = ev;
    let give = |event| {
        // SAFETY: the caller's array has room for `max`.
        unsafe {
            at.write(event);
            at = at.add(1);
        }
    };
    // SAFETY: see `on`.
    unsafe { on(ctx, |context| context.getevents(min as usize, max as usize, deadline, give)) }
}

/// Count events on the eventfd `fd`; -1 ends that.
///
/// One is added for each event that io_uring_aio_getevents() will deliver, after the event is there: when `fd` is readable it can be
/// reaped. What was in the queue before is not counted, nor what io_uring_aio_cancel() delivers. The descriptor is duplicated, so that the
/// program may close its own. Another one replaces the first. Meanwhile all requests are issued as with `IO_URING_AIO_ISSUER`.
///
/// Any thread. Returns 0 or -errno: -EBADF, -EINVAL (no eventfd, ended, another process), -EMFILE; or why the library's thread could not be
/// made.
///
/// Symbol version: OXIRING_AIO_1.0.
#[no_mangle]
pub unsafe extern "C" fn io_uring_aio_register_eventfd(ctx: *mut Context, fd: c_int) -> c_int {
    // SAFETY: see `on`.
    unsafe { on(ctx, |context| context.register_eventfd(fd).map(|()| 0)) }
}

/// Say how a started request is cancelled, between io_uring_aio_start() and its end. NULL takes the function away.
///
/// `fn` is called at most once, on the thread that cancels, by the one canceller that wins. It returns 0 when the request is cancelled: the
/// program will not complete it, and its event has -ECANCELED. Otherwise the request goes on, and cannot be cancelled any more. It must not
/// call io_uring_aio_complete(); if another thread does so meanwhile, that result is the request's. A request without a function is not
/// cancelled. That requests become cancellable only when they ask for it is due to the kernel's "aio: use cancellation list lazily".
///
/// Any thread. Returns 0 or -errno: -ENOENT (not in flight), -EALREADY (over, or being cancelled), -EINVAL (not started but submitted,
/// NULL, ended, another process).
///
/// Symbol version: OXIRING_AIO_1.0.
#[no_mangle]
pub unsafe extern "C" fn io_uring_aio_req_set_cancel_fn(
    ctx: *mut Context,
    req: *mut Req,
    fn_: CancelFnPointer,
) -> c_int {
    if req.is_null() {
        return -libc::EINVAL;
    }
    // SAFETY: see `on`.
    unsafe { on(ctx, |context| context.set_cancel_fn(req, fn_).map(|()| 0)) }
}

/// Cancel a request, and wait for the outcome.
///
/// 0: cancelled, `*out` is its event, and no other is delivered. A cancelled read has consumed no bytes. -EALREADY: it is running, was
/// asked to end before, or came to its end first; its event is delivered as usual. -ENOENT: finished, perhaps with an event that was not
/// reaped yet and has the memory until then, or never submitted; `req` may be the address of freed memory. -ETIME: still open at the timeout; its event, which may say -ECANCELED, is delivered as usual. Only with 0 is
/// `*out` written.
///
/// What the kernel can cancel is cancelled there (pipes, sockets, polls, timeouts, queued file I/O), and its own completion is the truth:
/// I/O that a device has is waited for. For what the program started, see io_uring_aio_req_set_cancel_fn(). A request in its complete
/// function is not cancelled. `timeout` is relative; NULL waits for as long as it takes, and signals do not end the wait.
///
/// Any thread. Further -errno: -EINVAL (NULL for `req` or `out`, a time that is none, ended, another process).
///
/// Symbol version: OXIRING_AIO_1.0.
#[no_mangle]
pub unsafe extern "C" fn io_uring_aio_cancel(
    ctx: *mut Context,
    req: *mut Req,
    out: *mut Event,
    timeout: *const __kernel_timespec,
) -> c_int {
    if req.is_null() || out.is_null() {
        return -libc::EINVAL;
    }
    // SAFETY: null or the caller's.
    let deadline = match unsafe { deadline(timeout) } {
        Ok(deadline) => deadline,
        Err(errno) => return errno,
    };
    // SAFETY: see `on`; the event has a place.
    unsafe { on(ctx, |context| context.cancel(req, deadline).map(|event| out.write(event)).map(|()| 0)) }
}

/// Ask for a request to be cancelled, and do not wait.
///
/// Returns -EINPROGRESS, its event is delivered as usual, and says -ECANCELED unless the request came to its end first; or -EALREADY and
/// -ENOENT as io_uring_aio_cancel() does, or -EINVAL (NULL, ended, another process). Never 0. Any thread.
///
/// Symbol version: OXIRING_AIO_1.0.
#[no_mangle]
pub unsafe extern "C" fn io_uring_aio_cancel_async(ctx: *mut Context, req: *mut Req) -> c_int {
    if req.is_null() {
        return -libc::EINVAL;
    }
    // SAFETY: see `on`.
    unsafe { on(ctx, |context| context.cancel_async(req).and(Err(-libc::EINPROGRESS))) }
}

/// Cancel the requests that were submitted with `fd` for the descriptor of their SQE, and wait for the outcome of each.
///
/// What counts is the number at submit, whatever it means by now. Requests that the program started are left alone. I/O that a device has
/// is waited for.
///
/// Any thread. Returns how many were cancelled; their events are delivered as usual. -EBADF (negative), -EINVAL (ended, another process).
///
/// Symbol version: OXIRING_AIO_1.0.
#[no_mangle]
pub unsafe extern "C" fn io_uring_aio_cancel_fd(ctx: *mut Context, fd: c_int) -> c_int {
    // SAFETY: see `on`.
    unsafe { on(ctx, |context| context.cancel_fd(fd)) }
}

/// Have `fn` called before the request is complete; NULL takes that back.
///
/// When the kernel is done with the request, a thread of the library's calls `fn` with the result, and the event comes when that, or any
/// thread that it told to, calls io_uring_aio_complete(). The worker is made by the first submit of such a request, calls one function at a
/// time, has all signals blocked and a stack as large as RLIMIT_STACK says; a context without such requests has none. What was cancelled completes without the call. Started
/// requests are not deferred. After the kernel's "direct-io: Implement generic deferred AIO completions".
///
/// To be called before submit; it stays for the next submit of the request as well. Returns 0, or -EINVAL (NULL, not initialised), -EBUSY
/// (in flight).
///
/// Symbol version: OXIRING_AIO_1.0.
#[no_mangle]
pub unsafe extern "C" fn io_uring_aio_req_defer(req: *mut Req, fn_: CompleteFnPointer) -> c_int {
    // SAFETY: null or the caller's.
    unsafe { req.as_ref() }.map_or(-libc::EINVAL, |req| done(req.defer(fn_)))
}

/// Have the data of a write durable before the write is complete.
///
/// `flags` are `IO_URING_AIO_DSYNC`, as after fdatasync(2), `IO_URING_AIO_SYNC`, as after fsync(2), or 0, which takes it back. The kernel
/// does it as part of the write, before its CQE; what a file with `O_DSYNC` has anyway is not done twice.
///
/// To be called between io_uring_prep_write(), io_uring_prep_writev() or io_uring_prep_writev2() and submit; it stays for the next submit
/// of the request as well. Returns 0, or -EINVAL (NULL, not initialised, an unknown flag), -EBUSY (in flight), -EOPNOTSUPP (no write).
///
/// Symbol version: OXIRING_AIO_1.0.
#[no_mangle]
pub unsafe extern "C" fn io_uring_aio_req_sync(req: *mut Req, flags: c_uint) -> c_int {
    // SAFETY: null or the caller's.
    unsafe { req.as_ref() }.map_or(-libc::EINVAL, |req| done(req.sync(flags)))
}
