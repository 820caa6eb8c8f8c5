//! libaio's ABI on the AIO engine: programs that use `libaio.so.1` run on io_uring without being rebuilt.
//!
//! | module | what it does |
//! |---|---|
//! | `abi` | what the kernel and libaio define: layouts, opcodes |
//! | `user` | memory that a program names, and may not have |
//! | `ring` | the `aio_ring` that programs read without calling |
//! | `iocb`, `rw_flags` | from an iocb to a request of the engine, or the error that kernel AIO has for it |
//! | `resfd` | the eventfds that iocbs name |
//! | `context` | making and ending a context, and its requests |
//! | `registry` | finding a context by its address |
//! | `submit` | io_submit |
//! | `at_once` | reads and writes that are done when io_submit returns |
//! | `streams` | pipes and sockets that wait, one after the other |
//! | `attendance` | whether the thread that submits is the one that waits for events |
//! | `events` | io_getevents |
//! | `cancel` | io_cancel |
//! | `exit` | the end of the process |
//! | `exports` | the functions of the library |
//! | `raw` | syscall(3) |
//! | `switches` | what the environment says |

pub mod abi;
mod at_once;
mod attendance;
mod cancel;
mod context;
mod events;
mod exit;
mod exports;
mod iocb;
mod raw;
mod registry;
mod resfd;
mod ring;
mod rw_flags;
mod streams;
mod submit;
mod switches;
mod user;
