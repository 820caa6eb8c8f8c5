//! The AIO engine, beside kernel AIO and beside glibc's POSIX AIO: random reads
//! of 4 KiB, as many in flight all the time as the case says.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::{bail, Context as _, Result};

use oxiring_bench::line::{Library, Line};
use oxiring_bench::peers::{output, succeed};

use crate::timed::{CHUNKS, UNIT};
use crate::Bench;

/// Not slower than kernel AIO, alone and with a queue.
const BOUND: f64 = 1.0;

struct Case {
    /// From the device, or from the page cache.
    files: &'static str,
    depth: u32,
    bound: Option<f64>,
}

const CASES: [Case; 5] = [
    Case { files: DIRECT, depth: 1, bound: Some(BOUND) },
    Case { files: DIRECT, depth: 8, bound: None },
    Case { files: DIRECT, depth: 32, bound: Some(BOUND) },
    Case { files: DIRECT, depth: 128, bound: None },
    Case { files: CACHED, depth: 32, bound: None },
];

const DIRECT: &str = "direct";
const CACHED: &str = "cached";

/// More than a device keeps to itself, and more than second-level caches have.
const DIRECT_SIZE: usize = 256 << 20;
const CACHED_SIZE: usize = 16 << 20;

/// A device has moods of its own: that many times the rounds of the other parts.
const ROUNDS: usize = 2;

/// Reads whose system calls are counted.
const COUNTED: &str = "6400";

/// As `c/aio.c` names them.
const WAYS: [(&str, Library); 5] = [
    ("engine", Library::Ours),
    ("issuer", Library::Ours),
    ("ring", Library::Ours),
    ("kernel", Library::KernelAio),
    ("glibc", Library::PosixAio),
];

/// Those that read with one thread. They do so on one processor, in each round the next: it makes a difference which of them the
/// device interrupts.
const ALONE: [&str; 3] = ["engine", "ring", "kernel"];

/// A way to read, and what it took in each round.
struct Way {
    name: &'static str,
    library: Library,
    times: Vec<f64>,
    cpu: Vec<f64>,
    calls: Vec<f64>,
}

pub(crate) fn run(bench: &Bench) -> Result<Vec<Line>> {
    let peers = &bench.peers;
    let source = peers.root.join("bench/c/aio.c");
    let program = peers.compile_source_with(&source, peers.ours(), &["-luring-aio"])?;
    let mut lines = Vec::new();
    for (files, size) in [(DIRECT, DIRECT_SIZE), (CACHED, CACHED_SIZE)] {
        let file = peers.out.join(files).with_extension("data");
        fill(&file, size).with_context(|| format!("{}", file.display()))?;
        let measured = run_on(bench, &program, files, &file);
        fs::remove_file(&file)?;
        lines.extend(measured?);
    }
    Ok(lines)
}

/// A file whose data is on the device: what was only allocated is not read.
fn fill(path: &Path, size: usize) -> Result<()> {
    let mut file = File::create(path)?;
    let some = vec![0x5a; 1 << 20];
    for _ in 0..size / some.len() {
        file.write_all(&some)?;
    }
    Ok(file.sync_all()?)
}

fn run_on(bench: &Bench, program: &Path, files: &str, file: &Path) -> Result<Vec<Line>> {
    let command = |name: &str, depth: &str| {
        let mut command = bench.peers.ours().run(program);
        command.args([name, files]).arg(file).arg(depth);
        command
    };
    let mut ways = Vec::new();
    for (name, library) in WAYS {
        if skips(command(name, "1").args(["1", "1"]))? {
            if library == Library::KernelAio || name == "engine" {
                // Nothing to compare.
                return Ok(Vec::new());
            }
            continue;
        }
        ways.push((name, library));
    }
    let counts = !skips(command("kernel", "1").arg("1"))?;

    let mut lines = Vec::new();
    for case in CASES.iter().filter(|case| case.files == files) {
        let depth = case.depth.to_string();
        let mut ways: Vec<Way> = ways
            .iter()
            .map(|&(name, library)| Way { name, library, times: Vec::new(), cpu: Vec::new(), calls: Vec::new() })
            .collect();
        for round in 0..ROUNDS * bench.rounds {
            for place in 0..ways.len() {
                // As elsewhere, nobody is always the one after the idle moment.
                let index = (round + place) % ways.len();
                let way = &mut ways[index];
                let mut command = command(way.name, &depth);
                command.args([ops(way.name, case.depth), CHUNKS]);
                if files == DIRECT && ALONE.contains(&way.name) {
                    command.arg(round.to_string());
                }
                way.take(&mut command)?;
            }
        }
        for way in ways.iter_mut().filter(|_| counts) {
            way.calls = numbers::<1>(command(way.name, &depth).arg(COUNTED))?.to_vec();
        }
        lines.extend(compare(case, &ways));
    }
    Ok(lines)
}

/// About five milliseconds, and a multiple of what is in flight.
fn ops(name: &str, depth: u32) -> &'static str {
    match (name, depth) {
        (_, 1) | ("glibc", _) => "256",
        (_, 8) => "768",
        _ => "1536",
    }
}

/// Whether the program says why it cannot do this here; then so does this.
fn skips(command: &mut Command) -> Result<bool> {
    let probe = output(command)?;
    if probe.status.code() == Some(77) {
        print!("{}", String::from_utf8_lossy(&probe.stdout));
        return Ok(true);
    }
    if !probe.status.success() {
        bail!("{command:?}: {}\n{}", probe.status, String::from_utf8_lossy(&probe.stderr));
    }
    Ok(false)
}

impl Way {
    fn take(&mut self, command: &mut Command) -> Result<()> {
        let [time, cpu] = numbers(command)?;
        self.times.push(time);
        self.cpu.push(cpu);
        Ok(())
    }
}

/// What a program printed.
fn numbers<const N: usize>(command: &mut Command) -> Result<[f64; N]> {
    let (stdout, _) = succeed(command)?;
    let numbers: Option<Vec<f64>> = stdout.split_whitespace().map(|number| number.parse().ok()).collect();
    numbers.and_then(|numbers| numbers.try_into().ok()).with_context(|| format!("{command:?} printed {stdout:?}"))
}

/// The engine beside each of the others, and what else one wants to know.
fn compare(case: &Case, ways: &[Way]) -> Vec<Line> {
    let beside = |ours: &str, theirs: &str, values: fn(&Way) -> &Vec<f64>| -> Vec<(Library, Vec<f64>)> {
        let named = |name: &str| ways.iter().find(|way| way.name == name);
        [ours, theirs].iter().filter_map(|name| named(name)).map(|way| (way.library, values(way).clone())).collect()
    };
    let line = |text: &str, unit, values: Vec<_>| {
        Line::from_rounds(format!("{}, {} in flight: {text}", case.files, case.depth), unit, &values)
    };
    let first = line("kernel AIO", UNIT, beside("engine", "kernel", times));
    let lines = [
        case.bound.map_or(first.clone(), |bound| first.bound(bound)),
        line("glibc", UNIT, beside("engine", "glibc", times)),
        line("the issuer", UNIT, beside("issuer", "kernel", times)),
        line("a bare ring", UNIT, beside("ring", "kernel", times)),
        line("processor", UNIT, beside("engine", "kernel", cpu)),
        line("calls", "calls", beside("engine", "kernel", calls)),
    ];
    // Calls may not have been counted.
    lines.into_iter().filter(|line| !line.values.is_empty()).collect()
}

fn times(way: &Way) -> &Vec<f64> {
    &way.times
}

fn cpu(way: &Way) -> &Vec<f64> {
    &way.cpu
}

fn calls(way: &Way) -> &Vec<f64> {
    &way.calls
}
