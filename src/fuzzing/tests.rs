//! The properties under proptest, briefly and with fresh inputs at each run. `fuzz/` looks longer.

use super::sizes::no_rings;
use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

/// A failure shows its bytes, so it needs no file to be repeated.
fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(2000))]

    #[test]
    fn recvmsg_helpers_stay_inside_of_the_buffer(data in vec(any::<u8>(), 0..160)) {
        recvmsg(&data);
    }

    #[test]
    fn sqes_are_handed_out_as_if_indices_never_wrapped(data in vec(any::<u8>(), 0..200)) {
        submissions(&data);
    }

    #[test]
    fn all_ways_to_read_cqes_agree(data in vec(any::<u8>(), 0..300)) {
        completions(&data);
    }

    #[test]
    fn provided_buffers_are_where_the_kernel_looks(data in vec(any::<u8>(), 0..400)) {
        buf_ring(&data);
    }
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn the_kernel_takes_and_reports_the_calculated_sizes(data in vec(any::<u8>(), 0..14)) {
        if let Some(reason) = no_rings() {
            println!("skip: {reason}");
            return Ok(());
        }
        sizes(&data);
    }
}
