//! The programs in `tests/differential/`: compiled with the headers of the
//! original and with ours, run with its library and with ours.
//!
//! What a program prints and the system calls it makes must be the same. What
//! is meant to differ stands in `tests/differential/deviations.txt`; a line
//! there that describes nothing any more is a failure as well.

mod deviations;
pub(crate) mod peers;
mod program;
mod run;
mod section;
mod trace;

use std::fs;
use std::thread;
use std::time::Duration;

use anyhow::{bail, Result};

use crate::context::Context;
use crate::exec;
use crate::report::{Outcome, Report, Verdict};
use deviations::{Deviations, List};
use peers::Peers;
use program::{Build, Headers, Program};
use run::{Library, Run, Tracer};

/// Two runs of one program that have to look the same.
struct Comparison {
    original: (Headers, Library),
    other: (Headers, Library),
    list: List,
    /// Whether everything on the list is expected to be seen here.
    all_of_list: bool,
}

/// A program built with any header, on the library of the same version and on
/// ours; with our header, on both libraries.
const COMPARISONS: &[Comparison] = &[
    Comparison {
        original: (Headers::V2_15, Library::V2_15),
        other: (Headers::V2_15, Library::Ours),
        list: List::V2_15,
        all_of_list: true,
    },
    Comparison {
        original: (Headers::V2_15, Library::V2_15),
        other: (Headers::OursAs2_15, Library::V2_15),
        list: List::Header2_15,
        all_of_list: true,
    },
    Comparison {
        original: (Headers::V2_15, Library::V2_15),
        other: (Headers::OursAs2_15, Library::Ours),
        list: List::V2_15,
        all_of_list: false,
    },
    Comparison {
        original: (Headers::V2_3, Library::V2_3),
        other: (Headers::V2_3, Library::Ours),
        list: List::V2_3,
        all_of_list: true,
    },
    Comparison {
        original: (Headers::V2_3, Library::V2_3),
        other: (Headers::OursAs2_3, Library::V2_3),
        list: List::Header2_3,
        all_of_list: true,
    },
    Comparison {
        original: (Headers::OursAs2_3, Library::V2_3),
        other: (Headers::OursAs2_3, Library::Ours),
        list: List::V2_3,
        all_of_list: false,
    },
    Comparison {
        original: (Headers::V2_3, Library::V2_15),
        other: (Headers::V2_3, Library::Ours),
        list: List::V2_15,
        all_of_list: false,
    },
];

/// Rings can be resized since this one.
const COMPLETE_KERNEL: (u32, u32) = (6, 13);

/// How often two runs that differ are repeated. On a busy machine a timer may be over before one of them waits for it; what the libraries do
/// differently they do each time.
const TRIES_MORE: u32 = 12;
/// Longer each time: what keeps a machine busy comes in bursts.
const PAUSE: Duration = Duration::from_millis(100);

pub(crate) fn run(context: &Context, report: &mut Report) -> Result<()> {
    let peers = match Peers::get(context)? {
        Ok(peers) => peers,
        Err(reason) => {
            report.skip("the original", reason);
            return Ok(());
        }
    };
    let tracer = Tracer::new(context);
    if let Err(reason) = &tracer {
        report.skip("system calls", reason.as_str());
    }
    let tracer = tracer.ok();
    let dir = context.fresh_dir("differential")?;
    let source = context.root.join("tests/differential");
    let mut programs = Program::read_all(&source)?;
    if let Some(part) = &context.test_filter {
        programs.retain(|program| program.name.contains(part.as_str()));
    }
    if !context.has_cxx() {
        let (cxx, rest) = programs.into_iter().partition(|program| program.is_cxx());
        programs = rest;
        for program in cxx as Vec<Program> {
            report.skip(program.name, "there is no C++ compiler");
        }
    }

    let builds: Vec<Build<'_>> =
        programs.iter().flat_map(|program| program.headers().map(move |headers| Build { program, headers })).collect();
    let compiled = exec::parallel(context.jobs, &builds, |build| build.compile(context, &peers, &dir));
    for (build, result) in builds.iter().zip(compiled) {
        if let Err(details) = result {
            report.fail(format!("compiling {}", build.name()), details);
        }
    }

    let mut runs = Vec::new();
    for program in &programs {
        for scenario in program.scenarios(tracer.is_some()) {
            for comparison in COMPARISONS {
                for (headers, library) in [comparison.original, comparison.other] {
                    let run = Run { build: Build { program, headers }, scenario, library };
                    if program.takes_in(scenario, headers) && run.build.binary(&dir).is_file() && !runs.contains(&run) {
                        runs.push(run);
                    }
                }
            }
        }
    }
    let results = exec::parallel(context.jobs, &runs, |run| run.start(context, &peers, tracer.as_ref(), &dir));
    let mut seen = Vec::new();
    for (run, result) in runs.iter().zip(results) {
        match result {
            Ok(sections) => seen.push((run, sections)),
            Err(error) => report.fail(run.name(), format!("{error:#}")),
        }
    }

    let list = source.join("deviations.txt");
    let deviations = Deviations::parse(&fs::read_to_string(&list)?)?;
    for program in &programs {
        for scenario in program.scenarios(tracer.is_some()) {
            for comparison in COMPARISONS {
                let find = |(headers, library)| {
                    let run = Run { build: Build { program, headers }, scenario, library };
                    seen.iter().find(|(other, _)| **other == run)
                };
                let (Some((first, original)), Some((run, other))) = (find(comparison.original), find(comparison.other))
                else {
                    continue;
                };
                let against = format!("{} against {}", run.name(), comparison.original.1.name());
                let name = program.run_name(scenario);
                let mut result = deviations.compare(comparison, &name, original, other);
                for tries in 0..TRIES_MORE {
                    if result.is_ok() {
                        break;
                    }
                    thread::sleep(PAUSE * tries);
                    let again = |run: &Run<'_>| run.start(context, &peers, tracer.as_ref(), &dir);
                    let (Ok(original), Ok(other)) = (again(first), again(run)) else { break };
                    result = deviations.compare(comparison, &name, &original, &other);
                }
                report.add(Outcome::new(against, Verdict::from(result)));
            }
        }
    }
    if seen.is_empty() {
        bail!("nothing ran");
    }
    if report.failed() == 0 && tracer.is_some() && context.test_filter.is_none() {
        report.check("deviations.txt", all_seen(&deviations));
    }
    report.note(format!("{} programs, {} runs", programs.len(), runs.len()));
    Ok(())
}

/// On kernels that lack what a deviation is about, it cannot be seen.
fn all_seen(deviations: &Deviations) -> Verdict {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map_while(|number| number.parse::<u32>().ok());
    let kernel = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if kernel < COMPLETE_KERNEL {
        let (major, minor) = COMPLETE_KERNEL;
        return Verdict::Skip(format!("not all that it lists can be seen before Linux {major}.{minor}"));
    }
    deviations.all_seen().into()
}
