//! Memory that a program names, and may not have.
//!
//! Kernel AIO answers -EFAULT to a pointer that leads nowhere. So the kernel is asked about each page, by a system call that reads or writes
//! a few bytes there and does nothing else, and then the memory is used.

use libc::{c_int, c_long};
use oxiring_aio::Known;
#[cfg(target_arch = "x86_64")]
use std::arch::asm;

pub(crate) const PAGE: usize = 4096;
/// The end of a program's addresses.
pub(crate) const TASK_SIZE: u64 = if cfg!(target_arch = "x86_64") { 0x7fff_ffff_f000 } else { 1 << 48 };
const SIGSET_SIZE: usize = 8;

/// Whether calls about signals are the kernel's: valgrind answers them itself, and looks at nothing. They take half the time of others.
fn has_kernel_s_signals() -> bool {
    static ARE: Known = Known::new();
    ARE.get(|| !under_valgrind())
}

/// valgrind's "client request" for whether it is there: instructions that do nothing, and which it knows.
#[cfg(target_arch = "x86_64")]
fn under_valgrind() -> bool {
    const RUNNING_ON_VALGRIND: u64 = 0x1001;
    let request = [RUNNING_ON_VALGRIND, 0, 0, 0, 0, 0];
    let mut answer = 0u64;
    // SAFETY: the register is rotated by 128 bits, and another exchanged with itself.
    unsafe {
        asm!(
            "rol rdi, 3",
            "rol rdi, 13",
            "rol rdi, 61",
            "rol rdi, 51",
            "xchg rbx, rbx",
            inout("rdx") answer,
            in("rax") request.as_ptr(),
            options(nostack),
        );
    }
    answer != 0
}

/// Not known, which costs time.
#[cfg(not(target_arch = "x86_64"))]
fn under_valgrind() -> bool {
    true
}

/// Whether the kernel could not get at what an argument points to. Not by syscall(3), which may be this library's.
///
/// # Safety
///
/// What the kernel writes, the caller may.
unsafe fn faults(number: c_long, arguments: [usize; 6]) -> bool {
    // SAFETY: as above.
    let ret = unsafe { oxiring::raw::syscall(number as usize, arguments) };
    ret == -libc::EFAULT as isize
}

/// What was found out in one call of the program's, which does not take its memory away meanwhile: the pages of an array are asked about once.
#[derive(Debug)]
pub(crate) struct Asked {
    readable: usize,
    writable: usize,
}

impl Default for Asked {
    /// The page that the stack has got to is there, and often all that is asked about.
    fn default() -> Self {
        let here = 0u8;
        Self { readable: 0, writable: page(std::hint::black_box(&raw const here) as usize) }
    }
}

/// Of each page of `len` bytes at `address` the first byte that belongs to them, until one is refused: -EFAULT.
fn each_page(address: u64, len: usize, mut refused: impl FnMut(usize) -> bool) -> Result<(), c_int> {
    let end = address.checked_add(len as u64).filter(|&end| end <= TASK_SIZE).ok_or(-libc::EFAULT)? as usize;
    let mut at = address as usize;
    while at < end {
        // The kernel takes a null pointer for none at all.
        if at < PAGE || refused(at) {
            return Err(-libc::EFAULT);
        }
        at = page(at) + PAGE;
    }
    Ok(())
}

fn page(at: usize) -> usize {
    at & !(PAGE - 1)
}

impl Asked {
    /// -EFAULT unless all of `len` bytes at `address` can be read.
    pub(crate) fn readable(&mut self, address: u64, len: usize) -> Result<(), c_int> {
        each_page(address, len, |at| {
            if page(at) == self.readable || page(at) == self.writable {
                return false;
            }
            // SAFETY: nothing is written.
            let faults = unsafe {
                if has_kernel_s_signals() {
                    // A `how` that there is not: the kernel reads the set, and refuses.
                    faults(libc::SYS_rt_sigprocmask, [usize::MAX, at & !7, 0, SIGSET_SIZE, 0, 0])
                } else {
                    // The kernel reads a word, and moves none of those who sleep on it.
                    let operation = (libc::FUTEX_CMP_REQUEUE | libc::FUTEX_PRIVATE_FLAG) as usize;
                    faults(libc::SYS_futex, [at & !3, operation, 0, 0, at & !3, 0])
                }
            };
            self.readable = if faults { 0 } else { page(at) };
            faults
        })
    }

    /// -EFAULT unless the four bytes at `address` can be read and written. They stay what they are, whoever else writes to them.
    pub(crate) fn writable(&mut self, address: u64) -> Result<(), c_int> {
        const ADD_NOTHING: usize = 1 << 28;
        let operation = (libc::FUTEX_WAKE_OP | libc::FUTEX_PRIVATE_FLAG) as usize;
        each_page(address, size_of::<u32>(), |at| {
            if page(at) == self.writable {
                return false;
            }
            // Adds to the word; who sleeps on it looks at it again.
            // SAFETY: the word keeps its value.
            let faults = unsafe { faults(libc::SYS_futex, [at & !3, operation, 0, 0, at & !3, ADD_NOTHING]) };
            self.writable = if faults { 0 } else { page(at) };
            faults
        })
    }
}

/// -EFAULT unless all of `len` bytes at `address`, four at least, which are going to be overwritten, can be written.
pub(crate) fn overwritable(address: u64, len: usize) -> Result<(), c_int> {
    let last = (address as usize).saturating_add(len).saturating_sub(size_of::<u32>());
    // The kernel writes the number of the processor.
    // SAFETY: not beyond what the caller is going to write.
    each_page(address, len, |at| unsafe { faults(libc::SYS_getcpu, [at.min(last), 0, 0, 0, 0, 0]) })
}
