//! Reads and writes of pipes and sockets that wait.
//!
//! Kernel AIO is done with each of them before it looks at the next, and a write is over when everything is written. io_uring waits for several at
//! once, of which any may be the first to go on, and a write is over when the pipe is full. So for each descriptor and direction the engine
//! has one at a time, and what is left of a write once more until nothing is. A thread sees to that, because who completes a request may
//! not submit another.

use crate::at_once::vectors_of;
use crate::context::{Request, Shared};
use crate::iocb::MAX_RW_COUNT;
use libc::{c_int, iovec};
use oxiring::op;
use oxiring::uapi::{io_uring_sqe, IORING_OP_WRITE, IORING_OP_WRITEV};
use oxiring_aio::file::{duplicate, inode_of, is_same, mode_of};
use oxiring_aio::{lock, Context, Worker};
use std::collections::VecDeque;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Mutex;

/// A read or a write on its way.
#[derive(Debug)]
pub(crate) struct Transfer {
    /// Of its stream.
    id: u64,
    write: bool,
    /// The stream's.
    fd: c_int,
    /// What is left: of the program's memory, but not its array, which is its own again after io_submit.
    vectors: Vec<iovec>,
    offset: u64,
    rw_flags: u32,
    left: usize,
    done: i32,
}

// SAFETY: the pointers are of the program's buffers, which the kernel uses.
unsafe impl Send for Transfer {}

impl Transfer {
    /// What an SQE says, whose vectors the kernel has read.
    fn new(sqe: &io_uring_sqe, stream: &Stream) -> Result<Box<Self>, c_int> {
        let mut vectors = Vec::new();
        vectors.try_reserve_exact(vectors_of(sqe).len()).map_err(|_| -libc::ENOMEM)?;
        let mut bytes = 0;
        for mut vector in vectors_of(sqe) {
            vector.iov_len = vector.iov_len.min(MAX_RW_COUNT as usize - bytes);
            bytes += vector.iov_len;
            vectors.push(vector);
        }
        Ok(Box::new(Self {
            id: stream.id,
            write: stream.write,
            fd: stream.file.as_raw_fd(),
            vectors,
            offset: sqe.off,
            rw_flags: sqe.rw_flags,
            left: bytes,
            done: 0,
        }))
    }

    /// Takes a result in: whether there is more to be done.
    fn goes_on(&mut self, res: i32) -> bool {
        if !self.write || res <= 0 || res as usize >= self.left {
            return false;
        }
        self.done += res;
        self.left -= res as usize;
        let mut written = res as usize;
        let whole = self.vectors.iter().take_while(|vector| {
            let fits = vector.iov_len <= written;
            written -= if fits { vector.iov_len } else { 0 };
            fits
        });
        let whole = whole.count();
        self.vectors.drain(..whole);
        if let Some(first) = self.vectors.first_mut() {
            first.iov_base = first.iov_base.wrapping_byte_add(written);
            first.iov_len -= written;
        }
        true
    }

    /// The result of all, when the last one is `res`: bytes, if there were any.
    pub(crate) fn result(&self, res: i32) -> i32 {
        match self.done {
            0 => res,
            done => done + res.max(0),
        }
    }

    /// What is left.
    fn prepare(&self, sqe: &mut io_uring_sqe) {
        let (fd, vectors, nr) = (self.fd, self.vectors.as_ptr(), self.vectors.len() as u32);
        *sqe = io_uring_sqe::EMPTY;
        // SAFETY: an SQE; the vectors live until the request is over.
        unsafe {
            if self.write {
                op::prep_writev(sqe, fd, vectors, nr, self.offset);
            } else {
                op::prep_readv(sqe, fd, vectors, nr, self.offset);
            }
        }
        sqe.rw_flags = self.rw_flags;
    }
}

/// What goes one after the other: the engine has one.
#[derive(Debug)]
struct Stream {
    id: u64,
    fd: c_int,
    write: bool,
    /// The program may close its own before all is done.
    file: OwnedFd,
    is_socket: bool,
    /// Whose turn it is: the engine has it, or is given it.
    first: u32,
    waiting: VecDeque<u32>,
}

impl Stream {
    fn is_of(&self, fd: c_int, write: bool) -> bool {
        let own = self.file.as_raw_fd();
        // Each pipe and each socket has a number of its own.
        let is_same = || is_same(own, fd).unwrap_or_else(|| self.fd == fd && inode_of(own) == inode_of(fd));
        self.write == write && is_same()
    }
}

#[derive(Debug, Default)]
struct Inner {
    streams: Vec<Stream>,
    /// How many there have been.
    nr: u64,
    worker: Option<Box<Worker>>,
    /// Those that the worker is to submit.
    turn: Vec<u32>,
    /// Sockets that it is to close: that may take its time (`SO_LINGER`), and who completes a request has none.
    over: Vec<OwnedFd>,
    /// The context ends: nothing is begun any more.
    closed: bool,
}

impl Inner {
    fn give(&mut self, index: u32) {
        self.turn.push(index);
        self.wake(index);
    }

    fn wake(&self, index: u32) {
        if let Some(worker) = &self.worker {
            worker.put(index);
        }
    }
}

/// Takes one out, if it is there.
fn take(turn: &mut Vec<u32>, index: u32) -> bool {
    let at = turn.iter().position(|&other| other == index);
    at.map(|at| turn.swap_remove(at)).is_some()
}

/// Of no request.
const NONE: u32 = u32::MAX;

/// The transfers of a context.
#[derive(Debug, Default)]
pub(crate) struct Streams(Mutex<Inner>);

impl Streams {
    /// Whether the transfer goes on; then it is the thread's.
    pub(crate) fn goes_on(&self, transfer: &mut Transfer, res: i32, index: u32) -> bool {
        let mut inner = lock(&self.0);
        let goes_on = !inner.closed && transfer.goes_on(res);
        if goes_on {
            inner.give(index);
        }
        goes_on
    }

    /// A transfer is over: the next one's turn, if it was the first.
    pub(crate) fn advance(&self, transfer: &Transfer, index: u32) {
        let mut inner = lock(&self.0);
        let is_first = |stream: &Stream| stream.id == transfer.id && stream.first == index;
        let Some(at) = inner.streams.iter().position(is_first) else { return };
        let stream = &mut inner.streams[at];
        match stream.waiting.pop_front() {
            Some(next) => {
                stream.first = next;
                inner.give(next);
            }
            None => {
                let stream = inner.streams.swap_remove(at);
                if stream.is_socket {
                    inner.over.push(stream.file);
                    inner.wake(NONE);
                }
            }
        }
    }

    /// Takes one back that the engine does not have, and is not given any more: it is the caller's.
    pub(crate) fn withdraw(&self, index: u32) -> bool {
        let mut inner = lock(&self.0);
        let place = |waiting: &VecDeque<u32>| waiting.iter().position(|&other| other == index);
        let mut waiting = inner.streams.iter_mut().map(|stream| &mut stream.waiting);
        waiting.any(|waiting| place(waiting).is_some_and(|at| waiting.remove(at).is_some()))
            || take(&mut inner.turn, index)
    }

    /// Whether it is one's turn: then the engine has it, or did have it, or has it in a moment.
    pub(crate) fn has_first(&self, index: u32) -> bool {
        lock(&self.0).streams.iter().any(|stream| stream.first == index)
    }

    /// Nothing is begun any more; those that have not.
    pub(crate) fn close(&self) -> Vec<u32> {
        let (worker, waiting) = {
            let mut inner = lock(&self.0);
            inner.closed = true;
            let waiting = inner.streams.iter_mut().flat_map(|stream| stream.waiting.drain(..)).collect();
            (inner.worker.take(), waiting)
        };
        if let Some(worker) = worker {
            worker.end();
        }
        waiting
    }
}

/// Gives a request its transfer: whether it is the first of its stream, and the caller has to submit it. -EMFILE; -EAGAIN when there can be no
/// thread.
///
/// # Safety
///
/// The caller has the request, which is filled in. The context does not end before [`Streams::close`].
pub(crate) unsafe fn begin(
    shared: &'static Shared,
    engine: &'static Context,
    request: &Request,
) -> Result<bool, c_int> {
    // SAFETY: the caller's promise.
    let sqe = unsafe { &mut (*request.req.get()).sqe };
    let (fd, write) = (sqe.fd, matches!(u32::from(sqe.opcode), IORING_OP_WRITE | IORING_OP_WRITEV));
    let mut inner = lock(&shared.streams.0);
    if inner.closed {
        return Err(-libc::EINVAL);
    }
    if inner.worker.is_none() {
        inner.worker = Some(Worker::start(move |index| go_on(shared, engine, index))?);
    }
    let found = inner.streams.iter().position(|stream| stream.is_of(fd, write));
    let mut stream = match found {
        Some(at) => inner.streams.swap_remove(at),
        None => {
            inner.nr += 1;
            Stream {
                id: inner.nr,
                fd,
                write,
                file: duplicate(fd)?,
                is_socket: mode_of(fd) == libc::S_IFSOCK,
                first: shared.index(request),
                waiting: VecDeque::new(),
            }
        }
    };
    let begun = Transfer::new(sqe, &stream).map(|transfer| {
        if found.is_some() {
            stream.waiting.push_back(shared.index(request));
        } else {
            transfer.prepare(sqe);
        }
        // SAFETY: as above.
        unsafe { request.set_transfer(transfer) };
        found.is_none()
    });
    if begun.is_ok() || found.is_some() {
        inner.streams.push(stream);
    }
    begun
}

/// Submits what is left of a transfer, unless it was withdrawn.
fn go_on(shared: &Shared, engine: &'static Context, index: u32) {
    let (is_there, over) = {
        let mut inner = lock(&shared.streams.0);
        (take(&mut inner.turn, index), std::mem::take(&mut inner.over))
    };
    drop(over);
    if !is_there {
        return;
    }
    let request = shared.request(index);
    // SAFETY: the request is with nobody else: it was taken out of its stream, or its transfer goes on.
    let submitted = unsafe {
        if let Some(transfer) = request.transfer() {
            transfer.prepare(&mut (*request.req.get()).sqe);
        }
        engine.submit(&[request.for_engine()])
    };
    if let Err(error) = submitted {
        shared.end_in_ring(engine, request, error);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use libc::c_void;

    fn transfer(write: bool, lengths: &[usize]) -> Transfer {
        let at = |i: usize| (0x1000 * (i + 1)) as *mut c_void;
        Transfer {
            id: 0,
            write,
            fd: 0,
            vectors: lengths.iter().enumerate().map(|(i, &iov_len)| iovec { iov_base: at(i), iov_len }).collect(),
            offset: 0,
            rw_flags: 0,
            left: lengths.iter().sum(),
            done: 0,
        }
    }

    fn left(transfer: &Transfer) -> Vec<(usize, usize)> {
        transfer.vectors.iter().map(|vector| (vector.iov_base as usize, vector.iov_len)).collect()
    }

    #[test]
    fn a_write_goes_on_where_it_stopped() {
        let mut write = transfer(true, &[10, 0, 20, 5]);
        assert!(write.goes_on(4));
        assert_eq!(left(&write), [(0x1004, 6), (0x2000, 0), (0x3000, 20), (0x4000, 5)]);
        assert!(write.goes_on(6));
        assert_eq!(left(&write), [(0x3000, 20), (0x4000, 5)]);
        assert!(write.goes_on(21));
        assert_eq!(left(&write), [(0x4001, 4)]);
        assert!(!write.goes_on(4));
        assert_eq!(write.result(4), 35);
        assert_eq!(write.result(-libc::EPIPE), 31);
    }

    #[test]
    fn a_read_is_over_with_what_there_is() {
        let mut read = transfer(false, &[10]);
        assert!(!read.goes_on(4));
        assert_eq!(read.result(4), 4);
        assert_eq!(read.result(-libc::ECANCELED), -libc::ECANCELED);
        assert!(!transfer(true, &[10]).goes_on(-libc::EPIPE));
    }
}
