//! The hot path costs no more instructions than the original's.

use std::path::Path;

use anyhow::Result;
use oxiring_bench::line::{Library, Line, Row};
use oxiring_bench::peers::Peers;
use oxiring_bench::{callgrind, instructions, prep};

use crate::context::Context;
use crate::report::{Report, Verdict};

const ORIGINAL: &str = "against the original in the same run";

pub(crate) fn run(context: &Context, report: &mut Report) -> Result<()> {
    if let Some(reason) = callgrind::missing() {
        report.skip("all", reason);
        return Ok(());
    }
    let peers = Peers::new(&context.root, &context.libs, Path::new("check/instructions"))?;
    if let Some(reason) = instructions::no_rings(&peers)? {
        report.skip("all", reason);
        return Ok(());
    }
    let mut lines = instructions::nop(&peers, context.jobs)?;
    if let Some(reason) = &peers.missing {
        report.skip(ORIGINAL, reason);
        if !instructions::fill_in(&peers, &mut lines)? {
            report.skip("against noted counts", "they were taken on x86-64");
        }
    }
    let worst = |lines: &[Line]| lines.iter().filter_map(|line| Some(line.ratio?.median)).fold(0.0, f64::max);
    report.note(format!("NOP: at most {:.3} of the original's", worst(&lines)));
    lines.extend(instructions::nop_unrebuilt(&peers, context.jobs)?);
    lines.extend(prep::measure(&peers)?);
    for line in &lines {
        match line.met() {
            None => {}
            Some(true) => report.pass(1),
            Some(false) => report.check(&line.case, Verdict::Fail(Row(line, &Library::ALL).to_string())),
        }
    }
    Ok(())
}
