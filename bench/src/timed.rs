//! What takes a clock. The libraries take turns, so that what else the machine
//! does meets all of them, and ratios are those of neighbours.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use oxiring_bench::instructions::case;
use oxiring_bench::line::{Library, Line};
use oxiring_bench::peers::{succeed, Peer};
use oxiring_bench::{BATCHES, SHAPES};

use crate::Bench;

/// Repetitions within one turn, of which the fastest counts.
pub(crate) const CHUNKS: &str = "8";

pub(crate) const UNIT: &str = "ns";

/// Wall time is mostly the kernel's, and no two runs are equal.
const NOP_BOUND: f64 = 1.02;

/// In-flight reads.
const DEPTHS: [u32; 2] = [1, 32];

/// More than first-level caches have, and soon read once.
const FILE_SIZE: usize = 16 << 20;

/// One library's turn.
pub(crate) struct Turn {
    pub(crate) library: Library,
    pub(crate) command: Command,
}

impl Turn {
    /// A program of `bench/c` for one library.
    pub(crate) fn c(peer: &Peer, program: &Path, arguments: &[&str]) -> Self {
        let mut command = peer.run(program);
        command.args(arguments).arg(CHUNKS);
        Self { library: peer.library, command }
    }

    fn with_crate(bench: &Bench, name: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(&bench.crate_peer);
        command.arg(name).args(arguments).arg(CHUNKS);
        Self { library: Library::Crate, command }
    }

    fn take(&mut self) -> Result<f64> {
        let (stdout, _) = succeed(&mut self.command)?;
        stdout.trim().parse().with_context(|| format!("{:?} printed {stdout:?}", self.command))
    }
}

/// The values of each turn, round by round.
pub(crate) fn rounds(bench: &Bench, turns: &mut [Turn]) -> Result<Vec<(Library, Vec<f64>)>> {
    let mut values: Vec<(Library, Vec<f64>)> = turns.iter().map(|turn| (turn.library, Vec::new())).collect();
    for round in 0..bench.rounds {
        for place in 0..turns.len() {
            // Nobody is always the one after the idle moment.
            let index = (round + place) % turns.len();
            values[index].1.push(turns[index].take()?);
        }
    }
    Ok(values)
}

/// All turns of all rounds of one case.
pub(crate) fn compare(bench: &Bench, case: String, turns: &mut [Turn]) -> Result<Line> {
    Ok(Line::from_rounds(case, UNIT, &rounds(bench, turns)?))
}

/// The same arguments for the C program of every library, and for the crate.
fn compare_all(bench: &Bench, name: &str, cases: &[(String, Vec<String>)]) -> Result<Vec<Line>> {
    let peers = &bench.peers;
    let programs = peers.all.iter().map(|peer| peers.compile(name, peer)).collect::<Result<Vec<_>>>()?;
    let mut lines = Vec::new();
    for (case, arguments) in cases {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let with_c = peers.all.iter().zip(&programs).map(|(peer, program)| Turn::c(peer, program, &arguments));
        let mut turns: Vec<Turn> = with_c.collect();
        turns.push(Turn::with_crate(bench, name, &arguments));
        lines.push(compare(bench, case.clone(), &mut turns)?);
    }
    Ok(lines)
}

pub(crate) fn nop(bench: &Bench) -> Result<Vec<Line>> {
    let mut cases = Vec::new();
    for (shape, _) in SHAPES {
        for batch in BATCHES {
            // A few milliseconds for each chunk: one long enough for a clock,
            // and short enough to fit between two interruptions.
            let ops = if batch == 1 { 12800 } else { 64000 };
            cases.push((case(shape, batch), vec![shape.to_owned(), batch.to_string(), ops.to_string()]));
        }
    }
    let lines = compare_all(bench, "nop", &cases)?;
    Ok(lines.into_iter().map(|line| line.bound(NOP_BOUND)).collect())
}

pub(crate) fn read(bench: &Bench) -> Result<Vec<Line>> {
    let file = bench.peers.out.join("read.data");
    fs::write(&file, vec![0x5a; FILE_SIZE]).with_context(|| format!("{}", file.display()))?;
    let cases = DEPTHS.map(|depth| {
        let arguments = vec![file.display().to_string(), depth.to_string(), "6400".to_owned()];
        (format!("4 KiB, {depth} in flight"), arguments)
    });
    let lines = compare_all(bench, "read", &cases);
    fs::remove_file(&file)?;
    lines
}

pub(crate) fn ring(bench: &Bench) -> Result<Vec<Line>> {
    let cases = [8, 256, 4096].map(|entries: u32| {
        let ops = if entries > 1000 { "40" } else { "200" };
        (format!("{entries} entries"), vec![entries.to_string(), ops.to_owned()])
    });
    compare_all(bench, "ring", &cases)
}
