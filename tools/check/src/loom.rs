//! What two threads do to a ring at once: the models in the Rust sources, under
//! loom.

use std::fs;

use anyhow::Result;

use crate::cargo;
use crate::context::Context;
use crate::exec;
use crate::report::Report;

pub(crate) fn run(context: &Context, report: &mut Report) -> Result<()> {
    let logs = context.fresh_dir("loom")?;
    // With other flags everything is compiled anew, so these have a place of
    // their own and leave the others' as they are.
    let mut command = cargo::cargo(context);
    command
        .args(["test", "-p", "oxiring", "-p", "oxiring-aio", "--lib", "--release", "loom_tests"])
        .env("RUSTFLAGS", "--cfg loom")
        .env("CARGO_TARGET_DIR", cargo::target_dir(context).join("loom"));
    let ran = exec::run(&mut command)?;
    let text = format!("{}\n{}", ran.stderr, ran.stdout);
    fs::write(logs.join("test.log"), &text)?;
    cargo::count_tests(&text, ran.status.success(), report);
    if report.is_empty() {
        report.fail("loom_tests", "no model was run");
    }
    Ok(())
}
