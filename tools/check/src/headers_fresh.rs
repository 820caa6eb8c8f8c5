//! The generated files in the repository are what the sources generate.

use anyhow::Result;

use crate::context::Context;
use crate::exec;
use crate::report::Report;

pub(crate) fn run(context: &Context, report: &mut Report) -> Result<()> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let mut command = context.command(&cargo);
    command.args(["run", "-q", "-p", "oxiring-headers", "--", "--check"]);
    let result = exec::succeed(&mut command).map_err(|details| format!("{details}\n\"make headers\" writes them anew"));
    report.check("include/ and abi/*.map", result.map(drop));
    Ok(())
}
