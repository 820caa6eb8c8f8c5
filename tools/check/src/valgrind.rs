//! The programs in `c-tests/` under valgrind, with the shared library.
//!
//! A test that cannot run this way says so with `valgrind: off: reason`.

use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::c_tests::{self, Link, Test, TIMEOUT_SECONDS};
use crate::context::Context;
use crate::exec;
use crate::report::{Outcome, Report, Verdict};
use crate::sanitizers::{reports_in, without_switched_off};

/// Stands before each error, and before no warning.
const MARK: &str = "error:";

pub(crate) fn run(context: &Context, report: &mut Report) -> Result<()> {
    if !exec::find("valgrind") {
        report.skip("C tests under valgrind", "valgrind is not installed");
        return Ok(());
    }
    let dir = context.fresh_dir("valgrind")?;
    let mut tests = c_tests::read_all(context, report)?;
    tests.retain(|test| test.links.contains(&Link::Shared));
    let tests = without_switched_off(tests, "valgrind", report)?;

    let (alone, together): (Vec<_>, Vec<_>) = tests.iter().partition(|test| test.alone);
    for (tests, jobs) in [(together, context.jobs), (alone, 1)] {
        report.extend(exec::parallel(jobs, &tests, |test| {
            let verdict = check(context, &dir, test).unwrap_or_else(|error| Verdict::Fail(format!("{error:#}")));
            Outcome::new(test.name.as_str(), verdict)
        }));
    }
    Ok(())
}

fn check(context: &Context, dir: &Path, test: &Test) -> Result<Verdict> {
    let program = dir.join(&test.name);
    let mut cc = context.cc();
    cc.args(["-std=gnu11", "-D_GNU_SOURCE", "-O1", "-g", "-I", "c-tests"])
        .arg(&test.source)
        .args(&test.options)
        .arg("-o")
        .arg(&program)
        .args(test.link_options(context, Link::Shared))
        .arg("-lpthread");
    if let Err(details) = exec::succeed(&mut cc) {
        return Ok(Verdict::Fail(details));
    }

    let place = dir.join(format!("run-{}", test.name));
    fs::create_dir_all(&place)?;
    let mut command = context.command("timeout");
    command
        .args(["--kill-after=5", TIMEOUT_SECONDS, "valgrind", "-q", "--error-exitcode=99", "--leak-check=full"])
        .arg(format!("--suppressions={}", context.root.join("tools/check/valgrind.supp").display()))
        .args(["--vgdb=no", &format!("--error-markers={MARK},end")])
        .arg(format!("--log-file={}", place.join("report.%p").display()))
        .arg(&program)
        .current_dir(&place)
        .env("RING_FLAVOUR", &test.flavours[0])
        .env("TMPDIR", &place)
        .env("T_MEMORY_TOOL", "valgrind")
        .env("T_LIBAIO", "ours");
    let ran = exec::run_to(&mut command, &place.join("output"))?;
    let seen = reports_in(&place)?;
    fs::remove_dir_all(&place)?;
    Ok(if seen.contains(MARK) { Verdict::Fail(format!("{seen}{}", ran.text())) } else { c_tests::verdict(&ran) })
}
