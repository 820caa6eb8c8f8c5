//! The size calculation against the kernel that runs this.

use super::input::{Guarded, Input};
use crate::ring::memory::{cqe_size, memory_size, sqe_size, Entries, Sizes};
use crate::sys;
use crate::uapi::*;
use libc::{EINVAL, ENOMEM, EOVERFLOW};

/// What is in the parameters that decides about sizes.
const SIZING: [u32; 8] = [
    IORING_SETUP_CQSIZE,
    IORING_SETUP_CLAMP,
    IORING_SETUP_SQE128,
    IORING_SETUP_CQE32,
    IORING_SETUP_NO_SQARRAY,
    IORING_SETUP_NO_MMAP,
    IORING_SETUP_CQE_MIXED,
    IORING_SETUP_SQE_MIXED,
];

/// A ring of the kernel; nothing of it is mapped.
struct Made(c_int);

impl Made {
    fn new(entries: u32, p: &mut io_uring_params) -> Result<Self, c_int> {
        // SAFETY: `p` is a live structure, and the memory that it names belongs to the caller, who drops the ring first.
        match unsafe { sys::setup(entries, p) } {
            fd if fd >= 0 => Ok(Self(fd)),
            error => Err(error),
        }
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        sys::close(self.0);
    }
}

fn params(flags: u32, cq_entries: u32) -> io_uring_params {
    io_uring_params { flags, cq_entries, ..io_uring_params::EMPTY }
}

/// Whether this kernel makes rings and knows `flags`.
pub(super) fn kernel_knows(flags: u32) -> Result<(), c_int> {
    Made::new(2, &mut params(flags & !(IORING_SETUP_CQSIZE | IORING_SETUP_NO_MMAP), 0)).map(drop)
}

/// The kernel refuses what the calculation refuses, and makes rings of the calculated number of entries and size, in memory
/// of exactly that size too; a page less is not enough.
pub fn sizes(data: &[u8]) {
    let mut input = Input::new(data);
    let chosen = input.byte();
    let mut flags = (0..SIZING.len()).filter(|bit| chosen & (1 << bit) != 0).fold(0, |flags, bit| flags | SIZING[bit]);
    let entries = entries(&mut input);
    let cq_entries = if flags & IORING_SETUP_CQSIZE != 0 { self::entries(&mut input) } else { 0 };
    let in_memory = flags & IORING_SETUP_NO_MMAP != 0;
    flags &= !IORING_SETUP_NO_MMAP;
    if kernel_knows(flags).is_err() {
        return;
    }

    let mut p = params(flags, cq_entries);
    let size = memory_size(entries, &p);
    let made = Made::new(entries, &mut p);
    let Ok(wanted) = Entries::negotiate(entries, &params(flags, cq_entries)) else {
        assert_eq!(size, -EINVAL as ssize_t);
        assert_eq!(made.err(), Some(-EINVAL), "{entries} and {cq_entries} entries, flags {flags:#x}");
        return;
    };
    // A queue of both kinds of entries has room for one of the larger kind. The calculation gives the size of any queue.
    let too_small =
        flags & IORING_SETUP_CQE_MIXED != 0 && wanted.cq < 2 || flags & IORING_SETUP_SQE_MIXED != 0 && wanted.sq < 2;
    match made {
        Ok(_) => assert!(!too_small),
        Err(error) if too_small => return assert_eq!(error, -EOVERFLOW),
        // A limit of locked memory, or of memory at all, which the calculation does not know.
        Err(error) => return assert_eq!(error, -ENOMEM, "{entries} and {cq_entries} entries, flags {flags:#x}"),
    }
    let context = format!("{entries} and {cq_entries} entries, flags {flags:#x}: {p:?}");
    assert_eq!((p.sq_entries, p.cq_entries), (wanted.sq, wanted.cq), "{context}");

    let sizes = Sizes::of(wanted, flags);
    assert_eq!(size, sizes.total() as ssize_t, "{context}");
    let page = sys::page_size();
    let cqes_end = p.cq_off.cqes as usize + p.cq_entries as usize * cqe_size(flags);
    let array_end = match flags & IORING_SETUP_NO_SQARRAY {
        0 => p.sq_off.array as usize + p.sq_entries as usize * size_of::<c_uint>(),
        _ => 0,
    };
    assert_eq!(sizes.rings, cqes_end.max(array_end).next_multiple_of(page), "{context}");
    assert_eq!(sizes.sqes, (p.sq_entries as usize * sqe_size(flags)).next_multiple_of(page), "{context}");

    if in_memory {
        fits_exactly(entries, &params(flags, cq_entries), sizes);
    }
}

/// Counts around powers of two and around the largest, and anything.
fn entries(input: &mut Input<'_>) -> u32 {
    match input.below(8) {
        0 => input.u32(),
        1 => u32::from(input.u16()),
        2..=3 => (1u32 << input.below(18)).wrapping_add(input.below(3)).wrapping_sub(1),
        _ => input.below(600),
    }
}

/// Behind the memory is a page that the kernel cannot have.
fn fits_exactly(entries: u32, p: &io_uring_params, sizes: Sizes) {
    let memory = Guarded::new(sizes.total());
    assert_eq!(memory.len(), sizes.total(), "whole pages");
    let made_at = |offset: usize| {
        let mut p = *p;
        p.flags |= IORING_SETUP_NO_MMAP;
        p.sq_off.user_addr = memory.first() as usize as __u64;
        p.cq_off.user_addr = memory.first() as usize as __u64 + (sizes.sqes + offset) as __u64;
        Made::new(entries, &mut p).map(drop)
    };
    match made_at(0) {
        Ok(()) => {}
        // Kernels before 6.10 want each area in one piece of physical memory, and limits are as above.
        Err(error) => return assert!([-EINVAL, -ENOMEM].contains(&error), "{entries} entries, {p:?}: {error}"),
    }
    assert!(made_at(sys::page_size()).is_err(), "{entries} entries, {p:?}: a page less is enough");
}

/// Why the kernel makes no rings here, where that is so.
#[cfg(test)]
pub(super) fn no_rings() -> Option<&'static str> {
    match kernel_knows(0) {
        Err(error) if error == -libc::ENOSYS => Some("the kernel has no io_uring"),
        Err(error) if error == -libc::EPERM => Some("io_uring is forbidden here"),
        _ => None,
    }
}
