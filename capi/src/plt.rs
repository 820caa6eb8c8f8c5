//! Calls between exported functions, through the dynamic linker.
//!
//! A program or a preloaded library may define `io_uring_submit` and the others itself, to count calls or to inject faults; the
//! original's internal calls then reach that definition, so ours do too. rustc would bind them at build time. Each stub here is
//! a jump to the public name, which the linker resolves through the procedure linkage table of the shared library, or directly
//! in a static program.

use libc::sigset_t;
use oxiring::ring::calls::Calls;
use oxiring::ring::types::io_uring;
use oxiring::uapi::*;

/// One stub: a label that only this object file sees, and a function that calls it.
///
/// The address is taken by hand, because rustc reaches every external function through the global offset table, which would
/// cost a relocation for each stub.
macro_rules! stubs {
    ($($stub:ident = $symbol:literal ($($arg:ident: $ty:ty),*) $(-> $ret:ty)?;)+) => {
        $(
            #[cfg(target_arch = "x86_64")]
            stubs!(@label $stub, concat!("jmp ", $symbol, "@PLT"));
            #[cfg(target_arch = "aarch64")]
            stubs!(@label $stub, concat!("b ", $symbol));
            #[cfg(target_arch = "riscv64")]
            stubs!(@label $stub, concat!("tail ", $symbol));

            #[inline]
            pub(crate) unsafe fn $stub($($arg: $ty),*) $(-> $ret)? {
                let stub: unsafe extern "C" fn($($ty),*) $(-> $ret)?;
                #[cfg(target_arch = "x86_64")]
                stubs!(@address stub, concat!("lea {0}, [rip + ", stringify!($stub), "]"));
                #[cfg(target_arch = "aarch64")]
                stubs!(@address stub, concat!("adrp {0}, ", stringify!($stub)), concat!("add {0}, {0}, :lo12:", stringify!($stub)));
                #[cfg(target_arch = "riscv64")]
                stubs!(@address stub, concat!("lla {0}, ", stringify!($stub)));
                // SAFETY: the label is a jump to the function of this type; the caller's promise is that function's.
                unsafe { stub($($arg),*) }
            }
        )+
    };
    (@label $stub:ident, $jump:expr) => {
        core::arch::global_asm!(
            concat!(".pushsection .text.", stringify!($stub), ", \"ax\", @progbits"),
            concat!(".type ", stringify!($stub), ", @function"),
            concat!(stringify!($stub), ":"),
            $jump,
            concat!(".size ", stringify!($stub), ", . - ", stringify!($stub)),
            ".popsection",
        );
    };
    (@address $place:ident, $($template:expr),+) => {
        // SAFETY: computes an address.
        unsafe { core::arch::asm!($($template,)+ out(reg) $place, options(pure, nomem, nostack, preserves_flags)) }
    };
}

stubs! {
    plt_queue_init = "io_uring_queue_init" (entries: c_uint, ring: *mut io_uring, flags: c_uint) -> c_int;
    plt_queue_init_params = "io_uring_queue_init_params" (entries: c_uint, ring: *mut io_uring, p: *mut io_uring_params) -> c_int;
    plt_queue_exit = "io_uring_queue_exit" (ring: *mut io_uring);
    plt_unregister_ring_fd = "io_uring_unregister_ring_fd" (ring: *mut io_uring) -> c_int;
    plt_register_probe = "io_uring_register_probe" (ring: *mut io_uring, probe: *mut io_uring_probe, nr: c_uint) -> c_int;
    plt_get_probe_ring = "io_uring_get_probe_ring" (ring: *mut io_uring) -> *mut io_uring_probe;
    plt_register_buf_ring = "io_uring_register_buf_ring" (ring: *mut io_uring, reg: *mut io_uring_buf_reg, flags: c_uint) -> c_int;
    plt_unregister_buf_ring = "io_uring_unregister_buf_ring" (ring: *mut io_uring, bgid: c_int) -> c_int;
    plt_get_sqe = "io_uring_get_sqe" (ring: *mut io_uring) -> *mut io_uring_sqe;
    plt_submit = "io_uring_submit" (ring: *mut io_uring) -> c_int;
    plt_get_events = "io_uring_get_events" (ring: *mut io_uring) -> c_int;
    plt_get_cqe = "__io_uring_get_cqe" (ring: *mut io_uring, cqe_ptr: *mut *mut io_uring_cqe, submit: c_uint, wait_nr: c_uint, sigmask: *mut sigset_t) -> c_int;
    plt_wait_cqes = "io_uring_wait_cqes" (ring: *mut io_uring, cqe_ptr: *mut *mut io_uring_cqe, wait_nr: c_uint, ts: *mut __kernel_timespec, sigmask: *mut sigset_t) -> c_int;
    plt_memory_size_params = "io_uring_memory_size_params" (entries: c_uint, p: *mut io_uring_params) -> ssize_t;
    plt_mlock_size_params = "io_uring_mlock_size_params" (entries: c_uint, p: *mut io_uring_params) -> ssize_t;
    plt_clone_buffers_offset = "__io_uring_clone_buffers_offset" (dst: *mut io_uring, src: *mut io_uring, dst_off: c_uint, src_off: c_uint, nr: c_uint, flags: c_uint) -> c_int;
    plt_major_version = "io_uring_major_version" () -> c_int;
    plt_minor_version = "io_uring_minor_version" () -> c_int;
}

/// Calls by public name.
pub(crate) struct Plt;

impl Calls for Plt {
    unsafe fn queue_init_params(entries: c_uint, ring: *mut io_uring, p: *mut io_uring_params) -> c_int {
        // SAFETY: the caller's promise is the function's contract; so in all methods here.
        unsafe { plt_queue_init_params(entries, ring, p) }
    }

    unsafe fn queue_init(entries: c_uint, ring: *mut io_uring, flags: c_uint) -> c_int {
        // SAFETY: as above.
        unsafe { plt_queue_init(entries, ring, flags) }
    }

    unsafe fn queue_exit(ring: *mut io_uring) {
        // SAFETY: as above.
        unsafe { plt_queue_exit(ring) }
    }

    unsafe fn unregister_ring_fd(ring: *mut io_uring) -> c_int {
        // SAFETY: as above.
        unsafe { plt_unregister_ring_fd(ring) }
    }

    unsafe fn register_probe(ring: *mut io_uring, probe: *mut io_uring_probe, nr: c_uint) -> c_int {
        // SAFETY: as above.
        unsafe { plt_register_probe(ring, probe, nr) }
    }

    unsafe fn register_buf_ring(ring: *mut io_uring, reg: *mut io_uring_buf_reg, flags: c_uint) -> c_int {
        // SAFETY: as above.
        unsafe { plt_register_buf_ring(ring, reg, flags) }
    }

    unsafe fn unregister_buf_ring(ring: *mut io_uring, bgid: c_int) -> c_int {
        // SAFETY: as above.
        unsafe { plt_unregister_buf_ring(ring, bgid) }
    }

    unsafe fn get_sqe(ring: *mut io_uring) -> *mut io_uring_sqe {
        // SAFETY: as above.
        unsafe { plt_get_sqe(ring) }
    }

    unsafe fn submit(ring: *mut io_uring) -> c_int {
        // SAFETY: as above.
        unsafe { plt_submit(ring) }
    }

    unsafe fn get_events(ring: *mut io_uring) -> c_int {
        // SAFETY: as above.
        unsafe { plt_get_events(ring) }
    }

    unsafe fn get_cqe(
        ring: *mut io_uring,
        cqe_ptr: *mut *mut io_uring_cqe,
        submit: c_uint,
        wait_nr: c_uint,
        sigmask: *mut sigset_t,
    ) -> c_int {
        // SAFETY: as above.
        unsafe { plt_get_cqe(ring, cqe_ptr, submit, wait_nr, sigmask) }
    }
}
