//! `make bench`: this library and the original side by side.
//!
//! Prints a table for each part, and writes it to `bench/results/` with a chart
//! of the NOP round trips. The exit status is 1 when a bound was missed.

mod aio;
mod chart;
mod libaio;
mod load;
mod poll;
mod results;
mod send;
mod timed;

use std::env;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{bail, ensure, Context as _, Result};
use clap::Parser;

use oxiring_bench::line::{Library, Line, Row};
use oxiring_bench::peers::Peers;
use oxiring_bench::{callgrind, instructions, prep, BATCHES, SHAPES};

#[derive(Parser)]
#[command(about = "Measures this library beside the original", version)]
struct Args {
    /// Directory with the built libraries, relative to the root of the project.
    #[arg(long, default_value = "build")]
    build: PathBuf,

    /// Measure only this part (may be repeated).
    #[arg(long, value_name = "PART")]
    only: Vec<String>,

    /// List the parts and exit.
    #[arg(long)]
    list: bool,

    /// How often each library has its turn where time is measured.
    #[arg(long, default_value_t = 21)]
    rounds: usize,

    /// Where the tables and the chart go.
    #[arg(long, value_name = "DIR", default_value = "bench/results")]
    results: PathBuf,
}

/// What all parts are given.
struct Bench {
    peers: Peers,
    /// The directory of `libaio.so.1`.
    libaio: PathBuf,
    /// The program that does the same with the `io-uring` crate.
    crate_peer: PathBuf,
    rounds: usize,
}

struct Part {
    name: &'static str,
    about: &'static str,
    counts: bool,
    run: fn(&Bench) -> Result<Vec<Line>>,
}

const PARTS: &[Part] = &[
    Part {
        name: "nop-instructions",
        about: "user-space instructions of a NOP round trip",
        counts: true,
        run: nop_instructions,
    },
    Part {
        name: "nop-unrebuilt",
        about: "the same, with programs that were compiled for the original",
        counts: true,
        run: |bench| instructions::nop_unrebuilt(&bench.peers, JOBS),
    },
    Part {
        name: "prep",
        about: "instructions of each helper that fills an SQE",
        counts: true,
        run: |bench| prep::measure(&bench.peers),
    },
    Part { name: "nop-time", about: "nanoseconds of a NOP round trip", counts: false, run: timed::nop },
    Part { name: "read-time", about: "nanoseconds of a cached read of 4 KiB", counts: false, run: timed::read },
    Part { name: "ring-time", about: "nanoseconds of ring setup and teardown", counts: false, run: timed::ring },
    Part { name: "slot-sends", about: "zero-copy sends of 64 KiB over TCP on loopback", counts: false, run: send::run },
    Part { name: "poll-watch", about: "events of 64 descriptors for two threads", counts: false, run: poll::run },
    Part { name: "aio", about: "reads of 4 KiB by the AIO engine", counts: false, run: aio::run },
    Part { name: "libaio", about: "fio and qemu-img, as they are, on libaio.so.1", counts: false, run: libaio::run },
    Part { name: "load", about: "what the dynamic linker has to do, and size", counts: false, run: load::run },
];

/// Lines that one still reads.
const LONG: usize = 50;

/// Countings at a time.
const JOBS: usize = 2;

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("oxiring-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all bounds were met.
fn run(args: &Args) -> Result<bool> {
    if args.list {
        for part in PARTS {
            println!("{:<18} {}", part.name, part.about);
        }
        return Ok(true);
    }
    for name in &args.only {
        if !PARTS.iter().any(|part| part.name == name) {
            bail!("there is no part {name:?}; --list names them");
        }
    }
    ensure!(args.rounds > 0, "no rounds, no values");

    let root = env::current_dir()?;
    let peers = Peers::new(&root, &args.build, "bench")?;
    if let Some(reason) = &peers.missing {
        println!("skip: {reason}");
    }
    let program = env::current_exe()?.with_file_name("oxiring-bench-crate");
    ensure!(program.exists(), "{} is not built", program.display());
    if let Some(reason) = instructions::no_rings(&peers)? {
        println!("skip: {reason}");
        return Ok(true);
    }
    let libaio = root.join(&args.build).join("libaio");
    let bench = Bench { peers, libaio, crate_peer: program, rounds: args.rounds };

    let results = root.join(&args.results);
    let surroundings = results::surroundings();
    let mut missed = Vec::new();
    let mut measured = Vec::new();
    for part in PARTS {
        if !args.only.is_empty() && !args.only.iter().any(|name| name == part.name) {
            continue;
        }
        println!("\n{}: {}", part.name, part.about);
        if let Some(reason) = callgrind::missing().filter(|_| part.counts) {
            println!("skip: {reason}");
            continue;
        }
        let lines = (part.run)(&bench).with_context(|| part.name)?;
        if lines.is_empty() {
            continue;
        }
        print_table(&lines);
        results::write(&results.join(part.name).with_extension("csv"), part.about, &surroundings, &lines)?;
        let over = lines.iter().filter(|line| line.met() == Some(false));
        missed.extend(over.map(|line| format!("{}: {}", part.name, line.case)));
        measured.push((part.name, lines));
    }

    let lines_of = |name: &str| measured.iter().find(|(part, _)| *part == name).map(|(_, lines)| lines.as_slice());
    if let (Some(counts), Some(times)) = (lines_of("nop-instructions"), lines_of("nop-time")) {
        chart::draw(&results.join("nop.svg"), counts, times)?;
    }
    println!();
    for name in &missed {
        println!("over its bound: {name}");
    }
    println!("{} bounds missed", missed.len());
    Ok(missed.is_empty())
}

fn print_table(lines: &[Line]) {
    let columns = Library::columns(lines);
    print!("{:<48}", "");
    for library in &columns {
        print!(" {:>14}", library.name());
    }
    println!("   min median max of the ratio");
    // Of a hundred helpers, the ones that differ and the sum.
    let long = lines.len() > LONG;
    let unremarkable = |line: &Line| long && line.ratio.is_some_and(|ratio| ratio.median == 1.0);
    let (last, others) = lines.split_last().map_or((None, lines), |(last, others)| (Some(last), others));
    let shown = others.iter().filter(|line| !unremarkable(line)).chain(last);
    for line in shown {
        println!("{}", Row(line, &columns));
    }
    if long {
        println!(
            "({} lines with equal values are only in the file)",
            others.iter().filter(|line| unremarkable(line)).count()
        );
    }
}

/// All libraries, and the crate.
fn nop_instructions(bench: &Bench) -> Result<Vec<Line>> {
    let mut lines = instructions::nop(&bench.peers, JOBS)?;
    if bench.peers.missing.is_some() {
        instructions::fill_in(&bench.peers, &mut lines)?;
    }
    let cases = SHAPES.iter().flat_map(|(shape, _)| BATCHES.map(|batch| (shape, batch)));
    for (line, (shape, batch)) in lines.iter_mut().zip(cases) {
        let count = instructions::per_operation(|ops| {
            let arguments = ["nop", shape, &batch.to_string(), ops].map(str::to_owned);
            callgrind::total(bench.peers.ours(), &bench.crate_peer, &arguments)
        })?;
        line.values.push((Library::Crate, count));
    }
    Ok(lines)
}
