//! What strace wrote, without what differs from run to run.

use std::collections::BTreeMap;
use std::ops::Range;

use anyhow::{Context as _, Result};

use super::section::{Sections, Stream};

/// Where the addresses of a 64-bit process begin: everything that a program
/// maps lies above, every other number in a trace below.
const FIRST_ADDRESS: u64 = 1 << 32;
const END_OF_ADDRESSES: u64 = 1 << 47;

/// Calls that start a thread or a process.
const STARTS: &[&str] = &["clone", "clone3", "fork", "vfork"];

/// Calls with process ids in arguments or result.
const WITH_IDS: &[&str] = &["wait4", "waitid", "kill", "tgkill", "getpid", "gettid", "set_tid_address"];

/// The C library's own, and what depends on time or chance.
const IGNORED: &[&str] = &["exit", "exit_group", "alarm", "set_robust_list", "rseq", "getrandom"];

/// A mapping, and the part in which it was made.
struct Mapping {
    range: Range<u64>,
    name: usize,
    part: String,
}

#[derive(Default)]
struct Reader {
    mappings: Vec<Mapping>,
    /// Mappings made in each part so far: a deviation in one part must not
    /// change names in the next.
    made: BTreeMap<String, usize>,
    /// Thread ids, in the order in which the threads were started.
    threads: Vec<u32>,
    /// The part in which each of them was started.
    born_in: Vec<Option<String>>,
}

/// Adds the traces of all threads, the first of which started the others.
pub(super) fn add(sections: &mut Sections, files: Vec<(u32, String)>) -> Result<()> {
    let texts: BTreeMap<u32, &str> = files.iter().map(|(id, text)| (*id, text.as_str())).collect();
    let started: Vec<u32> = files.iter().flat_map(|(_, text)| text.lines()).filter_map(started_thread).collect();
    let first = texts.keys().copied().find(|id| !started.contains(id)).context("no thread is the first")?;
    let mut reader = Reader { threads: vec![first], born_in: vec![None], ..Reader::default() };
    let mut index = 0;
    while index < reader.threads.len() {
        let text = texts.get(&reader.threads[index]).copied().unwrap_or_default();
        reader.read_thread(sections, index, text);
        index += 1;
    }
    Ok(())
}

fn started_thread(line: &str) -> Option<u32> {
    let call = Call::parse(line)?;
    if STARTS.contains(&call.name) {
        call.result.parse().ok()
    } else {
        None
    }
}

struct Call<'a> {
    name: &'a str,
    arguments: &'a str,
    result: &'a str,
}

impl<'a> Call<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (name, rest) = line.split_once('(')?;
        let (before, result) = rest.rsplit_once(" = ")?;
        let arguments = before.trim_end().strip_suffix(')')?;
        // The description of an error, and the mark of an injected one.
        let result = result.split(" (").next().unwrap_or_default().trim();
        Some(Self { name, arguments, result })
    }

    fn mark(&self) -> Option<&'a str> {
        let text = self.arguments.strip_prefix("-1, \"")?;
        (self.name == "write").then(|| text.split('"').next().unwrap_or_default())
    }
}

impl Reader {
    fn read_thread(&mut self, sections: &mut Sections, index: usize, text: &str) {
        let mut part = self.born_in[index].clone();
        let prefix = if index == 0 { String::new() } else { format!("thread {index}: ") };
        for line in text.lines() {
            if let Some(signal) = line.strip_prefix("--- ") {
                let signal = signal.split(' ').next().unwrap_or_default();
                // A child may end a little earlier or later.
                if signal != "SIGCHLD" {
                    if let Some(part) = &part {
                        sections.push(Stream::Trace, part, Some(format!("{prefix}--- {signal}")));
                    }
                }
                continue;
            }
            let Some(call) = Call::parse(line) else { continue };
            if let Some(mark) = call.mark() {
                part = (mark != "-").then(|| mark.to_owned());
                if let Some(part) = &part {
                    sections.push(Stream::Trace, part, None);
                }
                continue;
            }
            self.note(&call, part.as_deref());
            if let Some(part) = &part {
                if !IGNORED.contains(&call.name) {
                    sections.push(Stream::Trace, part, Some(format!("{prefix}{}", self.shown(&call, part))));
                }
            }
        }
    }

    /// Remembers new threads and mappings.
    fn note(&mut self, call: &Call<'_>, part: Option<&str>) {
        if STARTS.contains(&call.name) {
            if let Ok(id) = call.result.parse() {
                self.threads.push(id);
                self.born_in.push(part.map(str::to_owned));
            }
        }
        if !matches!(call.name, "mmap" | "mremap") {
            return;
        }
        let length = call.arguments.split(", ").nth(if call.name == "mmap" { 1 } else { 2 });
        let (Some(start), Some(length)) = (hex(call.result), length.and_then(|text| text.parse::<u64>().ok())) else {
            return;
        };
        let part = part.unwrap_or_default().to_owned();
        let made = self.made.entry(part.clone()).or_default();
        *made += 1;
        let mapping = Mapping { range: start..start + length, name: *made, part };
        // The newest first: it may lie where an old one was.
        self.mappings.insert(0, mapping);
    }

    fn shown(&self, call: &Call<'_>, part: &str) -> String {
        let mut arguments = call.arguments.to_owned();
        if call.name == "io_uring_setup" {
            arguments = setup_arguments(&arguments);
        }
        let mut text = self.with_names(&format!("{}({arguments}) = {}", call.name, call.result), part);
        if STARTS.contains(&call.name) {
            text = format!("{}()", call.name);
        } else if WITH_IDS.contains(&call.name) {
            for (index, id) in self.threads.iter().enumerate() {
                text = text.replace(&id.to_string(), &format!("thread{index}"));
            }
        }
        text
    }

    /// Addresses by the mapping they lie in.
    fn with_names(&self, text: &str, part: &str) -> String {
        let mut named = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find("0x") {
            let digits = rest[at + 2..].bytes().take_while(u8::is_ascii_hexdigit).count();
            let (number, after) = rest[at..].split_at(2 + digits);
            named.push_str(&rest[..at]);
            match hex(number) {
                Some(value) if (FIRST_ADDRESS..END_OF_ADDRESSES).contains(&value) => {
                    named.push_str(&self.name(value, part));
                }
                _ => named.push_str(number),
            }
            rest = after;
        }
        named.push_str(rest);
        named
    }

    fn name(&self, address: u64, part: &str) -> String {
        let Some(mapping) = self.mappings.iter().find(|mapping| mapping.range.contains(&address)) else {
            return "address".into();
        };
        let offset = address - mapping.range.start;
        let mut name = if mapping.part == part { format!("map{}", mapping.name) } else { "map".into() };
        if offset != 0 {
            name.push_str(&format!("+{offset:#x}"));
        }
        name
    }
}

fn hex(text: &str) -> Option<u64> {
    u64::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

/// What the library passed: the rest is the kernel's answer, of which every
/// release of strace shows something else.
fn setup_arguments(arguments: &str) -> String {
    let Some((entries, params)) = arguments.split_once(", {") else {
        return arguments.to_owned();
    };
    let mut text = entries.to_owned();
    for field in params.split([',', '}']).map(str::trim) {
        if field.starts_with("flags=") || field.starts_with("wq_fd=") {
            text.push_str(&format!(", {field}"));
        }
        if field.starts_with("sq_off") {
            break;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_belongs_to_a_part_stays() {
        let first = "mmap(NULL, 4096, 0x3, 0x22, -1, 0) = 0x7f0000001000\n\
            write(-1, \"one\", 3)       = -1 EBADF (Bad file descriptor)\n\
            mmap(NULL, 8192, 0x3, 0x8001, 3, 0x10000000) = 0x7f0000002000\n\
            --- SIGUSR1 {si_signo=SIGUSR1} ---\n\
            io_uring_enter(3, 1, 1, 0x9, 0x7ffc00000000, 24) = -1 EINTR (Interrupted) (INJECTED)\n\
            clone(child_stack=NULL, flags=0x1200011) = 501\n\
            munmap(0x7f0000002040, 64) = 0\n\
            write(-1, \"-\", 1) = -1 EBADF (Bad file descriptor)\n\
            close(3) = 0\n\
            exit_group(0) = ?\n";
        let child = "munmap(0x7f0000001000, 4096) = 0\n+++ exited with 0 +++\n";
        let mut sections = Sections::default();
        add(&mut sections, vec![(500, first.into()), (501, child.into())]).unwrap();
        assert_eq!(
            sections.lines(Stream::Trace, "one"),
            [
                "mmap(NULL, 8192, 0x3, 0x8001, 3, 0x10000000) = map1",
                "--- SIGUSR1",
                "io_uring_enter(3, 1, 1, 0x9, address, 24) = -1 EINTR",
                "clone()",
                "munmap(map1+0x40, 64) = 0",
                "thread 1: munmap(map, 4096) = 0",
            ]
        );
    }

    #[test]
    fn setup_shows_what_the_library_asks() {
        let arguments = "8, {flags=0x20, sq_thread_cpu=0, features=0xff, wq_fd=4, sq_off={head=0, flags=36}}";
        assert_eq!(setup_arguments(arguments), "8, flags=0x20, wq_fd=4");
        assert_eq!(setup_arguments("8, NULL"), "8, NULL");
    }
}
