//! Files that a request holds on to, because the kernel looks them up only when it carries the request out: their numbers may mean something
//! else by then.
//!
//! They are put into the table of the issuer's ring, where no descriptor of this process refers to them: closing one, even a duplicate, takes
//! away all locks that the process has on the file (fcntl(2)). Directories that paths begin at cannot be there, nor what finds the table full or is
//! a ring; those are duplicated.
//!
//! | what a slot holds | meaning |
//! |---|---|
//! | -1 | nothing |
//! | from 0 | a descriptor of the library's |
//! | from [`IN_TABLE`] to -2 | an index in the table, plus that |

use crate::file::duplicate;
use crate::issuer::Issuer;
use crate::req::{late_files, Late};
use crate::ring::{lock, soft_limit};
use crate::table::Slot;
use crate::Req;
use libc::{c_int, c_void};
use oxiring::raw;
use oxiring::uapi::*;
use std::os::fd::IntoRawFd;
use std::sync::atomic::Ordering;
use std::sync::Mutex;

const NOTHING: c_int = -1;
const IN_TABLE: c_int = c_int::MIN;
/// Files in the table, at most.
const FILES: usize = 1024;

/// The index that a slot holds, if it holds one.
fn index(held: c_int) -> Option<u32> {
    (held < NOTHING).then(|| held.wrapping_sub(IN_TABLE) as u32)
}

/// The table of a ring.
#[derive(Debug)]
pub(crate) struct Table {
    ring_fd: c_int,
    /// Indices that nobody has; `None` until the table was needed.
    free: Mutex<Option<Vec<u32>>>,
}

impl Table {
    pub(crate) fn new(ring_fd: c_int) -> Self {
        Self { ring_fd, free: Mutex::default() }
    }

    fn register(&self, opcode: u32, argument: *const c_void, nr: usize) -> Result<(), c_int> {
        // SAFETY: callers pass what is there during the call.
        match unsafe { raw::register(self.ring_fd as u32, opcode, argument, nr as u32) } {
            error if error < 0 => Err(error),
            _ => Ok(()),
        }
    }

    /// Makes the kernel's table: its indices, of which there are none where the kernel makes none.
    fn make(&self) -> Vec<u32> {
        let nr = soft_limit(libc::RLIMIT_NOFILE).min(FILES as u64) as usize;
        let empty = vec![NOTHING; nr];
        let made = self.register(IORING_REGISTER_FILES, empty.as_ptr().cast(), nr);
        made.map_or_else(|_| Vec::new(), |()| (0..nr as u32).rev().collect())
    }

    /// What is at a place from now on.
    fn set(&self, index: u32, fd: c_int) -> Result<(), c_int> {
        let update = io_uring_files_update { offset: index, resv: 0, fds: (&raw const fd) as u64 };
        self.register(IORING_REGISTER_FILES_UPDATE, (&raw const update).cast(), 1)
    }

    /// Puts a file into the table: its index, if there is a place, and the kernel takes it.
    fn put(&self, fd: c_int) -> Option<u32> {
        let index = lock(&self.free).get_or_insert_with(|| self.make()).pop()?;
        let set = self.set(index, fd);
        if set.is_err() {
            self.give_back(index);
        }
        set.ok().map(|()| index)
    }

    fn take(&self, index: u32) {
        // Else the file stays until the place serves again.
        let _ = self.set(index, NOTHING);
        self.give_back(index);
    }

    fn give_back(&self, index: u32) {
        if let Some(free) = &mut *lock(&self.free) {
            free.push(index);
        }
    }
}

/// Has a slot hold what its request needs: -EMFILE, -ENFILE.
pub(crate) fn hold(issuer: &Issuer, request: &Req, slot: &Slot) -> Result<(), c_int> {
    // What the members say is only read here.
    let mut sqe = request.sqe;
    for (mut late, held) in late_files(&mut sqe).into_iter().flatten().zip(&slot.held) {
        let fd = *late.number() as c_int;
        // No file: where paths begin at the current directory, and for splice an error of the kernel's.
        if fd < 0 {
            continue;
        }
        let index = if matches!(late, Late::Directory(_)) { None } else { issuer.files.put(fd) };
        let own = match index {
            Some(index) => Ok(IN_TABLE + index as c_int),
            None => duplicate(fd).map(IntoRawFd::into_raw_fd),
        };
        match own {
            Ok(own) => held.store(own, Ordering::Relaxed),
            // Nothing to hold. A path that is absolute does not need it.
            Err(error) if error == -libc::EBADF => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Has an SQE name what the slot holds.
pub(crate) fn name(sqe: &mut io_uring_sqe, slot: &Slot) {
    let mut flags = 0;
    let mut splice_flags = 0;
    for (mut late, held) in late_files(sqe).into_iter().flatten().zip(&slot.held) {
        let own = held.load(Ordering::Relaxed);
        if own >= 0 {
            *late.number() = own as u32;
        } else if let Some(index) = index(own) {
            *late.number() = index;
            match late {
                Late::SplicedFrom(_) => splice_flags = SPLICE_F_FD_IN_FIXED,
                _ => flags = IOSQE_FIXED_FILE,
            }
        }
    }
    sqe.flags |= flags as u8;
    sqe.rw_flags |= splice_flags;
}

/// The request is over, or was refused.
pub(crate) fn release(slot: &Slot) {
    for held in &slot.held {
        let own = held.load(Ordering::Relaxed);
        if own == NOTHING {
            continue;
        }
        held.store(NOTHING, Ordering::Relaxed);
        if own >= 0 {
            // SAFETY: a descriptor of the slot's.
            unsafe { libc::close(own) };
        } else if let (Some(issuer), Some(index)) = (Issuer::there_is(), index(own)) {
            issuer.files.take(index);
        }
    }
}
