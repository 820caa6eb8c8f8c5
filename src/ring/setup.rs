//! Making a ring, ending it.

use super::mapping::Queues;
use super::memory::{Entries, RingMemory, Sizes};
use super::types::io_uring;
use super::{check_ptr, get, int_flags, set, Ring};
use crate::notif;
use crate::ring::calls::Calls;
use crate::sys::{self, EINVAL};
use crate::uapi::*;

/// Memory of the program for a ring.
#[derive(Clone, Copy)]
struct Buffer {
    addr: *mut c_void,
    size: usize,
}

/// `io_uring_queue_init`: a ring with `flags` and nothing else asked for.
///
/// # Safety
///
/// As for [`queue_init_params`].
pub unsafe fn queue_init<C: Calls>(entries: c_uint, ring: *mut io_uring, flags: c_uint) -> c_int {
    let mut p = io_uring_params { flags, ..io_uring_params::EMPTY };
    // SAFETY: the caller's promise for `ring`; `p` is a local.
    unsafe { C::queue_init_params(entries, ring, &mut p) }
}

/// `io_uring_queue_init_params`: 0, or -errno with nothing left open or mapped.
///
/// # Safety
///
/// `ring` and `p` point to writable structures, or are pointers that [`check_ptr`] refuses.
pub unsafe fn queue_init_params(entries: c_uint, ring: *mut io_uring, p: *mut io_uring_params) -> c_int {
    // SAFETY: the caller's promise.
    match unsafe { init(entries, ring, p, None) } {
        Ok(_) => 0,
        Err(error) => error,
    }
}

/// `io_uring_queue_init_mem`: bytes that the ring uses, whole pages, or -errno. Without `buf` the library allocates.
///
/// # Safety
///
/// As for [`queue_init_params`]; `buf` is null or has `buf_size` writable bytes that belong to the ring until it is gone.
pub unsafe fn queue_init_mem(
    entries: c_uint,
    ring: *mut io_uring,
    p: *mut io_uring_params,
    buf: *mut c_void,
    buf_size: size_t,
) -> c_int {
    if let Err(error) = check_ptr(p) {
        return error;
    }
    let buffer = (!buf.is_null()).then_some(Buffer { addr: buf, size: buf_size });
    // SAFETY: the caller's promise, as far as `check_ptr` could tell.
    unsafe { (*p).flags |= IORING_SETUP_NO_MMAP };
    // SAFETY: the caller's promise.
    match unsafe { init(entries, ring, p, buffer) } {
        Ok(used) => used as c_int,
        Err(error) => error,
    }
}

/// Tries without the SQ index array first, which saves the kernel an indirection per SQE, and with it where the kernel
/// (before 6.6) does not know the flag.
unsafe fn init(
    entries: c_uint,
    ring: *mut io_uring,
    p: *mut io_uring_params,
    buffer: Option<Buffer>,
) -> Result<usize, c_int> {
    check_ptr(p)?;
    // SAFETY: the caller's promise.
    let ring = unsafe { Ring::checked(ring) }?;
    // SAFETY: the caller's promise; it is the only reference, the kernel works on a copy.
    let p = unsafe { &mut *p };
    let asked = p.flags;
    p.flags |= IORING_SETUP_NO_SQARRAY;
    let first = init_once(entries, ring, p, buffer);
    if first != Err(-EINVAL) || asked & IORING_SETUP_NO_SQARRAY != 0 {
        return first;
    }
    p.flags = asked;
    init_once(entries, ring, p, buffer)
}

fn init_once(entries: c_uint, ring: Ring, p: &mut io_uring_params, buffer: Option<Buffer>) -> Result<usize, c_int> {
    set_empty(ring);
    let no_mmap = p.flags & IORING_SETUP_NO_MMAP != 0;
    let fd_only = p.flags & IORING_SETUP_REGISTERED_FD_ONLY != 0;
    if fd_only && !no_mmap {
        return Err(-EINVAL);
    }
    let memory = if no_mmap { Some(ring_memory(entries, p, buffer)?) } else { None };
    // SAFETY: `p` is a live structure; the user addresses in it are `memory`, which is unmapped only where no ring came to be.
    let fd = unsafe { sys::setup(entries, p) };
    if fd < 0 {
        if let Some(memory) = memory {
            memory.unmap();
        }
        return Err(fd);
    }
    let queues = match &memory {
        Some(memory) => Queues::in_memory(memory, p),
        None => Queues::map(fd, p).inspect_err(|_| {
            sys::close(fd);
        })?,
    };
    queues.fill_array();
    let mut flags = 0;
    if buffer.is_some() {
        flags |= int_flags::APP_MEM;
    }
    if fd_only {
        flags |= int_flags::REG_RING | int_flags::REG_REG_RING;
    }
    set_ring(ring, queues, p, fd, flags);
    if fd_only {
        set!(ring, ring_fd = -1);
    }
    Ok(memory.map_or(0, |memory| memory.used))
}

/// Puts the user addresses into `p`.
fn ring_memory(entries: c_uint, p: &mut io_uring_params, buffer: Option<Buffer>) -> Result<RingMemory, c_int> {
    let sizes = Sizes::of(Entries::negotiate(entries, p)?, p.flags);
    let memory = match buffer {
        Some(buffer) => RingMemory::in_buffer(sizes, buffer.addr, buffer.size)?,
        None => RingMemory::allocate(sizes)?,
    };
    p.sq_off.user_addr = memory.sqes as usize as __u64;
    p.cq_off.user_addr = memory.rings as usize as __u64;
    Ok(memory)
}

/// `io_uring_queue_mmap`: maps a ring that exists already, known by `fd` and the parameters that its setup returned.
///
/// # Safety
///
/// As for [`queue_init_params`]; `p` is as the kernel left it.
pub unsafe fn queue_mmap(fd: c_int, p: *mut io_uring_params, ring: *mut io_uring) -> c_int {
    if let Err(error) = check_ptr(p) {
        return error;
    }
    // SAFETY: the caller's promise.
    let ring = match unsafe { Ring::checked(ring) } {
        Ok(ring) => ring,
        Err(error) => return error,
    };
    // SAFETY: the caller's promise; only read.
    let p = unsafe { &*p };
    set_empty(ring);
    match Queues::map(fd, p) {
        Ok(queues) => {
            queues.fill_array();
            set_ring(ring, queues, p, fd, 0);
            0
        }
        Err(error) => error,
    }
}

/// `io_uring_queue_exit`. The structure keeps its values: programs compare `ring_fd` with a sentinel of their own.
///
/// A ring that its own thread ends with requests in flight leaves them to the kernel, which ends them in the background.
///
/// # Safety
///
/// The crate's contract; nothing uses the ring afterwards.
pub unsafe fn queue_exit<C: Calls>(ring: Ring) {
    if ring.has_notif() {
        // SAFETY: the caller's promise.
        unsafe { notif::exit(ring) };
    }
    ring.unmap();
    if get!(ring, int_flags) & int_flags::REG_RING != 0 {
        // SAFETY: the caller's promise.
        unsafe { C::unregister_ring_fd(ring.as_ptr()) };
    }
    if get!(ring, ring_fd) != -1 {
        sys::close(get!(ring, ring_fd));
    }
}

fn set_empty(ring: Ring) {
    // SAFETY: `Ring::checked` was promised a writable structure; it is not a ring yet, so nobody reads it.
    unsafe { ring.as_ptr().write(io_uring::EMPTY) };
}

fn set_ring(ring: Ring, queues: Queues, p: &io_uring_params, fd: c_int, mut flags: __u8) {
    if p.flags & (IORING_SETUP_IOPOLL | IORING_SETUP_SQPOLL) == IORING_SETUP_IOPOLL {
        flags |= int_flags::CQ_ENTER;
    }
    set!(ring, sq = queues.sq);
    set!(ring, cq = queues.cq);
    set!(ring, flags = p.flags);
    set!(ring, features = p.features);
    set!(ring, ring_fd = fd);
    set!(ring, enter_ring_fd = fd);
    set!(ring, int_flags = flags);
}
