//! Threads for what who completes a request may not do: to call the program's functions, or to submit.

use crate::context::Context;
use crate::futex;
use crate::issuer::{spawn, STACK};
use crate::req::complete_fn;
use crate::ring::{lock, soft_limit};
use crate::witness;
use libc::c_int;
use std::collections::VecDeque;
use std::ptr::from_ref;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// Bytes of stack for the program's functions: as for its own threads.
fn stack() -> usize {
    match soft_limit(libc::RLIMIT_STACK) {
        // As for theirs without a limit.
        libc::RLIM_INFINITY => 2 << 20,
        limit => limit as usize,
    }
}

/// What the worker and those who give it work share.
#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<(VecDeque<u32>, bool)>,
    /// Grows with each change of the queue.
    seq: AtomicU32,
}

/// A thread that carries out what it is given, in that order.
#[derive(Debug)]
pub struct Worker {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// A thread that calls `work` with each number that is put: -EAGAIN when there can be none.
    pub fn start(work: impl Fn(u32) + Send + 'static) -> Result<Box<Self>, c_int> {
        Self::with_stack(STACK, work)
    }

    /// The worker of a context, which calls the functions of its requests.
    pub(crate) fn for_context(context: &'static Context) -> Result<Box<Self>, c_int> {
        Self::with_stack(stack(), |index| {
            let slot = context.table().slot(index);
            let res = slot.word().result();
            let function = slot.function.load(Ordering::Relaxed);
            let req = context.table().req(slot);
            // SAFETY: the function of the request, which ends in io_uring_aio_complete().
            witness::call(|| unsafe { complete_fn(function)(from_ref(context), req, res) });
        })
    }

    fn with_stack(stack: usize, work: impl Fn(u32) + Send + 'static) -> Result<Box<Self>, c_int> {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let body = move || {
            while let Some(index) = theirs.next() {
                work(index);
            }
        };
        let starting = witness::starting();
        let thread = spawn("io_uring-aio-wq", stack, || witness::work(starting, body))?;
        Ok(Box::new(Self { shared, thread: Some(thread) }))
    }

    /// Gives the thread a number; it calls nothing of the engine, so a sink may do this.
    pub fn put(&self, index: u32) {
        lock(&self.shared.queue).0.push_back(index);
        self.shared.tell();
    }

    /// Ends the thread when it has done what it has.
    pub fn end(mut self) {
        lock(&self.shared.queue).1 = true;
        self.shared.tell();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn tell(&self) {
        self.seq.fetch_add(1, Ordering::Release);
        futex::wake(&self.seq, 1);
    }

    fn next(&self) -> Option<u32> {
        loop {
            let seq = self.seq.load(Ordering::Acquire);
            {
                let mut queue = lock(&self.queue);
                if let Some(index) = queue.0.pop_front() {
                    return Some(index);
                }
                if queue.1 {
                    return None;
                }
            }
            futex::wait(&self.seq, seq, None);
        }
    }
}
