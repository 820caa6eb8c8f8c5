//! What descriptors are, and eventfds.

use libc::c_int;
use oxiring::raw;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// What a descriptor is for reads and writes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// A regular file or a block device that is open for direct I/O: its driver or its file system completes what was issued, whatever becomes of
    /// the thread that issued it.
    Direct,
    /// A regular file, through the page cache.
    Cached,
    Other,
}

/// `O_LARGEFILE` as the kernel has it, which to libc is 0 on 64 bits. There all files have it that were opened by a name; pipe2(2) makes none that
/// do. 0: not known here.
const LARGEFILE: c_int =
    if cfg!(any(target_arch = "x86_64", target_arch = "riscv64", target_arch = "s390x", target_arch = "loongarch64")) {
        0o100_000
    } else if cfg!(target_arch = "aarch64") {
        0o400_000
    } else {
        0
    };

/// `O_*` of a descriptor, or a negative number for what is none.
#[must_use]
pub fn flags_of(fd: c_int) -> c_int {
    // Asked for each request, and libc's function takes half as long again.
    // SAFETY: asks.
    unsafe { raw::syscall(libc::SYS_fcntl as usize, [fd as usize, libc::F_GETFL as usize, 0, 0, 0, 0]) as c_int }
}

/// What fstat(2) says of a descriptor; zeros for what is none.
fn stat_of(fd: c_int) -> libc::stat {
    // SAFETY: a structure of zeros, which stays so when the call fails.
    unsafe {
        let mut stat = std::mem::zeroed();
        libc::fstat(fd, &mut stat);
        stat
    }
}

/// `S_IF*` of a descriptor and the bytes that the file has; zeros for what is none.
#[must_use]
pub fn mode_and_size_of(fd: c_int) -> (libc::mode_t, u64) {
    let stat = stat_of(fd);
    (stat.st_mode & libc::S_IFMT, stat.st_size as u64)
}

/// The device and the inode of a descriptor's file; zeros for what is none.
#[must_use]
pub fn inode_of(fd: c_int) -> (u64, u64) {
    let stat = stat_of(fd);
    (stat.st_dev, stat.st_ino)
}

/// `S_IF*` of a descriptor, or 0.
#[must_use]
pub fn mode_of(fd: c_int) -> libc::mode_t {
    mode_and_size_of(fd).0
}

/// Whether a descriptor that has these flags is for direct I/O of a regular file or a block device.
#[must_use]
pub fn is_direct(fd: c_int, flags: c_int) -> bool {
    // What else takes the flag is a pipe, for which it means packets. With `LARGEFILE` it can only be one that was opened by its name and got
    // O_DIRECT later: a thread that reads that waits at its end for the data, as it does for every read that it issued itself.
    // SAFETY: moves nothing.
    flags & libc::O_DIRECT != 0 && (flags & LARGEFILE != 0 || unsafe { libc::lseek(fd, 0, libc::SEEK_CUR) } >= 0)
}

/// Asks the kernel, because a number may have become another file's since it was asked last.
pub(crate) fn kind_of(fd: c_int) -> Kind {
    match flags_of(fd) {
        flags if flags < 0 => Kind::Other,
        flags if is_direct(fd, flags) => Kind::Direct,
        flags if flags & libc::O_DIRECT == 0 && mode_of(fd) == libc::S_IFREG => Kind::Cached,
        _ => Kind::Other,
    }
}

/// A descriptor of the library's for a file: -EBADF, -EMFILE.
///
/// Its number is one that a program does not get as a rule: when it has closed what it has not opened, closefrom(3) for example, what the library
/// writes to it must not go to another file that was opened since.
pub fn duplicate(fd: c_int) -> Result<OwnedFd, c_int> {
    /// Half of what there are as a rule.
    const FROM: c_int = 512;
    let mut own = -1;
    for from in [FROM, 0] {
        // SAFETY: duplicates a descriptor.
        own = unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, from) };
        // There may be fewer.
        if own >= 0 || last_error() == libc::EBADF {
            break;
        }
    }
    if own < 0 {
        return Err(-last_error());
    }
    // SAFETY: opened above.
    Ok(unsafe { OwnedFd::from_raw_fd(own) })
}

/// An eventfd that does not block, with such a number: -EMFILE.
pub(crate) fn eventfd() -> Result<OwnedFd, c_int> {
    // SAFETY: opens a descriptor.
    let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
    if fd < 0 {
        return Err(-last_error());
    }
    // SAFETY: opened above.
    let first = unsafe { OwnedFd::from_raw_fd(fd) };
    Ok(duplicate(fd).unwrap_or(first))
}

/// errno.
pub(crate) fn last_error() -> c_int {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EINVAL)
}

/// Whether two descriptors are for the same open file; `None` where the kernel does not say.
#[must_use]
pub fn is_same(fd: c_int, other: c_int) -> Option<bool> {
    // Since 6.10.
    const F_DUPFD_QUERY: c_int = 1024 + 3;
    const KCMP_FILE: c_int = 0;
    // SAFETY: asks.
    let same = unsafe { libc::fcntl(fd, F_DUPFD_QUERY, other) };
    if same >= 0 {
        return Some(same == 1);
    }
    // SAFETY: as above.
    let order = unsafe {
        let process = libc::getpid();
        libc::syscall(libc::SYS_kcmp, process, process, KCMP_FILE, fd, other)
    };
    (order >= 0).then_some(order == 0)
}

/// A descriptor of the library's for an eventfd of the program's, which may close its own.
#[derive(Debug)]
pub struct Eventfd(OwnedFd);

impl Eventfd {
    /// -EBADF, -EMFILE, -EINVAL for what is no eventfd.
    pub fn of(fd: c_int) -> Result<Self, c_int> {
        // What is none is not duplicated: to close a duplicate takes away the process's locks on a file.
        let is_other = |fd: c_int| {
            let name = std::fs::read_link(format!("/proc/self/fd/{fd}"));
            // Without /proc nothing is known.
            name.is_ok_and(|name| !name.to_string_lossy().contains("[eventfd"))
        };
        if is_other(fd) {
            return Err(-libc::EINVAL);
        }
        duplicate(fd).map(Self)
    }

    /// Whether a descriptor of the program's is for the same eventfd: false also where that cannot be found out.
    #[must_use]
    pub fn is_at(&self, fd: c_int) -> bool {
        is_same(self.0.as_raw_fd(), fd) == Some(true)
    }

    /// Counts events.
    pub fn count(&self, events: u64) {
        count(self.0.as_raw_fd(), events);
    }
}

/// Adds to an eventfd.
pub(crate) fn count(eventfd: c_int, events: u64) {
    let mut room = libc::pollfd { fd: eventfd, events: libc::POLLOUT, revents: 0 };
    // A counter that is full says what there is to say, and writing would block.
    // SAFETY: a structure and eight bytes of this frame.
    unsafe {
        // Under a limit of no descriptors (RLIMIT_NOFILE) poll(2) fails.
        let polled = libc::poll(&mut room, 1, 0);
        if polled < 0 || room.revents & libc::POLLOUT != 0 {
            libc::write(eventfd, (&raw const events).cast(), size_of_val(&events));
        }
    }
}
