use crate::ring::memory::{memory_size, Entries, RingMemory, Sizes};
use crate::uapi::*;
use libc::{EINVAL, ENOMEM};

fn params(flags: u32, cq_entries: u32) -> io_uring_params {
    io_uring_params { flags, cq_entries, ..io_uring_params::EMPTY }
}

/// Measured on the original.
#[test]
fn sizes_of_whole_rings() {
    for (entries, flags, bytes) in [
        (1, 0, 8192),
        (256, 0, 28672),
        (4096, 0, 413_696),
        (4096, IORING_SETUP_NO_SQARRAY, 397_312),
        (512, IORING_SETUP_NO_SQARRAY, 53248),
        (4096, IORING_SETUP_SQE128, 675_840),
        (4096, IORING_SETUP_CQE32, 544_768),
        (4096, IORING_SETUP_SQE128 | IORING_SETUP_CQE32 | IORING_SETUP_NO_SQARRAY, 790_528),
        (100_000, IORING_SETUP_CLAMP, 3_280_896),
    ] {
        assert_eq!(memory_size(entries, &params(flags, 0)), bytes, "{entries} entries, flags {flags:#x}");
    }
}

#[test]
fn entries_are_rounded_clamped_and_refused_as_the_kernel_does() {
    let entries = |n, flags, cq| Entries::negotiate(n, &params(flags, cq)).map(|e| (e.sq, e.cq));
    assert_eq!(entries(9, 0, 0), Ok((16, 32)));
    assert_eq!(entries(9, IORING_SETUP_CQSIZE, 100), Ok((16, 128)));
    assert_eq!(entries(8, IORING_SETUP_CQSIZE, 8), Ok((8, 8)));
    assert_eq!(entries(8, IORING_SETUP_CQSIZE, 4), Err(-EINVAL));
    assert_eq!(entries(8, IORING_SETUP_CQSIZE, 0), Err(-EINVAL));
    assert_eq!(entries(8, IORING_SETUP_CQSIZE, 65537), Err(-EINVAL));
    assert_eq!(entries(8, IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP, 65537), Ok((8, 65536)));
    assert_eq!(entries(0, IORING_SETUP_CLAMP, 0), Err(-EINVAL));
    assert_eq!(entries(32769, 0, 0), Err(-EINVAL));
    assert_eq!(entries(u32::MAX, IORING_SETUP_CLAMP, 0), Ok((32768, 65536)));
}

#[test]
fn caller_memory_is_used_from_the_start_or_refused() {
    let sizes = Sizes { sqes: 8192, rings: 4096 };
    let memory = RingMemory::in_buffer(sizes, 0x10000 as *mut c_void, 12288).expect("it is enough");
    assert_eq!((memory.sqes as usize, memory.rings as usize, memory.used), (0x10000, 0x12000, 12288));
    assert_eq!((memory.sqes_mapped, memory.rings_mapped), (0, 0));
    assert_eq!(RingMemory::in_buffer(sizes, 0x10000 as *mut c_void, 12287).err(), Some(-ENOMEM));
}

#[test]
fn the_librarys_own_memory_ends_at_a_huge_page() {
    let memory = RingMemory::allocate(Sizes { sqes: 4096, rings: 4096 }).expect("two pages");
    assert_eq!((memory.sqes_mapped, memory.rings_mapped), (4096, 4096));
    memory.unmap();
    assert_eq!(RingMemory::allocate(Sizes { sqes: (2 << 20) + 4096, rings: 4096 }).err(), Some(-ENOMEM));
}
