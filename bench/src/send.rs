//! Zero-copy sends with a notification slot, beside the same sends without one
//! and their notifications counted by hand.

use std::path::Path;

use anyhow::{Context as _, Result};

use oxiring_bench::line::{Library, Line};
use oxiring_bench::peers::{output, succeed, Peer};

use crate::timed::{rounds, Turn, UNIT};
use crate::Bench;

/// The time that the slots may add.
const TIME_BOUND: f64 = 1.05;

/// 16 sends and one notifier, instead of two completions for each send.
const COMPLETIONS_BOUND: f64 = 17.0 / 32.0;

/// A few milliseconds of chains of 16.
const OPS: &str = "640";

pub(crate) fn run(bench: &Bench) -> Result<Vec<Line>> {
    let peers = &bench.peers;
    let programs = peers.all.iter().map(|peer| peers.compile("send", peer)).collect::<Result<Vec<_>>>()?;
    let probe = output(peers.ours().run(&programs[0]).args(["raw", OPS]))?;
    if probe.status.code() == Some(77) {
        print!("{}", String::from_utf8_lossy(&probe.stdout));
        return Ok(Vec::new());
    }

    let mut turns = vec![Turn::c(peers.ours(), &programs[0], &["slots", OPS])];
    let mut counts = vec![completions(peers.ours(), &programs[0], "slots")?];
    for (peer, program) in peers.all.iter().zip(&programs) {
        turns.push(Turn::c(peer, program, &["raw", OPS]));
        counts.push(completions(peer, program, "raw")?);
    }
    let times = rounds(bench, &mut turns)?;
    let counts: Vec<(Library, Vec<f64>)> = counts.into_iter().map(|(library, count)| (library, vec![count])).collect();

    // The second value is this library's, by hand.
    let slots = |values: &[(Library, Vec<f64>)]| [&values[..1], &values[2..]].concat();
    Ok(vec![
        Line::from_rounds("a send, 16 to a flush of a slot", UNIT, &slots(&times)).bound(TIME_BOUND),
        Line::from_rounds("the same by hand on every library", UNIT, &times[1..]),
        Line::from_rounds("completions of 16 sends and a flush", "CQEs", &slots(&counts)).bound(COMPLETIONS_BOUND),
        Line::from_rounds("the same by hand on every library", "CQEs", &counts[1..]),
    ])
}

/// Of 16 sends.
fn completions(peer: &Peer, program: &Path, how: &str) -> Result<(Library, f64)> {
    let (stdout, _) = succeed(peer.run(program).args([how, OPS]))?;
    let count = stdout.trim().parse().with_context(|| format!("send {how} printed {stdout:?}"))?;
    Ok((peer.library, count))
}
