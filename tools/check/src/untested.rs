//! Names of the API that no test calls.

use std::collections::BTreeSet;
use std::fs;

use anyhow::Result;

use crate::context::Context;
use crate::csource;
use crate::report::Report;

pub(crate) fn run(context: &Context, report: &mut Report) -> Result<()> {
    let mut called: BTreeSet<String> = BTreeSet::new();
    for entry in fs::read_dir(context.root.join("c-tests"))? {
        let path = entry?.path();
        // Headers do not count: a helper that no test uses tests nothing.
        if path.extension().is_some_and(|ending| ending == "c") {
            let code = csource::code_only(&fs::read_to_string(&path)?);
            called.extend(csource::called_names(&code).map(str::to_owned));
        }
    }
    called.extend(context.tables.vectors.iter().map(|vector| vector.function.clone()));

    let functions = || context.tables.functions.iter().chain(&context.tables.aio);
    let untested: Vec<&str> =
        functions().map(|function| function.name.as_str()).filter(|name| !called.contains(*name)).collect();
    report.pass(functions().count() - untested.len());
    if !untested.is_empty() {
        report.fail(format!("{} names that no test calls", untested.len()), untested.join("\n"));
    }
    Ok(())
}
