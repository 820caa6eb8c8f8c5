//! io_submit.

use crate::context::{Finished, Request, Shared};
use crate::iocb::{How, Submission, Task};
use crate::registry::Found;
use crate::{at_once, streams};
use libc::{c_int, c_long};
use oxiring_aio::Req;
use std::cell::Cell;
use std::mem::size_of;

thread_local! {
    /// Empty: for the memory of a batch.
    static LIST: Cell<Vec<*mut Req>> = const { Cell::new(Vec::new()) };
}

/// Requests of which a thread keeps the memory of the list.
const KEPT: usize = 256;

/// Requests that are prepared, and go to the engine together.
struct Batch<'a> {
    context: &'a Found,
    reqs: Vec<*mut Req>,
    /// How many iocbs the program gave away.
    accepted: usize,
}

impl Batch<'_> {
    fn put(&mut self, request: &Request) -> Result<(), c_int> {
        self.reqs.try_reserve(1).map_err(|_| -libc::ENOMEM)?;
        self.reqs.push(request.for_engine());
        Ok(())
    }

    /// Submits what there is: the error of the first that is refused.
    fn flush(&mut self) -> Result<(), c_int> {
        if self.reqs.is_empty() {
            return Ok(());
        }
        // SAFETY: requests of the context's, for buffers that stay until their events.
        let result = unsafe { self.context.engine.submit(&self.reqs) };
        let accepted = *result.as_ref().unwrap_or(&0);
        self.accepted += accepted;
        let refused = self.reqs.drain(..).skip(accepted);
        let mut complete = true;
        for req in refused {
            complete = false;
            // SAFETY: it is not in flight.
            self.context.shared.put_back(unsafe { &*req.cast::<Request>() });
        }
        if complete {
            Ok(())
        } else {
            Err(result.err().unwrap_or(-libc::EAGAIN))
        }
    }
}

/// Submits the iocbs that a list of `nr` pointers at `list` is of, up to the first that is bad: how many, or the error of the first.
pub(crate) fn submit(context: &Found, nr: c_long, list: u64) -> Result<usize, c_int> {
    if nr < 0 {
        return Err(-libc::EINVAL);
    }
    let shared = context.shared;
    let nr = (nr as usize).min(shared.ring.capacity() as usize);
    let mut reqs = LIST.try_with(Cell::take).unwrap_or_default();
    reqs.try_reserve(nr.min(KEPT)).map_err(|_| -libc::ENOMEM)?;
    let mut batch = Batch { context, reqs, accepted: 0 };
    let mut submission = Submission::new(shared);
    let mut finished = Finished::new(shared);
    let mut result = Ok(());
    for i in 0..nr {
        let entry = list.wrapping_add((i * size_of::<u64>()) as u64);
        result = submission
            .prepare(entry)
            .and_then(|(request, task)| carry_out(shared, &mut batch, &mut finished, request, task));
        if result.is_err() {
            break;
        }
    }
    let flushed = batch.flush();
    if batch.reqs.capacity() <= KEPT {
        // At the end of a thread it is gone already.
        let _ = LIST.try_with(|list| list.set(std::mem::take(&mut batch.reqs)));
    }
    tell(context, &mut finished);
    match flushed.and(result) {
        Err(error) if batch.accepted == 0 => Err(error),
        _ => Ok(batch.accepted),
    }
}

/// What was done at once is told to who waits for it.
fn tell(context: &Found, finished: &mut Finished<'_>) {
    if finished.end() {
        context.engine.notify();
    }
}

fn carry_out(
    shared: &'static Shared,
    batch: &mut Batch<'_>,
    finished: &mut Finished<'_>,
    request: &Request,
    task: Task,
) -> Result<(), c_int> {
    let how = task.how;
    let put_back = |_: &c_int| shared.put_back(request);
    // A sync does not wait for writes that were handed over, and what io_submit returned for it is to be synced.
    let range = if how == How::Sync { (0, u64::MAX) } else { task.range };
    let has_to_wait = shared.has_handed(range);
    if !matches!(how, How::Engine | How::Disk | How::Extend) || has_to_wait {
        // What was to be before it must not turn out to be refused after it.
        batch.flush().inspect_err(put_back)?;
    }
    if has_to_wait {
        tell(batch.context, finished);
        shared.wait_for_handed(batch.context, range);
    }
    let res = match how {
        How::Engine | How::Disk | How::Sync => None,
        How::Extend => {
            // SAFETY: nobody else has the request.
            unsafe { request.hand_over(shared, range) };
            None
        }
        How::Stream => {
            // SAFETY: as above; and whoever ends the context closes its streams first.
            let is_first = unsafe { streams::begin(shared, batch.context.engine, request) }.inspect_err(put_back)?;
            if !is_first {
                batch.accepted += 1;
                return Ok(());
            }
            None
        }
        How::ReadAtOnce | How::WriteAtOnce | How::AppendAtOnce | How::WriteInOrder | How::NonblockAtOnce => {
            // SAFETY: as above.
            let res = at_once::run(how, unsafe { &(*request.req.get()).sqe }, &shared.pace);
            if res.is_none() && how != How::ReadAtOnce {
                // SAFETY: as above.
                unsafe { request.hand_over(shared, range) };
            }
            res
        }
    };
    match res {
        Some(res) => {
            finished.put(request, res);
            batch.accepted += 1;
            Ok(())
        }
        None => batch.put(request).inspect_err(put_back),
    }
}
