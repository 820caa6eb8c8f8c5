//! Threads that sleep until something has changed, one of them in the ring.
//!
//! | word | meaning |
//! |---|---|
//! | `seq` | grows with each change; who sleeps on it slept since it had a certain value |
//! | `waiters` | threads that sleep on `seq`, or are about to |
//! | `leader` | 1: a thread sleeps in the ring, or is about to or just back |
//!
//! Somebody who changed something raises `seq`, and then looks who sleeps. Somebody who is going to sleep says so, and then looks at `seq`. Between
//! the two steps each has a full fence, so that one of them sees the other. The same holds between a leader that leaves and a thread that is
//! about to wait because there was a leader.

use crate::futex::{Seq, Woken};
use crate::sync::{full_fence, AtomicU32, Ordering};

/// See the table above.
#[derive(Debug, Default)]
pub(crate) struct Sleepers {
    seq: Seq,
    waiters: AtomicU32,
    leader: AtomicU32,
}

/// The ring, for its leader.
pub(crate) trait Lead {
    /// Whether anything will be completed there.
    fn in_use(&self) -> bool;
    /// Sleeps until there is something, or the time has come.
    fn wait(&self) -> Woken;
    /// Completes what there is, and need not tell: the leader does so when it leaves.
    fn reap(&self);
}

impl Sleepers {
    /// What to sleep on.
    pub(crate) fn now(&self) -> u32 {
        self.seq.load()
    }

    /// Something has changed: wakes who waits; whether there is a leader that has to be woken in the ring.
    #[must_use]
    pub(crate) fn tell(&self) -> bool {
        self.seq.raise();
        full_fence();
        if self.waiters.load(Ordering::Relaxed) != 0 {
            self.seq.wake_all();
        }
        self.has_leader()
    }

    /// The ring has come into use: one of those who wait has to lead, if nobody does.
    pub(crate) fn tell_of_ring(&self) {
        self.seq.raise();
        full_fence();
        if !self.has_leader() && self.waiters.load(Ordering::Relaxed) != 0 {
            self.seq.wake_all();
        }
    }

    /// Whether somebody sleeps in the ring. Then nobody else should take anything out of it, because that may be what the leader is to be
    /// woken by; who did all the same, because the leader came later, tells.
    pub(crate) fn has_leader(&self) -> bool {
        self.leader.load(Ordering::Relaxed) != 0
    }

    /// Sleeps until something has changed since `seq`: in the ring, if that is in use and nobody leads, or with `wait` on the count.
    pub(crate) fn sleep(&self, seq: u32, ring: &impl Lead, wait: impl FnOnce(&Seq) -> Woken) -> Woken {
        // Acquire: what the last leader did in the ring is over.
        let leads = ring.in_use() && self.leader.compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed).is_ok();
        if leads {
            self.lead(seq, ring)
        } else {
            self.waiters.fetch_add(1, Ordering::Relaxed);
            full_fence();
            // A leader that left just now has not seen that this thread waits.
            let woken = if ring.in_use() && !self.has_leader() { Woken::Look } else { wait(&self.seq) };
            self.waiters.fetch_sub(1, Ordering::Relaxed);
            woken
        }
    }

    fn lead(&self, seq: u32, ring: &impl Lead) -> Woken {
        full_fence();
        // Who changes something from now on sees the leader and wakes it in the ring.
        let woken = if self.seq.load() == seq { ring.wait() } else { Woken::Look };
        // Before somebody else may lead: a kick that is meant for the next leader must not be taken out here.
        ring.reap();
        self.seq.raise();
        self.leader.store(0, Ordering::Release);
        full_fence();
        if self.waiters.load(Ordering::Relaxed) != 0 {
            // One of them is to lead.
            self.seq.wake_all();
        }
        woken
    }
}
