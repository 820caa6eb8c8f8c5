//! Provided-buffer rings.
//!
//! A buffer ring is an array of [`io_uring_buf`] whose first entry's unused tail holds the ring's tail. The program adds
//! behind the tail and publishes; the kernel consumes from its own head, which is asked for with
//! `IORING_REGISTER_PBUF_STATUS`.

use super::{call, io_uring};
use crate::ring::calls::Calls;
use crate::ring::{check_ptr, Half, Ring};
use crate::sys;
use crate::uapi::*;

/// `io_uring_register_buf_ring`: ORs `flags` into the caller's structure, as the original does.
///
/// # Safety
///
/// As for [`call`]; `reg` is writable, or refused by [`check_ptr`].
pub unsafe fn register(ring: *mut io_uring, reg: *mut io_uring_buf_reg, flags: c_uint) -> c_int {
    if let Err(error) = check_ptr(reg) {
        return error;
    }
    // SAFETY: the caller's promise.
    unsafe { (*reg).flags |= flags as __u16 };
    // SAFETY: the caller's promise.
    unsafe { call(ring, IORING_REGISTER_PBUF_RING, reg, 1) }
}

/// `io_uring_unregister_buf_ring`.
///
/// # Safety
///
/// As for [`call`].
pub unsafe fn unregister(ring: *mut io_uring, bgid: c_int) -> c_int {
    let reg = io_uring_buf_reg { bgid: bgid as __u16, ..io_uring_buf_reg::EMPTY };
    // SAFETY: the caller's promise.
    unsafe { call(ring, IORING_UNREGISTER_PBUF_RING, &reg, 1) }
}

/// `io_uring_buf_ring_head`: stores the kernel's position in group `buf_group` to `*head`.
///
/// # Safety
///
/// As for [`call`]; `head` is writable, or refused by [`check_ptr`].
pub unsafe fn head(ring: *mut io_uring, buf_group: c_int, head: *mut u16) -> c_int {
    if let Err(error) = check_ptr(head) {
        return error;
    }
    let mut status = io_uring_buf_status { buf_group: buf_group as __u32, head: 0, resv: [0; 8] };
    // SAFETY: the caller's promise; the kernel writes to the local structure.
    let ret = unsafe { call(ring, IORING_REGISTER_PBUF_STATUS, &raw mut status, 1) };
    if ret == 0 {
        // SAFETY: the caller's promise.
        unsafe { head.write(status.head as u16) };
    }
    ret
}

fn size(nentries: c_uint) -> usize {
    nentries as usize * size_of::<io_uring_buf>()
}

/// `io_uring_setup_buf_ring`: allocates and registers.
///
/// # Safety
///
/// As for [`call`].
pub unsafe fn setup<C: Calls>(
    ring: *mut io_uring,
    nentries: c_uint,
    bgid: c_int,
    flags: c_uint,
) -> Result<*mut io_uring_buf_ring, c_int> {
    check_ptr(ring)?;
    let addr = sys::map_anonymous(size(nentries), libc::MAP_PRIVATE)?;
    let mut reg = io_uring_buf_reg {
        ring_addr: addr as usize as __u64,
        ring_entries: nentries,
        bgid: bgid as __u16,
        ..io_uring_buf_reg::EMPTY
    };
    // SAFETY: the caller's promise; the kernel pins the mapping, which `free` ends only after it let go.
    let ret = unsafe { C::register_buf_ring(ring, &mut reg, flags) };
    if ret < 0 {
        // SAFETY: mapped above and not registered.
        unsafe { sys::unmap(addr, size(nentries)) };
        return Err(ret);
    }
    // The mapping is zeroed, so the tail is 0.
    Ok(addr.cast())
}

/// `io_uring_free_buf_ring`. The memory stays while the ring is registered: the kernel might still pick from it.
///
/// # Safety
///
/// As for [`call`]; `br` came from [`setup`] with these `nentries` and is not used afterwards.
pub unsafe fn free<C: Calls>(ring: *mut io_uring, br: *mut io_uring_buf_ring, nentries: c_uint, bgid: c_int) -> c_int {
    // SAFETY: the caller's promise.
    let ret = unsafe { C::unregister_buf_ring(ring, bgid) };
    if ret != 0 {
        return ret;
    }
    // SAFETY: the caller's promise, and the kernel has let go.
    unsafe { sys::unmap(br.cast(), size(nentries)) };
    0
}

/// A registered buffer ring, as the program's side of it.
#[derive(Clone, Copy, Debug)]
pub struct BufRing(*mut io_uring_buf_ring);

impl BufRing {
    /// # Safety
    ///
    /// `br` points to a buffer ring that stays mapped while the handle is used, and one thread adds at a time.
    pub unsafe fn from_raw(br: *mut io_uring_buf_ring) -> Self {
        Self(br)
    }

    fn tail(self) -> Half {
        // SAFETY: `from_raw` was promised a mapped ring.
        unsafe { Half::new(&raw mut (*self.0).tail) }
    }

    /// `io_uring_buf_ring_init`.
    pub fn init(self) {
        self.tail().store_relaxed(0);
    }

    /// `io_uring_buf_ring_add`: writes the buffer `offset` entries behind the tail; the kernel sees it after
    /// [`advance`](Self::advance).
    pub fn add(self, addr: *mut c_void, len: c_uint, bid: u16, mask: c_int, offset: c_int) {
        let tail = c_int::from(self.tail().load_relaxed());
        let index = (tail.wrapping_add(offset) & mask) as usize;
        let buf = self.0.cast::<io_uring_buf>().wrapping_add(index);
        // The last member of entry 0 is the ring's tail, so the entry is not written whole.
        // SAFETY: `mask` keeps the index inside the ring (caller), and the kernel has consumed this entry.
        unsafe {
            (*buf).addr = addr as usize as __u64;
            (*buf).len = len;
            (*buf).bid = bid;
        }
    }

    /// `io_uring_buf_ring_advance`. Release: pairs with the kernel's acquire of the tail when it picks a buffer
    /// (`io_ring_buffer_select`), so that it sees the entries whole.
    pub fn advance(self, count: c_int) {
        let tail = self.tail();
        tail.store_release(tail.load_relaxed().wrapping_add(count as u16));
    }

    /// `io_uring_buf_ring_available`: buffers that the kernel has not consumed, or -errno.
    ///
    /// # Safety
    ///
    /// As for [`head`].
    pub unsafe fn available(self, ring: *mut io_uring, bgid: u16) -> c_int {
        let mut kernel_head = 0;
        // SAFETY: the caller's promise.
        let ret = unsafe { head(ring, c_int::from(bgid), &mut kernel_head) };
        if ret != 0 {
            return ret;
        }
        c_int::from(self.tail().load_relaxed().wrapping_sub(kernel_head))
    }

    /// `__io_uring_buf_ring_cq_advance`: publishes `buf_count` buffers and gives `cq_count` CQE slots back.
    pub fn cq_advance(self, ring: Ring, cq_count: c_int, buf_count: c_int) {
        self.advance(buf_count);
        ring.cq_advance(cq_count as c_uint);
    }
}

/// `io_uring_buf_ring_mask`.
pub fn mask(ring_entries: __u32) -> c_int {
    ring_entries.wrapping_sub(1) as c_int
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn buffers_wrap_around_and_leave_the_tail_alone() {
        let mut entries = [io_uring_buf { addr: 0, len: 0, bid: 0, resv: 0 }; 4];
        // SAFETY: four entries, used by this thread only.
        let ring = unsafe { BufRing::from_raw(entries.as_mut_ptr().cast()) };
        ring.tail().store_relaxed(u16::MAX);
        for i in 0..4 {
            ring.add((0x1000 * (i + 1)) as *mut c_void, 100 + i, i as u16, mask(4), i as c_int);
        }
        assert_eq!(entries[0].resv, u16::MAX, "entry 0 overlays the ring's tail");
        ring.advance(4);
        assert_eq!(ring.tail().load_relaxed(), 3);
        assert_eq!(
            entries.map(|buf| (buf.addr, buf.len, buf.bid)),
            [(0x2000, 101, 1), (0x3000, 102, 2), (0x4000, 103, 3), (0x1000, 100, 0),]
        );
        ring.init();
        assert_eq!(ring.tail().load_relaxed(), 0);
    }
}
