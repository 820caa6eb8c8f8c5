//! The demonstration still runs to its end.

use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::context::Context;
use crate::exec;
use crate::install::make;
use crate::report::{Outcome, Report};

pub(crate) fn run(context: &Context, report: &mut Report) -> Result<()> {
    let mut sources = Vec::new();
    for entry in fs::read_dir(context.root.join("examples"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "c") {
            sources.push(path);
        }
    }
    sources.sort();
    for compiler in ["gcc", "clang"] {
        if exec::find(compiler) {
            report.extend(sources.iter().map(|path| warns(context, compiler, path)));
        } else {
            let reason = format!("{compiler} is not installed");
            report.skip(format!("examples with {compiler}"), reason);
        }
    }
    report.check("make demo", make(context, "demo", &[]));
    Ok(())
}

/// The examples are what users copy, so they compile without a warning.
fn warns(context: &Context, compiler: &str, source: &Path) -> Outcome {
    let mut command = context.compiler(compiler);
    command.args(["-std=gnu11", "-D_GNU_SOURCE", "-fsyntax-only"]).args(["-Wall", "-Wextra", "-Werror"]).arg(source);
    let name = source.file_name().unwrap_or_default().to_string_lossy();
    let result = exec::succeed(&mut command).map(drop);
    Outcome::new(format!("{name} with {compiler}"), result)
}
