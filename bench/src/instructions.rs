//! Instructions of one NOP round trip.
//!
//! A long run less a short one, divided by the operations that it has more:
//! what a program does before and after its work is the same in both.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Mutex;
use std::thread;

use anyhow::{anyhow, bail, Context as _, Result};

use crate::callgrind;
use crate::line::{Library, Line};
use crate::peers::{output, Peer, Peers};
use crate::{BATCHES, SHAPES};

/// Multiples of every batch, and of equal length as text, so that reading them
/// takes as many instructions.
const SHORT: (&str, u64) = ("0640", 640);
const LONG: (&str, u64) = ("6400", 6400);

/// No more than the best original.
pub const BOUND: f64 = 1.0;

/// The unit of all lines here.
pub const UNIT: &str = "instructions";

/// One program on one library.
struct Run<'a> {
    peer: &'a Peer,
    program: &'a Path,
    shape: &'a str,
    batch: u32,
}

impl Run<'_> {
    fn count(&self) -> Result<f64> {
        per_operation(|ops| {
            let arguments = [self.shape.to_owned(), self.batch.to_string(), ops.to_owned()];
            callgrind::total(self.peer, self.program, &arguments)
        })
    }
}

/// Instructions per operation, from the instructions of a run with that many.
pub fn per_operation(count: impl Fn(&str) -> Result<u64>) -> Result<f64> {
    let more = count(LONG.0)?.checked_sub(count(SHORT.0)?).context("a long run took fewer instructions")?;
    Ok(more as f64 / (LONG.1 - SHORT.1) as f64)
}

/// How a line is called.
pub fn case(shape: &str, batch: u32) -> String {
    format!("{shape}, batch {batch}")
}

/// Every library with the program of its own header.
pub fn nop(peers: &Peers, jobs: usize) -> Result<Vec<Line>> {
    let programs = peers.all.iter().map(|peer| peers.compile("nop", peer)).collect::<Result<Vec<_>>>()?;
    let mut runs = Vec::new();
    for (shape, _) in SHAPES {
        for batch in BATCHES {
            runs.extend(peers.all.iter().zip(&programs).map(|(peer, program)| Run { peer, program, shape, batch }));
        }
    }
    let counts = parallel(jobs, &runs, Run::count)?;
    let lines = runs.chunks(programs.len()).zip(counts.chunks(programs.len())).map(|(runs, counts)| {
        let values: Vec<_> = runs.iter().map(|run| run.peer.library).zip(counts.iter().copied()).collect();
        Line::exact(case(runs[0].shape, runs[0].batch), UNIT, &values).bound(BOUND)
    });
    Ok(lines.collect())
}

/// Programs of the original's headers, on the original and, as they are, on
/// this library.
pub fn nop_unrebuilt(peers: &Peers, jobs: usize) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for original in peers.originals() {
        let program = peers.compile("nop", original)?;
        let mut runs = Vec::new();
        for (shape, _) in SHAPES {
            for batch in BATCHES {
                runs.extend([peers.ours(), original].map(|peer| Run { peer, program: &program, shape, batch }));
            }
        }
        let counts = parallel(jobs, &runs, Run::count)?;
        for (runs, counts) in runs.chunks(2).zip(counts.chunks(2)) {
            let values = [(Library::Ours, counts[0]), (original.library, counts[1])];
            let header = original.library.name();
            let case = format!("{}, program of {header}", case(runs[0].shape, runs[0].batch));
            lines.push(Line::exact(case, UNIT, &values).bound(BOUND));
        }
    }
    Ok(lines)
}

/// Why no ring can be set up here: the kernel has none, or forbids them.
pub fn no_rings(peers: &Peers) -> Result<Option<String>> {
    let program = peers.compile("nop", peers.ours())?;
    let ran = output(peers.ours().run(program).args([SHAPES[0].0, "1", SHORT.0]))?;
    Ok((ran.status.code() == Some(77)).then(|| String::from_utf8_lossy(&ran.stdout).trim().replacen("skip: ", "", 1)))
}

/// Puts in the counts of `bench/reference.tsv` for originals that are not
/// there; `false` where they do not hold, which is anywhere but on x86-64.
pub fn fill_in(peers: &Peers, lines: &mut [Line]) -> Result<bool> {
    if !cfg!(target_arch = "x86_64") {
        return Ok(false);
    }
    let path = peers.root.join("bench/reference.tsv");
    let text = fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
    for row in text.lines().filter(|row| !row.starts_with('#')) {
        let fields: Vec<&str> = row.split('\t').collect();
        let [shape, batch, v2_3, v2_15] = fields[..] else {
            bail!("{}: not four columns: {row}", path.display());
        };
        let case = case(shape, batch.parse()?);
        let line = lines.iter_mut().find(|line| line.case == case).with_context(|| format!("nothing for {case}"))?;
        let mut values = line.values.clone();
        for (library, text) in [(Library::V2_3, v2_3), (Library::V2_15, v2_15)] {
            if line.value(library).is_none() {
                values.push((library, text.parse()?));
            }
        }
        *line = Line::exact(case, UNIT, &values).bound(BOUND);
    }
    Ok(true)
}

/// Counts do not depend on what else runs, so several may be taken at a time.
fn parallel<T: Sync>(jobs: usize, items: &[T], work: impl Fn(&T) -> Result<f64> + Sync) -> Result<Vec<f64>> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(vec![None; items.len()]);
    let first_error = Mutex::new(None);
    thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(item) = items.get(index) else { break };
                match work(item) {
                    Ok(value) => results.lock().expect("no worker panics here")[index] = Some(value),
                    Err(error) => {
                        // The others stop at their next item.
                        next.store(items.len(), Ordering::Relaxed);
                        first_error.lock().expect("no worker panics here").get_or_insert(error);
                    }
                }
            });
        }
    });
    if let Some(error) = first_error.into_inner().expect("no worker panicked") {
        return Err(error);
    }
    let results = results.into_inner().expect("no worker panicked");
    results.into_iter().map(|value| value.ok_or_else(|| anyhow!("an item was left out"))).collect()
}
