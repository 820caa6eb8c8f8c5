//! Notification slots

// Linux had these for a few weeks before 6.0 and gave the numbers away since. The values are the library's own: it
// replaces them before the kernel sees a request.
use super::*;

/// Opcode of `io_uring_prep_sendzc()` until it is submitted.
pub const IORING_OP_SENDZC_NOTIF: __u32 = 0xf0u32;
/// Opcode of `io_uring_prep_sendmsgzc()` until it is submitted.
pub const IORING_OP_SENDMSGZC_NOTIF: __u32 = 0xf1u32;
/// Opcode of `io_uring_prep_sendvzc()` until it is submitted.
pub const IORING_OP_SENDVZC_NOTIF: __u32 = 0xf2u32;
/// Opcode of `io_uring_prep_notif_update()` until it is submitted.
pub const IORING_RSRC_UPDATE_NOTIF: __u32 = 0xf3u32;

/// What `io_uring_register_notifications()` does, as a number. No kernel knows it.
pub const IORING_REGISTER_NOTIFIERS: __u32 = 0x4000_0000u32;
/// What `io_uring_unregister_notifications()` does, as a number. No kernel knows it.
pub const IORING_UNREGISTER_NOTIFIERS: __u32 = 0x4000_0001u32;

/// `zc_flags` of a slot send: flush the slot after this send, if it succeeds.
pub const IORING_RECVSEND_NOTIF_FLUSH: __u32 = 1u32 << 3;
/// `zc_flags`, with `IORING_RECVSEND_NOTIF_FLUSH`: the CQE of the flushed notifier has the `user_data` of this send for its tag.
pub const IORING_RECVSEND_NOTIF_COPY_TAG: __u32 = 1u32 << 8;

/// Slots that a ring can have.
pub const IO_NOTIF_MAX_SLOTS: __u32 = 1024u32;

/// A slot, as it is registered.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_notification_slot {
    /// `user_data` of the CQEs of the slot's notifiers.
    pub tag: __u64,
    /// Zero.
    pub resv: [__u64; 3],
}

/// The argument of `IORING_REGISTER_NOTIFIERS`, for programs that fill it in.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_notification_register {
    /// Slots in the array.
    pub nr_slots: __u32,
    /// Zero.
    pub resv: __u32,
    /// Zero.
    pub resv2: __u64,
    /// Address of the array.
    pub data: __u64,
    /// Zero.
    pub resv3: __u64,
}
