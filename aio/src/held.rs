//! Files that a request holds on to, because the kernel looks them up only when it carries the request out: their numbers may mean something
//! else by then.
//!
//! They are put into the table of the issuer's ring, where no descriptor of this process refers to them: closing one, even a duplicate, takes
//! away all locks that the process has on the file (fcntl(2)). Directories that paths begin at cannot be there, and nor can what finds the
//! table full; those are duplicated.
//!
//! | what a slot holds | meaning |
//! |---|---|
//! | -1 | nothing |
//! | from 0 | a descriptor of the library's |
//! | from [`IN_TABLE`] to -2 | an index in the table, plus that |

use crate::issuer::Issuer;
use crate::req::{duplicate, late_files, Late};
use crate::ring::lock;
use crate::table::Slot;
use crate::Req;
use libc::c_int;
use oxiring::raw;
use oxiring::uapi::*;
use std::os::fd::IntoRawFd;
use std::sync::atomic::Ordering;
use std::sync::Mutex;

const NOTHING: c_int = -1;
const IN_TABLE: c_int = c_int::MIN;
/// Files in the table, at most.
const FILES: usize = 1024;

/// The table of a ring.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// Indices that nobody has; `None` until the table was needed.
    free: Mutex<Option<Vec<u32>>>,
}

impl Table {
    /// Makes the kernel's table: its free indices. None where it has no such table.
    fn make(ring_fd: c_int) -> Vec<u32> {
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: a structure to write to.
        unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) };
        let nr = limit.rlim_cur.min(FILES as u64) as usize;
        let empty = vec![NOTHING; nr];
        // SAFETY: as many descriptors, none of them one.
        let ret = unsafe { raw::register(ring_fd as u32, IORING_REGISTER_FILES, empty.as_ptr().cast(), nr as u32) };
        if ret < 0 {
            Vec::new()
        } else {
            (0..nr as u32).rev().collect()
        }
    }

    /// Puts a file into the table: its index. -EBADF; -ENFILE when there is no place.
    fn put(&self, ring_fd: c_int, fd: c_int) -> Result<u32, c_int> {
        let index = lock(&self.free).get_or_insert_with(|| Self::make(ring_fd)).pop().ok_or(-libc::ENFILE)?;
        set(ring_fd, index, fd).inspect_err(|_| self.give_back(index))?;
        Ok(index)
    }

    fn take(&self, ring_fd: c_int, index: u32) {
        // Else the file stays until the place serves again.
        let _ = set(ring_fd, index, NOTHING);
        self.give_back(index);
    }

    fn give_back(&self, index: u32) {
        if let Some(free) = &mut *lock(&self.free) {
            free.push(index);
        }
    }
}

/// What is at a place of a ring's table from now on.
fn set(ring_fd: c_int, index: u32, fd: c_int) -> Result<(), c_int> {
    let update = io_uring_files_update { offset: index, resv: 0, fds: (&raw const fd) as u64 };
    // SAFETY: an update of one place, in this frame.
    let ret = unsafe { raw::register(ring_fd as u32, IORING_REGISTER_FILES_UPDATE, (&raw const update).cast(), 1) };
    if ret < 0 {
        Err(ret)
    } else {
        Ok(())
    }
}

/// Has a slot hold what its request needs: -EMFILE, -ENFILE, or why there is no issuer.
pub(crate) fn hold(request: &Req, slot: &Slot) -> Result<(), c_int> {
    // What the members say is only read here.
    let mut sqe = request.sqe;
    for (mut late, held) in late_files(&mut sqe).into_iter().flatten().zip(&slot.held) {
        let fd = *late.number() as c_int;
        // No file: where paths begin at the current directory, and for splice an error of the kernel's.
        if fd < 0 {
            continue;
        }
        let issuer = Issuer::get()?;
        let in_table = match late {
            Late::Directory(_) => Err(-libc::ENFILE),
            _ => issuer.files.put(issuer.ring_fd(), fd).map(|index| IN_TABLE + index as c_int),
        };
        let own = match in_table {
            Err(error) if error == -libc::EBADF => Err(error),
            Err(_) => duplicate(fd).map(IntoRawFd::into_raw_fd),
            held => held,
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
        } else if own != NOTHING {
            *late.number() = own.wrapping_sub(IN_TABLE) as u32;
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
        } else if let Some(issuer) = Issuer::there_is() {
            issuer.files.take(issuer.ring_fd(), own.wrapping_sub(IN_TABLE) as u32);
        }
    }
}
