//! The distribution's programs on `libaio.so.1`, ours and the system's: fio, and `qemu-img bench`.
//!
//! What fio calls IOPS is here, as everywhere, the time that an operation takes; a bound of 1 for one is a bound of 1 for the other.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{bail, ensure, Context as _, Result};
use serde_json::Value;

use oxiring_bench::line::{Library, Line};
use oxiring_bench::peers::output;

use crate::timed::UNIT;
use crate::Bench;

const IOPS: f64 = 1.0;
const LATENCY: f64 = 1.0;
/// Kernel AIO does buffered I/O in the call that submits it.
const SUBMIT_LATENCY: f64 = 0.1;

struct Case {
    files: &'static str,
    option: &'static str,
    rw: &'static str,
    depth: u32,
}

const DIRECT: &str = "direct";
const BUFFERED: &str = "buffered";
/// Kernel AIO waits for the device in the call that submits it, also where the data fits into memory.
const DSYNC: &str = "O_DSYNC";

const CASES: [Case; 9] = [
    Case { files: DIRECT, option: "--direct=1", rw: "read", depth: 1 },
    Case { files: DIRECT, option: "--direct=1", rw: "read", depth: 32 },
    Case { files: DIRECT, option: "--direct=1", rw: "read", depth: 128 },
    Case { files: DIRECT, option: "--direct=1", rw: "write", depth: 1 },
    Case { files: DIRECT, option: "--direct=1", rw: "write", depth: 32 },
    Case { files: DIRECT, option: "--direct=1", rw: "write", depth: 128 },
    Case { files: BUFFERED, option: "--direct=0", rw: "read", depth: 32 },
    Case { files: BUFFERED, option: "--direct=0", rw: "write", depth: 32 },
    Case { files: DSYNC, option: "--sync=dsync", rw: "write", depth: 32 },
];

/// A run ends when each block was read once, because the second time it would come out of the page cache, or after this time.
const SECONDS: &str = "2";
const SIZE: usize = 1 << 30;

/// Seconds are long: of so many rounds of the other parts this one has one.
const ROUNDS: usize = 4;

/// What qemu-img does in a second or so.
const QEMU_OPS: &str = "50000";

const LIBRARIES: [Library; 2] = [Library::Ours, Library::KernelAio];

/// The 99th percentile, as fio names it.
const P99: &str = "99.000000";

/// What one run took, per operation.
#[derive(Clone, Copy)]
struct Run {
    time: f64,
    latency: f64,
    submit: f64,
    cpu: f64,
}

pub(crate) fn run(bench: &Bench) -> Result<Vec<Line>> {
    let ours = ours(bench);
    ensure!(ours.exists(), "{} is missing: run make", ours.display());
    let file = bench.peers.out.join("libaio.data");
    let mut some = File::create(&file)?;
    for _ in 0..SIZE >> 20 {
        some.write_all(&[0x5a; 1 << 20])?;
    }
    some.sync_all()?;
    let lines = fio(bench, &file).and_then(|mut lines| {
        lines.extend(qemu(bench, &file)?);
        Ok(lines)
    });
    fs::remove_file(&file)?;
    lines
}

fn fio(bench: &Bench, file: &Path) -> Result<Vec<Line>> {
    let command = |case: &Case| {
        let mut command = Command::new("fio");
        command.args(["--name=bench", "--ioengine=libaio", "--bs=4k", "--allow_file_create=0", "--invalidate=1"]);
        command.args(["--lat_percentiles=1", "--slat_percentiles=1", "--output-format=json"]);
        command.arg(format!("--filename={}", file.display()));
        command.args([format!("--rw=rand{}", case.rw), format!("--iodepth={}", case.depth)]).arg(case.option);
        command
    };
    let one = "--number_ios=1";
    match output(command(&CASES[0]).arg(one)) {
        Ok(probe) if probe.status.success() => {}
        Ok(probe) => {
            println!("skip: no direct I/O here: {}", String::from_utf8_lossy(&probe.stderr).trim());
            return Ok(Vec::new());
        }
        Err(_) => {
            println!("skip: fio is not installed");
            return Ok(Vec::new());
        }
    }
    // What starting and ending costs.
    let start = |library| on(bench, library, command(&CASES[0]).arg(one)).map(|ran| ran.cpu);
    let start = [start(LIBRARIES[0])?, start(LIBRARIES[1])?];

    let mut lines = Vec::new();
    for case in &CASES {
        let mut runs = [Vec::new(), Vec::new()];
        for round in 0..rounds(bench) {
            for place in 0..LIBRARIES.len() {
                // As elsewhere, nobody is always the one after the idle moment.
                let index = (round + place) % LIBRARIES.len();
                // What the turn before wrote is no load on this one.
                File::open(file)?.sync_all()?;
                let ran = on(bench, LIBRARIES[index], command(case).args(["--runtime", SECONDS]))?;
                runs[index].push(read(case, &ran.stdout, ran.cpu - start[index])?);
            }
        }
        lines.extend(compare(case, &runs));
    }
    Ok(lines)
}

fn ours(bench: &Bench) -> PathBuf {
    bench.libaio.join("libaio.so.1")
}

fn rounds(bench: &Bench) -> usize {
    (bench.rounds / ROUNDS).max(1)
}

/// What a program printed, and the processor time it took in all its threads.
struct Ran {
    stdout: String,
    cpu: f64,
}

/// Runs a program on one of the libraries, of which it is seen that it is the one that is mapped.
fn on(bench: &Bench, library: Library, command: &mut Command) -> Result<Ran> {
    let ours = ours(bench).canonicalize()?;
    command.env_remove("LD_PRELOAD").env_remove("LD_LIBRARY_PATH").env("LD_BIND_NOW", "1");
    if library == Library::Ours {
        command.env("LD_LIBRARY_PATH", &bench.libaio);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let before = children_seconds();
    let mut child = command.spawn().with_context(|| format!("cannot start {:?}", command.get_program()))?;
    let mapped = mapped(&mut child);
    let ran = child.wait_with_output()?;
    let cpu = children_seconds() - before;
    let stdout = String::from_utf8_lossy(&ran.stdout).into_owned();
    if !ran.status.success() {
        bail!("{command:?}: {}\n{stdout}{}", ran.status, String::from_utf8_lossy(&ran.stderr));
    }
    let mapped = mapped.with_context(|| format!("{command:?}: no libaio was seen"))?;
    ensure!((mapped == ours) == (library == Library::Ours), "{command:?}: has {}", mapped.display());
    Ok(Ran { stdout, cpu })
}

/// The libaio of a program that was just started.
fn mapped(child: &mut Child) -> Option<PathBuf> {
    loop {
        let maps = fs::read_to_string(format!("/proc/{}/maps", child.id())).unwrap_or_default();
        let paths = maps.lines().filter_map(|line| line.find('/').map(|at| &line[at..]));
        if let Some(path) = paths.into_iter().find(|path| path.contains("/libaio.so")) {
            return Some(path.into());
        }
        if !matches!(child.try_wait(), Ok(None)) {
            return None;
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// Processor time of the programs that have ended. fio counts that of the thread that submits, and not of those that a library starts.
fn children_seconds() -> f64 {
    // SAFETY: zeros are a value of the structure.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: a structure to write to.
    unsafe { libc::getrusage(libc::RUSAGE_CHILDREN, &mut usage) };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

/// What fio says of one run.
fn read(case: &Case, stdout: &str, cpu: f64) -> Result<Run> {
    // Notes may come first.
    let json = stdout.find('{').map_or("", |at| &stdout[at..]);
    let report: Value = serde_json::from_str(json).with_context(|| stdout.to_owned())?;
    let number = |path: &str| report.pointer(path).and_then(Value::as_f64).with_context(|| format!("{path} in {json}"));
    let of = |path: &str| number(&format!("/jobs/0/{}/{path}", case.rw));
    ensure!(number("/jobs/0/error")? == 0.0, "{json}");
    Ok(Run {
        time: 1e9 / of("iops")?,
        latency: of(&format!("lat_ns/percentile/{P99}"))?,
        submit: of(&format!("slat_ns/percentile/{P99}"))?,
        cpu: 1e9 * cpu / of("total_ios")?,
    })
}

fn compare(case: &Case, runs: &[Vec<Run>; 2]) -> [Line; 4] {
    let line = |text: &str, value: fn(&Run) -> f64| {
        let values: Vec<(Library, Vec<f64>)> =
            LIBRARIES.into_iter().zip(runs.iter().map(|runs| runs.iter().map(value).collect())).collect();
        Line::from_rounds(format!("{} {}, {} in flight: {text}", case.files, case.rw, case.depth), UNIT, &values)
    };
    let time = line("time", |run| run.time);
    let latency = line("p99", |run| run.latency);
    let submit = line("p99 of submitting", |run| run.submit);
    let cpu = line("processor", |run| run.cpu);
    match case.files {
        DIRECT => [time.bound(IOPS), latency.bound(LATENCY), submit, cpu],
        BUFFERED => [time.bound(IOPS), latency, submit.bound(SUBMIT_LATENCY), cpu],
        _ => [time, latency, submit, cpu],
    }
}

/// It has an eventfd for its events and takes them from the `aio_ring`.
fn qemu(bench: &Bench, file: &Path) -> Result<Vec<Line>> {
    if output(Command::new("qemu-img").arg("--version")).is_err() {
        println!("skip: qemu-img is not installed");
        return Ok(Vec::new());
    }
    let mut lines = Vec::new();
    for (name, more) in [("reads", &[][..]), ("writes", &["-w"][..])] {
        let mut times = LIBRARIES.map(|library| (library, Vec::new()));
        for round in 0..rounds(bench) {
            for place in 0..LIBRARIES.len() {
                let (library, times) = &mut times[(round + place) % LIBRARIES.len()];
                let mut command = Command::new("qemu-img");
                command.args(["bench", "-n", "-t", "none", "-f", "raw", "-c", QEMU_OPS]).args(more).arg(file);
                times.push(qemu_time(&on(bench, *library, &mut command)?.stdout)?);
            }
        }
        lines.push(Line::from_rounds(format!("qemu-img bench, {name}"), UNIT, &times));
    }
    Ok(lines)
}

/// Nanoseconds of an operation.
fn qemu_time(stdout: &str) -> Result<f64> {
    let seconds = stdout.rsplit_once(" in ").and_then(|(_, end)| end.split_whitespace().next());
    let seconds: f64 = seconds.and_then(|word| word.parse().ok()).with_context(|| stdout.to_owned())?;
    Ok(seconds * 1e9 / QEMU_OPS.parse::<f64>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_may_have_notes_before_it() {
        let report = r#"fio: a note
{"jobs": [{"error": 0, "read": {"iops": 20000.0, "total_ios": 400,
"lat_ns": {"percentile": {"99.000000": 90000}}, "slat_ns": {"percentile": {"99.000000": 9000}}}}]}"#;
        let run = read(&CASES[0], report, 0.004).unwrap();
        assert_eq!([run.time, run.latency, run.submit], [50_000.0, 90_000.0, 9_000.0]);
        assert!((run.cpu - 10_000.0).abs() < 1e-6);
        assert!(read(&CASES[0], &report.replace("\"error\": 0", "\"error\": 5"), 0.004).is_err());
    }

    #[test]
    fn qemu_says_how_long_it_took_last() {
        let said = "Sending 50000 read requests, 4096 bytes each, 64 in parallel\nRun completed in 2.500 seconds.\n";
        assert_eq!(qemu_time(said).unwrap(), 50_000.0);
        assert!(qemu_time("qemu-img: no").is_err());
    }
}
