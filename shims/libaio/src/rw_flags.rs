//! `RWF_*`, as kernel AIO takes them in io_submit.

use libc::c_int;
use oxiring_aio::file::mode_of;
use oxiring_aio::Known;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU32, Ordering};

const HIPRI: u32 = libc::RWF_HIPRI as u32;
const NOWAIT: u32 = libc::RWF_NOWAIT as u32;
const APPEND: u32 = libc::RWF_APPEND as u32;
const NOAPPEND: u32 = libc::RWF_NOAPPEND as u32;
const ATOMIC: u32 = libc::RWF_ATOMIC as u32;
const DONTCACHE: u32 = libc::RWF_DONTCACHE as u32;
const NOSIGNAL: u32 = 0x100;
/// Those of every kernel that has io_uring.
const ALWAYS: u32 = HIPRI | APPEND | NOWAIT | (libc::RWF_DSYNC | libc::RWF_SYNC) as u32;

/// Whether a write is to be durable when it is done.
pub(crate) fn syncs(rw_flags: u32, file_flags: c_int) -> bool {
    rw_flags & (libc::RWF_DSYNC | libc::RWF_SYNC) as u32 != 0 || file_flags & (libc::O_DSYNC | libc::O_SYNC) != 0
}

/// Whether a write goes to the end of the file, wherever that is then.
pub(crate) fn appends(rw_flags: u32, file_flags: c_int) -> bool {
    rw_flags & APPEND != 0 || file_flags & libc::O_APPEND != 0 && rw_flags & NOAPPEND == 0
}

/// Whether it waits until something can be read or written.
pub(crate) fn waits(rw_flags: u32) -> bool {
    rw_flags & NOWAIT == 0
}

/// What goes to io_uring: polling for completions needs a ring of another kind, and is a wish.
pub(crate) fn to_submit(rw_flags: u32) -> u32 {
    rw_flags & !HIPRI
}

/// -EOPNOTSUPP for what the kernel or the file does not know, -EINVAL for what contradicts itself.
pub(crate) fn check(rw_flags: u32, write: bool, fd: c_int, file_flags: c_int) -> Result<(), c_int> {
    if rw_flags & !ALWAYS == 0 {
        return Ok(());
    }
    if rw_flags & !(ALWAYS | NOAPPEND | ATOMIC | DONTCACHE | NOSIGNAL) != 0 {
        return Err(-libc::EOPNOTSUPP);
    }
    for flag in [NOAPPEND, NOSIGNAL] {
        if rw_flags & flag != 0 && !kernel_knows(flag) {
            return Err(-libc::EOPNOTSUPP);
        }
    }
    let dontcache_refused = rw_flags & DONTCACHE != 0
        && mode_of(fd) == libc::S_IFREG
        && file_flags & libc::O_ACCMODE != libc::O_WRONLY
        && refuses(fd, false, END, DONTCACHE);
    let atomic_refused = rw_flags & ATOMIC != 0 && !(write && writes_atomically(fd, file_flags));
    if dontcache_refused || atomic_refused {
        return Err(-libc::EOPNOTSUPP);
    }
    if rw_flags & (APPEND | NOAPPEND) == APPEND | NOAPPEND {
        return Err(-libc::EINVAL);
    }
    Ok(())
}

/// A file that does not know `RWF_NOWAIT` at all refuses it in io_submit. One that knows it for other requests says so in the event, where io_uring
/// has -EAGAIN: whether it is one of these.
pub(crate) fn refuses_nowait(rw_flags: u32, write: bool, fd: c_int, file_flags: c_int) -> Result<bool, c_int> {
    if rw_flags & NOWAIT == 0 {
        return Ok(false);
    }
    let offset = match mode_of(fd) {
        libc::S_IFREG | libc::S_IFBLK => END,
        libc::S_IFIFO => -1,
        libc::S_IFSOCK if !sockets_know_nowait() => return Err(-libc::EOPNOTSUPP),
        // Nothing is moved, but it may be lost.
        _ => return Ok(false),
    };
    if file_flags & libc::O_ACCMODE != libc::O_WRONLY && refuses(fd, false, offset, NOWAIT) {
        return Err(-libc::EOPNOTSUPP);
    }
    Ok(write && refuses(fd, true, offset, NOWAIT))
}

/// Whether sockets can be told not to wait: all or none, by the kernel. The program's own is not asked, because a datagram that is read to nowhere
/// is gone.
fn sockets_know_nowait() -> bool {
    static KNOW: Known = Known::new();
    KNOW.get(|| UnixStream::pair().is_ok_and(|(socket, _)| !refuses(socket.as_raw_fd(), false, -1, NOWAIT)))
}

/// Where no file has data.
const END: libc::off_t = libc::off_t::MAX - 1;

/// Whether a file refuses a flag, which it says before it finds that there is no buffer.
fn refuses(fd: c_int, write: bool, offset: libc::off_t, flag: u32) -> bool {
    let vector = libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 1 };
    // SAFETY: a vector of this frame. Nothing is moved to or from nowhere.
    let ret = unsafe {
        let call = if write { libc::pwritev2 } else { libc::preadv2 };
        call(fd, &vector, 1, offset, flag as c_int)
    };
    ret < 0 && std::io::Error::last_os_error().raw_os_error() == Some(libc::EOPNOTSUPP)
}

/// Whether the kernel knows a flag that does not depend on the file.
fn kernel_knows(flag: u32) -> bool {
    /// Flags that were asked about, and in the upper half those of them that are not known. A hint to all: relaxed.
    static ASKED: AtomicU32 = AtomicU32::new(0);
    let asked = ASKED.load(Ordering::Relaxed);
    if asked & flag != 0 {
        return asked & flag << 16 == 0;
    }
    let Ok(file) = std::fs::File::open("/proc/self/exe") else { return true };
    let known = !refuses(file.as_raw_fd(), false, END, flag);
    ASKED.fetch_or(if known { flag } else { flag | flag << 16 }, Ordering::Relaxed);
    known
}

fn writes_atomically(fd: c_int, file_flags: c_int) -> bool {
    /// Since 6.11.
    const STATX_WRITE_ATOMIC: u32 = 0x10000;
    // SAFETY: a structure of zeros, and a call that fills it.
    unsafe {
        let mut stat: libc::statx = std::mem::zeroed();
        file_flags & libc::O_DIRECT != 0
            && libc::statx(fd, c"".as_ptr(), libc::AT_EMPTY_PATH, STATX_WRITE_ATOMIC, &mut stat) == 0
            && stat.stx_mask & STATX_WRITE_ATOMIC != 0
            && stat.stx_atomic_write_unit_max != 0
    }
}
