//! Poll watches, beside polls that are queued again after each event and beside
//! epoll with EPOLLONESHOT: three ways by which two threads can share what
//! happens to many descriptors, each of which one thread at a time handles.

use std::process::Command;

use anyhow::{bail, Result};

use oxiring_bench::line::{Library, Line};
use oxiring_bench::peers::{output, succeed};

use crate::timed::{CHUNKS, UNIT};
use crate::Bench;

/// Both are beaten: time, and system calls.
const BOUND: f64 = 1.0;

/// What is watched, and how many events a thread takes at a time.
const CASES: [(&str, &str); 4] = [("eventfd", "1"), ("eventfd", "8"), ("eventfd", "16"), ("socket", "8")];

/// A few milliseconds.
const OPS: &str = "6400";

/// A way to learn of events, on one library.
struct Way {
    name: &'static str,
    library: Library,
    command: Command,
    times: Vec<f64>,
    calls: Vec<f64>,
}

pub(crate) fn run(bench: &Bench) -> Result<Vec<Line>> {
    let peers = &bench.peers;
    let programs = peers.all.iter().map(|peer| peers.compile("poll", peer)).collect::<Result<Vec<_>>>()?;
    let probe = output(peers.ours().run(&programs[0]).args(["watch", "eventfd", "1", OPS]))?;
    if probe.status.code() == Some(77) {
        print!("{}", String::from_utf8_lossy(&probe.stdout));
        return Ok(Vec::new());
    }

    let mut lines = Vec::new();
    for (files, batch) in CASES {
        let way = |name, library, index: usize| {
            let mut command = peers.all[index].run(&programs[index]);
            command.args([name, files, batch, OPS, CHUNKS]);
            Way { name, library, command, times: Vec::new(), calls: Vec::new() }
        };
        let mut ways = vec![way("watch", Library::Ours, 0)];
        ways.extend(peers.all.iter().enumerate().map(|(index, peer)| way("oneshot", peer.library, index)));
        // Neither has anything of liburing in it.
        ways.extend(["epoll", "edge"].map(|name| way(name, Library::Epoll, 0)));
        for round in 0..bench.rounds {
            for place in 0..ways.len() {
                // As elsewhere, nobody is always the one after the idle moment.
                let index = (round + place) % ways.len();
                ways[index].take()?;
            }
        }
        lines.extend(compare(files, batch, &ways));
    }
    Ok(lines)
}

impl Way {
    fn take(&mut self) -> Result<()> {
        let (stdout, _) = succeed(&mut self.command)?;
        let mut numbers = stdout.split_whitespace().map(str::parse);
        let (Some(Ok(time)), Some(Ok(calls)), None) = (numbers.next(), numbers.next(), numbers.next()) else {
            bail!("{:?} printed {stdout:?}", self.command);
        };
        self.times.push(time);
        self.calls.push(calls);
        Ok(())
    }
}

/// Watches beside each of the others, and what else one wants to know.
fn compare(files: &str, batch: &str, ways: &[Way]) -> [Line; 6] {
    let of = |name: &str, values: fn(&Way) -> &Vec<f64>| -> Vec<(Library, Vec<f64>)> {
        let named = ways.iter().filter(|way| way.name == name);
        named.map(|way| (way.library, values(way).clone())).collect()
    };
    let beside = |name, values| {
        let others = of(name, values).into_iter().filter(|(library, _)| *library != Library::Ours);
        of("watch", values).into_iter().chain(others).collect::<Vec<_>>()
    };
    let time = |text, values: &[_]| Line::from_rounds(format!("{files} by {batch}: {text}"), UNIT, values);
    let calls = |text, values: &[_]| Line::from_rounds(format!("{files} by {batch}: calls, {text}"), "calls", values);
    [
        time("EPOLLONESHOT", &beside("epoll", times)).bound(BOUND),
        time("one-shot polls", &beside("oneshot", times)).bound(BOUND),
        calls("EPOLLONESHOT", &beside("epoll", system_calls)).bound(BOUND),
        calls("one-shot polls", &beside("oneshot", system_calls)).bound(BOUND),
        time("one-shot polls on every library", &of("oneshot", times)),
        time("EPOLLET, which keeps nobody away", &beside("edge", times)),
    ]
}

fn times(way: &Way) -> &Vec<f64> {
    &way.times
}

fn system_calls(way: &Way) -> &Vec<f64> {
    &way.calls
}
