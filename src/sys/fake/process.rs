//! The calls of the fake kernel that are not about rings: descriptors, sockets, memory, the clock.

use super::Kernel;
use crate::uapi::*;
use libc::{iovec, EBADF, EFAULT, EINVAL, ENOTSOCK};

impl Kernel {
    pub(super) fn fcntl(&mut self, fd: i32) -> i32 {
        if let Some(error) = self.duplicates.pop_front() {
            return -error;
        }
        if !self.rings.contains_key(&fd) {
            return -EBADF;
        }
        self.next_fd += 1;
        self.aliases.insert(self.next_fd - 1, fd);
        self.next_fd - 1
    }

    pub(super) fn getsockopt(&mut self, fd: i32, level: i32, name: i32, value: usize, len: usize) -> i32 {
        self.sockets_asked += 1;
        let Some(socket) = self.sockets.get(&fd) else { return -ENOTSOCK };
        let ulp = if socket.has_ulp { u64::from_le_bytes(*b"tls\0\0\0\0\0") } else { 0 };
        let (answer, size) = match (level, name) {
            (libc::SOL_SOCKET, libc::SO_COOKIE) => (socket.cookie, 8),
            (libc::SOL_SOCKET, libc::SO_DOMAIN) => (socket.domain as u64, 4),
            (libc::SOL_SOCKET, libc::SO_TYPE) => (socket.kind as u64, 4),
            (libc::SOL_SOCKET, libc::SO_PROTOCOL) => (socket.protocol as u64, 4),
            (libc::IPPROTO_TCP, libc::TCP_ULP) => (ulp, if socket.has_ulp { 4 } else { 0 }),
            _ => return -EINVAL,
        };
        // SAFETY: the library's place of eight bytes, and its length.
        unsafe {
            (value as *mut u8).copy_from((&raw const answer).cast(), size);
            *(len as *mut u32) = size as u32;
        }
        0
    }

    pub(super) fn process_vm_readv(&mut self, local: usize, remote: usize) -> isize {
        if let Some(error) = self.read_error {
            return -error as isize;
        }
        // SAFETY: one vector each of the library.
        let (local, remote) = unsafe { (&*(local as *const iovec), &*(remote as *const iovec)) };
        let (start, end) = self.unreadable;
        let from = remote.iov_base as usize;
        if from == 0 || (start..end).contains(&from) {
            return -(EFAULT as isize);
        }
        let len = if from < start { remote.iov_len.min(start - from) } else { remote.iov_len };
        // SAFETY: what tests do not call unreadable is memory of theirs.
        unsafe { local.iov_base.cast::<u8>().copy_from(from as *const u8, len) };
        len as isize
    }

    pub(super) fn clock_gettime(&self, place: usize) -> i32 {
        // SAFETY: the library's structure.
        let now = unsafe { &mut *(place as *mut __kernel_timespec) };
        (now.tv_sec, now.tv_nsec) = ((self.now / 1_000_000_000) as _, (self.now % 1_000_000_000) as _);
        0
    }
}
