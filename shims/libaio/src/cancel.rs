//! io_cancel.

use crate::abi::{IoEvent, Iocb};
use crate::registry::Found;
use crate::switches::Switches;
use crate::user::Asked;
use libc::c_int;
use oxiring::uapi::__kernel_timespec;
use oxiring_aio::Deadline;
use std::time::Duration;

/// How long a request that was asked to end may take. What does not end soon cannot be cancelled: a disk's answer has to be waited for.
const PATIENCE: __kernel_timespec = __kernel_timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// Until it is asked again.
const AGAIN: Duration = Duration::from_micros(100);

/// Cancels what an iocb was submitted for: -EINPROGRESS when its event comes through the ring, 0 when it is in the caller's `event`, -EINVAL when it
/// cannot be cancelled. Without an event the caller is one of libaio 0.1, which knows of none.
pub(crate) fn cancel(context: &Found, iocb: *const Iocb, event: Option<*mut IoEvent>) -> Result<usize, c_int> {
    let event = event.filter(|_| Switches::get().cancel_to_caller);
    if let Some(event) = event {
        // Its first word and its last; they stay what they are if there is nothing to tell.
        let (first, to_last) = (event as u64, (size_of::<IoEvent>() - size_of::<u32>()) as u64);
        let mut asked = Asked::default();
        asked.writable(first)?;
        asked.writable(first.wrapping_add(to_last))?;
    }
    let shared = context.shared;
    let request = shared.find(iocb as u64).ok_or(-libc::EINVAL)?;
    let deadline = Deadline::after(&PATIENCE).ok();
    let index = shared.index(&request);
    loop {
        // The result, or nothing where the event is on its way to the ring.
        let ended = match (shared.streams.withdraw(index), event) {
            (true, _) => Ok(Some(-libc::ECANCELED)),
            (_, None) => context.engine.cancel_to_queue(request.for_engine(), deadline).map(|()| None),
            (_, Some(_)) => context.engine.cancel(request.for_engine(), deadline).map(|cancelled| Some(cancelled.res)),
        };
        match (ended, event) {
            (Ok(Some(res)), Some(event)) => {
                // SAFETY: the request is over, and the kernel has written to the event.
                unsafe { event.write_unaligned(shared.finish(&request, res)) };
                return Ok(0);
            }
            (Ok(res), _) => {
                if let Some(res) = res {
                    shared.end_in_ring(context.engine, &request, res);
                }
                return Err(-libc::EINPROGRESS);
            }
            // What it has written is to be followed by the rest.
            (Err(_), _)
                if shared.streams.has_first(index) && deadline.is_some_and(|deadline| deadline.left().is_some()) =>
            {
                std::thread::sleep(AGAIN);
            }
            (Err(_), _) => return Err(-libc::EINVAL),
        }
    }
}
