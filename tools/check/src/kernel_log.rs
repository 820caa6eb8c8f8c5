//! What the kernel complained about while the tests ran.

use std::fs::OpenOptions;
use std::io::Write;
use std::process;

use crate::context::Context;
use crate::exec;
use crate::report::Verdict;

/// Words that the kernel prints when it, not the program, is at fault.
const COMPLAINTS: &[&str] = &[
    "BUG:",
    "BUG at",
    "WARNING:",
    "Oops",
    "general protection fault",
    "refcount_t:",
    "KASAN:",
    "UBSAN:",
    "possible recursive locking",
    "possible circular locking",
    "blocked for more than",
    "detected stall",
    "Call Trace:",
    "Kernel panic",
];

/// A place in the kernel log.
pub(crate) struct Mark {
    text: String,
    written: bool,
    lines_before: usize,
}

/// Remembers where the log ends now: by a line of our own where that is
/// allowed, which finds the place again after old lines were dropped.
pub(crate) fn mark(context: &Context) -> Mark {
    let text = format!("oxiring-check {} starts its C tests", process::id());
    let written = OpenOptions::new().write(true).open("/dev/kmsg").and_then(|mut log| writeln!(log, "{text}")).is_ok();
    Mark { text, written, lines_before: read(context).map_or(0, |log| log.lines().count()) }
}

/// Complaints after the mark.
pub(crate) fn check_since(context: &Context, mark: &Mark) -> Verdict {
    let log = match read(context) {
        Ok(log) => log,
        Err(reason) => return Verdict::Skip(format!("the kernel log cannot be read: {reason}")),
    };
    let new: Vec<&str> = if mark.written {
        let after = log.split_once(&mark.text).map(|(_, after)| after);
        match after {
            Some(after) => after.lines().skip(1).collect(),
            None => return Verdict::Fail("the log is too short to be scanned".into()),
        }
    } else {
        log.lines().skip(mark.lines_before).collect()
    };
    let complaints = complaints(&new);
    if complaints.is_empty() {
        Verdict::Pass
    } else {
        Verdict::Fail(complaints.join("\n"))
    }
}

fn read(context: &Context) -> Result<String, String> {
    exec::run(&mut context.command("dmesg"))
        .map_err(|error| format!("{error:#}"))?
        .ok()
        .map(|ran| ran.stdout)
        .map_err(|text| text.lines().last().unwrap_or_default().to_owned())
}

/// From the first complaint on, because the trace follows it.
pub(crate) fn complaints<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    lines
        .iter()
        .position(|line| COMPLAINTS.iter().any(|word| line.contains(word)))
        .map_or_else(Vec::new, |first| lines[first..].to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_kernel_s_own_complaints_count() {
        let quiet = ["[1.0] a.out[7]: segfault at 0 ip 0", "[2.0] eth0: link up"];
        assert!(complaints(&quiet).is_empty());
        let loud = [quiet[0], "[3.0] WARNING: CPU: 1 PID: 7 at io_uring/", "trace"];
        assert_eq!(complaints(&loud).len(), 2);
    }
}
