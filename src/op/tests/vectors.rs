//! Every line of tests/abi/sqe-vectors.tsv: a call, and the 64 bytes that the original leaves.

use super::*;
use std::collections::BTreeSet;
use std::fmt::Write;

const TABLE: &str = include_str!("../../../tests/abi/sqe-vectors.tsv");

/// Calls the row that is called `name` in C. None when there is no such row.
fn call(name: &str, sqe: *mut io_uring_sqe, arguments: &[u64]) -> Option<()> {
    macro_rules! try_rows {
        ($(
            $(#[doc = $doc:literal])*
            [$($node:tt)+] fn $row:ident $([$($lead:ident: $lead_ty:ty),*])? ($($arg:ident: $ty:ty),*) { $($body:tt)* }
        )+) => {
            $(
                if name == c_name(stringify!($row)) {
                    let mut rest = arguments.iter();
                    // SAFETY: the SQE is the caller's, and the rows do not follow the made-up pointers.
                    unsafe {
                        $row(
                            sqe
                            $($(, *rest.next().expect(stringify!($lead)) as $lead_ty)*)?
                            $(, *rest.next().expect(stringify!($arg)) as $ty)*
                        )
                    };
                    assert_eq!(rest.next(), None, "{name}: too many arguments");
                    return Some(());
                }
            )+
        };
    }
    for_each_op!(try_rows);
    None
}

fn c_name(row: &str) -> String {
    let name = row.trim_start_matches('_');
    format!("{}io_uring_{name}", &row[..row.len() - name.len()])
}

fn hex(sqe: &io_uring_sqe) -> String {
    bytes(sqe).iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn parse(argument: &str) -> u64 {
    u64::from_str_radix(argument.strip_prefix("0x").unwrap(), 16).unwrap()
}

/// The vectors were taken on a little-endian 64-bit machine.
#[test]
#[cfg(all(target_endian = "little", target_pointer_width = "64"))]
fn rows_leave_the_bytes_that_the_original_leaves() {
    let mut names = BTreeSet::new();
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let [name, arguments, from_zero, from_a5] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("not a vector: {line}");
        };
        let arguments: Vec<u64> = arguments.split_ascii_whitespace().map(parse).collect();
        for (fill, expected) in [(0x00, from_zero), (0xa5, from_a5)] {
            let mut sqe = filled(fill);
            call(name, &raw mut sqe, &arguments).unwrap_or_else(|| panic!("no row for {name}"));
            assert_eq!(hex(&sqe), expected, "{name} {arguments:x?} on {fill:02x}");
        }
        names.insert(name);
    }
    assert_eq!(names.len(), 109);
}

/// `prep_rw` has no vectors, because its SQE is not its first argument in C.
#[test]
fn prep_rw_sets_its_five_members_and_no_other() {
    for fill in [0x00, 0xa5] {
        let mut sqe = filled(fill);
        let mut expected = sqe;
        expected.opcode = 0x17;
        expected.fd = -3;
        expected.off = 0x0123_4567_89ab_cdef;
        expected.addr = 0x7000;
        expected.len = 0xffff_fff0;
        // SAFETY: a row does not follow the pointer.
        unsafe { prep_rw(&raw mut sqe, 0x17, -3, 0x7000 as *const c_void, 0xffff_fff0, 0x0123_4567_89ab_cdef) };
        assert_eq!(bytes(&sqe), bytes(&expected));
    }
}

#[test]
fn fixed_file_slots_count_from_one_and_alloc_is_left_alone() {
    for (slot, expected) in [(0, 1), (41, 42), (IORING_FILE_INDEX_ALLOC, IORING_FILE_INDEX_ALLOC)] {
        let mut sqe = filled(0);
        // SAFETY: `sqe` is writable.
        unsafe { __set_target_file_or_alloc(&raw mut sqe, slot) };
        assert_eq!(sqe.file_index, expected);
    }
}
