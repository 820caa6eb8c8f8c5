//! Programs of the distribution that use libaio: fio, qemu and sysbench do the
//! same on the system's library and on ours.
//!
//! What they print is compared without times and rates, and the loader is asked
//! which library their calls went to.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{anyhow, Result};

use super::Start;
use crate::c_tests::TIMEOUT_SECONDS;
use crate::context::{Context, Library};
use crate::exec;
use crate::old_kernel_filter::compile_hide;
use crate::report::{Outcome, Report, Verdict};

/// What one program does, in commands that follow each other.
struct Case {
    name: String,
    /// The programs, and the packages that have them.
    needs: &'static [(&'static str, &'static str)],
    /// A job file of fio's.
    jobs: String,
    commands: Vec<Vec<String>>,
    /// For a program that reads events without a call or an eventfd.
    polls_memory: bool,
    /// Also with LD_PRELOAD, and where io_uring is hidden.
    thorough: bool,
    /// What of the output has to be the same, or why it cannot be right.
    result: fn(&str) -> Result<String, String>,
}

const FIO: &[(&str, &str)] = &[("fio", "fio")];
const QEMU: &[(&str, &str)] = &[("qemu-img", "qemu-utils"), ("qemu-io", "qemu-utils")];
const SYSBENCH: &[(&str, &str)] = &[("sysbench", "sysbench")];

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

// ---- fio ----------------------------------------------------------------------

/// How fio is told to look for events in the ring: not; where it would call
/// anyway; always, which it never does unless a batch may be empty.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reap {
    Call,
    CallWhenEmpty,
    Memory,
}

impl Reap {
    fn options(self) -> &'static str {
        match self {
            Self::Call => "",
            Self::CallWhenEmpty => "userspace_reap\n",
            Self::Memory => "userspace_reap\niodepth_batch_complete_min=0\n",
        }
    }
}

/// Four depths. What is written is read back and verified, and so is what is
/// only read. In threads: processes that fio starts outlive it when it is killed.
fn fio(pattern: &str, direct: bool, reap: Reap) -> Case {
    let mut jobs = format!(
        "[global]\nioengine=libaio\nfilename=data\nsize=2m\nbs=4k\nstonewall\nthread\ndirect={}\n{}",
        u8::from(direct),
        reap.options()
    );
    jobs.push_str("verify=crc32c\nverify_fatal=1\n");
    // fio would lay the file out by itself, not with libaio, and with nothing in
    // it that can be verified.
    if pattern == "randread" {
        jobs.push_str("[layout]\nrw=write\ndo_verify=0\niodepth=32\n");
    }
    for depth in [1, 8, 32, 128] {
        jobs.push_str(&format!("[depth-{depth}]\nrw={pattern}\niodepth={depth}\n"));
    }
    let kind = if direct { "direct" } else { "buffered" };
    let how = match reap {
        Reap::Call => "",
        Reap::CallWhenEmpty => ", userspace_reap",
        Reap::Memory => ", userspace_reap without calls",
    };
    Case {
        name: format!("fio {pattern}, {kind}{how}"),
        needs: FIO,
        jobs,
        commands: vec![words("fio --output-format=terse --terse-version=3 jobs.fio")],
        polls_memory: reap == Reap::Memory,
        thorough: direct,
        result: fio_result,
    }
}

/// Error, and KiB read and written, of each job.
fn fio_result(output: &str) -> Result<String, String> {
    const ERROR: usize = 4;
    const FIELDS: [usize; 4] = [2, ERROR, 5, 46];
    let mut result = String::new();
    for line in output.lines().filter(|line| line.starts_with("3;")) {
        let fields: Vec<&str> = line.split(';').collect();
        let [Some(job), Some(error), Some(read), Some(written)] = FIELDS.map(|index| fields.get(index)) else {
            return Err(format!("too short: {line}"));
        };
        if *error != "0" {
            return Err(format!("{job}: error {error}\n{output}"));
        }
        result.push_str(&format!("{job}: {read} KiB read, {written} KiB written\n"));
    }
    if result.is_empty() {
        return Err(format!("no job ended\n{output}"));
    }
    Ok(result)
}

// ---- qemu ---------------------------------------------------------------------

/// -n is aio=native, which qemu takes for O_DIRECT (-t none) alone.
fn qemu(format: &str) -> Case {
    let io = |commands: &[&str]| -> Vec<String> {
        let mut line = words(&format!("qemu-io -n -t none -f {format}"));
        line.extend(commands.iter().flat_map(|command| ["-c".to_owned(), (*command).to_owned()]));
        line.push("disk".into());
        line
    };
    let bench =
        |options: &str| words(&format!("qemu-img bench -n -t none -c 500 {options} -s 4096 -S 20480 -f {format} disk"));
    let mut commands = vec![
        words(&format!("qemu-img create -q -f {format} disk 16M")),
        io(&["write -P 0xa5 0 4M", "write -P 0x5a 4M 4M", "flush", "read -P 0xa5 0 4M", "read -P 0x5a 4M 4M"]),
        bench("-d 1"),
        bench("-d 64"),
        bench("-w --pattern=0x33 -d 32"),
        bench("-w --pattern=0x77 -d 64 --flush-interval=100"),
        io(&[
            "read -P 0x77 0 4096",
            "aio_write -P 0x11 1M 64k",
            "aio_write -P 0x12 2M 64k",
            "aio_write -P 0x13 3M 64k",
            "aio_flush",
            "writev -P 0x14 8M 4k 8k 16k",
            "read -P 0x11 1M 64k",
            "read -P 0x12 2M 64k",
            "read -P 0x13 3M 64k",
            "readv -P 0x14 8M 4k 8k 16k",
        ]),
    ];
    // Where its clusters are is the order in which writes were done.
    commands.push(words(if format == "raw" { "cksum disk" } else { "qemu-img check -q -f qcow2 disk" }));
    Case {
        name: format!("qemu-img bench and qemu-io, {format}"),
        needs: QEMU,
        jobs: String::new(),
        commands,
        polls_memory: false,
        thorough: true,
        result: qemu_result,
    }
}

fn qemu_result(output: &str) -> Result<String, String> {
    if output.contains("failed") || output.contains("error") {
        return Err(output.to_owned());
    }
    let timed = |line: &&str| line.contains(" ops; ") || line.starts_with("Run completed in");
    let mut lines: Vec<&str> = output.lines().filter(|line| !timed(line)).collect();
    // What is in flight together ends in any order.
    lines.sort_unstable();
    Ok(lines.iter().map(|line| format!("{line}\n")).collect())
}

// ---- sysbench -----------------------------------------------------------------

/// Without --validate=on: sysbench has one buffer for all requests in flight,
/// which kernel AIO hides where it does buffered I/O in io_submit(); with direct
/// I/O its check fails on the system's libaio as well.
fn sysbench(direct: bool) -> Case {
    let (kind, flags) = if direct { ("direct", "--file-extra-flags=direct") } else { ("buffered", "") };
    let options = "--file-total-size=8M --file-num=4 --file-io-mode=async --file-async-backlog=32";
    let command = |options: &str, what: &str| words(&format!("sysbench fileio {options} {flags} {what}"));
    Case {
        name: format!("sysbench fileio, {kind}"),
        needs: SYSBENCH,
        jobs: String::new(),
        commands: vec![
            command(options, "prepare"),
            command(&format!("{options} --file-test-mode=rndrw --events=2000 --time=0"), "run"),
            command(&format!("{options} --file-test-mode=seqrd --events=500 --time=0"), "run"),
            command(options, "cleanup"),
        ],
        polls_memory: false,
        thorough: false,
        result: sysbench_result,
    }
}

fn sysbench_result(output: &str) -> Result<String, String> {
    if output.contains("FATAL") {
        return Err(output.to_owned());
    }
    let counts = output.lines().filter(|line| line.contains("total number of events:"));
    Ok(counts.map(|line| format!("{}\n", line.trim())).collect())
}

// ---- running them -------------------------------------------------------------

struct Place<'a> {
    context: &'a Context,
    dir: PathBuf,
    hide: PathBuf,
}

struct Run<'a> {
    case: &'a Case,
    start: Start,
    /// Whether there is no io_uring, and our library falls back.
    hidden: bool,
}

impl Run<'_> {
    fn name(&self) -> String {
        let hidden = if self.hidden { ", without io_uring" } else { "" };
        format!("{}: {}{hidden}", self.case.name, self.start.name())
    }

    /// What the case results in.
    fn start(&self, at: &Place<'_>) -> Result<String, String> {
        let name: String = self.name().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let dir = at.dir.join(name);
        fs::create_dir_all(&dir).map_err(|error| error.to_string())?;
        fs::write(dir.join("jobs.fio"), &self.case.jobs).map_err(|error| error.to_string())?;
        let mut output = String::new();
        for words in &self.case.commands {
            let ran = exec::run_to(self.command(at, words).current_dir(&dir), &dir.join("output"));
            let ran = ran.map_err(|error| format!("{error:#}"))?.ok();
            output.push_str(&ran.map_err(|text| format!("$ {}\n{text}\n{output}", words.join(" ")))?.stdout);
        }
        let result = (self.case.result)(&output)?;
        self.bindings(at, &dir)?;
        fs::remove_dir_all(&dir).map_err(|error| error.to_string())?;
        Ok(result)
    }

    fn command(&self, at: &Place<'_>, words: &[String]) -> Command {
        let mut command = at.context.command("timeout");
        // fio waits for its jobs when it is asked to end.
        command.args(["--kill-after=5", TIMEOUT_SECONDS]);
        if self.hidden {
            // It wants a path.
            command.arg(&at.hide).args(["setup=38", "--", "/usr/bin/env"]);
        }
        command.args(words);
        self.start.set(at.context, &mut command);
        if self.case.polls_memory {
            command.env("LIBAIO_RING", "filled");
        }
        command.env("LD_DEBUG", "bindings").env("LD_DEBUG_OUTPUT", "bindings");
        command
    }

    /// The loader wrote down where each name was found.
    fn bindings(&self, at: &Place<'_>, dir: &Path) -> Result<(), String> {
        let ours = at.context.shared(Library::Libaio);
        let mut found = Vec::new();
        for entry in fs::read_dir(dir).map_err(|error| error.to_string())?.flatten() {
            if entry.file_name().to_string_lossy().starts_with("bindings.") {
                let text = fs::read(entry.path()).map_err(|error| error.to_string())?;
                let text = String::from_utf8_lossy(&text);
                found.extend(text.lines().filter_map(submit_binding).map(str::to_owned));
            }
        }
        if found.is_empty() {
            return Err("no program looked for io_submit".into());
        }
        let is_ours = |path: &String| Path::new(path) == ours;
        let right = if self.start == Start::Original { !found.iter().any(is_ours) } else { found.iter().all(is_ours) };
        if right {
            Ok(())
        } else {
            Err(format!("io_submit was found in {}", found.join(", ")))
        }
    }
}

/// The library where a program found io_submit: `binding file WHO [0] to WHERE
/// [0]: normal symbol ...`.
fn submit_binding(line: &str) -> Option<&str> {
    let (_, line) = line.split_once("binding file ")?;
    let (who, line) = line.split_once(" [0] to ")?;
    let (place, symbol) = line.split_once(" [0]: normal symbol ")?;
    (symbol.starts_with("`io_submit'") && !who.contains("libaio.so")).then_some(place)
}

pub(crate) fn run(context: &Context, report: &mut Report) -> Result<()> {
    let logs = context.fresh_dir("libaio-programs")?;
    let hide = compile_hide(context, &logs).map_err(|details| anyhow!(details))?;
    let Some(dir) = takes_direct_io(context, &logs) else {
        report.skip("fio, qemu, sysbench", "no filesystem here takes direct I/O");
        return Ok(());
    };
    let at = Place { context, dir, hide };

    let mut cases = Vec::new();
    for pattern in ["randread", "randwrite", "randrw"] {
        for direct in [true, false] {
            for reap in [Reap::Call, Reap::CallWhenEmpty, Reap::Memory] {
                cases.push(fio(pattern, direct, reap));
            }
        }
    }
    cases.extend(["raw", "qcow2"].map(qemu));
    cases.extend([true, false].map(sysbench));
    if let Some(part) = &context.test_filter {
        cases.retain(|case| case.name.contains(part.as_str()));
    }

    let mut runs = Vec::new();
    for case in &cases {
        if let Some((_, package)) = case.needs.iter().find(|(program, _)| !exec::find(program)) {
            report.skip(case.name.as_str(), format!("{package} is not installed"));
            continue;
        }
        runs.push(Run { case, start: Start::Original, hidden: false });
        runs.push(Run { case, start: Start::Path, hidden: false });
        if case.thorough {
            runs.push(Run { case, start: Start::Preloaded, hidden: false });
            runs.push(Run { case, start: Start::Path, hidden: true });
        }
    }
    let results = exec::parallel(2 * context.jobs, &runs, |run| run.start(&at));
    for (index, run) in runs.iter().enumerate() {
        let original = runs.iter().position(|other| other.start == Start::Original && other.case.name == run.case.name);
        let original = original.map(|index| &results[index]);
        report.add(Outcome::new(run.name(), same(&results[index], original)));
    }
    report.check("system calls of fio", system_calls(&at));
    if report.failed() == 0 && !at.dir.starts_with(&logs) {
        fs::remove_dir_all(&at.dir)?;
    }
    report.note(format!("{} cases", cases.len()));
    Ok(())
}

fn same(seen: &Result<String, String>, original: Option<&Result<String, String>>) -> Verdict {
    match (seen, original) {
        (Err(details), _) => Verdict::Fail(details.clone()),
        (Ok(seen), Some(Ok(expected))) if seen != expected => {
            Verdict::Fail(format!("{seen}\nand with the system's:\n{expected}"))
        }
        (Ok(_), _) => Verdict::Pass,
    }
}

/// Ours is on io_uring, and where there is none on kernel AIO.
fn system_calls(at: &Place<'_>) -> Verdict {
    for program in ["strace", "fio"] {
        if !exec::find(program) {
            return Verdict::Skip(format!("{program} is not installed"));
        }
    }
    let case = fio("randwrite", true, Reap::Call);
    for (hidden, wanted) in [(false, "io_uring_setup("), (true, "io_setup(")] {
        let mut trace = case.commands[0].clone();
        trace.splice(0..0, words("strace -f -qq -e trace=io_setup,io_uring_setup -e signal=none -o calls"));
        let dir = at.dir.join(format!("calls-{hidden}"));
        let run = Run { case: &case, start: Start::Path, hidden };
        let ran = fs::create_dir_all(&dir)
            .and_then(|()| fs::write(dir.join("jobs.fio"), &case.jobs))
            .map_err(|error| error.to_string())
            .and_then(|()| {
                let ran = exec::run_to(run.command(at, &trace).current_dir(&dir), &dir.join("output"));
                ran.map_err(|error| format!("{error:#}"))?.ok()
            })
            .and_then(|_| fs::read_to_string(dir.join("calls")).map_err(|error| error.to_string()));
        let calls = match ran {
            Ok(calls) => calls,
            Err(details) => return Verdict::Fail(details),
        };
        // Whoever looks for a way to do without makes a ring in vain.
        let made = |line: &str| line.contains(wanted) && !line.contains("= -1");
        if !calls.lines().any(made) || (!hidden && calls.contains("io_setup(")) {
            return Verdict::Fail(format!("no {wanted}...), or others:\n{calls}"));
        }
    }
    Verdict::Pass
}

/// A directory for the files of the programs, or none.
fn takes_direct_io(context: &Context, dir: &Path) -> Option<PathBuf> {
    let own = format!("oxiring-libaio-programs-{}", std::process::id());
    let others = [std::env::temp_dir(), PathBuf::from("/var/tmp")].map(|dir| dir.join(&own));
    std::iter::once(dir.join("files")).chain(others).find(|dir| {
        let mut dd = context.command("dd");
        dd.args(["if=/dev/zero", "bs=4096", "count=1", "oflag=direct"]);
        dd.arg(format!("of={}", dir.join("probe").display()));
        fs::create_dir_all(dir).is_ok() && (exec::succeed(&mut dd).is_ok() || fs::remove_dir_all(dir).is_err())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_s_own_calls_are_none_of_the_program_s() {
        let line = |who: &str, name: &str| {
            format!("  7:\tbinding file {who} [0] to /x/libaio.so.1 [0]: normal symbol `{name}' [LIBAIO_0.1]")
        };
        assert_eq!(submit_binding(&line("fio", "io_submit")), Some("/x/libaio.so.1"));
        assert_eq!(submit_binding(&line("/x/libaio.so.1", "io_submit")), None);
        assert_eq!(submit_binding(&line("fio", "io_submit_2")), None);
    }

    #[test]
    fn an_error_of_a_job_is_seen() {
        let line =
            |error: u32| format!("3;fio-3.33;a;0;{error};{}", (5..60).map(|n| format!("{n};")).collect::<String>());
        assert_eq!(fio_result(&line(0)).unwrap(), "a: 5 KiB read, 46 KiB written\n");
        assert!(fio_result(&line(5)).is_err());
        assert!(fio_result("fio: nothing\n").is_err());
    }
}
