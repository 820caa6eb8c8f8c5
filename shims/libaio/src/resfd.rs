//! The eventfds that iocbs name.

use libc::c_int;
use oxiring_aio::file::Eventfd;
use std::sync::{Arc, Weak};

/// The last eventfd of a context, as long as requests have it: one is nearly always all there is. Kept longer it would still be in the epoll
/// sets of a program that has closed its own.
#[derive(Debug)]
pub(crate) struct LastEventfd {
    fd: c_int,
    eventfd: Weak<Eventfd>,
}

impl LastEventfd {
    /// The eventfd that the program's descriptor is for now: -EBADF, -EINVAL, -EMFILE.
    pub(crate) fn get(last: &mut Option<Self>, fd: c_int) -> Result<Arc<Eventfd>, c_int> {
        let known = last.as_ref().filter(|last| last.fd == fd).and_then(|last| last.eventfd.upgrade());
        if let Some(eventfd) = known.filter(|eventfd| eventfd.is_at(fd)) {
            return Ok(eventfd);
        }
        let eventfd = Arc::new(Eventfd::of(fd)?);
        *last = Some(Self { fd, eventfd: Arc::downgrade(&eventfd) });
        Ok(eventfd)
    }
}
