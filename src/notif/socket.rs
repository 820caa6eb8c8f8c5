//! Which sockets can send without copying.
//!
//! The kernel refuses zero-copy sends on all others, after the request has been issued and its link chain been broken, so the
//! choice is made before. Descriptors are reused by other sockets at any time; each socket has a cookie of its own.

use crate::sys;
use crate::uapi::*;

const SLOTS: usize = 16;

/// Sockets that were asked last, by descriptor. No socket has the cookie 0, so none is known at first.
pub(super) struct Sockets {
    known: [Known; SLOTS],
    /// The descriptor that was asked last, plus 1, and the answer: what is submitted together is about the same sockets.
    last: c_int,
    answer: bool,
}

#[derive(Clone, Copy)]
struct Known {
    fd: c_int,
    kind: Kind,
    cookie: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Kind {
    Other,
    Tcp,
    Udp,
}

impl Sockets {
    /// To be called before each submission.
    pub(super) fn forget_last(&mut self) {
        self.last = 0;
    }

    /// Whether the socket `fd` takes zero-copy sends now.
    pub(super) fn zero_copy(&mut self, fd: c_int) -> bool {
        if fd < 0 {
            return false;
        }
        if self.last != fd.wrapping_add(1) {
            self.answer = self.ask(fd);
            self.last = fd.wrapping_add(1);
        }
        self.answer
    }

    fn ask(&mut self, fd: c_int) -> bool {
        let Some(cookie) = option(fd, libc::SOL_SOCKET, libc::SO_COOKIE) else { return false };
        let known = &mut self.known[fd as usize % SLOTS];
        if known.fd != fd || known.cookie != cookie {
            *known = Known { fd, kind: kind(fd), cookie };
        }
        match known.kind {
            Kind::Other => false,
            Kind::Udp => true,
            // An upper-layer protocol, such as TLS in the kernel, may have come since; none of them can. Without one the name is empty.
            Kind::Tcp => option(fd, libc::IPPROTO_TCP, libc::TCP_ULP) == Some(0),
        }
    }
}

/// The first bytes of an option's value.
fn option(fd: c_int, level: c_int, name: c_int) -> Option<u64> {
    let mut value = 0;
    (sys::socket_option(fd, level, name, &mut value) >= 0).then_some(value)
}

fn kind(fd: c_int) -> Kind {
    let is = |name, value: c_int| option(fd, libc::SOL_SOCKET, name) == Some(value as u64);
    let inet = is(libc::SO_DOMAIN, libc::AF_INET) || is(libc::SO_DOMAIN, libc::AF_INET6);
    if inet && is(libc::SO_PROTOCOL, libc::IPPROTO_TCP) && is(libc::SO_TYPE, libc::SOCK_STREAM) {
        Kind::Tcp
    } else if inet && is(libc::SO_PROTOCOL, libc::IPPROTO_UDP) && is(libc::SO_TYPE, libc::SOCK_DGRAM) {
        Kind::Udp
    } else {
        Kind::Other
    }
}
