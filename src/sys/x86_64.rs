//! System calls on x86-64.

use core::arch::asm;

pub(super) const MMAP: usize = 9;
pub(super) const MUNMAP: usize = 11;
pub(super) const MADVISE: usize = 28;
pub(super) const CLOSE: usize = 3;
pub(super) const PRLIMIT64: usize = 302;
pub(super) const GETPID: usize = 39;
pub(super) const PROCESS_VM_READV: usize = 310;
pub(super) const GETSOCKOPT: usize = 55;
pub(super) const CLOCK_GETTIME: usize = 228;
pub(super) const FCNTL: usize = 72;

/// The page size is fixed on this architecture.
pub(crate) const FIXED_PAGE_SIZE: Option<usize> = Some(4096);

/// # Safety
///
/// The arguments must be right for the system call `nr`, as its manual page says.
#[inline(always)]
pub(super) unsafe fn syscall6(nr: usize, a: [usize; 6]) -> isize {
    let ret: isize;
    // SAFETY: the kernel clobbers rcx and r11 only, keeps the stack and the flags; what else the call does with memory is
    // the caller's promise.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") nr => ret,
            in("rdi") a[0],
            in("rsi") a[1],
            in("rdx") a[2],
            in("r10") a[3],
            in("r8") a[4],
            in("r9") a[5],
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack, preserves_flags),
        );
    }
    ret
}

/// As [`syscall6`], for calls of four arguments or fewer: saves loading registers on the hot path.
///
/// # Safety
///
/// As for [`syscall6`].
#[inline(always)]
pub(super) unsafe fn syscall4(nr: usize, a: [usize; 4]) -> isize {
    let ret: isize;
    // SAFETY: as in `syscall6`.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") nr => ret,
            in("rdi") a[0],
            in("rsi") a[1],
            in("rdx") a[2],
            in("r10") a[3],
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack, preserves_flags),
        );
    }
    ret
}
