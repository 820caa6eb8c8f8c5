//! Registrations that are one system call with an opcode, an argument and a count.

use core::ptr::null;
use libc::cpu_set_t;
use oxiring::register::{call, call_without_ring, cancel};
use oxiring::ring::types::io_uring;
use oxiring::uapi::*;

/// The argument of registrations that take none.
const NULL: *const c_void = null();

/// Have every completion add 1 to the eventfd `fd`, or fewer: one signal may stand for several completions.
///
/// Returns 0 or -errno: -EBUSY when one is registered already, -EBADF, -EINVAL (no eventfd). See io_uring_register_eventfd(3).
///
/// Symbol version: LIBURING_2.0, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_eventfd(ring: *mut io_uring, fd: c_int) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { call(ring, IORING_REGISTER_EVENTFD, &fd, 1) }
}

/// As io_uring_register_eventfd(), but only for completions that do not happen within the submitting system call.
///
/// Since Linux 5.6. See io_uring_register_eventfd_async(3).
///
/// Symbol version: LIBURING_2.0, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_eventfd_async(ring: *mut io_uring, fd: c_int) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { call(ring, IORING_REGISTER_EVENTFD_ASYNC, &fd, 1) }
}

/// End the signalling of the registered eventfd.
///
/// Returns 0, or -ENXIO when none is registered. See io_uring_unregister_eventfd(3).
///
/// Symbol version: LIBURING_2.0, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_unregister_eventfd(ring: *mut io_uring) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { call(ring, IORING_UNREGISTER_EVENTFD, NULL, 0) }
}

/// Ask which opcodes the kernel supports. `p` is zeroed and has room for `nr` opcodes, 256 at most.
///
/// Returns 0 or -errno: -EINVAL, -EFAULT. Since Linux 5.6. See io_uring_register_probe(3).
///
/// Symbol version: LIBURING_2.0, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_probe(ring: *mut io_uring, p: *mut io_uring_probe, nr: c_uint) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { call(ring, IORING_REGISTER_PROBE, p, nr) }
}

/// Register the credentials of the calling task, to be named in `sqe->personality`.
///
/// Returns the id, above 0, or -errno. Since Linux 5.6. See io_uring_register_personality(3).
///
/// Symbol version: LIBURING_2.0, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_personality(ring: *mut io_uring) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { call(ring, IORING_REGISTER_PERSONALITY, NULL, 0) }
}

/// Forget the credentials `id`.
///
/// Returns 0, or -EINVAL for an id that is not registered. See io_uring_unregister_personality(3).
///
/// Symbol version: LIBURING_2.0, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_unregister_personality(ring: *mut io_uring, id: c_int) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { call(ring, IORING_UNREGISTER_PERSONALITY, NULL, id as c_uint) }
}

/// Restrict a ring that was made with `IORING_SETUP_R_DISABLED` to the listed registrations, opcodes and flags, for good.
///
/// Returns 0 or -errno: -EBADFD (the ring is enabled), -EBUSY (restricted already), -EINVAL, -EFAULT. Since Linux 5.10. See io_uring_register_restrictions(3).
///
/// Symbol version: LIBURING_2.4, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_restrictions(
    ring: *mut io_uring,
    res: *mut io_uring_restriction,
    nr_res: c_uint,
) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { call(ring, IORING_REGISTER_RESTRICTIONS, res, nr_res) }
}

/// Start a ring that was made with `IORING_SETUP_R_DISABLED`.
///
/// Returns 0, or -EBADFD when it is not disabled. Since Linux 5.10. See io_uring_enable_rings(3).
///
/// Symbol version: LIBURING_2.4, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_enable_rings(ring: *mut io_uring) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { call(ring, IORING_REGISTER_ENABLE_RINGS, NULL, 0) }
}

/// Let the kernel's worker threads of this ring's task run on the CPUs of `mask` only, `cpusz` bytes of it.
///
/// Returns 0 or -errno: -EINVAL, -EFAULT. Since Linux 5.14. See io_uring_register_iowq_aff(3).
///
/// Symbol version: LIBURING_2.1, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_iowq_aff(
    ring: *mut io_uring,
    cpusz: size_t,
    mask: *const cpu_set_t,
) -> c_int {
    // The kernel's count has 32 bits, and a negative one would be read as huge.
    if cpusz >= 1 << 31 {
        return -libc::EINVAL;
    }
    // SAFETY: the contract above is the callee's.
    unsafe { call(ring, IORING_REGISTER_IOWQ_AFF, mask, cpusz as c_uint) }
}

/// Let the worker threads run everywhere again.
///
/// Returns 0 or -errno. See io_uring_unregister_iowq_aff(3).
///
/// Symbol version: LIBURING_2.1, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_unregister_iowq_aff(ring: *mut io_uring) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { call(ring, IORING_UNREGISTER_IOWQ_AFF, NULL, 0) }
}

/// Limit the kernel's worker threads: `values[0]` for bounded work (files), `values[1]` for unbounded (sockets, pipes). 0 leaves a limit as it is;
/// both are replaced by the limits before.
///
/// Returns 0 or -errno: -EINVAL, -EFAULT. Since Linux 5.15. See io_uring_register_iowq_max_workers(3).
///
/// Symbol version: LIBURING_2.1, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_iowq_max_workers(ring: *mut io_uring, values: *mut c_uint) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { call(ring, IORING_REGISTER_IOWQ_MAX_WORKERS, values, 2) }
}

/// Cancel requests and wait until they are gone, for `reg->timeout` at most (-1 in both members: no limit).
///
/// Returns 0, or the number cancelled with `IORING_ASYNC_CANCEL_ALL`; or -errno: -ENOENT (nothing found), -EALREADY and -ETIME (still running), -EINVAL. Since Linux
/// 6.0. See io_uring_register_sync_cancel(3).
///
/// Symbol version: LIBURING_2.3, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_sync_cancel(
    ring: *mut io_uring,
    reg: *mut io_uring_sync_cancel_reg,
) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { cancel::sync_cancel(ring, reg) }
}

/// Send a message to a ring without having one: `sqe` was filled by an io_uring_prep_msg_ring*() function.
///
/// Returns 0 or -errno: -EINVAL, -EBADFD, -EOVERFLOW. Since Linux 6.13. See io_uring_register_sync_msg(3).
///
/// Symbol version: LIBURING_2.11, ffi LIBURING_2.11.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_sync_msg(sqe: *mut io_uring_sqe) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { call_without_ring(IORING_REGISTER_SEND_MSG_RING, sqe, 1) }
}

/// Poll network devices busily while waiting: `napi->busy_poll_to` microseconds. The settings before are stored to `napi`.
///
/// Returns 0 or -errno: -EINVAL (IOPOLL ring, kernel without it), -EFAULT. Since Linux 6.9. See io_uring_register_napi(3).
///
/// Symbol version: LIBURING_2.6, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_napi(ring: *mut io_uring, napi: *mut io_uring_napi) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { call(ring, IORING_REGISTER_NAPI, napi, 1) }
}

/// End busy polling. The settings are stored to `napi` unless it is NULL.
///
/// Returns 0 or -errno. Since Linux 6.9. See io_uring_unregister_napi(3).
///
/// Symbol version: LIBURING_2.6, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_unregister_napi(ring: *mut io_uring, napi: *mut io_uring_napi) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { call(ring, IORING_UNREGISTER_NAPI, napi, 1) }
}

/// Choose the clock of timed waits: CLOCK_MONOTONIC (at first) or CLOCK_BOOTTIME.
///
/// Returns 0 or -errno: -EINVAL, -EFAULT. Since Linux 6.12. See io_uring_register_clock(3).
///
/// Symbol version: LIBURING_2.8, ffi LIBURING_2.8.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_clock(ring: *mut io_uring, arg: *mut io_uring_clock_register) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { call(ring, IORING_REGISTER_CLOCK, arg, 0) }
}

/// Share a region of memory with the kernel, for instance for the arguments of io_uring_submit_and_wait_reg().
///
/// With `IORING_MEM_REGION_REG_WAIT_ARG` the ring must still be disabled (`IORING_SETUP_R_DISABLED`).
///
/// Returns 0 or -errno: -EBUSY (one is registered), -EINVAL, -EFAULT, -ENOMEM. Since Linux 6.13. See io_uring_register_region(3).
///
/// Symbol version: LIBURING_2.9, ffi LIBURING_2.9.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_region(ring: *mut io_uring, reg: *mut io_uring_mem_region_reg) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { call(ring, IORING_REGISTER_MEM_REGION, reg, 1) }
}

/// Always -EINVAL: its kernel interface never came; use io_uring_register_region().
///
/// Symbol version: LIBURING_2.9, ffi LIBURING_2.9.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_wait_reg(
    _ring: *mut io_uring,
    _reg: *mut io_uring_reg_wait,
    _nr: c_int,
) -> c_int {
    -libc::EINVAL
}

/// Register a receive queue of a network device for zero-copy receive; the kernel fills in offsets and id.
///
/// Needs CAP_NET_ADMIN, `IORING_SETUP_DEFER_TASKRUN` and `IORING_SETUP_CQE32` (or mixed CQEs). Returns 0 or -errno. Since Linux 6.15. See io_uring_register_ifq(3).
///
/// Symbol version: LIBURING_2.10, ffi LIBURING_2.10.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_ifq(ring: *mut io_uring, reg: *mut io_uring_zcrx_ifq_reg) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { call(ring, IORING_REGISTER_ZCRX_IFQ, reg, 1) }
}

/// Control a zero-copy receive queue: flush its refill queue, or export it to other rings.
///
/// Returns 0 or -errno: -EINVAL also on kernels without it.
///
/// Symbol version: LIBURING_2.15, ffi LIBURING_2.15.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_zcrx_ctrl(ring: *mut io_uring, ctrl: *mut zcrx_ctrl) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { call(ring, IORING_REGISTER_ZCRX_CTRL, ctrl, 0) }
}

/// Attach a BPF filter for requests to a ring.
///
/// Returns 0 or -errno: -EINVAL also on kernels without it.
///
/// Symbol version: LIBURING_2.15, ffi LIBURING_2.15.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_bpf_filter(ring: *mut io_uring, bpf: *mut io_uring_bpf) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { call(ring, IORING_REGISTER_BPF_FILTER, bpf, 1) }
}

/// Attach a BPF filter for requests to the rings that the calling task makes from now on.
///
/// Returns 0 or -errno: -EINVAL also on kernels without it.
///
/// Symbol version: LIBURING_2.15, ffi LIBURING_2.15.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_bpf_filter_task(bpf: *mut io_uring_bpf) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { call_without_ring(IORING_REGISTER_BPF_FILTER, bpf, 1) }
}

/// Ask what the kernel supports, without a ring. `query` is the head of a chain of questions; each has a result of its own.
///
/// Returns 0 or -errno for the chain as such: -EINVAL also before Linux 6.18, -EFAULT.
///
/// Symbol version: LIBURING_2.15, ffi LIBURING_2.15.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_query(query: *mut io_uring_query_hdr) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { call_without_ring(IORING_REGISTER_QUERY, query, 0) }
}
