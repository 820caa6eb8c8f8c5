use crate::register::files;
use crate::ring::calls::Direct;
use crate::ring::setup::{queue_exit, queue_init, queue_init_mem, queue_init_params, queue_mmap};
use crate::ring::types::io_uring;
use crate::ring::{int_flags, Ring};
use crate::sys::fake::{Installed, Kernel, NO_DESCRIPTORS};
use crate::uapi::*;
use core::ptr::null_mut;
use libc::{EBADF, EEXIST, EFAULT, EINVAL, EMFILE, ENOMEM, ENOSYS, EOPNOTSUPP, EPERM};

fn init(entries: u32, flags: u32) -> Result<(io_uring, io_uring_params), i32> {
    let mut ring = io_uring::EMPTY;
    let mut p = io_uring_params { flags, ..io_uring_params::EMPTY };
    // SAFETY: local structures.
    match unsafe { queue_init_params(entries, &mut ring, &mut p) } {
        0 => Ok((ring, p)),
        error => Err(error),
    }
}

fn exit(mut ring: io_uring) {
    // SAFETY: a ring of `init`.
    unsafe { queue_exit::<Direct>(Ring::from_raw(&mut ring)) };
}

fn nothing_is_held(kernel: &Installed) {
    assert_eq!(kernel.held(), (0, 0), "descriptors and mappings");
}

#[test]
fn a_ring_is_set_up_and_ended_without_a_trace() {
    let kernel = Kernel::new().install();
    for flags in [0, IORING_SETUP_SQE128 | IORING_SETUP_CQE32, IORING_SETUP_NO_MMAP] {
        let (ring, p) = init(5, flags).expect("nothing stands against it");
        assert_eq!((ring.sq.ring_entries, ring.cq.ring_entries, ring.sq.ring_mask), (8, 16, 7));
        assert_eq!(ring.flags, flags | IORING_SETUP_NO_SQARRAY);
        assert_eq!(p.flags, ring.flags);
        assert!(ring.sq.array.is_null());
        assert_eq!(ring.cq.ring_ptr, ring.sq.ring_ptr);
        exit(ring);
        nothing_is_held(&kernel);
    }
}

#[test]
fn kernels_without_no_sqarray_are_asked_again() {
    let mut kernel = Kernel::new();
    kernel.setup_flags &= !IORING_SETUP_NO_SQARRAY;
    let kernel = kernel.install();
    let (ring, p) = init(8, IORING_SETUP_CLAMP).expect("the second time");
    assert_eq!((ring.flags, p.flags), (IORING_SETUP_CLAMP, IORING_SETUP_CLAMP));
    // SAFETY: the array has as many slots as the ring.
    let array = unsafe { core::slice::from_raw_parts(ring.sq.array, 8) };
    assert_eq!(array, [0, 1, 2, 3, 4, 5, 6, 7]);
    exit(ring);
    nothing_is_held(&kernel);
    let asked: Vec<_> = kernel.get().setups_made.iter().map(|&(_, flags)| flags).collect();
    assert_eq!(asked, [IORING_SETUP_CLAMP | IORING_SETUP_NO_SQARRAY, IORING_SETUP_CLAMP]);

    // Asked for by the caller it is not taken back.
    kernel.get().setups_made.clear();
    assert_eq!(init(8, IORING_SETUP_NO_SQARRAY).err(), Some(-EINVAL));
    assert_eq!(kernel.get().setups_made.len(), 1);
}

#[test]
fn kernels_without_single_mmap_map_both_rings() {
    let mut kernel = Kernel::new();
    kernel.features &= !IORING_FEAT_SINGLE_MMAP;
    kernel.setup_flags &= !IORING_SETUP_NO_SQARRAY;
    let kernel = kernel.install();
    let (ring, _) = init(8, 0).expect("three mappings");
    assert_eq!(kernel.held(), (1, 3));
    assert_ne!(ring.sq.ring_sz, ring.cq.ring_sz);
    exit(ring);
    nothing_is_held(&kernel);
}

#[test]
fn every_failure_of_setup_leaves_nothing_behind() {
    for flags in [0, IORING_SETUP_NO_MMAP, IORING_SETUP_NO_MMAP | IORING_SETUP_REGISTERED_FD_ONLY] {
        for error in [-ENOSYS, -EPERM, NO_DESCRIPTORS, -ENOMEM] {
            let kernel = Kernel::new().install();
            kernel.get().setups.push_back(error);
            assert_eq!(init(8, flags).err(), Some(error));
            assert_eq!(kernel.get().setups_made.len(), 1, "only -EINVAL is tried again");
            nothing_is_held(&kernel);
        }
    }
    for single in [true, false] {
        for (flags, mmaps) in [(0, if single { 2 } else { 3 }), (IORING_SETUP_NO_MMAP, 2)] {
            for failing in 1..=mmaps {
                let mut kernel = Kernel::new();
                if !single {
                    kernel.features &= !IORING_FEAT_SINGLE_MMAP;
                }
                kernel.failing_mmap = Some(failing);
                let kernel = kernel.install();
                assert_eq!(init(8, flags).err(), Some(-ENOMEM), "mmap {failing}, flags {flags:#x}");
                nothing_is_held(&kernel);
            }
        }
    }
}

#[test]
fn a_failed_setup_leaves_an_empty_structure() {
    let kernel = Kernel::new().install();
    kernel.get().failing_mmap = Some(2);
    let mut ring = io_uring::EMPTY;
    ring.features = 99;
    ring.sq.sqes = null_mut::<io_uring_sqe>().wrapping_add(1);
    // SAFETY: a local structure.
    assert_eq!(unsafe { queue_init::<Direct>(8, &mut ring, 0) }, -ENOMEM);
    assert!(ring.sq.sqes.is_null() && ring.sq.ring_ptr.is_null());
    assert_eq!((ring.features, ring.flags, ring.int_flags), (0, 0, 0));
}

#[test]
fn a_ring_without_a_descriptor_needs_its_own_memory() {
    let kernel = Kernel::new().install();
    assert_eq!(init(8, IORING_SETUP_REGISTERED_FD_ONLY).err(), Some(-EINVAL));
    assert!(kernel.get().setups_made.is_empty(), "before any system call");
    let (ring, _) = init(8, IORING_SETUP_REGISTERED_FD_ONLY | IORING_SETUP_NO_MMAP).expect("both");
    assert_eq!(ring.ring_fd, -1);
    assert_eq!(ring.int_flags, int_flags::REG_RING | int_flags::REG_REG_RING);
    assert!(ring.enter_ring_fd >= 0);
    exit(ring);
    // By the index, and there is no descriptor to close.
    let expected = (ring.enter_ring_fd, IORING_UNREGISTER_RING_FDS | IORING_REGISTER_USE_REGISTERED_RING, 1);
    assert_eq!(kernel.get().registered, [expected]);
}

#[test]
fn memory_of_the_program_is_never_unmapped() {
    let kernel = Kernel::new().install();
    let mut memory = vec![0u64; 4096];
    let mut ring = io_uring::EMPTY;
    let mut p = io_uring_params::EMPTY;
    let buf = memory.as_mut_ptr().cast();
    // SAFETY: local structures and memory.
    assert_eq!(unsafe { queue_init_mem(8, &mut ring, &mut p, buf, 4096) }, -ENOMEM);
    // SAFETY: as above. The model keeps the ring elsewhere, so only what the library asks for is looked at.
    let used = unsafe { queue_init_mem(1, &mut ring, &mut p, buf, 32768) };
    assert_eq!(used, 8192);
    assert_eq!(p.sq_off.user_addr, buf as u64);
    assert_eq!(p.cq_off.user_addr, buf as u64 + 4096);
    assert_eq!(ring.int_flags, int_flags::APP_MEM);
    assert_eq!(kernel.held(), (1, 0));
    exit(ring);
    nothing_is_held(&kernel);
    // Without memory of the program the library brings its own, and ends it.
    let mut p = io_uring_params::EMPTY;
    // SAFETY: as above.
    assert_eq!(unsafe { queue_init_mem(8, &mut ring, &mut p, null_mut(), 0) }, 8192);
    assert_eq!((ring.int_flags, kernel.held()), (0, (1, 2)));
    exit(ring);
    nothing_is_held(&kernel);
}

#[test]
fn pointers_that_can_only_be_mistakes_are_errors() {
    let kernel = Kernel::new().install();
    let mut ring = io_uring::EMPTY;
    let mut p = io_uring_params::EMPTY;
    let bad = |address: usize| address as *mut io_uring;
    // SAFETY: none of them is dereferenced.
    unsafe {
        assert_eq!(queue_init_params(8, null_mut(), &mut p), -EINVAL);
        assert_eq!(queue_init_params(8, &mut ring, null_mut()), -EINVAL);
        assert_eq!(queue_init_params(8, bad(8), &mut p), -EFAULT);
        assert_eq!(queue_init_params(8, bad(usize::MAX - 7), &mut p), -EFAULT);
        assert_eq!(queue_init_params(8, (&raw mut ring).wrapping_byte_add(1), &mut p), -EFAULT);
        assert_eq!(queue_init_mem(8, &mut ring, null_mut(), null_mut(), 8192), -EINVAL);
        assert_eq!(queue_mmap(3, null_mut(), &mut ring), -EINVAL);
        assert_eq!(queue_mmap(3, &mut p, null_mut()), -EINVAL);
    }
    assert!(kernel.get().setups_made.is_empty());
}

#[test]
fn a_mapped_ring_is_complete() {
    let mut kernel = Kernel::new();
    kernel.setup_flags &= !IORING_SETUP_NO_SQARRAY;
    let kernel = kernel.install();
    let (first, p) = init(4, IORING_SETUP_IOPOLL).expect("nothing stands against it");
    let mut second = io_uring::EMPTY;
    let mut p = p;
    // SAFETY: a live ring, and the parameters that its setup left.
    assert_eq!(unsafe { queue_mmap(first.ring_fd, &mut p, &mut second) }, 0);
    assert_eq!((second.ring_fd, second.enter_ring_fd, second.features), (first.ring_fd, first.ring_fd, first.features));
    assert_eq!(second.int_flags, int_flags::CQ_ENTER);
    // SAFETY: as many slots as the ring.
    assert_eq!(unsafe { core::slice::from_raw_parts(second.sq.array, 4) }, [0, 1, 2, 3]);
    for failing in [5, 6] {
        kernel.get().failing_mmap = Some(failing);
        let held = kernel.held();
        // SAFETY: as above.
        assert_eq!(unsafe { queue_mmap(first.ring_fd, &mut p, &mut io_uring::EMPTY.clone()) }, -ENOMEM);
        assert_eq!(kernel.held(), held);
    }
}

#[test]
fn a_registered_descriptor_is_used_for_entering_and_with_the_feature_for_registering() {
    for features in [0x3ffff, 0x3ffff & !IORING_FEAT_REG_REG_RING] {
        let mut kernel = Kernel::new();
        kernel.features = features;
        let kernel = kernel.install();
        let (mut c_ring, _) = init(4, 0).expect("nothing stands against it");
        // SAFETY: a live ring.
        let ring = unsafe { Ring::from_raw(&mut c_ring) };
        assert_eq!(ring.close_ring_fd(), if features == 0x3ffff { -EINVAL } else { -EOPNOTSUPP });
        assert_eq!(ring.register_ring_fd(), 1);
        assert_eq!(ring.register_ring_fd(), -EEXIST);
        ring.get_events();
        let entered = kernel.take_entered()[0];
        assert_eq!((entered.fd, entered.flags), (7, IORING_ENTER_GETEVENTS | IORING_ENTER_REGISTERED_RING));
        kernel.get().registered.clear();
        // SAFETY: no argument.
        unsafe { crate::register::call(ring.as_ptr(), IORING_UNREGISTER_FILES, core::ptr::null::<u8>(), 0) };
        let by_index = (7, IORING_UNREGISTER_FILES | IORING_REGISTER_USE_REGISTERED_RING, 0);
        let by_fd = (100, IORING_UNREGISTER_FILES, 0);
        assert_eq!(kernel.get().registered, [if features == 0x3ffff { by_index } else { by_fd }]);
        if features == 0x3ffff {
            assert_eq!(ring.close_ring_fd(), 1);
            assert_eq!(ring.close_ring_fd(), -EBADF);
            assert_eq!(ring.unregister_ring_fd(), 1);
            assert_eq!(ring.unregister_ring_fd(), -EINVAL);
        }
    }
}

#[test]
fn kernels_without_registered_descriptors_say_so() {
    let mut kernel = Kernel::new();
    kernel.ring_fds = false;
    let _kernel = kernel.install();
    let (mut ring, _) = init(4, 0).expect("nothing stands against it");
    // SAFETY: a live ring.
    assert_eq!(unsafe { Ring::from_raw(&mut ring) }.register_ring_fd(), -EINVAL);
    assert_eq!((ring.int_flags, ring.enter_ring_fd), (0, ring.ring_fd));
}

#[test]
fn files_that_hit_the_limit_are_tried_once_more_with_a_higher_one() {
    let files = [0; 8];
    for (limits, answers, result, soft) in [
        ((4, 4096), vec![-EMFILE, 0], 0, 12),
        ((4, 4096), vec![-EMFILE, -EMFILE, 0], -EMFILE, 12),
        ((4, 4), vec![-EMFILE, -EMFILE, 0], -EMFILE, 4),
        ((8, 4096), vec![-EMFILE, 0], 0, 8),
        ((4, 4096), vec![-ENOMEM, 0], -ENOMEM, 4),
    ] {
        let mut kernel = Kernel::new();
        kernel.nofile = limits;
        let kernel = kernel.install();
        let (mut ring, _) = init(4, 0).expect("nothing stands against it");
        kernel.get().registers.extend(answers);
        // SAFETY: a live ring and eight descriptors.
        assert_eq!(unsafe { files::register(&mut ring, files.as_ptr(), 8) }, result);
        assert_eq!(kernel.get().nofile.0, soft);
    }
}

#[test]
fn a_ring_that_cannot_be_resized_stays_as_it_is() {
    let kernel = Kernel::new().install();
    let (mut ring, _) = init(4, 0).expect("nothing stands against it");
    let before = (ring.sq.sqes, ring.sq.ring_ptr, ring.sq.ring_entries);
    let mut p = io_uring_params { sq_entries: 8, flags: IORING_SETUP_CQSIZE, ..io_uring_params::EMPTY };
    // SAFETY: a live ring, local parameters.
    let mut resize = || unsafe { (Ring::from_raw(&mut ring).resize(&mut p), p.flags) };
    assert_eq!(resize(), (-EINVAL, 0));
    // The kernel has resized, but the new rings cannot be mapped.
    for failing in [3, 5] {
        kernel.get().registers.push_back(0);
        kernel.get().failing_mmap = Some(failing);
        let held = kernel.held();
        assert_eq!(resize().0, -ENOMEM);
        assert_eq!(kernel.held(), held);
    }
    assert_eq!((ring.sq.sqes, ring.sq.ring_ptr, ring.sq.ring_entries), before);
    exit(ring);
    nothing_is_held(&kernel);
}
