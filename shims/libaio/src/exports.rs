//! The functions of the library, with both versions of those that have two.

use crate::abi::{IoEvent, Iocb};
use crate::cancel::cancel;
use crate::context;
use crate::events::{getevents, Wait};
use crate::registry;
use crate::submit::submit;
use crate::user::{self, Asked};
use libc::{c_int, c_long, sigset_t, timespec};
#[cfg(not(test))]
use std::arch::global_asm;
use std::mem::{offset_of, size_of};
use std::ptr::{null, null_mut};

// Tests are linked without a version script.
#[cfg(not(test))]
global_asm!(
    ".symver oxiring_io_cancel_0_4, io_cancel@@@LIBAIO_0.4",
    ".symver oxiring_io_cancel_0_1, io_cancel@LIBAIO_0.1, remove",
    ".symver oxiring_io_getevents_0_4, io_getevents@@@LIBAIO_0.4",
    ".symver oxiring_io_getevents_0_1, io_getevents@LIBAIO_0.1, remove",
    ".symver oxiring_io_queue_wait_0_4, io_queue_wait@@@LIBAIO_0.4",
    ".symver oxiring_io_queue_wait_0_1, io_queue_wait@LIBAIO_0.1, remove",
);

/// io_pgetevents(2).
pub(crate) const SYS_IO_PGETEVENTS: c_long = if cfg!(target_arch = "x86_64") { 333 } else { 292 };

/// Events that a context can be asked for: the kernel's own arithmetic would overflow with more.
const MOST_EVENTS: c_int = 0x1000_0000 / 32 / 2;

/// `io_context_t`.
pub(crate) type IoContext = usize;

extern "C" {
    fn pthread_setcancelstate(state: c_int, old: *mut c_int) -> c_int;
}

const PTHREAD_CANCEL_DISABLE: c_int = 1;

/// What a call leaves as it was: errno, and whether the thread can be cancelled, which it cannot be meanwhile. Calls of libaio are no
/// cancellation points, but some of those that are made for them are.
struct Kept {
    errno: c_int,
    cancel: c_int,
}

impl Kept {
    fn keep() -> Self {
        let mut cancel = 0;
        // SAFETY: the thread's own.
        unsafe {
            pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &mut cancel);
            Self { errno: *libc::__errno_location(), cancel }
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // SAFETY: as above.
        unsafe {
            pthread_setcancelstate(self.cancel, null_mut());
            *libc::__errno_location() = self.errno;
        }
    }
}

fn result(body: impl FnOnce() -> Result<usize, c_int>) -> c_int {
    let _kept = Kept::keep();
    body().map_or_else(|error| error, |nr| nr as c_int)
}

/// What is no context of ours may be one of the kernel's: where there is no io_uring all are. The kernel's AIO, by system call: not by
/// syscall(3), which may be this library's.
pub(crate) fn kernel(number: c_long, arguments: [usize; 6]) -> Result<usize, c_int> {
    // SAFETY: what the program passed, to who was meant to look at it.
    let ret = unsafe { oxiring::raw::syscall(number as usize, arguments) };
    usize::try_from(ret).map_err(|_| ret as c_int)
}

#[no_mangle]
pub(crate) unsafe extern "C" fn io_setup(maxevents: c_int, ctxp: *mut IoContext) -> c_int {
    result(|| {
        Asked::default().readable(ctxp as u64, size_of::<IoContext>())?;
        // SAFETY: the kernel has read it.
        if unsafe { ctxp.read_unaligned() } != 0 || maxevents <= 0 || maxevents > MOST_EVENTS {
            return Err(-libc::EINVAL);
        }
        let context = match context::setup(maxevents as u32) {
            Ok(context) => context,
            Err(error) if error == -libc::EAGAIN => return Err(error),
            // There is no io_uring, or it is forbidden, or too old, or it wants what there is no more of.
            Err(_) => return kernel(libc::SYS_io_setup, [maxevents as usize, ctxp as usize, 0, 0, 0, 0]),
        };
        user::overwritable(ctxp as u64, size_of::<IoContext>())
            .inspect_err(|_| _ = registry::find(context).map(context::destroy))?;
        // SAFETY: the kernel has written there.
        unsafe { ctxp.write_unaligned(context) };
        Ok(0)
    })
}

#[no_mangle]
pub(crate) unsafe extern "C" fn io_destroy(ctx: IoContext) -> c_int {
    result(|| match registry::find(ctx) {
        Ok(found) => context::destroy(found).map(|()| 0),
        Err(_) => kernel(libc::SYS_io_destroy, [ctx, 0, 0, 0, 0, 0]),
    })
}

#[no_mangle]
pub(crate) unsafe extern "C" fn io_submit(ctx: IoContext, nr: c_long, iocbpp: *const *const Iocb) -> c_int {
    result(|| match registry::find(ctx) {
        Ok(context) => submit(&context, nr, iocbpp as u64),
        Err(_) => kernel(libc::SYS_io_submit, [ctx, nr as usize, iocbpp as usize, 0, 0, 0]),
    })
}

pub(crate) fn getevents_of_any(ctx: IoContext, wait: Wait) -> c_int {
    result(|| getevents(ctx, wait))
}

#[no_mangle]
unsafe extern "C" fn oxiring_io_getevents_0_4(
    ctx: IoContext,
    min_nr: c_long,
    nr: c_long,
    events: *mut IoEvent,
    timeout: *const timespec,
) -> c_int {
    getevents_of_any(ctx, Wait { min_nr, nr, events, timeout, sigmask: null(), look_first: true })
}

/// Knows of no minimum, which is 1.
#[no_mangle]
unsafe extern "C" fn oxiring_io_getevents_0_1(
    ctx: IoContext,
    nr: c_long,
    events: *mut IoEvent,
    timeout: *const timespec,
) -> c_int {
    getevents_of_any(ctx, Wait { min_nr: 1, nr, events, timeout, sigmask: null(), look_first: true })
}

#[no_mangle]
unsafe extern "C" fn io_pgetevents(
    ctx: IoContext,
    min_nr: c_long,
    nr: c_long,
    events: *mut IoEvent,
    timeout: *const timespec,
    sigmask: *const sigset_t,
) -> c_int {
    getevents_of_any(ctx, Wait { min_nr, nr, events, timeout, sigmask, look_first: true })
}

fn cancel_in_any(ctx: IoContext, iocb: *const Iocb, event: Option<*mut IoEvent>) -> Result<usize, c_int> {
    let key = (iocb as u64).wrapping_add(offset_of!(Iocb, key) as u64);
    Asked::default().readable(key, size_of::<u32>())?;
    // SAFETY: the kernel has read it.
    if unsafe { (key as *const u32).read_unaligned() } != 0 {
        return Err(-libc::EINVAL);
    }
    match registry::find(ctx) {
        Ok(context) => cancel(&context, iocb, event),
        Err(_) => {
            let event = event.unwrap_or(null_mut());
            kernel(libc::SYS_io_cancel, [ctx, iocb as usize, event as usize, 0, 0, 0])
        }
    }
}

#[no_mangle]
pub(crate) unsafe extern "C" fn oxiring_io_cancel_0_4(ctx: IoContext, iocb: *const Iocb, event: *mut IoEvent) -> c_int {
    result(|| cancel_in_any(ctx, iocb, Some(event)))
}

#[no_mangle]
unsafe extern "C" fn oxiring_io_cancel_0_1(ctx: IoContext, iocb: *const Iocb) -> c_int {
    result(|| cancel_in_any(ctx, iocb, None))
}

#[no_mangle]
unsafe extern "C" fn io_queue_init(maxevents: c_int, ctxp: *mut IoContext) -> c_int {
    if maxevents <= 0 {
        return -libc::EINVAL;
    }
    if let Err(error) = user::overwritable(ctxp as u64, size_of::<IoContext>()) {
        return error;
    }
    // SAFETY: the kernel has written there.
    unsafe {
        ctxp.write_unaligned(0);
        io_setup(maxevents, ctxp)
    }
}

#[no_mangle]
unsafe extern "C" fn io_queue_release(ctx: IoContext) -> c_int {
    // SAFETY: the caller's.
    unsafe { io_destroy(ctx) }
}

/// `io_callback_t`.
type Callback = unsafe extern "C" fn(IoContext, *mut Iocb, c_long, c_long);

#[no_mangle]
unsafe extern "C" fn io_queue_run(ctx: IoContext) -> c_int {
    let now = timespec { tv_sec: 0, tv_nsec: 0 };
    loop {
        let mut event = IoEvent { data: 0, obj: 0, res: 0, res2: 0 };
        // SAFETY: places of this frame.
        let ret = unsafe { oxiring_io_getevents_0_4(ctx, 0, 1, &mut event, &now) };
        if ret != 1 {
            return ret;
        }
        // SAFETY: libaio's io_set_callback() puts a function there.
        unsafe {
            let callback = std::mem::transmute::<usize, Callback>(event.data as usize);
            callback(ctx, event.obj as *mut Iocb, event.res as c_long, event.res2 as c_long);
        }
    }
}

#[no_mangle]
unsafe extern "C" fn oxiring_io_queue_wait_0_4(ctx: IoContext, timeout: *const timespec) -> c_int {
    getevents_of_any(ctx, Wait { min_nr: 0, nr: 0, events: null_mut(), timeout, sigmask: null(), look_first: true })
}

#[no_mangle]
unsafe extern "C" fn oxiring_io_queue_wait_0_1(ctx: IoContext, timeout: *const timespec) -> c_int {
    // SAFETY: the caller's.
    unsafe { oxiring_io_queue_wait_0_4(ctx, timeout) }
}
