//! The thread that issues what the threads of the program should not issue themselves.
//!
//! There is one for the process, made on first need; it has a ring that only it uses, and outlives every thread that submits. A thread that submits
//! leaves its batch in the mailbox, wakes the issuer, and waits until the kernel has taken the batch, so that a file may be
//! closed, or a vector reused, as soon as submit returns.

use crate::context::Context;
use crate::file::eventfd;
use crate::futex;
use crate::held;
use crate::ring::{cancellation, drain, lock, make, submit_all, OWN, TAGS};
use crate::spin::Spin;
use crate::submit::Ready;
use crate::table::Slot;
use crate::witness::Witness;
use libc::c_int;
use oxiring::op;
use oxiring::ring::calls::Direct;
use oxiring::ring::types::io_uring;
use oxiring::ring::{setup, Ring};
use oxiring::uapi::*;
use std::cell::UnsafeCell;
use std::os::fd::{AsRawFd, OwnedFd};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering};
use std::sync::Mutex;
use std::thread::JoinHandle;

/// SQEs, and CQEs before the kernel has to set some aside.
const ENTRIES: u32 = 256;
const CQ_ENTRIES: u32 = 4096;

/// Bytes of stack, for code of the library's only.
pub(crate) const STACK: usize = 256 << 10;

/// user_data of the issuer's own requests, all below `ring::OWN`. The polls of contexts' rings follow, by their number.
const NOTHING: u64 = 0;
const AGAIN: u64 = 1;
const WAKE: u64 = 2;
const WATCH: u64 = 3;

/// Nanoseconds until a cancellation is tried again: the first time half of that more, then longer.
const FIRST_PAUSE: i64 = 500_000;
const LAST_PAUSE: i64 = 64_000_000;

static ISSUER: AtomicPtr<Issuer> = AtomicPtr::new(null_mut());

/// A batch, in the frame of the thread that waits for it.
struct Batch {
    ready: *const Ready<'static>,
    nr: usize,
    taken: *const AtomicU32,
}

enum Command {
    Issue(Batch),
    /// Cancels the request of this name.
    Cancel(u64),
    /// Reaps the ring of a context when it is readable.
    Watch(&'static Context, c_int),
    /// The context ends.
    Forget(&'static Context, *const AtomicU32),
}

// SAFETY: what a command points to stays until the thread that sent it was told that it was taken.
unsafe impl Send for Command {}

/// The issuer, for the threads that need it.
pub(crate) struct Issuer {
    mailbox: Mutex<Vec<Command>>,
    /// It sleeps, or is about to; who clears it wakes it.
    asleep: AtomicBool,
    eventfd: OwnedFd,
    /// Of those who wait for it.
    spin: Spin,
    /// The thread's, once there is one.
    ring: Box<UnsafeCell<io_uring>>,
    /// [`NO_THREAD`], [`STARTING`], [`RUNNING`].
    thread: AtomicU32,
    /// Files in the table of the ring.
    pub(crate) files: held::Table,
}

const NO_THREAD: u32 = 0;
const STARTING: u32 = 1;
const RUNNING: u32 = 2;

// SAFETY: the ring is used by the thread alone.
unsafe impl Sync for Issuer {}
// SAFETY: as above.
unsafe impl Send for Issuer {}

/// In a child there is no issuer: the parent's thread was not copied. Its descriptors are left alone, because their numbers may be the program's
/// by now.
pub(crate) fn forget() {
    ISSUER.store(null_mut(), Ordering::Release);
}

impl Issuer {
    /// Sees to it that the issuer has what it needs but for the thread: -ENOSYS and -EPERM where there is no io_uring, -EMFILE, -ENFILE,
    /// -ENOMEM.
    pub(crate) fn prepare() -> Result<&'static Self, c_int> {
        let made = crate::sync::get_or_make(&ISSUER, Self::new, |loser| loser.undo())?;
        // SAFETY: it stays for as long as the process.
        Ok(unsafe { &*made.as_ptr() })
    }

    /// The issuer at work: -EAGAIN when there can be no thread.
    pub(crate) fn get() -> Result<&'static Self, c_int> {
        let issuer = Self::prepare()?;
        loop {
            // Acquire: pairs with the store of who started the thread.
            match issuer.thread.load(Ordering::Acquire) {
                RUNNING => return Ok(issuer),
                STARTING => {
                    futex::wait(&issuer.thread, STARTING, None);
                }
                _ => issuer.start()?,
            }
        }
    }

    /// Starts the thread, unless another does.
    fn start(&'static self) -> Result<(), c_int> {
        let mine = self.thread.compare_exchange(NO_THREAD, STARTING, Ordering::AcqRel, Ordering::Relaxed);
        if mine.is_err() {
            return Ok(());
        }
        let spawned = spawn("io_uring-aio", STACK, move || run(self));
        self.thread.store(if spawned.is_ok() { RUNNING } else { NO_THREAD }, Ordering::Release);
        futex::wake(&self.thread, u32::MAX >> 1);
        spawned.map(|_| ())
    }

    /// The issuer, if its thread was needed before.
    pub(crate) fn there_is() -> Option<&'static Self> {
        // SAFETY: as above.
        let issuer = unsafe { ISSUER.load(Ordering::Acquire).as_ref() }?;
        (issuer.thread.load(Ordering::Acquire) == RUNNING).then_some(issuer)
    }

    fn new() -> Result<Box<Self>, c_int> {
        let ring = make(ENTRIES, CQ_ENTRIES)?;
        let eventfd = eventfd().inspect_err(|_| end(&ring))?;
        // SAFETY: set up above.
        let ring_fd = unsafe { (*ring.get()).ring_fd };
        Ok(Box::new(Self {
            mailbox: Mutex::default(),
            asleep: AtomicBool::new(false),
            eventfd,
            spin: Spin::default(),
            ring,
            thread: AtomicU32::new(NO_THREAD),
            files: held::Table::new(ring_fd),
        }))
    }

    /// Ends what has no thread.
    fn undo(self) {
        end(&self.ring);
    }

    fn send(&self, command: Command) {
        lock(&self.mailbox).push(command);
        // Sequentially consistent, as in `Thread::sleep`: either it finds the command or this finds it asleep.
        if self.asleep.swap(false, Ordering::SeqCst) {
            self.wake();
        }
    }

    pub(crate) fn wake(&self) {
        let one = 1u64;
        // SAFETY: eight bytes of this frame.
        unsafe { libc::write(self.eventfd.as_raw_fd(), (&raw const one).cast(), size_of_val(&one)) };
    }

    fn wait_until(&self, taken: &AtomicU32) {
        // Acquire: pairs with `take`.
        if self.spin.look(|| taken.load(Ordering::Acquire) == TAKEN)
            || taken.compare_exchange(0, SLEEPING, Ordering::AcqRel, Ordering::Acquire).is_err()
        {
            return;
        }
        while taken.load(Ordering::Acquire) != TAKEN {
            futex::wait(taken, SLEEPING, None);
        }
    }

    /// Has a batch issued, and waits until the kernel has taken it.
    pub(crate) fn issue(&self, ready: &[Ready<'static>]) {
        let taken = AtomicU32::new(0);
        self.send(Command::Issue(Batch { ready: ready.as_ptr(), nr: ready.len(), taken: &raw const taken }));
        self.wait_until(&taken);
    }

    pub(crate) fn cancel(&self, name: u64) {
        self.send(Command::Cancel(name));
    }

    pub(crate) fn watch(&self, context: &'static Context, fd: c_int) {
        self.send(Command::Watch(context, fd));
    }

    /// The context, which has no request left, is about to end.
    pub(crate) fn forget(&self, context: &'static Context) {
        let taken = AtomicU32::new(0);
        self.send(Command::Forget(context, &raw const taken));
        self.wait_until(&taken);
    }
}

/// Ends a ring that nobody uses.
fn end(ring: &UnsafeCell<io_uring>) {
    // SAFETY: set up by `Issuer::new`.
    unsafe { setup::queue_exit::<Direct>(Ring::from_raw(ring.get())) };
}

/// What the issuer says of what it was given, in a word of who waits for that.
///
/// | value | meaning |
/// |---|---|
/// | 0 | nothing yet |
/// | [`TAKEN`] | it has it |
/// | [`SLEEPING`] | nothing yet, and the thread sleeps on the word |
const TAKEN: u32 = 1;
const SLEEPING: u32 = 2;

/// Tells the thread that waits; its frame may be gone after the store.
fn take(taken: *const AtomicU32) {
    // Release: pairs with the loads in `wait_until`.
    // SAFETY: the thread waits for this.
    if unsafe { (*taken).swap(TAKEN, Ordering::AcqRel) } == SLEEPING {
        futex::wake(taken, 1);
    }
}

/// A thread of the library's: no signal of the program is delivered to it.
pub(crate) fn spawn(name: &str, stack: usize, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, c_int> {
    // SAFETY: two sets of this frame.
    unsafe {
        let mut all = std::mem::zeroed();
        let mut old = std::mem::zeroed();
        libc::sigfillset(&mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut old);
        let thread = std::thread::Builder::new().name(name.to_owned()).stack_size(stack).spawn(body);
        libc::pthread_sigmask(libc::SIG_SETMASK, &old, null_mut());
        thread.map_err(|error| -error.raw_os_error().unwrap_or(libc::EAGAIN))
    }
}

/// What is the issuer thread's own.
struct Thread {
    issuer: &'static Issuer,
    /// Empty between turns, for their memory.
    commands: Vec<Command>,
    taken: Vec<*const AtomicU32>,
    contexts: Vec<&'static Context>,
    /// Names of requests that are to be cancelled once more, and when.
    again: Vec<u64>,
    pause: Box<__kernel_timespec>,
    pause_armed: bool,
    watched: Vec<Watched>,
    /// A poll of the eventfd is with the kernel, see [`Thread::sleep_in_ring`].
    eventfd_armed: bool,
    spin: Spin,
    witness: Witness,
}

/// A context whose ring is reaped here.
#[derive(Default)]
struct Watched {
    /// With the descriptor of the ring; `None`: of nobody any more.
    context: Option<(&'static Context, c_int)>,
    /// The kernel will say something of this place. Until then no other context gets it.
    armed: bool,
}

fn run(issuer: &'static Issuer) {
    let mut thread = Thread {
        issuer,
        commands: Vec::new(),
        taken: Vec::new(),
        contexts: Vec::new(),
        again: Vec::new(),
        pause: Box::new(__kernel_timespec { tv_sec: 0, tv_nsec: FIRST_PAUSE }),
        pause_armed: false,
        watched: Vec::new(),
        eventfd_armed: false,
        spin: Spin::default(),
        witness: Witness::default(),
    };
    loop {
        thread.turn();
    }
}

impl Thread {
    fn ring(&self) -> Ring {
        // SAFETY: set up for as long as `self` lives.
        unsafe { Ring::from_raw(self.issuer.ring.get()) }
    }

    /// Room for one SQE.
    fn sqe(&mut self) -> &mut io_uring_sqe {
        loop {
            let sqe = self.ring().get_sqe();
            if !sqe.is_null() {
                // SAFETY: an entry of this thread's.
                return unsafe { &mut *sqe };
            }
            self.submit_all();
        }
    }

    fn submit_all(&mut self) {
        submit_all(self.ring(), || self.reap());
    }

    fn reap(&mut self) {
        let mut readable = Vec::new();
        let mut again = Vec::new();
        let (mut ask, mut woken) = (false, false);
        let mut contexts = std::mem::take(&mut self.contexts);
        // They are told when their events are in the queue, once for several in a row.
        let told = |context: &'static Context| {
            if !contexts.last().is_some_and(|&last| std::ptr::eq(last, context)) {
                contexts.push(context);
            }
        };
        drain(self.ring(), told, |cqe| match cqe.user_data {
            NOTHING => {}
            AGAIN => ask = true,
            WAKE => woken = true,
            watch if watch < OWN => readable.push((watch - WATCH) as usize),
            // It may be on its way into the device or out of it, or be just being woken.
            cancellation if cqe.res < 0 => again.push(cancellation & !TAGS),
            _ => {}
        });
        for context in contexts.drain(..) {
            context.notify();
        }
        self.contexts = contexts;
        self.eventfd_armed &= !woken;
        self.ask_again(again, ask);
        for index in readable {
            self.watched[index].armed = false;
            if let Some((context, _)) = self.watched[index].context {
                self.poll(index);
                context.reap();
            }
        }
    }

    /// Does what it was told, and what was completed.
    fn turn(&mut self) {
        let mut commands = std::mem::take(&mut self.commands);
        std::mem::swap(&mut commands, &mut *lock(&self.issuer.mailbox));
        let idle = commands.is_empty();
        let mut taken = std::mem::take(&mut self.taken);
        let mut forgotten = Vec::new();
        for command in commands.drain(..) {
            match command {
                Command::Issue(batch) => {
                    // SAFETY: the thread that sent it waits.
                    for ready in unsafe { std::slice::from_raw_parts(batch.ready, batch.nr) } {
                        *self.sqe() = ready.run();
                    }
                    taken.push(batch.taken);
                }
                Command::Cancel(slot) => *self.sqe() = cancellation(slot),
                Command::Watch(context, fd) => self.watch(context, fd),
                Command::Forget(context, done) => {
                    self.unwatch(context);
                    forgotten.push((context, done));
                }
            }
        }
        self.submit_all();
        for taken in taken.drain(..) {
            take(taken);
        }
        (self.commands, self.taken) = (commands, taken);
        self.reap();
        // By now all that was asked for the context is answered.
        for (context, done) in forgotten {
            // SAFETY: as in `ask_again`.
            self.again.retain(|&name| !std::ptr::eq(Context::of(unsafe { Slot::of_name(name) }), context));
            take(done);
        }
        // What was completed may have led to requests, which are submitted first.
        if idle && self.ring().sq_ready() == 0 {
            self.sleep();
        }
    }

    /// Remembers the requests whose cancellation found nothing to cancel, and asks again when it is `time`, more and more seldom. For as
    /// long as such a request is open, that it was asked to end stands in its word.
    fn ask_again(&mut self, again: Vec<u64>, time: bool) {
        self.again.extend(again);
        // A canceller that waits asks as well, so a name may have come more than once.
        self.again.sort_unstable();
        self.again.dedup();
        self.again.retain(|&name| {
            // SAFETY: a context has its names forgotten before its table goes.
            let slot = unsafe { Slot::of_name(name) };
            let word = slot.word();
            word.is_asked() && slot.name(word) == name
        });
        if time {
            self.pause_armed = false;
            // They stay until they are over, so that the pause grows.
            for at in 0..self.again.len() {
                *self.sqe() = cancellation(self.again[at]);
            }
        }
        if self.again.is_empty() {
            self.pause.tv_nsec = FIRST_PAUSE;
        } else if !self.pause_armed {
            self.pause_armed = true;
            self.pause.tv_nsec = (2 * self.pause.tv_nsec).min(LAST_PAUSE);
            let pause = &raw const *self.pause;
            let sqe = self.sqe();
            // SAFETY: an SQE; the time stays where it is.
            unsafe { op::prep_timeout(sqe, pause, 0, 0) };
            sqe.user_data = AGAIN;
        }
    }

    fn place_of(&self, context: &'static Context) -> Option<usize> {
        let is_it = |watched: &Watched| watched.context.is_some_and(|(watched, _)| std::ptr::eq(watched, context));
        self.watched.iter().position(is_it)
    }

    fn watch(&mut self, context: &'static Context, fd: c_int) {
        if self.place_of(context).is_none() {
            let free = self.watched.iter().position(|watched| watched.context.is_none() && !watched.armed);
            let index = free.unwrap_or_else(|| {
                self.watched.push(Watched::default());
                self.watched.len() - 1
            });
            self.watched[index].context = Some((context, fd));
            self.poll(index);
        }
        context.reap();
    }

    /// Arms the poll of a watched ring, which looks at once.
    fn poll(&mut self, index: usize) {
        let Some((_, fd)) = self.watched[index].context else { return };
        self.watched[index].armed = true;
        let sqe = self.sqe();
        // SAFETY: an SQE.
        unsafe { op::prep_poll_add(sqe, fd, libc::POLLIN as u32) };
        sqe.user_data = WATCH + index as u64;
    }

    /// Ends the poll, which keeps the ring alive.
    fn unwatch(&mut self, context: &'static Context) {
        let Some(index) = self.place_of(context) else { return };
        self.watched[index].context = None;
        let sqe = self.sqe();
        // SAFETY: an SQE.
        unsafe { op::prep_poll_remove(sqe, WATCH + index as u64) };
        sqe.user_data = NOTHING;
    }

    /// Waits for a command or a completion: by poll(2), because a tool that runs one thread at a time (valgrind) lets the others run only in
    /// system calls that it knows to block.
    fn sleep(&mut self) {
        let ring = self.ring();
        let has_work = || {
            // What the device has done is only completed when the thread enters the kernel.
            ring.get_events();
            ring.cq_ready() != 0 || !lock(&self.issuer.mailbox).is_empty()
        };
        if self.spin.look(has_work) {
            self.reap();
            return;
        }
        self.issuer.asleep.store(true, Ordering::SeqCst);
        if lock(&self.issuer.mailbox).is_empty() {
            // SAFETY: a ring that is set up.
            let ring_fd = unsafe { (*ring.as_ptr()).ring_fd };
            let timeout = self.witness.timeout();
            let mut files = [ring_fd, self.issuer.eventfd.as_raw_fd(), self.witness.fd()].map(|fd| libc::pollfd {
                fd,
                events: libc::POLLIN,
                revents: 0,
            });
            // SAFETY: three entries.
            let polled = unsafe { libc::poll(files.as_mut_ptr(), 3, timeout) };
            if polled == 0 || files[2].revents != 0 {
                self.witness.look();
            }
            if polled < 0 {
                self.sleep_in_ring();
            }
            if polled < 0 || files[1].revents != 0 {
                let mut count = 0u64;
                // SAFETY: eight bytes of this frame. It does not block.
                unsafe { libc::read(self.issuer.eventfd.as_raw_fd(), (&raw mut count).cast(), size_of_val(&count)) };
            }
        }
        self.issuer.asleep.store(false, Ordering::SeqCst);
        self.reap();
    }

    /// Where fewer than three descriptors are allowed (`RLIMIT_NOFILE`) poll(2) fails.
    fn sleep_in_ring(&mut self) {
        if !self.eventfd_armed {
            self.eventfd_armed = true;
            let eventfd = self.issuer.eventfd.as_raw_fd();
            let sqe = self.sqe();
            // SAFETY: an SQE.
            unsafe { op::prep_poll_add(sqe, eventfd, libc::POLLIN as u32) };
            sqe.user_data = WAKE;
        }
        self.ring().submit_and_wait(1);
    }
}
