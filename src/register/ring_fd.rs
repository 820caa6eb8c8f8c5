//! The ring's own descriptor as a registered index, which saves the kernel a descriptor look-up at every enter.
//!
//! The index belongs to the registering task: another thread cannot enter through it.

use crate::ring::{get, int_flags, set, Ring};
use crate::sys::{self, EINVAL, EOPNOTSUPP};
use crate::uapi::*;
use libc::{EBADF, EEXIST};

impl Ring {
    /// `io_uring_register_ring_fd`: 1, or -errno.
    pub fn register_ring_fd(self) -> c_int {
        if get!(self, int_flags) & int_flags::REG_RING != 0 {
            return -EEXIST;
        }
        // Offset -1: any free index; the kernel stores which.
        let mut up = io_uring_rsrc_update { offset: !0, resv: 0, data: get!(self, ring_fd) as __u64 };
        // SAFETY: a live structure.
        let ret = unsafe { self.register(IORING_REGISTER_RING_FDS, (&raw mut up).cast(), 1) };
        if ret == 1 {
            let mut flags = get!(self, int_flags) | int_flags::REG_RING;
            if get!(self, features) & IORING_FEAT_REG_REG_RING != 0 {
                flags |= int_flags::REG_REG_RING;
            }
            set!(self, int_flags = flags);
            set!(self, enter_ring_fd = up.offset as c_int);
        }
        ret
    }

    /// `io_uring_unregister_ring_fd`: 1, or -errno. After `close_ring_fd` the ring has no name left.
    pub fn unregister_ring_fd(self) -> c_int {
        if get!(self, int_flags) & int_flags::REG_RING == 0 {
            return -EINVAL;
        }
        let up = io_uring_rsrc_update { offset: get!(self, enter_ring_fd) as __u32, resv: 0, data: 0 };
        // SAFETY: a live structure.
        let ret = unsafe { self.register(IORING_UNREGISTER_RING_FDS, (&raw const up).cast(), 1) };
        if ret == 1 {
            set!(self, enter_ring_fd = get!(self, ring_fd));
            set!(self, int_flags = get!(self, int_flags) & !(int_flags::REG_RING | int_flags::REG_REG_RING));
        }
        ret
    }

    /// `io_uring_close_ring_fd`: 1, or -errno.
    pub fn close_ring_fd(self) -> c_int {
        if get!(self, features) & IORING_FEAT_REG_REG_RING == 0 {
            return -EOPNOTSUPP;
        }
        if get!(self, int_flags) & int_flags::REG_RING == 0 {
            return -EINVAL;
        }
        if get!(self, ring_fd) == -1 {
            return -EBADF;
        }
        sys::close(get!(self, ring_fd));
        set!(self, ring_fd = -1);
        1
    }
}
