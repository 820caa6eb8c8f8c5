//! io_getevents and io_pgetevents.

use crate::abi::{IoEvent, MAGIC};
use crate::exports::{kernel, IoContext, SYS_IO_PGETEVENTS};
use crate::registry::{self, Found};
use crate::ring::Head;
use crate::user::Asked;
use libc::{c_int, c_long, sigset_t, timespec};
use oxiring::uapi::__kernel_timespec;
use oxiring_aio::Deadline;
use std::mem::size_of;
use std::ptr::from_ref;

/// What a program passes to wait for events, as it is in both system calls.
#[derive(Clone, Copy)]
pub(crate) struct Wait {
    pub(crate) min_nr: c_long,
    pub(crate) nr: c_long,
    pub(crate) events: *mut IoEvent,
    pub(crate) timeout: *const timespec,
    /// Null: the thread's mask stays as it is.
    pub(crate) sigmask: *const sigset_t,
    /// libaio looks into the ring first when there is not to be waited, and then nobody looks at the arguments. The system call does not.
    pub(crate) look_first: bool,
}

/// How long.
enum Patience {
    None,
    Until(Option<Deadline>),
}

/// What kernel AIO makes of a timeout, relative: -EFAULT.
fn patience(timeout: *const timespec) -> Result<Patience, c_int> {
    if timeout.is_null() {
        return Ok(Patience::Until(None));
    }
    Asked::default().readable(timeout as u64, size_of::<timespec>())?;
    // SAFETY: the kernel has read it.
    let timeout = unsafe { timeout.read_unaligned() };
    if timeout.tv_sec == 0 && timeout.tv_nsec == 0 {
        return Ok(Patience::None);
    }
    // Nanoseconds may be more than a second, and a time before now is no limit.
    let carry = timeout.tv_nsec.div_euclid(1_000_000_000);
    let tv_sec = timeout.tv_sec.saturating_add(carry);
    if timeout.tv_sec < 0 || tv_sec < 0 {
        return Ok(Patience::Until(None));
    }
    let timeout = __kernel_timespec { tv_sec, tv_nsec: timeout.tv_nsec.rem_euclid(1_000_000_000) };
    Ok(Patience::Until(Some(Deadline::after(&timeout)?)))
}

/// Whether what a context points to is a ring without events, of the kernel's or of a parent's of this process.
fn is_empty(ctx: IoContext) -> bool {
    Head::read(ctx).is_some_and(|head| head.magic == MAGIC && head.head == head.tail)
}

/// Waits for events: how many, or -errno.
pub(crate) fn getevents(ctx: IoContext, wait: Wait) -> Result<usize, c_int> {
    let mask = mask(wait.sigmask)?;
    let patience = patience(wait.timeout)?;
    let at_once = matches!(patience, Patience::None);
    match registry::find(ctx) {
        Ok(context) => {
            if at_once {
                context.engine.poll();
                context.shared.attendance.turns_away();
                if wait.look_first && context.shared.ring.unread() == 0 {
                    return Ok(0);
                }
            }
            take(&context, &wait, patience, mask.as_ref())
        }
        Err(_) if at_once && wait.look_first && is_empty(ctx) => Ok(0),
        Err(_) => {
            // The mask is passed with its size, in a structure.
            let set = (wait.sigmask, size_of::<u64>());
            let (number, set) = match wait.sigmask.is_null() {
                true => (libc::SYS_io_getevents, 0),
                false => (SYS_IO_PGETEVENTS, from_ref(&set) as usize),
            };
            let (min_nr, nr) = (wait.min_nr as usize, wait.nr as usize);
            kernel(number, [ctx, min_nr, nr, wait.events as usize, wait.timeout as usize, set])
        }
    }
}

fn take(context: &Found, wait: &Wait, patience: Patience, mask: Option<&sigset_t>) -> Result<usize, c_int> {
    if wait.min_nr < 0 || wait.min_nr > wait.nr {
        return Err(-libc::EINVAL);
    }
    let (min, max) = (wait.min_nr as usize, wait.nr as usize);
    let ring = &context.shared.ring;
    let deadline = match patience {
        Patience::None => return ring.take(wait.events, max),
        Patience::Until(deadline) => deadline,
    };
    let mut taken = 0;
    let take = |max| {
        let nr = ring.take(wait.events.wrapping_add(taken), max)?;
        taken += nr;
        Ok(nr)
    };
    match mask {
        Some(mask) => context.engine.wait_masked(min, max, deadline, mask, take),
        None => {
            if min != 0 {
                context.shared.attendance.waits();
            }
            context.engine.wait_for(min, max, deadline, take)
        }
    }
}

/// The kernel's part of a set of signals: -EFAULT.
fn mask(sigmask: *const sigset_t) -> Result<Option<sigset_t>, c_int> {
    if sigmask.is_null() {
        return Ok(None);
    }
    Asked::default().readable(sigmask as u64, size_of::<u64>())?;
    // SAFETY: zeros are a set of no signals.
    let mut mask: sigset_t = unsafe { std::mem::zeroed() };
    // SAFETY: the kernel has read it, and a set has as many bytes.
    unsafe { (&raw mut mask).cast::<u64>().write(sigmask.cast::<u64>().read_unaligned()) };
    Ok(Some(mask))
}
