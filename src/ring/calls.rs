//! The calls that exported functions make to each other.
//!
//! A program, or a fault-injection library before ours, may define `io_uring_submit` and the others itself, and expects
//! that the original's `io_uring_wait_cqes` then calls *its* function. The C libraries therefore answer these calls through
//! the dynamic linker (`capi/src/plt.rs`); everybody else, the tests included, uses [`Direct`].
//!
//! The hot path has none of these calls: what a NOP round trip runs is bound at build time.

use super::types::io_uring;
use super::Ring;
use crate::register;
use crate::uapi::*;

/// Who answers a call from one public function to another. Each method has the contract of the function of its name.
#[allow(clippy::missing_safety_doc, reason = "each method has the contract of the function that it names")]
pub trait Calls {
    /// `io_uring_queue_init_params`.
    unsafe fn queue_init_params(entries: c_uint, ring: *mut io_uring, p: *mut io_uring_params) -> c_int;
    /// `io_uring_queue_init`.
    unsafe fn queue_init(entries: c_uint, ring: *mut io_uring, flags: c_uint) -> c_int;
    /// `io_uring_queue_exit`.
    unsafe fn queue_exit(ring: *mut io_uring);
    /// `io_uring_unregister_ring_fd`.
    unsafe fn unregister_ring_fd(ring: *mut io_uring) -> c_int;
    /// `io_uring_register_probe`.
    unsafe fn register_probe(ring: *mut io_uring, probe: *mut io_uring_probe, nr: c_uint) -> c_int;
    /// `io_uring_register_buf_ring`.
    unsafe fn register_buf_ring(ring: *mut io_uring, reg: *mut io_uring_buf_reg, flags: c_uint) -> c_int;
    /// `io_uring_unregister_buf_ring`.
    unsafe fn unregister_buf_ring(ring: *mut io_uring, bgid: c_int) -> c_int;
    /// `io_uring_get_sqe`.
    unsafe fn get_sqe(ring: *mut io_uring) -> *mut io_uring_sqe;
    /// `io_uring_submit`.
    unsafe fn submit(ring: *mut io_uring) -> c_int;
    /// `io_uring_get_events`.
    unsafe fn get_events(ring: *mut io_uring) -> c_int;
    /// `__io_uring_get_cqe`.
    unsafe fn get_cqe(
        ring: *mut io_uring,
        cqe_ptr: *mut *mut io_uring_cqe,
        submit: c_uint,
        wait_nr: c_uint,
        sigmask: *mut libc::sigset_t,
    ) -> c_int;
}

/// The functions of this crate.
#[derive(Debug)]
pub struct Direct;

// Each method hands the caller's promise on to the function that it names.
impl Calls for Direct {
    unsafe fn queue_init_params(entries: c_uint, ring: *mut io_uring, p: *mut io_uring_params) -> c_int {
        // SAFETY: the caller's promise.
        unsafe { super::setup::queue_init_params(entries, ring, p) }
    }

    unsafe fn queue_init(entries: c_uint, ring: *mut io_uring, flags: c_uint) -> c_int {
        // SAFETY: the caller's promise.
        unsafe { super::setup::queue_init::<Self>(entries, ring, flags) }
    }

    unsafe fn queue_exit(ring: *mut io_uring) {
        // SAFETY: the caller's promise.
        unsafe { super::setup::queue_exit::<Self>(Ring::from_raw(ring)) }
    }

    unsafe fn unregister_ring_fd(ring: *mut io_uring) -> c_int {
        // SAFETY: the caller's promise.
        unsafe { Ring::from_raw(ring) }.unregister_ring_fd()
    }

    unsafe fn register_probe(ring: *mut io_uring, probe: *mut io_uring_probe, nr: c_uint) -> c_int {
        // SAFETY: the caller's promise.
        unsafe { register::call(ring, IORING_REGISTER_PROBE, probe, nr) }
    }

    unsafe fn register_buf_ring(ring: *mut io_uring, reg: *mut io_uring_buf_reg, flags: c_uint) -> c_int {
        // SAFETY: the caller's promise.
        unsafe { register::buf_ring::register(ring, reg, flags) }
    }

    unsafe fn unregister_buf_ring(ring: *mut io_uring, bgid: c_int) -> c_int {
        // SAFETY: the caller's promise.
        unsafe { register::buf_ring::unregister(ring, bgid) }
    }

    unsafe fn get_sqe(ring: *mut io_uring) -> *mut io_uring_sqe {
        // SAFETY: the caller's promise.
        unsafe { Ring::from_raw(ring) }.get_sqe()
    }

    unsafe fn submit(ring: *mut io_uring) -> c_int {
        // SAFETY: the caller's promise.
        unsafe { Ring::from_raw(ring) }.submit()
    }

    unsafe fn get_events(ring: *mut io_uring) -> c_int {
        // SAFETY: the caller's promise.
        unsafe { Ring::from_raw(ring) }.get_events()
    }

    unsafe fn get_cqe(
        ring: *mut io_uring,
        cqe_ptr: *mut *mut io_uring_cqe,
        submit: c_uint,
        wait_nr: c_uint,
        sigmask: *mut libc::sigset_t,
    ) -> c_int {
        // SAFETY: the caller's promise.
        unsafe { Ring::from_raw(ring).get_cqe(cqe_ptr, submit, wait_nr, sigmask) }
    }
}
