//! Names of the API that no test calls.

use std::collections::BTreeSet;
use std::fs;

use anyhow::Result;

use crate::context::Context;
use crate::csource;
use crate::report::Report;

/// What libaio.h has besides what the library exports.
const LIBAIO_INLINES: &[&str] = &[
    "io_fdsync",
    "io_fsync",
    "io_poll",
    "io_prep_fdsync",
    "io_prep_fsync",
    "io_prep_poll",
    "io_prep_pread",
    "io_prep_preadv",
    "io_prep_preadv2",
    "io_prep_pwrite",
    "io_prep_pwritev",
    "io_prep_pwritev2",
    "io_set_callback",
    "io_set_eventfd",
];

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

    let functions = context.tables.functions.iter().chain(&context.tables.aio).map(|function| function.name.as_str());
    let libaio = context.tables.libaio.iter().filter(|symbol| symbol.default).map(|symbol| symbol.name.as_str());
    let (tested, untested): (Vec<&str>, Vec<&str>) =
        functions.chain(libaio).chain(LIBAIO_INLINES.iter().copied()).partition(|name| called.contains(*name));
    report.pass(tested.len());
    if !untested.is_empty() {
        report.fail(format!("{} names that no test calls", untested.len()), untested.join("\n"));
    }
    Ok(())
}
