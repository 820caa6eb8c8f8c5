//! System calls on 64-bit Arm.

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

/// 4, 16 or 64 KiB by the kernel's configuration.
pub(crate) const FIXED_PAGE_SIZE: Option<usize> = None;

/// # Safety
///
/// The arguments must be right for the system call `nr`, as its manual page says.
#[inline(always)]
pub(super) unsafe fn syscall6(nr: usize, a: [usize; 6]) -> isize {
    let ret: isize;
    // SAFETY: the kernel keeps all registers but x0; what it does with memory is the caller's promise.
    unsafe {
        asm!(
            "svc #0",
            in("x8") nr,
            inlateout("x0") a[0] => ret,
            in("x1") a[1],
            in("x2") a[2],
            in("x3") a[3],
            in("x4") a[4],
            in("x5") a[5],
            options(nostack, preserves_flags),
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
            "svc #0",
            in("x8") nr,
            inlateout("x0") a[0] => ret,
            in("x1") a[1],
            in("x2") a[2],
            in("x3") a[3],
            options(nostack, preserves_flags),
        );
    }
    ret
}
