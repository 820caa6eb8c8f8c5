//! The targets in `fuzz/`, for a few seconds each.
//!
//! LLVM's coverage instrumentation is in the stable compiler and libFuzzer
//! comes with `libfuzzer-sys`, so neither a nightly toolchain nor cargo-fuzz is
//! needed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::cargo;
use crate::context::Context;
use crate::exec;
use crate::report::{Outcome, Report};

/// What cargo-fuzz passes as well, but for the sanitizers.
const INSTRUMENTATION: &str = "--cfg fuzzing -Ccodegen-units=1 -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";

/// No input of these targets takes a second; one that hangs is a failure.
const HANG_SECONDS: &str = "60";

pub(crate) fn run(context: &Context, report: &mut Report) -> Result<()> {
    if !exec::find("c++") {
        report.skip("fuzz targets", "libFuzzer needs a C++ compiler");
        return Ok(());
    }
    let dir = context.kept_dir("fuzz")?;
    let host = host_triple(context)?;
    let target_dir = cargo::target_dir(context).join("fuzz");
    let mut build = cargo::cargo(context);
    build
        .args(["build", "--release", "--manifest-path", "fuzz/Cargo.toml"])
        // With a target named, build scripts are not instrumented.
        .args(["--target", &host])
        .env("RUSTFLAGS", INSTRUMENTATION)
        .env("CARGO_TARGET_DIR", &target_dir);
    if let Err(details) = exec::succeed(&mut build) {
        report.fail("building the fuzz targets", details);
        return Ok(());
    }

    let programs = target_dir.join(host).join("release");
    let targets = targets(&context.root.join("fuzz/fuzz_targets"))?;
    report.extend(exec::parallel(context.jobs, &targets, |target| {
        let result = fuzz(context, &programs.join(target), &dir.join(target));
        Outcome::new(target.as_str(), result.map_err(|error| format!("{error:#}")))
    }));
    report.note(format!("{} s each", context.fuzz_seconds));
    Ok(())
}

/// The corpus stays for the next run, so that each goes on where the last one
/// ended.
fn fuzz(context: &Context, program: &Path, dir: &Path) -> Result<()> {
    let corpus = dir.join("corpus");
    fs::create_dir_all(&corpus)?;
    let mut command = Command::new(program);
    command
        .arg(format!("-max_total_time={}", context.fuzz_seconds))
        .arg(format!("-timeout={HANG_SECONDS}"))
        .args(["-max_len=400", "-print_final_stats=1"])
        .arg(format!("-artifact_prefix={}/", dir.display()))
        .arg(&corpus)
        // The frames are libFuzzer's.
        .env("RUST_BACKTRACE", "0")
        .current_dir(dir);
    let ran = exec::run(&mut command)?;
    fs::write(dir.join("log"), &ran.stderr)?;
    let runs = ran.stderr.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    let runs: u64 = runs.and_then(|number| number.trim().parse().ok()).unwrap_or(0);
    ran.ok().map_err(|text| anyhow::anyhow!("{}", essence(&text)))?;
    anyhow::ensure!(runs > 0, "no input was run; see {}", dir.join("log").display());
    Ok(())
}

/// The panic, and the input that libFuzzer saved.
fn essence(log: &str) -> String {
    let start = log.find("\nthread ").or_else(|| log.find("ERROR: libFuzzer")).unwrap_or(0);
    let lines = log[start..].lines().filter(|line| !line.trim_start().starts_with('#'));
    lines.collect::<Vec<_>>().join("\n")
}

fn targets(dir: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).with_context(|| format!("{}", dir.display()))? {
        let path: PathBuf = entry?.path();
        names.push(path.file_stem().unwrap_or_default().to_string_lossy().into_owned());
    }
    names.sort();
    anyhow::ensure!(!names.is_empty(), "no targets in {}", dir.display());
    Ok(names)
}

fn host_triple(context: &Context) -> Result<String> {
    let version = exec::succeed(context.command("rustc").arg("-vV")).map_err(|details| anyhow::anyhow!(details))?;
    let host = version.stdout.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc -vV does not name the host")
}
