//! Signals, failing calls and missing features, at each place where they can come.

use super::submit::Fixture;
use crate::register::{buf_ring, files};
use crate::ring::calls::Direct;
use crate::ring::memory::memory_size;
use crate::ring::probe;
use crate::ring::setup::{queue_exit, queue_init_params, queue_mmap};
use crate::ring::types::io_uring;
use crate::ring::wait::LIBURING_UDATA_TIMEOUT;
use crate::ring::Ring;
use crate::sys::fake::{Enter, Kernel, NO_DESCRIPTORS};
use crate::uapi::*;
use core::ptr::{null, null_mut};
use libc::{EAGAIN, EINTR, EINVAL, EMFILE, ENOMEM};

type Call = fn(Ring, &mut *mut io_uring_cqe) -> i32;

const TS: __kernel_timespec = __kernel_timespec { tv_sec: 1, tv_nsec: 2 };

fn wait_cqe(ring: Ring, cqe: &mut *mut io_uring_cqe) -> i32 {
    // SAFETY: the caller's place, and `TS`, which is a constant; so in all functions here.
    unsafe { ring.wait_cqe::<Direct>(cqe) }
}

fn wait_cqes(ring: Ring, cqe: &mut *mut io_uring_cqe) -> i32 {
    // SAFETY: as above.
    unsafe { ring.wait_cqes::<Direct>(cqe, 1, null(), null_mut()) }
}

fn wait_cqes_timed(ring: Ring, cqe: &mut *mut io_uring_cqe) -> i32 {
    // SAFETY: as above.
    unsafe { ring.wait_cqes::<Direct>(cqe, 1, &TS, null_mut()) }
}

fn submit(ring: Ring, cqe: &mut *mut io_uring_cqe) -> i32 {
    // SAFETY: as above.
    unsafe { ring.submit_and_wait_timeout::<Direct>(cqe, 1, null(), null_mut()) }
}

fn submit_timed(ring: Ring, cqe: &mut *mut io_uring_cqe) -> i32 {
    // SAFETY: as above.
    unsafe { ring.submit_and_wait_timeout::<Direct>(cqe, 1, &TS, null_mut()) }
}

fn submit_min(ring: Ring, cqe: &mut *mut io_uring_cqe) -> i32 {
    // SAFETY: as above.
    unsafe { ring.wait_min_timeout(cqe, true, 1, null(), 50, null()) }
}

fn wait_min(ring: Ring, cqe: &mut *mut io_uring_cqe) -> i32 {
    // SAFETY: as above.
    unsafe { ring.wait_min_timeout(cqe, false, 1, &TS, 50, null()) }
}

fn submit_reg(ring: Ring, cqe: &mut *mut io_uring_cqe) -> i32 {
    // SAFETY: as above.
    unsafe { ring.submit_and_wait_reg(cqe, 1, 0) }
}

fn peek(ring: Ring, cqe: &mut *mut io_uring_cqe) -> i32 {
    // SAFETY: as above.
    unsafe { ring.peek_cqe::<Direct>(cqe) }
}

/// The result, the CQE's `user_data`, and how often the kernel was entered.
fn run(f: &mut Fixture, call: Call) -> (i32, Option<u64>, usize) {
    let mut cqe = null_mut();
    let ret = call(f.ring(), &mut cqe);
    // SAFETY: null or a CQE of the ring.
    (ret, unsafe { cqe.as_ref() }.map(|cqe| cqe.user_data), f.entered().len())
}

/// Polls: they do not complete by being submitted.
fn queue_polls(f: &mut Fixture, nr: u32) {
    for _ in 0..nr {
        let sqe = f.ring().get_sqe();
        assert!(!sqe.is_null());
        // SAFETY: a fresh SQE.
        unsafe { crate::op::prep_poll_add(sqe, 0, 1) };
    }
}

fn without_ext_arg() -> Fixture {
    Fixture::new(0, |kernel| kernel.features &= !(IORING_FEAT_EXT_ARG | IORING_FEAT_MIN_TIMEOUT))
}

/// Where the kernel comes back without a completion and nothing was submitted, a wait without end enters again.
#[test]
fn a_signal_at_any_enter_of_a_wait_without_end_is_eintr() {
    for enters in 1..=4 {
        for call in [wait_cqe as Call, wait_cqes, submit] {
            let mut f = Fixture::new(0, |_| ());
            f.script((1..enters).map(|_| Enter::default()).chain([Enter::fails(EINTR)]));
            assert_eq!(run(&mut f, call), (-EINTR, None, enters));
            f.script([Enter::posts(3, 0)]);
            assert_eq!(run(&mut f, call), (0, Some(3), 1), "the next wait is as good as any");
        }
    }
}

/// The first enter's count stays the result, and what was not submitted stays queued.
#[test]
fn a_signal_at_any_enter_after_a_short_submit_leaves_count_and_rest() {
    for enters in 1..=4 {
        let mut f = Fixture::new(0, |_| ());
        queue_polls(&mut f, 4);
        f.script((1..enters).map(|_| Enter::consumes(1)).chain([Enter::fails(EINTR)]));
        let result = if enters == 1 { -EINTR } else { 1 };
        assert_eq!(run(&mut f, submit), (result, None, enters));
        let left = 5 - enters as u32;
        assert_eq!(f.ring().sq_ready(), left);
        assert_eq!(f.ring().submit(), left as i32);
    }
}

/// These enter once, whatever comes.
#[test]
fn a_signal_in_a_bounded_wait_leaves_what_is_queued() {
    for call in [submit_timed as Call, submit_min, submit_reg, wait_cqes_timed, wait_min] {
        let mut f = Fixture::new(0, |_| ());
        queue_polls(&mut f, 3);
        f.script([Enter::fails(EINTR)]);
        assert_eq!(run(&mut f, call), (-EINTR, None, 1));
        assert_eq!(f.ring().sq_ready(), 3);
    }
    for call in [submit_timed as Call, submit_min, submit_reg] {
        let mut f = Fixture::new(0, |_| ());
        queue_polls(&mut f, 3);
        f.script([Enter::consumes(1), Enter::fails(EINTR)]);
        assert_eq!(run(&mut f, call), (1, None, 1));
        assert_eq!(f.ring().sq_ready(), 2);
    }
}

#[test]
fn before_ext_arg_a_signal_at_any_enter_ends_the_wait() {
    for call in [wait_cqes_timed as Call, submit_timed] {
        // While the full queue is made room in: the timeout is not queued.
        let mut f = without_ext_arg();
        queue_polls(&mut f, 4);
        f.script([Enter::fails(EINTR)]);
        assert_eq!(run(&mut f, call), (-EINTR, None, 1));
        assert_eq!(f.ring().sq_ready(), 4);
        // While the timeout is submitted: it stays queued, and so do the program's entries.
        for queued in [0, 2, 4] {
            let mut f = without_ext_arg();
            queue_polls(&mut f, queued);
            let makes_room = usize::from(queued == 4);
            f.script((0..makes_room).map(|_| Enter::default()).chain([Enter::fails(EINTR)]));
            assert_eq!(run(&mut f, call), (-EINTR, None, makes_room + 1));
            let left = if makes_room == 1 { 1 } else { queued + 1 };
            assert_eq!(f.ring().sq_ready(), left);
            assert_eq!(f.kernel.sqe(left - 1).user_data, LIBURING_UDATA_TIMEOUT);
        }
        // After a submit that was short of the timeout.
        let mut f = without_ext_arg();
        queue_polls(&mut f, 2);
        f.script([Enter::consumes(2), Enter::fails(EINTR)]);
        let result = run(&mut f, call);
        assert_eq!((result.1, result.2), (None, 2));
        assert_eq!(f.ring().sq_ready(), 1);
    }
}

#[test]
fn a_signal_where_nothing_is_waited_for_comes_back_too() {
    for held in [IORING_SQ_CQ_OVERFLOW, IORING_SQ_TASKRUN] {
        let mut f = Fixture::new(0, |_| ());
        f.kernel.set_sq_flags(held);
        f.script([Enter::fails(EINTR)]);
        assert_eq!(run(&mut f, peek), (-EINTR, None, 1));
        // A batch has no way to say so: it is empty.
        f.script([Enter::fails(EINTR)]);
        let mut cqes = [null_mut(); 2];
        // SAFETY: two places.
        assert_eq!(unsafe { f.ring().peek_batch_cqe::<Direct>(cqes.as_mut_ptr(), 2) }, 0);
        assert_eq!(f.entered().len(), 1);
    }
    let all: [fn(Ring) -> i32; 5] = [
        Ring::submit,
        |ring| ring.submit_and_wait(1),
        Ring::submit_and_get_events,
        Ring::get_events,
        Ring::sqring_wait,
    ];
    for (i, call) in all.into_iter().enumerate() {
        let flags = if i == 4 { IORING_SETUP_SQPOLL } else { 0 };
        let mut f = Fixture::new(flags, |_| ());
        queue_polls(&mut f, 4);
        f.script([Enter::fails(EINTR)]);
        assert_eq!(call(f.ring()), -EINTR);
        assert_eq!(f.entered().len(), 1);
        assert_eq!(f.ring().sq_ready(), 4);
    }
}

/// Every function that peeks, with the flag raised by the enter before it.
#[test]
fn what_appears_while_one_enters_is_fetched_by_the_next_peek() {
    for held in [IORING_SQ_CQ_OVERFLOW, IORING_SQ_TASKRUN] {
        let mut f = Fixture::new(0, |_| ());
        queue_polls(&mut f, 1);
        f.script([
            Enter { flags: Some(held), ..Enter::default() },
            Enter { post: vec![(9, 0, 0)], flags: Some(0), ..Enter::default() },
        ]);
        assert_eq!(f.ring().submit(), 1);
        assert_eq!(run(&mut f, peek), (0, Some(9), 2));
        f.ring().cq_advance(1);
        assert_eq!(run(&mut f, peek), (-EAGAIN, None, 0));
        // Raised by the look itself, with nothing to be had yet: one look is enough for one call.
        f.kernel.set_sq_flags(held);
        f.script([Enter::default()]);
        assert_eq!(run(&mut f, peek), (-EAGAIN, None, 1));
    }
}

const FILES: [i32; 8] = [0; 8];

fn by_number(ring: *mut io_uring) -> i32 {
    // SAFETY: a live ring and eight descriptors.
    unsafe { files::register(ring, FILES.as_ptr(), 8) }
}

fn by_tags(ring: *mut io_uring) -> i32 {
    // SAFETY: as above, and eight tags.
    unsafe { files::register2(ring, FILES.as_ptr(), [0; 8].as_ptr(), 8, 0) }
}

fn sparse(ring: *mut io_uring) -> i32 {
    // SAFETY: a live ring.
    unsafe { files::register2(ring, null(), null(), 8, IORING_RSRC_REGISTER_SPARSE) }
}

#[test]
fn every_form_of_registering_files_raises_the_limit_once() {
    for form in [by_number as fn(*mut io_uring) -> i32, by_tags, sparse] {
        for (answers, result, calls, soft) in [
            (vec![-EMFILE, 0], 0, 2, 12),
            (vec![-EMFILE, -EMFILE, 0], -EMFILE, 2, 12),
            (vec![-EINVAL, 0], -EINVAL, 1, 4),
        ] {
            let kernel = Kernel::new().install();
            kernel.get().nofile = (4, 4096);
            let mut ring = started();
            kernel.get().registers.extend(answers);
            assert_eq!(form(&mut ring), result);
            assert_eq!(kernel.get().registered.len(), calls);
            assert_eq!(kernel.get().nofile, (soft, 4096));
        }
    }
}

fn started() -> io_uring {
    let mut ring = io_uring::EMPTY;
    // SAFETY: local structures.
    assert_eq!(unsafe { queue_init_params(4, &mut ring, &mut io_uring_params::EMPTY.clone()) }, 0);
    ring
}

#[test]
fn a_buffer_ring_that_fails_leaves_nothing_mapped() {
    let kernel = Kernel::new().install();
    let mut ring = started();
    let held = kernel.held();
    // SAFETY: a live ring.
    let mut setup = || unsafe { buf_ring::setup::<Direct>(&mut ring, 8, 1, 0) };
    kernel.get().failing_mmap = Some(3);
    assert_eq!(setup().err(), Some(-ENOMEM));
    assert!(kernel.get().registered.is_empty());
    for error in [-EINVAL, -ENOMEM] {
        kernel.get().registers.push_back(error);
        assert_eq!(setup().err(), Some(error));
        assert_eq!(kernel.held(), held);
    }
    kernel.get().registers.push_back(0);
    let br = setup().expect("nothing stands against it");
    assert_eq!(kernel.held(), (held.0, held.1 + 1));
    // The kernel keeps it, so the memory stays.
    kernel.get().registers.push_back(-EINVAL);
    // SAFETY: as made above.
    assert_eq!(unsafe { buf_ring::free::<Direct>(&mut ring, br, 8, 1) }, -EINVAL);
    assert_eq!(kernel.held(), (held.0, held.1 + 1));
    kernel.get().registers.push_back(0);
    // SAFETY: as above.
    assert_eq!(unsafe { buf_ring::free::<Direct>(&mut ring, br, 8, 1) }, 0);
    assert_eq!(kernel.held(), held);
}

#[test]
fn locked_memory_is_counted_only_without_native_workers_and_the_trial_ring_is_gone() {
    let p = io_uring_params::EMPTY;
    // SAFETY: local parameters.
    let size = |entries| unsafe { probe::mlock_size::<Direct>(entries, &p) };
    let kernel = Kernel::new().install();
    assert_eq!(size(64), 0);
    assert_eq!(kernel.held(), (0, 0));
    drop(kernel);

    let mut old = Kernel::new();
    old.features &= !IORING_FEAT_NATIVE_WORKERS;
    let old = old.install();
    assert_eq!(size(64), memory_size(64, &p));
    assert_eq!(size(0), -EINVAL as isize);
    // Without a ring to ask, it is an old kernel.
    old.get().setups.push_back(NO_DESCRIPTORS);
    assert_eq!(size(64), memory_size(64, &p));
    old.get().setups.push_back(-ENOMEM);
    assert_eq!(size(64), memory_size(64, &p));
    assert_eq!(old.held(), (0, 0));
}

#[test]
fn a_probe_that_fails_leaves_no_ring_behind() {
    let kernel = Kernel::new().install();
    let mut memory = vec![0u64; probe::PROBE_SIZE / 8];
    let mut fill = || {
        let probe = memory.as_mut_ptr().cast();
        // SAFETY: a live ring, and enough memory.
        probe::with_ring::<Direct, _>(|ring| unsafe { probe::fill::<Direct>(Ring::from_raw(ring), probe) })
    };
    // Kernels before 5.6 do not know the registration.
    assert_eq!(fill(), Some(false));
    kernel.get().registers.push_back(0);
    assert_eq!(fill(), Some(true));
    kernel.get().setups.push_back(-ENOMEM);
    assert_eq!(fill(), None);
    assert_eq!(kernel.held(), (0, 0));
}

#[test]
fn rings_that_cannot_be_mapped_leave_the_mappings_that_were_there() {
    for single in [true, false] {
        let mut kernel = Kernel::new();
        if !single {
            kernel.features &= !IORING_FEAT_SINGLE_MMAP;
        }
        let mmaps = if single { 2 } else { 3 };
        let kernel = kernel.install();
        let mut ring = io_uring::EMPTY;
        let mut p = io_uring_params::EMPTY;
        // SAFETY: local structures.
        assert_eq!(unsafe { queue_init_params(4, &mut ring, &mut p) }, 0);
        let held = kernel.held();
        let mut made = mmaps;
        for failing in 1..=mmaps {
            kernel.get().failing_mmap = Some(made + failing);
            // SAFETY: a live ring, and what its setup left.
            assert_eq!(unsafe { queue_mmap(ring.ring_fd, &mut p, &mut io_uring::EMPTY.clone()) }, -ENOMEM);
            assert_eq!(kernel.held(), held);
            made += failing;

            kernel.get().failing_mmap = Some(made + failing);
            kernel.get().registers.push_back(0);
            let mut wanted = io_uring_params { sq_entries: 8, ..p };
            let before = (ring.sq.sqes, ring.sq.ring_ptr, ring.cq.ring_ptr);
            // SAFETY: as above.
            assert_eq!(unsafe { Ring::from_raw(&mut ring).resize(&mut wanted) }, -ENOMEM);
            assert_eq!((ring.sq.sqes, ring.sq.ring_ptr, ring.cq.ring_ptr), before);
            assert_eq!(kernel.held(), held);
            made += failing;
        }
        // SAFETY: a live ring.
        unsafe { queue_exit::<Direct>(Ring::from_raw(&mut ring)) };
        assert_eq!(kernel.held(), (0, 0));
    }
}

/// From one page for all to a huge page for each half.
#[test]
fn memory_of_the_librarys_own_is_given_back_at_each_failure() {
    for (entries, mmaps) in [(1, 2), (128, 1), (32768, 2)] {
        for failing in 1..=mmaps + 1 {
            for errors in [vec![], vec![-EINVAL, -EINVAL], vec![-EINVAL, -ENOMEM], vec![-EMFILE]] {
                let kernel = Kernel::new().install();
                let fails = failing <= mmaps || !errors.is_empty();
                kernel.get().failing_mmap = (failing <= mmaps).then_some(failing);
                kernel.get().setups.extend(errors);
                let mut ring = io_uring::EMPTY;
                let mut p = io_uring_params { flags: IORING_SETUP_NO_MMAP, ..io_uring_params::EMPTY };
                // SAFETY: local structures.
                let ret = unsafe { queue_init_params(entries, &mut ring, &mut p) };
                assert_eq!(ret < 0, fails, "{entries} entries, mmap {failing}: {ret}");
                if ret == 0 {
                    // SAFETY: a live ring.
                    unsafe { queue_exit::<Direct>(Ring::from_raw(&mut ring)) };
                }
                assert_eq!(kernel.held(), (0, 0));
            }
        }
    }
}
