//! Versions of the interface.

use crate::plt::{plt_major_version, plt_minor_version};
use oxiring::ring::{VERSION_MAJOR, VERSION_MINOR};
use oxiring::uapi::c_int;

/// Major version of the library that is loaded, as IO_URING_VERSION_MAJOR is of the header.
///
/// See io_uring_major_version(3).
///
/// Symbol version: LIBURING_2.4, ffi LIBURING_2.4.
#[no_mangle]
pub extern "C" fn io_uring_major_version() -> c_int {
    VERSION_MAJOR
}

/// Minor version of the library that is loaded, as IO_URING_VERSION_MINOR is of the header.
///
/// See io_uring_minor_version(3).
///
/// Symbol version: LIBURING_2.4, ffi LIBURING_2.4.
#[no_mangle]
pub extern "C" fn io_uring_minor_version() -> c_int {
    VERSION_MINOR
}

/// Whether the loaded library is OLDER than `major`.`minor`: true means too old.
///
/// See io_uring_check_version(3).
///
/// Symbol version: LIBURING_2.4, ffi LIBURING_2.4.
#[no_mangle]
pub extern "C" fn io_uring_check_version(major: c_int, minor: c_int) -> bool {
    // SAFETY: both take nothing and touch nothing.
    let library = unsafe { (plt_major_version(), plt_minor_version()) };
    library < (major, minor)
}
