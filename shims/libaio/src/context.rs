//! Contexts: making and ending them, and the requests of each.

use crate::abi::IoEvent;
use crate::at_once::Pace;
use crate::attendance::Attendance;
use crate::registry::{self, Found};
use crate::resfd::LastEventfd;
use crate::ring::{AioRing, NEXT_ID};
use crate::streams::{Streams, Transfer};
use crate::switches::Switches;
use libc::c_int;
use oxiring_aio::file::Eventfd;
use oxiring_aio::{lock, Event, Req, Sink};
use std::cell::UnsafeCell;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A request of the engine's for an iocb.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Request {
    /// First, so that the engine's pointer is ours.
    pub(crate) req: UnsafeCell<Req>,
    /// The iocb's address while it is in flight, or 0. Written under the pool's lock.
    obj: AtomicU64,
    /// Cancellers that look at it: it serves nobody else meanwhile. Under the pool's lock.
    pins: AtomicU32,
    /// The bytes that a write writes which was handed over, from and to; nothing for all others. Written before the write is counted by
    /// [`Pace`], and read when some are: relaxed.
    handed: [AtomicU64; 2],
    /// A write or sync of a disk's, which has to be over before the process ends. Relaxed: who looks at it waits anyway.
    writes: AtomicBool,
    own: UnsafeCell<Own>,
}

/// What is written before the request is submitted, and read when it is over.
#[derive(Debug, Default)]
pub(crate) struct Own {
    pub(crate) data: u64,
    pub(crate) means: Means,
    pub(crate) resfd: Option<Arc<Eventfd>>,
    /// A write that others wait for, see [`Pace`].
    pub(crate) handed: bool,
    /// Of a pipe or a socket.
    pub(crate) transfer: Option<Box<Transfer>>,
}

impl Own {
    fn event(&self, obj: u64, res: i32) -> IoEvent {
        let res = self.transfer.as_ref().map_or(res, |transfer| transfer.result(res));
        IoEvent { data: self.data, obj, res: self.means.res(res).into(), res2: 0 }
    }
}

/// What a result of io_uring's is in kernel AIO.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Means {
    #[default]
    Itself,
    /// A poll that was cancelled has no events to tell of.
    Poll,
    /// -EAGAIN stands for -EOPNOTSUPP.
    NowaitRefused,
}

impl Means {
    fn res(self, res: i32) -> i32 {
        match self {
            Self::Poll if res == -libc::ECANCELED => 0,
            Self::NowaitRefused if res == -libc::EAGAIN => -libc::EOPNOTSUPP,
            _ => res,
        }
    }
}

impl Request {
    /// What the engine is given: of the whole, of which it knows the beginning.
    pub(crate) fn for_engine(&self) -> *mut Req {
        std::ptr::from_ref(self).cast_mut().cast()
    }

    /// What is needed when it is over.
    ///
    /// # Safety
    ///
    /// The caller has the request, which is not in flight.
    pub(crate) unsafe fn describe(&self, own: Own, writes: bool) {
        // SAFETY: the caller's promise.
        unsafe { *self.own.get() = own };
        self.writes.store(writes, Ordering::Relaxed);
    }

    /// It is a write that is done later, and what reads or writes the same bytes waits for it.
    ///
    /// # Safety
    ///
    /// As for [`describe`](Self::describe).
    pub(crate) unsafe fn hand_over(&self, shared: &Shared, range: (u64, u64)) {
        // SAFETY: the caller's promise.
        unsafe { (*self.own.get()).handed = true };
        self.handed[0].store(range.0, Ordering::Relaxed);
        self.handed[1].store(range.1, Ordering::Relaxed);
        shared.pace.hand();
    }

    /// What it was handed over with overlaps with these bytes.
    fn is_handed(&self, range: (u64, u64)) -> bool {
        self.handed[0].load(Ordering::Relaxed) < range.1 && range.0 < self.handed[1].load(Ordering::Relaxed)
    }

    /// # Safety
    ///
    /// As for [`describe`](Self::describe).
    pub(crate) unsafe fn set_transfer(&self, transfer: Box<Transfer>) {
        // SAFETY: the caller's promise.
        unsafe { (*self.own.get()).transfer = Some(transfer) };
    }

    /// # Safety
    ///
    /// As for [`describe`](Self::describe), for as long as the transfer is used.
    #[expect(clippy::mut_from_ref, reason = "the caller has the request")]
    pub(crate) unsafe fn transfer(&self) -> Option<&mut Transfer> {
        // SAFETY: the caller's promise.
        unsafe { (*self.own.get()).transfer.as_deref_mut() }
    }
}

/// A context's requests and their events.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) ring: AioRing,
    requests: Box<[Request]>,
    /// Those that serve nobody.
    free: Mutex<Vec<u32>>,
    eventfd: Mutex<Option<LastEventfd>>,
    pub(crate) attendance: Attendance,
    pub(crate) pace: Pace,
    pub(crate) streams: Streams,
    _charge: Charge,
}

// SAFETY: the cells of a request are its submitter's, and then of who completes it; the engine is in between.
unsafe impl Sync for Shared {}
// SAFETY: as above.
unsafe impl Send for Shared {}

/// Between two looks whether writes are done.
const AGAIN: Duration = Duration::from_micros(200);

impl Shared {
    fn new(nr_events: u32, charge: Charge) -> Result<Self, c_int> {
        let ring = AioRing::new(nr_events, NEXT_ID.fetch_add(1, Ordering::Relaxed))?;
        let nr = ring.capacity();
        let mut requests = Vec::new();
        let mut free = Vec::new();
        requests.try_reserve_exact(nr as usize).map_err(|_| -libc::ENOMEM)?;
        free.try_reserve_exact(nr as usize).map_err(|_| -libc::ENOMEM)?;
        requests.extend((0..nr).map(|_| Request {
            // SAFETY: zeros are values of all members.
            req: UnsafeCell::new(unsafe { std::mem::zeroed() }),
            obj: AtomicU64::new(0),
            pins: AtomicU32::new(0),
            handed: [const { AtomicU64::new(0) }; 2],
            writes: AtomicBool::new(false),
            own: UnsafeCell::default(),
        }));
        let requests: Box<[Request]> = requests.into();
        for request in &*requests {
            // SAFETY: where it stays.
            unsafe { Req::init(request.req.get()) };
        }
        free.extend((0..nr).rev());
        Ok(Self {
            ring,
            requests,
            free: Mutex::new(free),
            eventfd: Mutex::default(),
            attendance: Attendance::default(),
            pace: Pace::default(),
            streams: Streams::default(),
            _charge: charge,
        })
    }

    /// Whether this thread may issue requests itself.
    pub(crate) fn is_attended(&self) -> bool {
        self.attendance.is_steady() && !Switches::get().ring_filled
    }

    pub(crate) fn eventfd(&self, fd: c_int) -> Result<Arc<Eventfd>, c_int> {
        LastEventfd::get(&mut lock(&self.eventfd), fd)
    }

    /// A request for one more iocb: -EAGAIN when there may be no place for its event.
    pub(crate) fn get(&self, obj: u64) -> Result<&Request, c_int> {
        let mut free = lock(&self.free);
        let in_flight = self.requests.len() - free.len();
        if in_flight as u32 + self.ring.unread() >= self.ring.capacity() {
            return Err(-libc::EAGAIN);
        }
        let request = &self.requests[free.pop().ok_or(-libc::EAGAIN)? as usize];
        request.obj.store(obj, Ordering::Relaxed);
        Ok(request)
    }

    pub(crate) fn request(&self, index: u32) -> &Request {
        &self.requests[index as usize]
    }

    pub(crate) fn index(&self, request: &Request) -> u32 {
        // SAFETY: both in the same slice.
        unsafe { std::ptr::from_ref(request).offset_from(self.requests.as_ptr()) as u32 }
    }

    /// The request was not accepted.
    pub(crate) fn put_back(&self, request: &Request) {
        self.end(request, |_| {});
    }

    /// A request serves nobody any more: what was known of it. What is done before it can serve another is done with the lock held.
    fn end(&self, request: &Request, before: impl FnOnce(&Own)) -> Own {
        // SAFETY: the caller has the request.
        let own = unsafe { std::mem::take(&mut *request.own.get()) };
        if own.handed {
            request.handed[1].store(0, Ordering::Relaxed);
            self.pace.handed_is_done();
        }
        let mut free = lock(&self.free);
        if let Some(transfer) = &own.transfer {
            // Its number is still nobody else's, and a pipe that nobody needs any more is closed before anybody knows of the event. The next one's
            // has to wait for the lock.
            self.streams.advance(transfer, self.index(request));
        }
        before(&own);
        request.obj.store(0, Ordering::Relaxed);
        if request.pins.load(Ordering::Relaxed) == 0 {
            free.push(self.index(request));
        }
        own
    }

    /// A request that the engine does not have is over, with an event.
    pub(crate) fn end_in_ring(&self, engine: &oxiring_aio::Context, request: &Request, res: i32) {
        let mut finished = Finished::new(self);
        finished.put(request, res);
        finished.end();
        engine.notify();
    }

    /// A request that is over: its event.
    pub(crate) fn finish(&self, request: &Request, res: i32) -> IoEvent {
        let obj = request.obj.load(Ordering::Relaxed);
        self.end(request, |_| {}).event(obj, res)
    }

    /// A request that is over, and whose event comes through the ring: the eventfd to be counted up.
    fn finish_in_ring(&self, request: &Request, res: i32) -> Option<Arc<Eventfd>> {
        let obj = request.obj.load(Ordering::Relaxed);
        // Its place in the ring is taken before another request can ask for one.
        self.end(request, |own| self.ring.put(own.event(obj, res))).resfd
    }

    /// Whether a write that was handed over overlaps with these bytes. Of which file they are is not asked.
    pub(crate) fn has_handed(&self, range: (u64, u64)) -> bool {
        !self.pace.none_is_handed() && self.requests.iter().any(|request| request.is_handed(range))
    }

    /// Sleeps until there is no such write any more.
    pub(crate) fn wait_for_handed(&self, context: &Found, range: (u64, u64)) {
        while self.has_handed(range) {
            // Perhaps nobody else does.
            context.engine.poll();
            std::thread::sleep(AGAIN);
        }
    }

    /// Whether there are requests that change what is on a disk.
    pub(crate) fn waits_for_disk(&self) -> bool {
        let waits =
            |request: &Request| request.obj.load(Ordering::Relaxed) != 0 && request.writes.load(Ordering::Relaxed);
        self.requests.iter().any(waits)
    }

    /// The request in flight for an iocb, which does not become another's while the caller looks at it.
    pub(crate) fn find(&self, obj: u64) -> Option<Pinned<'_>> {
        let _free = lock(&self.free);
        let request = self.requests.iter().find(|request| request.obj.load(Ordering::Relaxed) == obj)?;
        request.pins.fetch_add(1, Ordering::Relaxed);
        Some(Pinned { shared: self, request })
    }
}

/// A request that stays what it is, though it may end.
pub(crate) struct Pinned<'a> {
    shared: &'a Shared,
    request: &'a Request,
}

impl Deref for Pinned<'_> {
    type Target = Request;

    fn deref(&self) -> &Request {
        self.request
    }
}

impl Drop for Pinned<'_> {
    fn drop(&mut self) {
        let mut free = lock(&self.shared.free);
        let last = self.request.pins.fetch_sub(1, Ordering::Relaxed) == 1;
        if last && self.request.obj.load(Ordering::Relaxed) == 0 {
            free.push(self.shared.index(self.request));
        }
    }
}

/// The engine's events, on their way to the `aio_ring`.
#[derive(Debug)]
struct ToRing(Arc<Shared>);

impl Sink for ToRing {
    fn put(&self, events: &[Event]) {
        let mut finished = Finished::new(&self.0);
        for event in events {
            // SAFETY: a request begins with what the engine knows of it, and is not with the engine any more.
            let request = unsafe { &*event.req.cast::<Request>() };
            // SAFETY: as above.
            let transfer = unsafe { request.transfer() };
            let goes_on =
                transfer.is_some_and(|transfer| self.0.streams.goes_on(transfer, event.res, self.0.index(request)));
            if !goes_on {
                finished.put(request, event.res);
            }
        }
        finished.end();
    }
}

/// Requests that end one after the other.
pub(crate) struct Finished<'a> {
    shared: &'a Shared,
    any: bool,
    /// The last eventfd, and by how much it is to be counted up.
    count: Option<(Arc<Eventfd>, u64)>,
}

impl<'a> Finished<'a> {
    pub(crate) fn new(shared: &'a Shared) -> Self {
        Self { shared, any: false, count: None }
    }

    /// The event can be reaped from now on.
    pub(crate) fn put(&mut self, request: &Request, res: i32) {
        let resfd = self.shared.finish_in_ring(request, res);
        self.any = true;
        let Some(resfd) = resfd else { return };
        match &mut self.count {
            Some((last, nr)) if Arc::ptr_eq(last, &resfd) => *nr += 1,
            _ => {
                if let Some((last, nr)) = self.count.replace((resfd, 1)) {
                    last.count(nr);
                }
            }
        }
    }

    /// Who waits is told of the last ones by their eventfds; whether there were any.
    pub(crate) fn end(&mut self) -> bool {
        if let Some((eventfd, nr)) = self.count.take() {
            eventfd.count(nr);
        }
        std::mem::take(&mut self.any)
    }
}

/// Events that the contexts of a process were asked for, as the kernel counts them against `aio-max-nr`; no lock, which a child might find taken.
///
/// | bits | meaning |
/// |---|---|
/// | 0–31 | how many |
/// | 32–63 | the number of the process: a child has none of its parent's contexts |
///
/// A count and nothing else, so all accesses are relaxed.
static CHARGED: AtomicU64 = AtomicU64::new(0);

/// What a context was asked for, as long as it exists.
#[derive(Debug)]
struct Charge(u32);

impl Charge {
    /// -EAGAIN beyond the limit. The kernel's counts all processes; those that use this library are not in it.
    fn new(nr_events: u32) -> Result<Self, c_int> {
        let limit = std::fs::read_to_string("/proc/sys/fs/aio-max-nr").ok().and_then(|limit| limit.trim().parse().ok());
        let limit: u64 = limit.unwrap_or(65536);
        let process = u64::from(oxiring_aio::process()?) << 32;
        let charge = |charged: u64| {
            let nr = if charged >> 32 == process >> 32 { charged & 0xffff_ffff } else { 0 } + u64::from(nr_events);
            (nr <= limit.min(u32::MAX.into())).then_some(process | nr)
        };
        CHARGED
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, charge)
            .map(|_| Self(nr_events))
            .map_err(|_| -libc::EAGAIN)
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        // A context ends in the process that made it.
        CHARGED.fetch_sub(self.0.into(), Ordering::Relaxed);
    }
}

/// Ends a context that nobody knows.
fn end(engine: &'static oxiring_aio::Context) {
    let _ = engine.enter().and_then(oxiring_aio::Context::exit);
}

/// `io_setup`: the address.
pub(crate) fn setup(nr_events: u32) -> Result<usize, c_int> {
    Switches::get();
    let shared = Arc::new(Shared::new(nr_events, Charge::new(nr_events)?)?);
    let sink = Arc::new(ToRing(Arc::clone(&shared)));
    let engine = oxiring_aio::Context::with_sink(shared.ring.capacity(), 0, Some(sink))
        .and_then(|engine| engine.need_issuer().map(|()| engine).inspect_err(|_| end(engine)))
        // -EAGAIN says that there are too many events, and this that the kernel's AIO has to do.
        .map_err(|_| -libc::ENOMEM)
        .inspect_err(|_| shared.ring.unmap_user())?;
    let address = shared.ring.address();
    registry::add(address, engine, Arc::into_raw(shared).cast_mut());
    Ok(address)
}

/// `io_destroy`.
pub(crate) fn destroy(found: Found) -> Result<(), c_int> {
    if !registry::remove(&found) {
        return Err(-libc::EINVAL);
    }
    for index in found.shared.streams.close() {
        // Its turn does not come any more.
        found.shared.put_back(found.shared.request(index));
    }
    let shared = std::ptr::from_ref(found.shared);
    oxiring_aio::Context::exit(found.call)?;
    // SAFETY: from `setup`, and after the last call nobody looks at it.
    let shared = unsafe { Arc::from_raw(shared) };
    shared.ring.unmap_user();
    Ok(())
}
