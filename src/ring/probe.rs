//! What the kernel supports.

use super::calls::Calls;
use super::types::io_uring;
use super::{check_ptr, Ring};
use crate::sys;
use crate::uapi::*;

/// Entries of the probe that the library hands out: opcodes are bytes.
pub const PROBE_OPS: c_uint = 256;
/// Its size in bytes.
pub const PROBE_SIZE: usize = size_of::<io_uring_probe>() + PROBE_OPS as usize * size_of::<io_uring_probe_op>();

/// Fills the zeroed `probe` of [`PROBE_SIZE`] bytes from `ring`; whether that worked.
///
/// # Safety
///
/// `probe` has that many writable bytes; the crate's contract holds for `ring`.
pub unsafe fn fill<C: Calls>(ring: Ring, probe: *mut io_uring_probe) -> bool {
    // SAFETY: the caller's promise.
    unsafe { C::register_probe(ring.as_ptr(), probe, PROBE_OPS) >= 0 }
}

/// Runs `work` with a small ring of its own, which is ended afterwards. `None` where no ring is to be had.
pub fn with_ring<C: Calls, T>(work: impl FnOnce(*mut io_uring) -> T) -> Option<T> {
    let mut ring = io_uring::EMPTY;
    // SAFETY: a local structure.
    if unsafe { C::queue_init(2, &mut ring, 0) } < 0 {
        return None;
    }
    let result = work(&mut ring);
    // SAFETY: set up above and not used afterwards.
    unsafe { C::queue_exit(&mut ring) };
    Some(result)
}

/// `io_uring_mlock_size_params`: bytes of locked memory that a ring will be charged; 0 since Linux 5.12, where `p` is not looked at.
///
/// # Safety
///
/// `p` points to readable parameters, or is one of the pointers that [`check_ptr`] knows.
pub unsafe fn mlock_size<C: Calls>(entries: c_uint, p: *const io_uring_params) -> ssize_t {
    // A ring of these entries with nothing else asked for tells the kernels apart. Where it cannot be had (an older
    // kernel without the memory), its features read as none, which gives the answer for such kernels.
    let mut trial = io_uring_params::EMPTY;
    let mut ring = io_uring::EMPTY;
    // SAFETY: local structures.
    if unsafe { C::queue_init_params(entries, &mut ring, &mut trial) } == 0 {
        // SAFETY: set up above and not used afterwards.
        unsafe { C::queue_exit(&mut ring) };
    }
    if trial.features & IORING_FEAT_NATIVE_WORKERS != 0 {
        return 0;
    }
    if let Err(error) = check_ptr(p) {
        return error as ssize_t;
    }
    // SAFETY: the caller's promise.
    super::memory::memory_size(entries, unsafe { &*p })
}

/// Zeroed memory of [`PROBE_SIZE`] bytes without an allocator; null when there is none.
pub fn map() -> *mut c_void {
    sys::map_anonymous(PROBE_SIZE, libc::MAP_PRIVATE).unwrap_or(core::ptr::null_mut())
}

/// # Safety
///
/// `probe` came from [`map`] and is not used afterwards.
pub unsafe fn unmap(probe: *mut c_void) {
    // SAFETY: the caller's promise.
    unsafe { sys::unmap(probe, PROBE_SIZE) };
}

/// `io_uring_opcode_supported`.
///
/// # Safety
///
/// `p` points to a probe that the kernel filled, with an entry for each opcode up to `last_op`.
pub unsafe fn supports(p: *const io_uring_probe, op: c_int) -> bool {
    // SAFETY: the caller's promise.
    if op < 0 || op > c_int::from(unsafe { (*p).last_op }) {
        return false;
    }
    // SAFETY: not beyond the last entry; the entries follow the header.
    let entry = unsafe { p.add(1).cast::<io_uring_probe_op>().add(op as usize).read() };
    entry.flags & IO_URING_OP_SUPPORTED as __u16 != 0
}
