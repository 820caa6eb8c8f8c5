//! syscall(3): programs that call the kernel's AIO by number, but through libc, get here when this library comes before libc in the order of
//! search: preloaded, or linked to. All other numbers, and contexts that are not ours, go through untouched.

use crate::events::Wait;
use crate::exports::{getevents_of_any, io_destroy, io_setup, io_submit, oxiring_io_cancel_0_4, SYS_IO_PGETEVENTS};
use crate::user::Asked;
use libc::{c_int, c_long, sigset_t};
#[cfg(not(test))]
use std::arch::global_asm;
use std::ptr::null;

// Without a version, or references with libc's would not be bound to it.
#[cfg(not(test))]
global_asm!(".symver oxiring_syscall, syscall@@, remove");

/// What io_pgetevents(2) has for its last argument.
#[repr(C)]
struct AioSigset {
    mask: *const sigset_t,
    size: usize,
}

/// Arguments beyond those of the call are whatever is in their places: nobody looks at them.
#[no_mangle]
unsafe extern "C" fn oxiring_syscall(
    number: c_long,
    a: usize,
    b: usize,
    c: usize,
    d: usize,
    e: usize,
    f: usize,
) -> c_long {
    let wait = |sigmask| Wait {
        min_nr: b as c_long,
        nr: c as c_long,
        events: d as *mut _,
        timeout: e as *const _,
        sigmask,
        look_first: false,
    };
    // SAFETY: the caller's.
    let ret = unsafe {
        match number {
            libc::SYS_io_setup => io_setup(a as c_int, b as *mut usize).into(),
            libc::SYS_io_destroy => io_destroy(a).into(),
            libc::SYS_io_submit => io_submit(a, b as c_long, c as *const _).into(),
            libc::SYS_io_cancel => oxiring_io_cancel_0_4(a, b as *const _, c as *mut _).into(),
            libc::SYS_io_getevents => getevents_of_any(a, wait(null())).into(),
            SYS_IO_PGETEVENTS => mask(f).map_or_else(Into::into, |mask| getevents_of_any(a, wait(mask)).into()),
            _ => oxiring::raw::syscall(number as usize, [a, b, c, d, e, f]) as c_long,
        }
    };
    if (-4095..0).contains(&ret) {
        // SAFETY: the thread's own.
        unsafe { *libc::__errno_location() = -ret as c_int };
        return -1;
    }
    ret
}

/// The set in io_pgetevents' last argument: -EINVAL for one of another size.
unsafe fn mask(argument: usize) -> Result<*const sigset_t, c_int> {
    if argument == 0 {
        return Ok(null());
    }
    Asked::default().readable(argument as u64, size_of::<AioSigset>())?;
    // SAFETY: the kernel has read it.
    let set = unsafe { (argument as *const AioSigset).read_unaligned() };
    if !set.mask.is_null() && set.size != 8 {
        return Err(-libc::EINVAL);
    }
    Ok(set.mask)
}
