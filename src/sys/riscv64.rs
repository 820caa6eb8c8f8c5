//! System calls on 64-bit RISC-V.

use core::arch::asm;

pub(super) const MMAP: usize = 222;
pub(super) const MUNMAP: usize = 215;
pub(super) const MADVISE: usize = 233;
pub(super) const CLOSE: usize = 57;
pub(super) const PRLIMIT64: usize = 261;
pub(super) const GETPID: usize = 172;
pub(super) const PROCESS_VM_READV: usize = 270;
pub(super) const GETSOCKOPT: usize = 209;
pub(super) const CLOCK_GETTIME: usize = 113;
pub(super) const FCNTL: usize = 25;

/// Read from the kernel: wider base pages exist as an extension.
pub(crate) const FIXED_PAGE_SIZE: Option<usize> = None;

/// # Safety
///
/// The arguments must be right for the system call `nr`, as its manual page says.
#[inline(always)]
pub(super) unsafe fn syscall6(nr: usize, a: [usize; 6]) -> isize {
    let ret: isize;
    // SAFETY: the kernel keeps all registers but a0 and the vector state; what it does with memory is the caller's promise.
    unsafe {
        asm!(
            "ecall",
            in("a7") nr,
            inlateout("a0") a[0] => ret,
            in("a1") a[1],
            in("a2") a[2],
            in("a3") a[3],
            in("a4") a[4],
            in("a5") a[5],
            // The vector state does not survive a system call.
            clobber_abi("C"),
            options(nostack),
        );
    }
    ret
}

/// # Safety
///
/// As for [`syscall6`].
#[inline(always)]
pub(super) unsafe fn syscall4(nr: usize, a: [usize; 4]) -> isize {
    let ret: isize;
    // SAFETY: as in `syscall6`.
    unsafe {
        asm!(
            "ecall",
            in("a7") nr,
            inlateout("a0") a[0] => ret,
            in("a1") a[1],
            in("a2") a[2],
            in("a3") a[3],
            // The vector state does not survive a system call.
            clobber_abi("C"),
            options(nostack),
        );
    }
    ret
}
