//! The `aio_ring`: the queue of events that is also memory of the program.
//!
//! It is mapped twice. The program's mapping, whose address is the context, may be moved or unmapped by it; the library uses the other. What the
//! program may write to, head above all, is never trusted: the tail is the library's own, and indices are taken modulo the size.

use crate::abi::{IoEvent, RingHeader, MAGIC};
use crate::user::{self, PAGE};
use libc::{c_int, c_void};
use oxiring_aio::lock;
use std::mem::size_of;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr::{null_mut, NonNull};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::Mutex;

/// The ring of one context.
#[derive(Debug)]
pub(crate) struct AioRing {
    /// The program's mapping, as far as is known.
    user: AtomicUsize,
    id: u32,
    ours: NonNull<RingHeader>,
    bytes: usize,
    nr: u32,
    /// Under this lock events are put.
    tail: Mutex<()>,
    /// The place of the next event: what the header says there is for the program. Release and acquire, as there.
    end: AtomicU32,
    /// Under this lock events are taken by calls.
    taking: Mutex<()>,
}

// SAFETY: the memory is shared by means of atomics and of the locks.
unsafe impl Sync for AioRing {}
// SAFETY: as above.
unsafe impl Send for AioRing {}

/// What is at the beginning of a ring, as it was at one moment.
#[repr(C)]
#[derive(Debug, Default)]
pub(crate) struct Head {
    pub(crate) id: u32,
    pub(crate) nr: u32,
    pub(crate) head: u32,
    pub(crate) tail: u32,
    pub(crate) magic: u32,
    pub(crate) compat_features: u32,
    pub(crate) incompat_features: u32,
    pub(crate) header_length: u32,
}

const _: () = assert!(size_of::<Head>() == size_of::<RingHeader>());

impl Head {
    /// Read by the kernel, for there may be nothing, or nothing any more.
    pub(crate) fn read(address: usize) -> Option<Self> {
        let mut head = Self::default();
        let bytes = size_of::<Self>();
        let here = libc::iovec { iov_base: (&raw mut head).cast(), iov_len: bytes };
        let there = libc::iovec { iov_base: address as *mut c_void, iov_len: bytes };
        // SAFETY: a structure of numbers, of this frame.
        let read = unsafe { libc::process_vm_readv(libc::getpid(), &here, 1, &there, 1, 0) };
        (read == bytes as isize).then_some(head)
    }
}

/// Shared memory, of a descriptor or of none: what mmap(2) says.
fn map(bytes: usize, fd: Option<&OwnedFd>) -> Result<NonNull<RingHeader>, c_int> {
    let anonymous = if fd.is_some() { 0 } else { libc::MAP_ANONYMOUS };
    let (protection, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | anonymous);
    // SAFETY: a mapping of its own.
    pointer(unsafe { libc::mmap(null_mut(), bytes, protection, flags, fd.map_or(-1, AsRawFd::as_raw_fd), 0) })
}

fn pointer(mapped: *mut c_void) -> Result<NonNull<RingHeader>, c_int> {
    NonNull::new(mapped.cast()).filter(|_| mapped != libc::MAP_FAILED).ok_or(-libc::ENOMEM)
}

/// Memory with a descriptor.
fn memory(bytes: usize) -> Result<OwnedFd, c_int> {
    /// Since 6.3.
    const MFD_NOEXEC_SEAL: libc::c_uint = 8;
    for flags in [libc::MFD_CLOEXEC | MFD_NOEXEC_SEAL, libc::MFD_CLOEXEC] {
        // SAFETY: opens a descriptor.
        let fd = unsafe { libc::memfd_create(c"[aio]".as_ptr(), flags) };
        if fd >= 0 {
            // SAFETY: opened above.
            let memory = unsafe { OwnedFd::from_raw_fd(fd) };
            // SAFETY: sets a size.
            let sized = unsafe { libc::ftruncate(fd, bytes as libc::off_t) } == 0;
            return sized.then_some(memory).ok_or(-libc::ENOMEM);
        }
    }
    Err(-libc::ENOMEM)
}

/// Memory that is mapped twice.
fn map_twice(bytes: usize) -> Result<[NonNull<RingHeader>; 2], c_int> {
    let unmap = |first: NonNull<RingHeader>| {
        // SAFETY: mapped below.
        move |_: &c_int| _ = unsafe { libc::munmap(first.as_ptr().cast(), bytes) }
    };
    // Without a file: the process's limit of their size (`RLIMIT_FSIZE`) ends it when one is made. A length of nothing leaves the first where it is.
    let first = map(bytes, None)?;
    // SAFETY: of the mapping above, to where there is none.
    let second = pointer(unsafe { libc::mremap(first.as_ptr().cast(), 0, bytes, libc::MREMAP_MAYMOVE) });
    if let Ok(second) = second.inspect_err(unmap(first)) {
        return Ok([first, second]);
    }
    // valgrind does not know that way.
    let memory = memory(bytes)?;
    let first = map(bytes, Some(&memory))?;
    let second = map(bytes, Some(&memory)).inspect_err(unmap(first))?;
    Ok([first, second])
}

impl AioRing {
    /// A ring with room for twice as many events as are asked for, and as many more as fit, as the kernel makes it.
    pub(crate) fn new(nr_events: u32, id: u32) -> Result<Self, c_int> {
        // SAFETY: asks.
        let processors = unsafe { libc::sysconf(libc::_SC_NPROCESSORS_CONF) }.clamp(1, 1 << 16) as u32;
        let events = 2 * nr_events.max(4 * processors) as usize + 2;
        let bytes = (size_of::<RingHeader>() + events * size_of::<IoEvent>()).next_multiple_of(PAGE);
        let nr = ((bytes - size_of::<RingHeader>()) / size_of::<IoEvent>()) as u32;
        let [user, ours] = map_twice(bytes)?;
        // SAFETY: mapped above.
        unsafe { libc::madvise(ours.as_ptr().cast(), bytes, libc::MADV_DONTFORK) };
        let user = AtomicUsize::new(user.as_ptr() as usize);
        let ring =
            Self { user, id, ours, bytes, nr, tail: Mutex::new(()), end: AtomicU32::new(0), taking: Mutex::new(()) };
        let header = ring.header();
        for (member, value) in [
            (&header.id, id),
            (&header.nr, nr),
            (&header.magic, MAGIC),
            (&header.compat_features, 1),
            (&header.header_length, size_of::<RingHeader>() as u32),
        ] {
            member.store(value, Ordering::Relaxed);
        }
        Ok(ring)
    }

    fn header(&self) -> &RingHeader {
        // SAFETY: mapped for as long as `self` lives.
        unsafe { self.ours.as_ref() }
    }

    /// The program's `io_context_t`.
    pub(crate) fn address(&self) -> usize {
        self.user.load(Ordering::Relaxed)
    }

    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    /// Whether the memory at an address is this ring: what is written here is seen there. Programs may see it as well, for a moment.
    pub(crate) fn is_at(&self, address: usize) -> bool {
        let _tail = lock(&self.tail);
        let compat = &self.header().compat_features;
        let seen = [2, 1].map(|value| {
            compat.store(value, Ordering::SeqCst);
            Head::read(address).is_some_and(|there| there.compat_features == value)
        });
        seen == [true; 2]
    }

    /// The program has moved its mapping.
    pub(crate) fn moved(&self, address: usize) {
        self.user.store(address, Ordering::Relaxed);
    }

    /// Requests that there can be at once, in flight or not read: one place stays empty.
    pub(crate) fn capacity(&self) -> u32 {
        self.nr - 1
    }

    /// Events that were not read.
    pub(crate) fn unread(&self) -> u32 {
        (self.end.load(Ordering::Acquire) + self.nr - self.head()) % self.nr
    }

    fn head(&self) -> u32 {
        // Acquire: the places before it are not read any more.
        self.header().head.load(Ordering::Acquire) % self.nr
    }

    fn place(&self, index: u32) -> *mut IoEvent {
        // SAFETY: inside the mapping.
        unsafe { self.ours.as_ptr().add(1).cast::<IoEvent>().add(index as usize) }
    }

    /// Puts an event. There is a place: its request was only accepted with one.
    pub(crate) fn put(&self, event: IoEvent) {
        let _tail = lock(&self.tail);
        let at = self.end.load(Ordering::Relaxed);
        // SAFETY: under the lock, and readers do not read beyond the tail.
        unsafe { self.place(at).write_volatile(event) };
        let end = (at + 1) % self.nr;
        self.end.store(end, Ordering::Release);
        // Release: who reads the tail reads the event.
        self.header().tail.store(end, Ordering::Release);
    }

    /// Moves up to `max` events to the program's `events`: -EFAULT keeps them.
    pub(crate) fn take(&self, events: *mut IoEvent, max: usize) -> Result<usize, c_int> {
        if max == 0 || self.unread() == 0 {
            return Ok(0);
        }
        let _taking = lock(&self.taking);
        let (head, unread) = (self.head(), self.unread());
        let nr = max.min(unread as usize);
        user::overwritable(events as u64, nr * size_of::<IoEvent>())?;
        for i in 0..nr {
            let from = self.place((head + i as u32) % self.nr);
            // SAFETY: before the tail; and the program's place, of which the kernel was asked.
            unsafe { events.add(i).write_unaligned(from.read_volatile()) };
        }
        // Release: the places are not read any more.
        self.header().head.store((head + nr as u32) % self.nr, Ordering::Release);
        Ok(nr)
    }

    /// Takes the program's mapping away, at the end of the context, unless the program has put something else there.
    pub(crate) fn unmap_user(&self) {
        let address = self.address();
        if self.is_at(address) {
            // SAFETY: made by `new`, or moved from there.
            unsafe { libc::munmap(address as *mut c_void, self.bytes) };
        }
    }
}

impl Drop for AioRing {
    fn drop(&mut self) {
        // SAFETY: made by `new`.
        unsafe { libc::munmap(self.ours.as_ptr().cast(), self.bytes) };
    }
}

/// Numbers of contexts, which are not those of the kernel's.
pub(crate) static NEXT_ID: AtomicU32 = AtomicU32::new(FIRST_ID);
/// The kernel counts from 0.
pub(crate) const FIRST_ID: u32 = 1 << 31;
