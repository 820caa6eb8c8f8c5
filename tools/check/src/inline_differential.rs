//! One program, which calls the inline helpers on rings and buffers of its own
//! making, compiled against the original's header, against ours, and against
//! ours with the helpers exported from `liburing-ffi.so.2`. It has to print the
//! same.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{bail, ensure, Context as _, Result};

use crate::context::{Context, Library};
use crate::differential::peers::Peers;
use crate::exec;
use crate::report::{Report, Verdict};

const SOURCE: &str = "tests/inline-differential/inline.c";
const DEVIATIONS: &str = "tests/inline-differential/deviations.txt";
const SEEDS: u64 = 8;
/// Of every kind of line.
const ROUNDS: &str = "1000";

pub(crate) fn run(context: &Context, report: &mut Report) -> Result<()> {
    let dir = context.fresh_dir("inline-differential")?;
    let build = |name: &str, compiler: &mut Command, link: &[String]| -> Result<PathBuf, String> {
        let program = dir.join(name);
        compiler.args(["-std=gnu11", "-D_GNU_SOURCE", "-O1", SOURCE, "-o"]).arg(&program).args(link);
        exec::succeed(compiler).map(|_| program)
    };
    let ours = match build("ours", &mut context.cc(), &[]) {
        Ok(program) => program,
        Err(details) => {
            report.fail("compiling with our header", details);
            return Ok(());
        }
    };
    let mut exported = context.cc();
    exported.arg("-DLIBURING_FFI_PROTOTYPES");
    match build("exported", &mut exported, &context.link_shared(Library::Ffi)) {
        Ok(program) => report.check("exported helpers", same(&ours, &program, &dir, &BTreeMap::new())),
        Err(details) => report.fail("compiling with exported helpers", details),
    }

    let peers = match Peers::get(context)? {
        Ok(peers) => peers,
        Err(reason) => {
            report.skip("the original's helpers", reason);
            return Ok(());
        }
    };
    let original = &peers.v2_15;
    let mut compiler = context.command(context.cc().get_program().to_str().context("a compiler with a readable name")?);
    compiler.arg("-isystem").arg(&original.include).arg("-idirafter").arg(&peers.compat);
    match build("original", &mut compiler, &[]) {
        Ok(program) => {
            let deviations = deviations(&context.root.join(DEVIATIONS))?;
            report.check("the original's helpers", same(&ours, &program, &dir, &deviations));
        }
        Err(details) => report.fail("compiling with the original's header", details),
    }
    Ok(())
}

/// Names of lines that may differ, each with its reason.
fn deviations(path: &Path) -> Result<BTreeMap<String, String>> {
    let text = fs::read_to_string(path).with_context(|| format!("{}", path.display()))?;
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| match line.split_once(": ") {
            Some((name, reason)) if !reason.trim().is_empty() => Ok((name.to_owned(), reason.to_owned())),
            _ => bail!("{}: no reason in {line:?}", path.display()),
        })
        .collect()
}

fn same(ours: &Path, other: &Path, dir: &Path, deviations: &BTreeMap<String, String>) -> Verdict {
    let compared = || -> Result<String> {
        let mut seen = BTreeSet::new();
        let mut wrong = String::new();
        for seed in 1..=SEEDS {
            let (left, right) = (output(ours, seed, dir)?, output(other, seed, dir)?);
            wrong.push_str(&differences(&left, &right, deviations, &mut seen));
        }
        for name in deviations.keys().filter(|name| !seen.contains(name.as_str())) {
            wrong.push_str(&format!("{DEVIATIONS}: {name} never differs\n"));
        }
        Ok(wrong)
    };
    match compared() {
        Ok(wrong) if wrong.is_empty() => Verdict::Pass,
        Ok(wrong) => Verdict::Fail(wrong),
        Err(error) => Verdict::Fail(format!("{error:#}")),
    }
}

fn output(program: &Path, seed: u64, dir: &Path) -> Result<String> {
    let mut command = Command::new("timeout");
    command.args(["60"]).arg(program).args([&seed.to_string(), ROUNDS]).current_dir(dir);
    let ran = exec::succeed(&mut command).map_err(|details| anyhow::anyhow!(details))?;
    ensure!(!ran.stdout.is_empty(), "{} printed nothing", program.display());
    Ok(ran.stdout)
}

/// Pairs of lines that differ and may not; the names of those that may are put
/// into `seen`.
fn differences(ours: &str, other: &str, deviations: &BTreeMap<String, String>, seen: &mut BTreeSet<String>) -> String {
    let mut wrong = String::new();
    if ours.lines().count() != other.lines().count() {
        return "the numbers of lines differ\n".into();
    }
    for (left, right) in ours.lines().zip(other.lines()).filter(|(left, right)| left != right) {
        let name = left.split(':').next().unwrap_or_default();
        if deviations.contains_key(name) {
            seen.insert(name.to_owned());
        } else {
            wrong.push_str(&format!("ours   {left}\nother  {right}\n"));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_lines_may_differ() {
        let listed = BTreeMap::from([("b".to_owned(), "why".to_owned())]);
        let mut seen = BTreeSet::new();
        assert_eq!(differences("a: 1\nb: 1\n", "a: 1\nb: 2\n", &listed, &mut seen), "");
        assert!(seen.contains("b"));
        assert!(differences("a: 1\n", "a: 2\n", &listed, &mut seen).contains("a: 2"));
        assert!(!differences("a: 1\n", "a: 1\nb: 1\n", &listed, &mut seen).is_empty());
    }
}
