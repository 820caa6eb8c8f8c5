//! Whether the program still has a thread.
//!
//! A process whose threads all leave by pthread_exit(3) ends with the last of them, but the C library counts the library's threads as well. So the
//! issuer knows of one thread of the program that it lives: of the first, which says so when it leaves, and then of another one, by a
//! descriptor. When there is none the issuer ends the process as the last of them would have. The kernel tells nobody that the first thread
//! has left others behind.

use crate::file::last_error;
use crate::fork;
use crate::issuer::{spawn, Issuer};
use crate::ring::lock;
use libc::{c_int, c_void, pid_t};
use std::fs;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicU32, Ordering};
use std::sync::Mutex;

/// Threads of the library's that call functions of the program's now and then.
#[derive(Debug, Default)]
struct Workers {
    threads: Mutex<Vec<pid_t>>,
    /// Those that may be there and are not in the list. Sequentially consistent: who finds none here finds all there.
    starting: AtomicU32,
    /// Those that do so now. Relaxed: the functions themselves are nothing to who looks at it.
    calling: AtomicU32,
}

static WORKERS: AtomicPtr<Workers> = AtomicPtr::new(null_mut());

impl Workers {
    fn get() -> &'static Self {
        let made = crate::sync::get_or_make(&WORKERS, || Ok(Box::default()), drop);
        // SAFETY: never freed.
        unsafe { made.unwrap_or_else(|_| unreachable!("nothing fails")).as_ref() }
    }
}

/// How it stands with the first thread of the process.
static FIRST: AtomicU32 = AtomicU32::new(UNKNOWN);
/// Of which process that is said.
static PROCESS: AtomicI32 = AtomicI32::new(0);
/// It was not there when the library was loaded, or when the process was forked.
const UNKNOWN: u32 = 0;
const ALIVE: u32 = 1;
const GONE: u32 = 2;

/// Where nobody tells when a thread leaves, which kernels before 6.9 do not, it is looked for this often.
const LOOK_MS: c_int = 1000;
/// The first thread says so when it begins to leave. What the program has it do then takes as long as it takes.
const SOON_MS: c_int = 20;

/// Bytes of stack for the program's exit functions: of no program's thread less.
const EXIT_STACK: usize = 2 << 20;

#[used]
#[link_section = ".init_array"]
static WHEN_LOADED: extern "C" fn() = {
    extern "C" fn loaded() {
        know_first();
    }
    loaded
};

/// If this is the first thread, it will say when it leaves.
fn know_first() {
    unsafe extern "C" fn leaves(_: *mut c_void) {
        FIRST.store(GONE, Ordering::SeqCst);
        // A child that has made no context yet has none, but the parent's as memory.
        if let (true, Some(issuer)) = (fork::current() != 0, Issuer::there_is()) {
            issuer.wake();
        }
    }
    /// 0: none, else one more than the key.
    static KEY: AtomicU32 = AtomicU32::new(0);
    if this_thread() != this_process() {
        return;
    }
    if KEY.load(Ordering::Relaxed) == 0 {
        let mut key = 0;
        // SAFETY: a place for the key, and a function that stays.
        if unsafe { libc::pthread_key_create(&mut key, Some(leaves)) } != 0 {
            return;
        }
        // There is one first thread, and nobody else gets here.
        KEY.store(key + 1, Ordering::Relaxed);
    }
    // SAFETY: a key of the library's. The value says no more than that the thread is to be asked.
    if unsafe { libc::pthread_setspecific(KEY.load(Ordering::Relaxed) - 1, (&raw const KEY).cast()) } == 0 {
        PROCESS.store(this_process(), Ordering::SeqCst);
        FIRST.store(ALIVE, Ordering::SeqCst);
    }
}

fn this_process() -> pid_t {
    // SAFETY: asks.
    unsafe { libc::getpid() }
}

fn this_thread() -> pid_t {
    // SAFETY: asks.
    unsafe { libc::gettid() }
}

/// A worker that is not known yet.
#[derive(Debug)]
pub(crate) struct Starting(());

/// Before a worker is started.
pub(crate) fn starting() -> Starting {
    Workers::get().starting.fetch_add(1, Ordering::SeqCst);
    Starting(())
}

impl Drop for Starting {
    fn drop(&mut self) {
        Workers::get().starting.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Runs a worker.
pub(crate) fn work(starting: Starting, body: impl FnOnce()) {
    let threads = &Workers::get().threads;
    lock(threads).push(this_thread());
    drop(starting);
    body();
    lock(threads).retain(|&thread| thread != this_thread());
}

/// Runs a function of the program's in a worker.
pub(crate) fn call<T>(function: impl FnOnce() -> T) -> T {
    let calling = &Workers::get().calling;
    calling.fetch_add(1, Ordering::Relaxed);
    let result = function();
    calling.fetch_sub(1, Ordering::Relaxed);
    result
}

/// For a process that has made no context yet. A child has no workers, and may have been made while one of its parent's had the lock.
pub(crate) fn forget() {
    WORKERS.store(null_mut(), Ordering::Release);
    if PROCESS.load(Ordering::SeqCst) != this_process() {
        FIRST.store(UNKNOWN, Ordering::SeqCst);
        know_first();
    }
}

/// The thread that the issuer knows of, when it is not the first.
#[derive(Debug, Default)]
pub(crate) struct Witness {
    fd: Option<OwnedFd>,
    /// Milliseconds until the next look; 0 before the first.
    pause: c_int,
}

impl Witness {
    /// Readable when the thread has left; -1 for none.
    pub(crate) fn fd(&self) -> c_int {
        self.fd.as_ref().map_or(-1, AsRawFd::as_raw_fd)
    }

    /// How long the issuer may sleep, in milliseconds or -1; looks for another thread when the first has left.
    pub(crate) fn timeout(&mut self) -> c_int {
        let first = FIRST.load(Ordering::SeqCst);
        if first == GONE && self.pause == 0 {
            self.look();
        }
        match first {
            _ if self.fd.is_some() => -1,
            ALIVE => -1,
            GONE => self.pause,
            _ => LOOK_MS,
        }
    }

    /// Looks for a thread of the program's, and ends the process if there is none.
    pub(crate) fn look(&mut self) {
        self.fd = None;
        self.pause = LOOK_MS;
        let mut times_none = 0;
        // One that has left may have made another that was not there yet when they were listed.
        while times_none < 2 {
            match self.find() {
                Ok(true) => return,
                Ok(false) => times_none += 1,
                Err(()) => times_none = 0,
            }
        }
        if Workers::get().calling.load(Ordering::Relaxed) == 0 {
            // What is called at the end may wait for what the issuer does. It is a thread like the program's: as long as it is there none is
            // made again.
            // SAFETY: what the last thread of a process does.
            let _ = spawn("io_uring-aio", EXIT_STACK, || unsafe { libc::exit(0) });
        }
    }

    /// Whether there is a thread of the program's, which is watched if that can be; an error when one has left meanwhile.
    fn find(&mut self) -> Result<bool, ()> {
        // Where nothing is known the process goes on.
        let Ok(tasks) = fs::read_dir("/proc/self/task") else { return Ok(true) };
        let mut left = false;
        for task in tasks {
            let Ok(task) = task else { return Ok(true) };
            let Some(thread) = task.file_name().to_str().and_then(|name| name.parse::<pid_t>().ok()) else { continue };
            match state(thread) {
                State::OfLibrary => {}
                State::Unknown => return Ok(true),
                // The first is there until the end.
                State::Over => left |= thread != this_process(),
                // Of the first the kernel would tell when all have left.
                State::OfProgram if thread == this_process() => {
                    // It is on its way.
                    self.pause = SOON_MS;
                    return Ok(true);
                }
                State::OfProgram => match watch(thread) {
                    Ok(pidfd) => {
                        self.fd = Some(pidfd);
                        return Ok(true);
                    }
                    Err(libc::ESRCH) => left = true,
                    Err(_) => return Ok(true),
                },
            }
        }
        if left {
            Err(())
        } else {
            Ok(false)
        }
    }
}

enum State {
    /// Of the library's, or of the kernel's.
    OfLibrary,
    OfProgram,
    Over,
    /// There are no descriptors left to look with, say, or it may be a worker.
    Unknown,
}

fn state(thread: pid_t) -> State {
    // It is a thread of the kernel's.
    const PF_IO_WORKER: u64 = 0x10;
    const PF_USER_WORKER: u64 = 0x4000;
    let workers = Workers::get();
    let starting = workers.starting.load(Ordering::SeqCst);
    if thread == this_thread() || lock(&workers.threads).contains(&thread) {
        return State::OfLibrary;
    }
    if starting != 0 {
        return State::Unknown;
    }
    let stat = match fs::read_to_string(format!("/proc/self/task/{thread}/stat")) {
        Ok(stat) => stat,
        Err(error) if matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ESRCH)) => return State::Over,
        Err(_) => return State::Unknown,
    };
    // The name may be anything; after it come the state and, six members later, the flags.
    let Some((_, rest)) = stat.rsplit_once(") ") else { return State::Unknown };
    let mut members = rest.split(' ');
    let is_over = members.next().is_none_or(|state| matches!(state, "Z" | "X"));
    let flags = members.nth(5).and_then(|flags| flags.parse::<u64>().ok()).unwrap_or(0);
    if flags & (PF_IO_WORKER | PF_USER_WORKER) != 0 {
        State::OfLibrary
    } else if is_over {
        State::Over
    } else {
        State::OfProgram
    }
}

/// A descriptor that is readable when a thread is over, or errno.
fn watch(thread: pid_t) -> Result<OwnedFd, c_int> {
    const PIDFD_THREAD: c_int = libc::O_EXCL;
    // SAFETY: opens a descriptor.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, thread, PIDFD_THREAD) };
    if fd < 0 {
        return Err(last_error());
    }
    // SAFETY: opened above.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as c_int) })
}
