//! Decisions and memory for a property.

use crate::uapi::c_void;
use core::ptr::null_mut;

/// Bytes as a sequence of decisions; zeros when they are used up.
pub(super) struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self(data)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        first
    }

    pub(super) fn bool(&mut self) -> bool {
        self.byte() & 1 != 0
    }

    pub(super) fn u16(&mut self) -> u16 {
        u16::from_le_bytes(core::array::from_fn(|_| self.byte()))
    }

    pub(super) fn u32(&mut self) -> u32 {
        u32::from_le_bytes(core::array::from_fn(|_| self.byte()))
    }

    pub(super) fn u64(&mut self) -> u64 {
        u64::from_le_bytes(core::array::from_fn(|_| self.byte()))
    }

    /// One of the numbers below `n`, which is at most 65536.
    pub(super) fn below(&mut self, n: u32) -> u32 {
        let drawn = if n <= 256 { u32::from(self.byte()) } else { u32::from(self.u16()) };
        drawn % n
    }

    pub(super) fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u32) as usize]
    }

    /// A ring index: most often where it will wrap around soon.
    pub(super) fn index(&mut self) -> u32 {
        match self.below(4) {
            0 => self.u32(),
            1 => 0,
            _ => 0u32.wrapping_sub(self.below(80)),
        }
    }
}

/// Whole pages between two that fault at each access.
pub(super) struct Guarded {
    start: *mut c_void,
    mapped: usize,
    page: usize,
}

impl Guarded {
    pub(super) fn new(len: usize) -> Self {
        let page = crate::sys::page_size();
        let mapped = len.next_multiple_of(page) + 2 * page;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: a new mapping at an address of the kernel's choice.
        let start = unsafe { libc::mmap(null_mut(), mapped, libc::PROT_NONE, flags, -1, 0) };
        assert!(start != libc::MAP_FAILED, "memory for a property");
        let guarded = Self { start, mapped, page };
        // SAFETY: the inner part of the mapping above.
        let ret = unsafe { libc::mprotect(guarded.first(), guarded.len(), libc::PROT_READ | libc::PROT_WRITE) };
        assert_eq!(ret, 0);
        guarded
    }

    pub(super) fn len(&self) -> usize {
        self.mapped - 2 * self.page
    }

    /// The first byte behind the guard in front.
    pub(super) fn first(&self) -> *mut c_void {
        self.start.wrapping_byte_add(self.page)
    }

    /// The guard behind.
    pub(super) fn end(&self) -> *mut c_void {
        self.first().wrapping_byte_add(self.len())
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // SAFETY: the mapping is this object's.
        unsafe { libc::munmap(self.start, self.mapped) };
    }
}
