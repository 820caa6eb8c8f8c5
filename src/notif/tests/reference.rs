//! The rules of the slots, read plainly: requests take effect in the order of submission, each when its outcome is known.
//!
//! It keeps all that was submitted and looks at it from the start for each question, so there is no state that could be wrong.

/// What was submitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// A send on `slot`. With `flush` it flushes if it succeeds, with `copy_tag` under a tag of its own.
    Send { slot: usize, flush: bool, copy_tag: bool },
    /// Flushes the slots of `range` if it succeeds, and names what comes after unless `new_tag` is 0.
    Update { range: (usize, usize), new_tag: u64 },
    /// Flushes all slots, for good.
    Unregister,
    /// New slots take the place of the old ones, which were unregistered.
    Register,
}

/// A request, and what has become of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Submitted {
    pub(super) request: Request,
    /// The `user_data` of the program.
    pub(super) user_data: u64,
    /// Whether it succeeded, once that is known.
    pub(super) outcome: Option<bool>,
    /// The kernel needs the buffer of the send no more.
    pub(super) released: bool,
}

/// The CQE of a notifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Completion {
    pub(super) tag: u64,
    pub(super) generation: u32,
}

pub(super) const SLOTS: usize = 2;

/// The tag of a slot at the `nr`-th registration.
pub(super) fn tag_of(registration: usize, slot: usize) -> u64 {
    (100 + 10 * registration + slot) as u64
}

#[derive(Default)]
struct Notifier {
    completion: Option<Completion>,
    /// All of its buffers are free.
    free: bool,
}

/// The notifiers that must have completed by now, in any order.
pub(super) fn completions(log: &[Submitted], done: &mut Vec<Completion>) {
    done.clear();
    for slot in 0..SLOTS {
        completions_of(log, slot, done);
    }
    done.sort_unstable();
}

/// Adds those of one slot.
fn completions_of(log: &[Submitted], slot: usize, done: &mut Vec<Completion>) {
    let (mut registration, mut tag, mut generation) = (0, tag_of(0, slot), 0);
    let mut active = Notifier::default();
    // A flush whose outcome is not known holds up all that comes behind it on the slot, until there are other slots.
    let mut held_up = false;
    for submitted in log {
        if submitted.request == Request::Register {
            registration += 1;
            (tag, generation, held_up) = (tag_of(registration, slot), 0, false);
            active = Notifier::default();
            continue;
        }
        if held_up {
            continue;
        }
        let (flushes, own_tag, next_tag) = match submitted.request {
            Request::Send { slot: other, .. } if other != slot => continue,
            Request::Send { flush, copy_tag, .. } => {
                if active.completion.is_none() {
                    active = Notifier { completion: Some(Completion { tag, generation }), free: true };
                    generation += 1;
                }
                active.free &= submitted.released;
                (if flush { submitted.outcome } else { Some(false) }, copy_tag.then_some(submitted.user_data), None)
            }
            Request::Update { range, .. } if !(range.0..range.1).contains(&slot) => continue,
            // There is nothing to flush, whatever becomes of it.
            _ if active.completion.is_none() => continue,
            Request::Update { new_tag, .. } => (submitted.outcome, None, (new_tag != 0).then_some(new_tag)),
            Request::Unregister => (Some(true), None, None),
            Request::Register => unreachable!("handled above"),
        };
        match flushes {
            None => held_up = true,
            Some(false) => (),
            Some(true) => {
                let flushed = core::mem::take(&mut active);
                let mut completion = flushed.completion.expect("there is an active one");
                completion.tag = own_tag.unwrap_or(completion.tag);
                tag = next_tag.unwrap_or(tag);
                done.extend(flushed.free.then_some(completion));
            }
        }
    }
}
