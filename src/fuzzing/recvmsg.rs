//! The buffer of a multishot `recvmsg`, with any lengths and any content.

use super::input::{Guarded, Input};
use crate::recvmsg::{cmsg_firsthdr, cmsg_nexthdr, name, payload, payload_length, validate};
use crate::uapi::*;
use libc::{cmsghdr, msghdr};

const HEADER: u128 = 16;
const CMSG_HEADER: u128 = 16;
const LARGEST: u32 = 600;

/// What the request asked for and what came, in numbers that cannot overflow.
struct Model {
    name: u128,
    control: u128,
    /// Bytes of the buffer, or negative.
    len: i128,
    /// Control data that came.
    came: u128,
    bytes: Vec<u8>,
}

impl Model {
    fn payload_offset(&self) -> u128 {
        HEADER + self.name + self.control
    }

    fn is_valid(&self) -> bool {
        self.len >= self.payload_offset() as i128
    }

    fn payload_length(&self) -> u32 {
        (self.len - self.payload_offset() as i128).max(0) as u32
    }

    /// `cmsg_len` of the message at `offset` of the control data.
    fn cmsg_len(&self, offset: u128) -> u128 {
        let at = (HEADER + self.name + offset) as usize;
        let bytes = self.bytes[at..at + 8].try_into().expect("eight bytes");
        u128::from(u64::from_ne_bytes(bytes))
    }

    fn first(&self) -> Option<u128> {
        (self.came >= CMSG_HEADER).then_some(0)
    }

    fn next(&self, offset: u128) -> Option<u128> {
        let padded = |len: u128| len.div_ceil(8) * 8;
        let len = self.cmsg_len(offset);
        let next = offset + padded(len);
        if len < CMSG_HEADER || next + CMSG_HEADER > self.came {
            return None;
        }
        (next + padded(self.cmsg_len(next)) <= self.came).then_some(next)
    }
}

/// A length as it is, as none at all, or as one that makes sums overflow.
fn length(input: &mut Input<'_>, largest: u64) -> u64 {
    match input.below(16) {
        0 => largest,
        1 => largest - u64::from(input.below(64)),
        2 => input.u64().min(largest),
        _ => u64::from(input.below(120)),
    }
}

/// The helpers agree with the model and touch nothing outside of the buffer.
pub fn recvmsg(data: &[u8]) {
    let mut input = Input::new(data);
    // SAFETY: all zero is a valid msghdr.
    let mut msg: msghdr = unsafe { core::mem::zeroed() };
    msg.msg_namelen = length(&mut input, u64::from(u32::MAX)) as u32;
    msg.msg_controllen = length(&mut input, u64::MAX) as _;
    let (name_len, control) = (u128::from(msg.msg_namelen), msg.msg_controllen as u128);
    let len = match input.below(8) {
        0 => -(input.u32() as i32).saturating_abs(),
        // Just enough, one byte more, or one too few.
        1..=5 if HEADER + name_len + control < u128::from(LARGEST) => {
            (HEADER + name_len + control) as i32 + input.one_of(&[0, 0, 1, -1])
        }
        _ => input.below(LARGEST) as i32,
    };

    // At the end of its memory, so that a byte too many is a fault, or at the start, so that one too few is.
    let memory = Guarded::new(LARGEST as usize);
    let size = len.max(0) as usize;
    let buf = if input.bool() { memory.end().wrapping_byte_sub(size) } else { memory.first() };
    let mut model = Model { name: name_len, control, len: i128::from(len), came: 0, bytes: vec![0; size] };

    if model.is_valid() {
        fill(&mut model, &mut input);
    }
    // SAFETY: the memory has `size` bytes at `buf`.
    unsafe { core::slice::from_raw_parts_mut(buf.cast::<u8>(), size) }.copy_from_slice(&model.bytes);

    // SAFETY: `buf` has `len` bytes.
    let out = unsafe { validate(buf, len, &msg) };
    assert_eq!(!out.is_null(), model.is_valid(), "validate");
    // SAFETY: only the lengths are looked at.
    assert_eq!(unsafe { payload_length(len, &msg) }, model.payload_length(), "payload_length");
    if out.is_null() {
        return;
    }
    let offset = |p: *const c_void| (p as usize).wrapping_sub(buf as usize) as u128;
    assert_eq!(offset(out.cast()), 0);
    assert_eq!(offset(name(out)), HEADER);
    // SAFETY: validated with this `msg`.
    assert_eq!(offset(unsafe { payload(out, &msg) }), model.payload_offset());

    let control_offset = |cmsg: *mut cmsghdr| (!cmsg.is_null()).then(|| offset(cmsg.cast()) - HEADER - model.name);
    // SAFETY: as above.
    let mut cmsg = unsafe { cmsg_firsthdr(out, &msg) };
    let mut wanted = model.first();
    while let Some(at) = wanted {
        assert_eq!(control_offset(cmsg), Some(at), "control message");
        // SAFETY: as above; `cmsg` is what the helpers returned.
        cmsg = unsafe { cmsg_nexthdr(out, &msg, cmsg) };
        wanted = model.next(at);
    }
    assert_eq!(control_offset(cmsg), None, "after the last control message");
}

/// A buffer as the kernel leaves it: no more control data than there is room for. The messages' own lengths may be
/// anything.
fn fill(model: &mut Model, input: &mut Input<'_>) {
    let name_len = model.name as usize;
    let control = model.control as usize;
    let came = if input.bool() { control } else { input.below(control as u32 + 1) as usize };
    model.came = came as u128;
    for (word, value) in [input.u32(), came as u32, input.u32(), 0].into_iter().enumerate() {
        model.bytes[4 * word..][..4].copy_from_slice(&value.to_ne_bytes());
    }
    let mut at = 0;
    while came - at >= 16 {
        let left = (came - at) as u64;
        let len = match input.below(8) {
            0 => input.u64(),
            1 => u64::MAX - u64::from(input.below(40)),
            2 => left + u64::from(input.below(4)),
            _ => 16 + u64::from(input.below(left as u32)) / 2,
        };
        model.bytes[16 + name_len + at..][..8].copy_from_slice(&len.to_ne_bytes());
        at += (len.min(left) as usize).next_multiple_of(8).max(8).min(came - at);
    }
}
