//! Rust's own tests, and what its tools say about the sources.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::context::Context;
use crate::exec;
use crate::report::Report;

pub(crate) fn run(context: &Context, report: &mut Report) -> Result<()> {
    let logs = context.fresh_dir("cargo")?;

    let ran = exec::run(cargo(context).args(["test", "--workspace"]))?;
    let text = format!("{}\n{}", ran.stderr, ran.stdout);
    fs::write(logs.join("test.log"), &text)?;
    count_tests(&text, ran.status.success(), report);

    for (name, arguments, tool) in [
        ("clippy", &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"][..], "cargo-clippy"),
        // The libraries' own selection of features, which --workspace unites
        // with that of the tools.
        ("clippy of the libraries", &["clippy", "-q", "-p", "oxiring-capi", "--", "-D", "warnings"], "cargo-clippy"),
        ("rustfmt", &["fmt", "--all", "--check", "--", "--color", "never"], "cargo-fmt"),
        ("rustdoc", &["doc", "-q", "--workspace", "--no-deps", "--document-private-items"], "cargo"),
    ] {
        if !exec::find(tool) {
            report.skip(name, format!("{tool} is not installed"));
            continue;
        }
        let result = exec::succeed(cargo(context).args(arguments).env("RUSTDOCFLAGS", "-D warnings"));
        report.check(name, result.map(drop));
    }
    Ok(())
}

/// Cargo, as this check itself was started by.
pub(crate) fn cargo(context: &Context) -> Command {
    let mut command = context.command(&std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()));
    command.env("CARGO_TERM_COLOR", "never");
    command
}

/// Where cargo puts its results.
pub(crate) fn target_dir(context: &Context) -> PathBuf {
    context.root.join(std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from))
}

/// Adds up the summaries of all test binaries.
pub(crate) fn count_tests(text: &str, success: bool, report: &mut Report) {
    let mut failed = 0;
    for line in text.lines() {
        let Some(summary) = line.strip_prefix("test result: ") else {
            if let Some(rest) = line.strip_prefix("test ") {
                if let Some((name, reason)) = rest.split_once(" ... ignored") {
                    let reason = reason.trim_start_matches([',', ' ']);
                    let reason = if reason.is_empty() { "ignored" } else { reason };
                    report.skip(name, reason);
                }
            }
            continue;
        };
        let count = |what: &str| -> usize {
            summary.split([';', '.']).find_map(|part| part.trim().strip_suffix(what)?.trim().parse().ok()).unwrap_or(0)
        };
        report.pass(count("passed"));
        failed += count("failed");
    }
    if failed > 0 || !success {
        report.fail("cargo test", interesting(text));
    }
}

/// The panics and the list of failures, or all of it when nothing was run.
fn interesting(text: &str) -> &str {
    text.find("\nfailures:\n").or_else(|| text.find("\nerror")).map_or(text, |start| &text[start..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_are_added_up() {
        let text = "test a ... ok\ntest b ... ignored, needs a disk\n\
            test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out\n\
            test result: ok. 4 passed; 0 failed; 0 ignored\n";
        let mut report = Report::default();
        count_tests(text, true, &mut report);
        let mut total = crate::report::Total::default();
        total.add(&report);
        assert_eq!(total.to_string(), "7 passed, 0 failed, 1 skipped");
    }

    #[test]
    fn a_test_that_does_not_compile_is_a_failure() {
        let mut report = Report::default();
        count_tests("x\nerror: no such thing\n", false, &mut report);
        let mut total = crate::report::Total::default();
        total.add(&report);
        assert_eq!(total.failed, 1);
    }
}
