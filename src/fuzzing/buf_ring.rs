//! Provided-buffer rings, anywhere in the 16-bit space of positions.

use super::input::Input;
use crate::register::buf_ring::{mask, BufRing};
use crate::uapi::*;

/// Entries hold what was added last at their place, the tail what was published, and neither touches the other although the
/// tail lies in entry 0.
pub fn buf_ring(data: &[u8]) {
    let mut input = Input::new(data);
    let entries = 1usize << input.below(8);
    let mut tail = input.index() as u16;
    let mut memory = vec![io_uring_buf { addr: 0, len: 0, bid: 0, resv: 0 }; entries];
    let mut model = vec![(0u64, 0u32, 0u16); entries];
    memory[0].resv = tail;
    let base = memory.as_mut_ptr();
    // SAFETY: `entries` entries, used by this thread only.
    let ring = unsafe { BufRing::from_raw(base.cast()) };

    while !input.is_empty() {
        match input.below(8) {
            0..=4 => {
                let (addr, len, bid) = (input.u64(), input.u32(), input.u16());
                let offset = input.below(entries as u32 + 1);
                ring.add(addr as usize as *mut c_void, len, bid, mask(entries as u32), offset as i32);
                model[(usize::from(tail) + offset as usize) % entries] = (addr, len, bid);
            }
            5..=6 => {
                let count = input.below(entries as u32 + 1);
                ring.advance(count as i32);
                tail = (u32::from(tail) + count) as u16;
            }
            _ => {
                ring.init();
                tail = 0;
            }
        }
        for (index, wanted) in model.iter().enumerate() {
            // SAFETY: inside of `memory`; read through the pointer that the ring writes through.
            let buf = unsafe { base.add(index).read() };
            assert_eq!((buf.addr, buf.len, buf.bid), *wanted, "entry {index}");
            assert_eq!(buf.resv, if index == 0 { tail } else { 0 }, "tail, seen in entry {index}");
        }
    }
}
