//! Asynchronous requests on io_uring: submitted and reaped by any thread, cancelled for real, completed by a worker where that is wanted.
//!
//! | module | what it does |
//! |---|---|
//! | `req` | what a program fills in, and what it may ask for |
//! | `word` | the state word of a request in flight |
//! | `table` | the requests of a context |
//! | `context` | making and ending a context |
//! | `submit` | who issues a request |
//! | `ring` | a ring of a context, for what its threads issue themselves |
//! | `issuer` | the thread that issues the rest, and outlives all that submit |
//! | `held` | files that a request holds on to |
//! | `complete` | from a result to an event |
//! | `events` | the queue of events, and waiting for it |
//! | `sleepers` | who sleeps where |
//! | `cancel` | cancelling |
//! | `worker` | threads for what who completes a request may not do |
//! | `file` | what descriptors are, and eventfds |
//! | `thread` | what a thread issued, and its end |
//! | `witness` | whether the program still has a thread |
//! | `fork` | whose process this is |
//! | `futex` | sleeping, deadlines |
//! | `spin` | looking a little longer before that |
//! | `known` | what is asked once |
//! | `sync` | atomics, and what is made on first need |
//! | `capi` | the C functions |

// The model checker sees what decides; the rest needs the kernel.
#[cfg(not(loom))]
mod cancel;
#[cfg(not(loom))]
mod capi;
#[cfg(not(loom))]
mod complete;
#[cfg(not(loom))]
mod context;
#[cfg(not(loom))]
mod events;
#[cfg(not(loom))]
pub mod file;
#[cfg(not(loom))]
mod fork;
mod futex;
#[cfg(not(loom))]
mod held;
#[cfg(not(loom))]
mod issuer;
#[cfg(not(loom))]
mod known;
#[cfg(all(test, loom))]
mod loom_tests;
#[cfg(not(loom))]
mod req;
#[cfg(not(loom))]
mod ring;
#[cfg_attr(loom, allow(dead_code, reason = "used by what the model leaves out"))]
mod sleepers;
#[cfg(not(loom))]
mod spin;
#[cfg(not(loom))]
mod submit;
#[cfg_attr(loom, allow(dead_code, reason = "used by what the model leaves out"))]
mod sync;
#[cfg_attr(loom, allow(dead_code, reason = "used by what the model leaves out"))]
mod table;
#[cfg(not(loom))]
mod thread;
#[cfg(not(loom))]
mod witness;
#[cfg_attr(loom, allow(dead_code, reason = "used by what the model leaves out"))]
mod word;
#[cfg(not(loom))]
mod worker;

#[cfg(not(loom))]
pub use context::{process, Call, Context};
#[cfg(not(loom))]
pub use events::{Event, Sink};
#[cfg(not(loom))]
pub use futex::Deadline;
#[cfg(not(loom))]
pub use known::Known;
#[cfg(not(loom))]
pub use req::{CancelFn, CompleteFn, Issue, Req, DSYNC, SYNC};
#[cfg(not(loom))]
pub use ring::lock;
#[cfg(not(loom))]
pub use worker::Worker;

/// A request under the model checker: its address is all that counts.
#[cfg(loom)]
#[derive(Debug)]
pub struct Req(#[allow(dead_code, reason = "as large as it is")] [u64; 16]);

/// `IO_URING_AIO_ISSUER`: no request is issued by the thread that submits it.
pub const ISSUER: u32 = 1;
