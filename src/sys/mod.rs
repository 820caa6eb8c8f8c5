//! System calls. Nothing above this module knows a number, a register or an argument's position.
//!
//! Every function returns what the kernel returned: 0 or a positive value, or a negated errno.

use core::ffi::{c_int, c_uint, c_void};
use core::ptr::null_mut;

use crate::uapi::{io_uring_params, IORING_OFF_SQES};

#[cfg_attr(target_arch = "x86_64", path = "x86_64.rs")]
#[cfg_attr(target_arch = "aarch64", path = "aarch64.rs")]
#[cfg_attr(target_arch = "riscv64", path = "riscv64.rs")]
mod arch;

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")))]
compile_error!("oxiring has no system calls for this architecture: add a file beside src/sys/x86_64.rs");

#[cfg(all(test, not(loom)))]
pub(crate) mod fake;
#[cfg(all(test, loom))]
pub(crate) use crate::ring::loom_tests::kernel as fake;

/// Every system call passes here or through [`call6`]; under test a fake kernel (`fake.rs`) may answer in the kernel's place.
///
/// # Safety
///
/// The arguments must be right for the system call `nr`.
#[inline(always)]
unsafe fn call4(nr: usize, a: [usize; 4]) -> isize {
    #[cfg(test)]
    if let Some(ret) = fake::answer(nr, &a) {
        return ret;
    }
    // SAFETY: the caller's promise.
    unsafe { arch::syscall4(nr, a) }
}

/// # Safety
///
/// As for [`call4`].
#[inline(always)]
pub(crate) unsafe fn call6(nr: usize, a: [usize; 6]) -> isize {
    #[cfg(test)]
    if let Some(ret) = fake::answer(nr, &a) {
        return ret;
    }
    // SAFETY: the caller's promise.
    unsafe { arch::syscall6(nr, a) }
}

// The io_uring calls have the same numbers on all architectures here.
const IO_URING_SETUP: usize = 425;
const IO_URING_ENTER: usize = 426;
const IO_URING_REGISTER: usize = 427;

pub(crate) use libc::{
    EAGAIN, EALREADY, EBADF, EBUSY, EFAULT, EINTR, EINVAL, EMFILE, ENOENT, ENOMEM, ENXIO, EOPNOTSUPP, EOVERFLOW, EPERM,
    ETIME,
};

/// Size of the kernel's `sigset_t`, which `io_uring_enter(2)` wants beside a signal mask.
pub const KERNEL_SIGSET_SIZE: usize = 8;

/// `io_uring_setup(2)`.
///
/// # Safety
///
/// `p` points to parameters that the kernel may read and write (any value gives -EFAULT at worst); with
/// `IORING_SETUP_NO_MMAP` the user addresses in it are memory that belongs to the ring until the ring is gone.
pub(crate) unsafe fn setup(entries: c_uint, p: *mut io_uring_params) -> c_int {
    // SAFETY: the caller's promise is the system call's.
    unsafe { call4(IO_URING_SETUP, [entries as usize, p as usize, 0, 0]) as c_int }
}

/// `io_uring_enter(2)`.
///
/// # Safety
///
/// What the submitted entries do to memory is the program's responsibility; `arg` fits `flags` and `size`.
#[inline(always)]
pub(crate) unsafe fn enter(
    fd: c_int,
    to_submit: c_uint,
    min_complete: c_uint,
    flags: c_uint,
    arg: *const c_void,
    size: usize,
) -> c_int {
    // SAFETY: the caller's promise is the system call's.
    unsafe {
        call6(
            IO_URING_ENTER,
            [fd as usize, to_submit as usize, min_complete as usize, flags as usize, arg as usize, size],
        ) as c_int
    }
}

/// `io_uring_register(2)`.
///
/// # Safety
///
/// `arg` and `nr` fit `opcode`; what the kernel keeps of them stays valid until it is unregistered.
pub(crate) unsafe fn register(fd: c_int, opcode: c_uint, arg: *const c_void, nr: c_uint) -> c_int {
    // SAFETY: the caller's promise is the system call's.
    unsafe { call4(IO_URING_REGISTER, [fd as usize, opcode as usize, arg as usize, nr as usize]) as c_int }
}

/// `close(2)`.
pub(crate) fn close(fd: c_int) -> c_int {
    // SAFETY: no memory is involved; closing somebody else's descriptor is the caller's bug, not a memory error.
    unsafe { call4(arch::CLOSE, [fd as usize, 0, 0, 0]) as c_int }
}

/// Which part of a ring a mapping shows.
#[derive(Clone, Copy)]
pub(crate) enum Part {
    /// Submission ring; with `IORING_FEAT_SINGLE_MMAP` both rings.
    SqRing = 0,
    /// Completion ring.
    CqRing = 0x800_0000,
    /// The array of SQEs.
    Sqes = IORING_OFF_SQES as isize,
}

/// Maps `len` bytes at `offset` of the ring `fd`, shared, readable and writable, populated.
pub(crate) fn map_ring(fd: c_int, part: Part, len: usize) -> Result<*mut c_void, c_int> {
    map(len, libc::MAP_SHARED | libc::MAP_POPULATE, fd, part as usize)
}

/// Maps `len` bytes of zeroed memory.
pub(crate) fn map_anonymous(len: usize, flags: c_int) -> Result<*mut c_void, c_int> {
    map(len, libc::MAP_ANONYMOUS | flags, -1, 0)
}

fn map(len: usize, flags: c_int, fd: c_int, offset: usize) -> Result<*mut c_void, c_int> {
    let prot = (libc::PROT_READ | libc::PROT_WRITE) as usize;
    // SAFETY: a new mapping at an address of the kernel's choice changes nothing that exists.
    let ret = unsafe { call6(arch::MMAP, [0, len, prot, flags as usize, fd as usize, offset]) };
    if is_error(ret) {
        return Err(ret as c_int);
    }
    Ok(ret as *mut c_void)
}

/// `munmap(2)`.
///
/// # Safety
///
/// Nothing refers to the range afterwards.
pub(crate) unsafe fn unmap(addr: *mut c_void, len: usize) -> c_int {
    // SAFETY: the caller gives the range up.
    unsafe { call4(arch::MUNMAP, [addr as usize, len, 0, 0]) as c_int }
}

/// `madvise(2)`.
///
/// # Safety
///
/// `advice` does not take the memory's content away from anybody who relies on it.
pub(crate) unsafe fn advise(addr: *mut c_void, len: usize, advice: c_int) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { call4(arch::MADVISE, [addr as usize, len, advice as usize, 0]) as c_int }
}

/// Another descriptor for what `fd` refers to, closed by exec; or -errno.
pub(crate) fn duplicate(fd: c_int) -> c_int {
    // SAFETY: no memory is involved.
    unsafe { call4(arch::FCNTL, [fd as usize, libc::F_DUPFD_CLOEXEC as usize, 0, 0]) as c_int }
}

/// `getsockopt(2)`, of the first bytes of an option's value: its length, or -errno.
#[inline(never)]
pub(crate) fn socket_option(fd: c_int, level: c_int, name: c_int, value: &mut u64) -> c_int {
    let mut len = size_of::<u64>() as c_uint;
    let (value, len_ptr) = (&raw mut *value as usize, &raw mut len as usize);
    // SAFETY: a live value and its length, of which the kernel writes no more.
    let ret = unsafe { call6(arch::GETSOCKOPT, [fd as usize, level as usize, name as usize, value, len_ptr, 0]) };
    if ret < 0 {
        ret as c_int
    } else {
        len as c_int
    }
}

/// Nanoseconds of `CLOCK_MONOTONIC`.
#[inline(never)]
pub(crate) fn monotonic_ns() -> u64 {
    let mut now = crate::uapi::__kernel_timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a live structure.
    unsafe { call4(arch::CLOCK_GETTIME, [libc::CLOCK_MONOTONIC as usize, &raw mut now as usize, 0, 0]) };
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// Copies `len` bytes from `from`, which may be no memory at all: -EFAULT then.
///
/// The kernel is asked to copy. Where it may not (a seccomp filter, or a kernel without that call), the copy is made here, and bad
/// addresses are the program's problem.
///
/// # Safety
///
/// `to` has room for `len` bytes.
#[inline(never)]
unsafe fn read_memory(to: *mut c_void, from: *const c_void, len: usize) -> Result<(), c_int> {
    let local = libc::iovec { iov_base: to, iov_len: len };
    let remote = libc::iovec { iov_base: from.cast_mut(), iov_len: len };
    // SAFETY: takes nothing, touches nothing.
    let pid = unsafe { call4(arch::GETPID, [0; 4]) } as usize;
    // SAFETY: what `local` names is the caller's; the kernel checks what `remote` names.
    let ret =
        unsafe { call6(arch::PROCESS_VM_READV, [pid, &raw const local as usize, 1, &raw const remote as usize, 1, 0]) };
    if ret == -(libc::ENOSYS as isize) || ret == -(EPERM as isize) {
        // SAFETY: the caller's promise for `to`; `from` is the best that can be done.
        unsafe { to.cast::<u8>().copy_from_nonoverlapping(from.cast(), len) };
        return Ok(());
    }
    if ret == len as isize {
        Ok(())
    } else {
        Err(-EFAULT)
    }
}

/// A value of the program's, which may be no memory: -EFAULT.
///
/// # Safety
///
/// Any bytes are a `T`.
pub(crate) unsafe fn read_value<T>(from: *const T) -> Result<T, c_int> {
    let mut value = core::mem::MaybeUninit::<T>::uninit();
    // SAFETY: a local place of that size.
    unsafe { read_memory(value.as_mut_ptr().cast(), from.cast(), size_of::<T>()) }?;
    // SAFETY: filled; the rest is the caller's promise.
    Ok(unsafe { value.assume_init() })
}

/// Raises the soft limit of open files by `nr` where it is less than that. Whether it worked is seen by what needs it.
pub(crate) fn raise_nofile_limit(nr: c_uint) {
    let mut limit = Rlimit64 { cur: 0, max: 0 };
    if prlimit_nofile(core::ptr::null(), &mut limit) == 0 && limit.cur < u64::from(nr) {
        limit.cur += u64::from(nr);
        prlimit_nofile(&limit, null_mut());
    }
}

/// `struct rlimit64`, which `prlimit64(2)` takes on every architecture.
#[repr(C)]
struct Rlimit64 {
    cur: u64,
    max: u64,
}

fn prlimit_nofile(new: *const Rlimit64, old: *mut Rlimit64) -> c_int {
    let resource = libc::RLIMIT_NOFILE as usize;
    // SAFETY: both pointers are null or point to a live structure of the caller above.
    unsafe { call4(arch::PRLIMIT64, [0, resource, new as usize, old as usize]) as c_int }
}

/// The size of a page.
pub(crate) fn page_size() -> usize {
    match arch::FIXED_PAGE_SIZE {
        Some(size) => size,
        None => probe_page_size(),
    }
}

/// Finds the page size without the auxiliary vector, which a library without a C runtime cannot see and a chroot
/// without /proc does not show: advice about an empty range is refused when the address is not page-aligned.
fn probe_page_size() -> usize {
    const LARGEST: usize = 65536;
    let mut size = 4096;
    while size < LARGEST {
        // SAFETY: the range is empty, MADV_NORMAL changes nothing.
        if unsafe { advise(size as *mut c_void, 0, libc::MADV_NORMAL) } == 0 {
            break;
        }
        size *= 2;
    }
    size
}

/// Whether a raw result is a negated errno (the kernel reserves the last page of values for them).
fn is_error(ret: isize) -> bool {
    (-4095..0).contains(&ret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_probe_finds_the_page_size_of_the_c_library() {
        extern "C" {
            fn getpagesize() -> c_int;
        }
        // SAFETY: takes nothing, touches nothing.
        let libc_size = unsafe { getpagesize() } as usize;
        assert_eq!(probe_page_size(), libc_size);
        assert_eq!(page_size(), libc_size);
    }

    #[test]
    fn a_failing_mapping_is_an_errno_and_not_an_address() {
        assert_eq!(map_anonymous(0, libc::MAP_PRIVATE).unwrap_err(), -EINVAL);
        assert_eq!(map_ring(-1, Part::Sqes, 4096).unwrap_err(), -EBADF);
    }

    #[test]
    fn errors_are_the_last_4095_values() {
        assert!(is_error(-1) && is_error(-4095));
        assert!(!is_error(0) && !is_error(-4096) && !is_error(isize::MIN));
    }
}
