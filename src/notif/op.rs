//! Requests in flight that the library has to recognise in the CQ, and the handles that stand for them there.

use super::pool::Linked;
use crate::ring::Word;
use crate::uapi::*;
use libc::{iovec, msghdr};

/// `user_data` from here to the end of this 32-bit range are handles.
pub const LIBURING_UDATA_NOTIF: __u64 = 0xffff_fffe_0000_0000;

/// The handle of the CQEs that the library has the kernel post.
pub(super) const TOKEN: __u64 = LIBURING_UDATA_NOTIF | 0xffff_ffff;

// Bits of a handle's lower half: the number of the op, and how often it was used, so that a cancel request that comes too late does
// not hit the next request under the same number.
const INDEX_BITS: u32 = 21;
const INDEX_MASK: u32 = (1 << INDEX_BITS) - 1;
const USE_MASK: u32 = u32::MAX >> INDEX_BITS;

/// What an op is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Kind {
    /// Nobody's.
    Free,
    /// A send on the slot `slot`.
    Send,
    /// An update of `nr` slots from `slot` on.
    Update,
    /// A request that the library refused: it fails with `res`.
    Refused,
    /// A request of the program in a chain with slot requests, one of which leaves out its success: the kernel would leave out the CQEs
    /// of slot requests as well. It succeeds with `res` or more.
    Ordinary,
    /// A cancel request to whose result `res` is added.
    Cancel,
    /// No request: the table at `tag` takes the place of the last.
    Register,
    /// No request: the table is flushed and taken away.
    Unregister,
}

/// The send flushes the slot.
pub(super) const FLUSH: u8 = 1 << 0;
/// The flushed notifier gets the `user_data` of the send for its tag.
pub(super) const COPY_TAG: u8 = 1 << 1;
/// The program does not want to see success.
pub(super) const SKIP: u8 = 1 << 2;
/// A failure does not end the chain.
pub(super) const HARD: u8 = 1 << 3;
/// A request before it in its chain has failed.
pub(super) const BROKEN: u8 = 1 << 4;
/// And it was one that leaves out its success: the kernel leaves out the CQEs of those that are cancelled for it.
pub(super) const MUTED: u8 = 1 << 5;

/// The CQE with the result was seen, a notification is to follow.
pub(super) const GOT_RESULT: u8 = 1 << 0;
/// The notification was seen.
pub(super) const GOT_NOTIF: u8 = 1 << 1;

/// A request in flight. The submitting side fills it in and puts it into the mailbox of the reaping side; that side uses `node` and `progress`, and
/// puts it back into the other mailbox when the kernel is done with it. Both may read what else is in it.
#[repr(C)]
pub(super) struct Op {
    /// See [`Linked`].
    pub(super) next: u32,
    pub(super) kind: Kind,
    /// [`FLUSH`], [`COPY_TAG`], [`SKIP`], [`HARD`]; [`BROKEN`] and [`MUTED`] come from the reaping side.
    pub(super) flags: u8,
    /// [`GOT_RESULT`], [`GOT_NOTIF`].
    pub(super) progress: u8,
    /// Times that the number was used, modulo what a handle has room for.
    uses: u32,
    /// The `user_data` of the program.
    pub(super) user_data: __u64,
    /// Update: the new tag. Register: address of the table.
    pub(super) tag: __u64,
    /// The next request of its chain, if there is one and the chain has a request that leaves out its success.
    pub(super) chain: u32,
    pub(super) slot: u32,
    pub(super) nr: u32,
    /// Refused: the result. Send, ordinary: the least result that is no failure.
    pub(super) res: i32,
    /// Send: the node that it holds a reference on.
    pub(super) node: u32,
    /// Word: whether a cancel request can still find it, see [`Op::set_cancellable`].
    pub(super) cancellable: u32,
    /// The message that the library makes of a send, which the kernel reads when the SQE is submitted.
    pub(super) iov: iovec,
    pub(super) msg: msghdr,
}

impl Linked for Op {
    fn next(&mut self) -> &mut u32 {
        &mut self.next
    }
}

impl Op {
    /// A new handle for the op, which has the number `index`.
    pub(super) fn renew(&mut self, index: u32) -> __u64 {
        self.uses = self.uses.wrapping_add(1) & USE_MASK;
        self.handle(index)
    }

    /// The handle of the op, which has the number `index`.
    pub(super) fn handle(&self, index: u32) -> __u64 {
        // The last number is never given out, so no handle is TOKEN.
        LIBURING_UDATA_NOTIF | __u64::from(self.uses << INDEX_BITS | index)
    }
}

/// Words of ops are atomic where both sides may look at the same time.
impl Op {
    fn cancellable_word(this: *mut Self) -> Word {
        // SAFETY: ops live as long as the ring's state.
        unsafe { Word::new(&raw mut (*this).cancellable) }
    }

    /// Whether a cancel request can find the op: from its submission until its result was seen.
    ///
    /// Relaxed: a hint for the submitting side, which the outcome of the cancel request corrects.
    pub(super) fn is_cancellable(this: *mut Self) -> bool {
        Self::cancellable_word(this).load_relaxed() != 0
    }

    /// See [`is_cancellable`](Self::is_cancellable).
    pub(super) fn set_cancellable(&mut self, yes: bool) {
        Self::cancellable_word(self).store_relaxed(yes.into());
    }
}

/// The number in a handle; what is no handle has none.
pub(super) fn index_of(user_data: __u64) -> Option<u32> {
    (user_data >> 32 == LIBURING_UDATA_NOTIF >> 32).then_some(user_data as u32 & INDEX_MASK)
}
