//! How large the rings are, and memory for rings that are not the kernel's (`IORING_SETUP_NO_MMAP`).
//!
//! One calculation serves the size functions, caller-supplied memory and the library's own allocation.

use crate::sys::{self, EINVAL, ENOMEM};
use crate::uapi::*;

/// Largest submission queue that the kernel makes (`IORING_MAX_ENTRIES`).
const MAX_ENTRIES: c_uint = 32768;
/// Largest completion queue (`IORING_MAX_CQ_ENTRIES`).
const MAX_CQ_ENTRIES: c_uint = 2 * MAX_ENTRIES;
/// The kernel's `struct io_rings` before its CQEs, on machines with 64-byte cache lines: two lines for each of the two
/// head/tail pairs, then the masks, counters and flags.
const RINGS_HEADER: usize = 320;
const CACHE_LINE: usize = 64;
const HUGE_PAGE: usize = 2 << 20;

/// Entries of the two queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entries {
    pub(crate) sq: c_uint,
    pub(crate) cq: c_uint,
}

impl Entries {
    /// What the kernel will make of a request for `entries` with `p`, or its -EINVAL.
    pub(crate) fn negotiate(entries: c_uint, p: &io_uring_params) -> Result<Self, c_int> {
        let clamp = |wanted: c_uint, max: c_uint| match wanted {
            0 => Err(-EINVAL),
            n if n <= max => Ok(n),
            _ if p.flags & IORING_SETUP_CLAMP != 0 => Ok(max),
            _ => Err(-EINVAL),
        };
        let sq = clamp(entries, MAX_ENTRIES)?.next_power_of_two();
        if p.flags & IORING_SETUP_CQSIZE == 0 {
            return Ok(Self { sq, cq: 2 * sq });
        }
        let cq = clamp(p.cq_entries, MAX_CQ_ENTRIES)?.next_power_of_two();
        if cq < sq {
            return Err(-EINVAL);
        }
        Ok(Self { sq, cq })
    }
}

/// Bytes of the two memory areas of a ring, whole pages each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sizes {
    pub(crate) sqes: usize,
    pub(crate) rings: usize,
}

impl Sizes {
    pub(crate) fn of(entries: Entries, flags: c_uint) -> Self {
        let page = sys::page_size();
        let cqes = entries.cq as usize * cqe_size(flags);
        let mut rings = (RINGS_HEADER + cqes).next_multiple_of(CACHE_LINE);
        if flags & IORING_SETUP_NO_SQARRAY == 0 {
            rings += entries.sq as usize * size_of::<c_uint>();
        }
        Self {
            sqes: (entries.sq as usize * sqe_size(flags)).next_multiple_of(page),
            rings: rings.next_multiple_of(page),
        }
    }

    pub(crate) fn total(self) -> usize {
        self.sqes + self.rings
    }
}

/// Bytes from one SQE to the next.
pub(crate) fn sqe_size(flags: c_uint) -> usize {
    size_of::<io_uring_sqe>() << c_uint::from(flags & IORING_SETUP_SQE128 != 0)
}

/// Bytes from one CQE to the next.
pub(crate) fn cqe_size(flags: c_uint) -> usize {
    size_of::<io_uring_cqe>() << c_uint::from(flags & IORING_SETUP_CQE32 != 0)
}

/// `io_uring_memory_size_params`: bytes that a ring of `entries` and `p` takes, or -EINVAL.
pub fn memory_size(entries: c_uint, p: &io_uring_params) -> ssize_t {
    match Entries::negotiate(entries, p) {
        Ok(entries) => Sizes::of(entries, p.flags).total() as ssize_t,
        Err(error) => error as ssize_t,
    }
}

/// The memory of a ring that brings its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RingMemory {
    pub(crate) sqes: *mut c_void,
    pub(crate) rings: *mut c_void,
    /// Bytes that `queue_init_mem` reports.
    pub(crate) used: usize,
    /// What teardown unmaps; 0 where the memory is the program's, or part of the SQEs' mapping.
    pub(crate) sqes_mapped: usize,
    pub(crate) rings_mapped: usize,
}

impl RingMemory {
    /// Lays a ring out in `buf`: SQEs first, the rings behind them.
    pub(crate) fn in_buffer(sizes: Sizes, buf: *mut c_void, buf_size: usize) -> Result<Self, c_int> {
        if sizes.total() > buf_size {
            return Err(-ENOMEM);
        }
        Ok(Self {
            sqes: buf,
            rings: buf.wrapping_byte_add(sizes.sqes),
            used: sizes.total(),
            sqes_mapped: 0,
            rings_mapped: 0,
        })
    }

    /// Allocates memory for a ring.
    ///
    /// Each area is one page or one huge page, because kernels before 6.10 want the memory physically contiguous.
    pub(crate) fn allocate(sizes: Sizes) -> Result<Self, c_int> {
        let (sqes, sqes_mapped) = map_contiguous(sizes.sqes)?;
        let mut memory =
            Self { sqes, rings: sqes.wrapping_byte_add(sizes.sqes), used: sizes.total(), sqes_mapped, rings_mapped: 0 };
        if sizes.total() > sqes_mapped {
            match map_contiguous(sizes.rings) {
                Ok((rings, mapped)) => (memory.rings, memory.rings_mapped) = (rings, mapped),
                Err(error) => {
                    memory.unmap();
                    return Err(error);
                }
            }
        }
        Ok(memory)
    }

    /// Gives back what [`allocate`](Self::allocate) mapped; nothing for memory of the program.
    pub(crate) fn unmap(&self) {
        for (addr, len) in [(self.sqes, self.sqes_mapped), (self.rings, self.rings_mapped)] {
            if len != 0 {
                // SAFETY: mapped by `allocate`, and no ring uses it: the callers are failure paths of setup.
                unsafe { sys::unmap(addr, len) };
            }
        }
    }
}

fn map_contiguous(len: usize) -> Result<(*mut c_void, usize), c_int> {
    let (len, huge) = match len {
        n if n > HUGE_PAGE => return Err(-ENOMEM),
        n if n > sys::page_size() => (HUGE_PAGE, libc::MAP_HUGETLB | libc::MAP_HUGE_2MB),
        _ => (sys::page_size(), 0),
    };
    Ok((sys::map_anonymous(len, libc::MAP_SHARED | huge)?, len))
}
