//! Reads and writes that are done when io_submit returns, by the thread that calls it.
//!
//! What is in the page cache is copied: waking another thread for that costs several times as much. So are writes to it, which kernel AIO does
//! in io_submit as well: that way they survive the end of the process, and what is read or synced later finds them. But a write to the page
//! cache may block for as long as a disk takes, and the kernel does not say so in advance for every file system. So when one was
//! slow the next ones are handed to the issuer, for a hundred times as long as it took: no more than a hundredth of the time is lost.
//!
//! Reads and writes of pipes, sockets, terminals and the like with `O_NONBLOCK` do not block. io_uring would wait for them.

use crate::iocb::How;
use libc::{c_int, c_void, iovec};
use oxiring::uapi::{io_uring_sqe, IORING_OP_READ, IORING_OP_READV, IORING_OP_WRITE};
use oxiring_aio::file::mode_of;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Bytes that are read in io_submit, at most.
pub(crate) const MOST: u64 = 256 << 10;

/// Nanoseconds that a write may take: more than a thread has to wait for a processor as a rule, less than the kernel holds up who writes too fast.
const SLOW: u64 = 5_000_000;
/// How many times as long the next ones are handed over.
const REST: u64 = 100;

/// How writes to the page cache do in a context.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// Writes that were handed over and are not done: until then none may overtake them. Acquire and release: what they wrote is there.
    handed: AtomicU32,
    /// Until when writes are handed over, in nanoseconds of the monotonic clock. A hint: relaxed.
    slow_until: AtomicU64,
}

impl Pace {
    /// A write is handed over.
    pub(crate) fn hand(&self) {
        self.handed.fetch_add(1, Ordering::Relaxed);
    }

    /// A write that was handed over is done.
    pub(crate) fn handed_is_done(&self) {
        self.handed.fetch_sub(1, Ordering::Release);
    }

    pub(crate) fn none_is_handed(&self) -> bool {
        self.handed.load(Ordering::Acquire) == 0
    }

    fn may_write(&self, now: u64) -> bool {
        self.none_is_handed() && now >= self.slow_until.load(Ordering::Relaxed)
    }

    fn wrote(&self, began: u64, ended: u64) {
        let took = ended.saturating_sub(began);
        if took > SLOW {
            self.slow_until.store(ended.saturating_add(took.saturating_mul(REST)), Ordering::Relaxed);
        }
    }
}

fn now() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a structure to write to.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) };
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// Does what an SQE says; `None` when it would block, or may.
pub(crate) fn run(how: How, sqe: &io_uring_sqe, pace: &Pace) -> Option<i32> {
    match how {
        How::NonblockAtOnce => return Some(nonblock(sqe)),
        How::AppendAtOnce => return Some(call(sqe, sqe.off, 0)),
        How::WriteInOrder => return None,
        _ => {}
    }
    let may_not_wait = sqe.rw_flags & libc::RWF_NOWAIT as u32 != 0;
    if how == How::ReadAtOnce || may_not_wait {
        let res = call(sqe, sqe.off, libc::RWF_NOWAIT);
        // Where the kernel cannot tell whether it would wait, or has read a part, the whole is read again.
        let is_final = may_not_wait || res == 0 || res as i64 == bytes(sqe);
        return is_final.then_some(res);
    }
    let began = now();
    if !pace.may_write(began) {
        return None;
    }
    let res = call(sqe, sqe.off, 0);
    pace.wrote(began, now());
    Some(res)
}

/// A file without places minds it when it is asked for one, but for kernel AIO only a socket does.
fn nonblock(sqe: &io_uring_sqe) -> i32 {
    /// For preadv2(2) and pwritev2(2) that is where the file is.
    const HERE: u64 = u64::MAX;
    match mode_of(sqe.fd) {
        libc::S_IFSOCK if sqe.off != 0 => -libc::ESPIPE,
        libc::S_IFSOCK | libc::S_IFIFO => call(sqe, HERE, 0),
        _ => match call(sqe, sqe.off, 0) {
            error if error == -libc::ESPIPE => call(sqe, HERE, 0),
            res => res,
        },
    }
}

/// Where an SQE's data is; its vectors the kernel has read.
pub(crate) fn vectors_of(sqe: &io_uring_sqe) -> impl ExactSizeIterator<Item = iovec> + '_ {
    let one = is_one_buffer(sqe);
    (0..if one { 1 } else { sqe.len as usize }).map(move |i| {
        if one {
            iovec { iov_base: sqe.addr as *mut c_void, iov_len: sqe.len as usize }
        } else {
            // SAFETY: the kernel has read them.
            unsafe { (sqe.addr as *const iovec).add(i).read_unaligned() }
        }
    })
}

/// How much would be everything.
pub(crate) fn bytes(sqe: &io_uring_sqe) -> i64 {
    vectors_of(sqe).map(|vector| vector.iov_len as i64).sum()
}

fn is_one_buffer(sqe: &io_uring_sqe) -> bool {
    matches!(u32::from(sqe.opcode), IORING_OP_READ | IORING_OP_WRITE)
}

/// Bytes, or -errno.
fn call(sqe: &io_uring_sqe, offset: u64, flags: c_int) -> i32 {
    let one = iovec { iov_base: sqe.addr as *mut c_void, iov_len: sqe.len as usize };
    let (vectors, nr) =
        if is_one_buffer(sqe) { (&raw const one, 1) } else { (sqe.addr as *const iovec, sqe.len as c_int) };
    let (offset, flags) = (offset as libc::off_t, sqe.rw_flags as c_int | flags);
    let is_read = matches!(u32::from(sqe.opcode), IORING_OP_READ | IORING_OP_READV);
    // SAFETY: the kernel looks at the vectors and at the program's buffers.
    let ret = unsafe {
        let function = if is_read { libc::preadv2 } else { libc::pwritev2 };
        function(sqe.fd, vectors, nr, offset, flags)
    };
    if ret < 0 {
        -std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO)
    } else {
        ret as i32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_are_handed_over_after_a_slow_one_and_behind_others() {
        let pace = Pace::default();
        assert!(pace.may_write(1));
        pace.wrote(0, SLOW);
        assert!(pace.may_write(SLOW));
        pace.wrote(0, SLOW + 1);
        let rested = SLOW + 1 + REST * (SLOW + 1);
        assert!(!pace.may_write(rested - 1));
        assert!(pace.may_write(rested));
        pace.hand();
        pace.hand();
        pace.handed_is_done();
        assert!(!pace.may_write(u64::MAX));
        pace.handed_is_done();
        assert!(pace.may_write(u64::MAX));
    }
}
