//! Probes, and where their memory comes from.

use crate::plt::{plt_get_probe_ring, Plt};
use core::ptr::null_mut;
use oxiring::ring::types::io_uring;
use oxiring::ring::{probe, Ring};
use oxiring::uapi::*;

type Calloc = unsafe extern "C" fn(usize, usize) -> *mut c_void;
type Free = unsafe extern "C" fn(*mut c_void);

// Programs pass a probe to libc's free(), because the builds of the original that distributions ship allocate it with
// calloc(). The two are therefore referred to, but weakly: a process without them gets pages of its own.
#[cfg(target_arch = "x86_64")]
core::arch::global_asm!(
    ".weak calloc",
    ".weak free",
    ".pushsection .text.libc_calloc, \"ax\", @progbits",
    ".type libc_calloc, @function",
    "libc_calloc: mov rax, qword ptr [rip + calloc@GOTPCREL]",
    "ret",
    ".size libc_calloc, . - libc_calloc",
    ".type libc_free, @function",
    "libc_free: mov rax, qword ptr [rip + free@GOTPCREL]",
    "ret",
    ".size libc_free, . - libc_free",
    ".popsection",
);

#[cfg(target_arch = "aarch64")]
core::arch::global_asm!(
    ".weak calloc",
    ".weak free",
    ".pushsection .text.libc_calloc, \"ax\", @progbits",
    ".type libc_calloc, @function",
    "libc_calloc: adrp x0, :got:calloc",
    "ldr x0, [x0, :got_lo12:calloc]",
    "ret",
    ".size libc_calloc, . - libc_calloc",
    ".type libc_free, @function",
    "libc_free: adrp x0, :got:free",
    "ldr x0, [x0, :got_lo12:free]",
    "ret",
    ".size libc_free, . - libc_free",
    ".popsection",
);

#[cfg(target_arch = "riscv64")]
core::arch::global_asm!(
    ".weak calloc",
    ".weak free",
    ".pushsection .text.libc_calloc, \"ax\", @progbits",
    ".option push",
    ".option pic",
    ".type libc_calloc, @function",
    "libc_calloc: la a0, calloc",
    "ret",
    ".size libc_calloc, . - libc_calloc",
    ".type libc_free, @function",
    "libc_free: la a0, free",
    "ret",
    ".size libc_free, . - libc_free",
    ".option pop",
    ".popsection",
);

extern "C" {
    /// The address of `calloc`, or null in a process that has none.
    fn libc_calloc() -> Option<Calloc>;
    /// The address of `free`, or null.
    fn libc_free() -> Option<Free>;
}

/// Both or none: memory of one allocator must not reach the other.
fn allocator() -> Option<(Calloc, Free)> {
    // SAFETY: both only read the global offset table.
    unsafe { libc_calloc().zip(libc_free()) }
}

fn allocate() -> *mut io_uring_probe {
    match allocator() {
        // SAFETY: calloc's contract: any sizes.
        Some((calloc, _)) => unsafe { calloc(1, probe::PROBE_SIZE).cast() },
        None => probe::map().cast(),
    }
}

/// Ask the kernel of `ring` which opcodes it supports.
///
/// The result has room for 256 opcodes and belongs to the caller, who gives it back with io_uring_free_probe() or, in a
/// program with a C library, with free().
///
/// Returns NULL when memory is short or the kernel has no probe. Since Linux 5.6. See io_uring_get_probe(3).
///
/// Symbol version: LIBURING_2.0, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_get_probe_ring(ring: *mut io_uring) -> *mut io_uring_probe {
    // SAFETY: the caller's ring.
    let Ok(ring) = (unsafe { Ring::checked(ring) }) else { return null_mut() };
    let probe = allocate();
    if probe.is_null() {
        return probe;
    }
    // SAFETY: `allocate` gives zeroed memory of the size that `fill` wants.
    if unsafe { probe::fill::<Plt>(ring, probe) } {
        return probe;
    }
    // SAFETY: allocated above.
    unsafe { io_uring_free_probe(probe) };
    null_mut()
}

/// As io_uring_get_probe_ring(), with a ring that is made for the purpose and ended again.
///
/// Returns NULL also when no ring can be had. Since Linux 5.6. See io_uring_get_probe(3).
///
/// Symbol version: LIBURING_2.0, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_get_probe() -> *mut io_uring_probe {
    // SAFETY: `with_ring` hands in a ring that is set up.
    probe::with_ring::<Plt, _>(|ring| unsafe { plt_get_probe_ring(ring) }).unwrap_or(null_mut())
}

/// Give back what io_uring_get_probe() or io_uring_get_probe_ring() returned. NULL is allowed.
///
/// See io_uring_free_probe(3).
///
/// Symbol version: LIBURING_2.0, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_free_probe(probe: *mut io_uring_probe) {
    if probe.is_null() {
        return;
    }
    match allocator() {
        // SAFETY: `allocate` used the same allocator.
        Some((_, free)) => unsafe { free(probe.cast()) },
        // SAFETY: `allocate` mapped it.
        None => unsafe { probe::unmap(probe.cast()) },
    }
}

/// Whether the kernel that filled `p` supports the opcode `op`: 1 or 0. Numbers that are no opcodes are not supported.
///
/// See io_uring_opcode_supported(3).
///
/// Symbol version: ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_opcode_supported(p: *const io_uring_probe, op: c_int) -> c_int {
    // SAFETY: the caller's probe.
    unsafe { c_int::from(probe::supports(p, op)) }
}
