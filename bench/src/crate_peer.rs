//! What `c/nop.c`, `c/read.c` and `c/ring.c` do, with the `io-uring` crate:
//! oxiring-bench-crate nop|read|ring ARGUMENTS, where the arguments are those
//! of the C program.

use std::env;
use std::fs::File;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd as _;
use std::time::Instant;

use anyhow::{bail, ensure, Context as _, Result};
use io_uring::squeue::Entry;
use io_uring::{cqueue, opcode, types, IoUring};

const MAX_IN_FLIGHT: usize = 128;
const BLOCK: usize = 4096;

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["nop", shape, batch, ops, ref chunks @ ..] => {
            let batch: usize = batch.parse()?;
            ensure!((1..=MAX_IN_FLIGHT).contains(&batch), "no batch: {batch}");
            let mut ring = IoUring::new(2 * MAX_IN_FLIGHT as u32)?;
            let work = match shape {
                "wait_cqe" => wait_each,
                "for_each_cqe" => for_each,
                "peek_batch_cqe" => peek_batch,
                _ => bail!("no shape is called {shape}"),
            };
            measure(|ops| work(&mut ring, batch, ops), ops, chunks)
        }
        ["read", file, depth, ops, ref chunks @ ..] => {
            let depth: usize = depth.parse()?;
            ensure!((1..=MAX_IN_FLIGHT).contains(&depth), "no depth: {depth}");
            let mut reader = Reader::new(File::open(file).with_context(|| file.to_owned())?, depth)?;
            measure(|ops| reader.read_all(ops), ops, chunks)
        }
        ["ring", entries, ops, ref chunks @ ..] => {
            let entries: u32 = entries.parse()?;
            let work = |ops| {
                for _ in 0..ops {
                    drop(IoUring::new(entries)?);
                }
                Ok(())
            };
            measure(work, ops, chunks)
        }
        _ => bail!("usage: oxiring-bench-crate nop|read|ring ARGUMENTS"),
    }
}

/// Once in silence, or once for each chunk and then the nanoseconds of one
/// operation of the fastest.
fn measure(mut work: impl FnMut(usize) -> Result<()>, ops: &str, chunks: &[&str]) -> Result<()> {
    let ops: usize = ops.parse()?;
    work(ops)?;
    let Some(chunks) = chunks.first() else { return Ok(()) };
    let mut best = f64::INFINITY;
    for _ in 0..chunks.parse::<usize>()? {
        let begin = Instant::now();
        work(ops)?;
        best = best.min(begin.elapsed().as_secs_f64() * 1e9);
    }
    println!("{:.3}", best / ops as f64);
    Ok(())
}

fn queue(ring: &mut IoUring, batch: usize) -> Result<()> {
    let mut sq = ring.submission();
    for index in 0..batch {
        let entry = opcode::Nop::new().build().user_data(index as u64);
        push(&mut sq, &entry)?;
    }
    Ok(())
}

fn push(sq: &mut io_uring::SubmissionQueue<'_>, entry: &Entry) -> Result<()> {
    // SAFETY: a NOP names no memory; the memory of a read belongs to the
    // Reader, which waits for all of its reads before it touches or drops it.
    unsafe { sq.push(entry) }.context("the submission queue is full")
}

fn wait_each(ring: &mut IoUring, batch: usize, ops: usize) -> Result<()> {
    for _ in 0..ops / batch {
        queue(ring, batch)?;
        ring.submit()?;
        for _ in 0..batch {
            // The crate has no call that waits for one completion.
            while ring.completion().next().is_none() {
                ring.submit_and_wait(1)?;
            }
        }
    }
    Ok(())
}

fn for_each(ring: &mut IoUring, batch: usize, ops: usize) -> Result<()> {
    for _ in 0..ops / batch {
        queue(ring, batch)?;
        ring.submit_and_wait(batch)?;
        let seen = ring.completion().count();
        ensure!(seen == batch, "{seen} completions where {batch} were due");
    }
    Ok(())
}

fn peek_batch(ring: &mut IoUring, batch: usize, ops: usize) -> Result<()> {
    let mut cqes = [const { MaybeUninit::<cqueue::Entry>::uninit() }; MAX_IN_FLIGHT];
    for _ in 0..ops / batch {
        queue(ring, batch)?;
        ring.submit()?;
        let seen = ring.completion().fill(&mut cqes[..batch]).len();
        ensure!(seen == batch, "{seen} completions where {batch} were due");
    }
    Ok(())
}

struct Reader {
    // Dropped first, and with it whatever is in flight.
    ring: IoUring,
    file: File,
    blocks: u64,
    random: u64,
    depth: usize,
    memory: Vec<[u8; BLOCK]>,
}

impl Reader {
    fn new(file: File, depth: usize) -> Result<Self> {
        let blocks = file.metadata()?.len() / BLOCK as u64;
        ensure!(blocks > 0, "the file is too small");
        let ring = IoUring::new(MAX_IN_FLIGHT as u32)?;
        Ok(Self { ring, file, blocks, random: 1, depth, memory: vec![[0; BLOCK]; MAX_IN_FLIGHT] })
    }

    fn read_all(&mut self, ops: usize) -> Result<()> {
        let fd = types::Fd(self.file.as_raw_fd());
        for _ in 0..ops / self.depth {
            let mut sq = self.ring.submission();
            for (index, memory) in self.memory[..self.depth].iter_mut().enumerate() {
                let offset = somewhere(&mut self.random, self.blocks);
                let entry = opcode::Read::new(fd, memory.as_mut_ptr(), BLOCK as u32);
                push(&mut sq, &entry.offset(offset).build().user_data(index as u64))?;
            }
            drop(sq);
            self.ring.submit_and_wait(self.depth)?;
            let mut seen = 0;
            for cqe in self.ring.completion() {
                ensure!(cqe.result() == BLOCK as i32, "read: {}", cqe.result());
                seen += 1;
            }
            ensure!(seen == self.depth, "completions are missing");
        }
        Ok(())
    }
}

/// The same places as in the C program.
fn somewhere(random: &mut u64, blocks: u64) -> u64 {
    *random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
    (*random >> 33) % blocks * BLOCK as u64
}
