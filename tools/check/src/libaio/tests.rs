//! The C tests of libaio: against the original they say what kernel AIO is, and
//! the same programs have to pass on our library. The step `seccomp` runs them
//! where our library falls back to kernel AIO.
//!
//! What our library does beyond that has `upstream: differs: reason`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::{Original, Start};
use crate::c_tests::{self, Test, TIMEOUT_SECONDS};
use crate::context::{Context, Library};
use crate::exec;
use crate::kernel_log;
use crate::report::{Outcome, Report, Verdict};

/// A test, compiled with one of the headers and linked to its library.
struct Program<'a> {
    test: &'a Test,
    path: PathBuf,
    original: Option<&'a Original>,
}

impl Program<'_> {
    fn name(&self) -> String {
        format!("{} ({})", self.test.name, if self.original.is_some() { "the system's" } else { "ours" })
    }

    fn compile(&self, context: &Context) -> Result<(), String> {
        let mut command = self.original.map_or_else(|| context.cc(), |original| original.cc(context));
        self.test.compile(&mut command, &self.path);
        if self.original.is_none() {
            command.arg("-L").arg(context.place(Library::Libaio));
        }
        exec::succeed(command.args([Library::Libaio.option(), "-lpthread", "-ldl"])).map(drop)
    }

    /// The libraries that it has to run on.
    fn starts(&self) -> &'static [Start] {
        match (self.original, self.test.differs_upstream) {
            (None, _) => &[Start::Path],
            (Some(_), false) => &[Start::Original, Start::Preloaded],
            (Some(_), true) => &[Start::Preloaded],
        }
    }
}

struct Run<'a> {
    program: &'a Program<'a>,
    start: Start,
}

impl Run<'_> {
    fn name(&self) -> String {
        format!("{}, started with {}", self.program.name(), self.start.name())
    }

    /// In a directory of its own, which goes away with the run.
    fn start(&self, context: &Context, dir: &Path) -> Result<Verdict> {
        let kind = if self.program.original.is_some() { "system" } else { "ours" };
        let place = dir.join(format!("run-{}-{kind}-{}", self.program.test.name, self.start.name().replace('\'', "")));
        fs::create_dir_all(&place)?;
        let mut command = context.command("timeout");
        command.args(["--kill-after=5", TIMEOUT_SECONDS]).arg(&self.program.path).current_dir(&place);
        // The kernel's AIO, which takes over where io_uring cannot be had, passes most tests as well.
        command.env("T_LIBAIO", kind);
        self.start.set(context, &mut command);
        let ran =
            exec::run_to(command.env("RING_FLAVOUR", "plain").env("TMPDIR", &place), &place.with_extension("log"))?;
        fs::remove_dir_all(&place)?;
        Ok(c_tests::verdict(&ran))
    }
}

pub(crate) fn run(context: &Context, report: &mut Report) -> Result<()> {
    let dir = context.fresh_dir("libaio-tests")?;
    let mut tests = c_tests::read_all(context, report)?;
    tests.retain(Test::is_of_libaio);
    let original = Original::find(context, &dir)?;
    if let Err(reason) = &original {
        report.skip("the original", reason.as_str());
    }
    let original = original.ok();

    let mut programs = Vec::new();
    for test in &tests {
        let program = |original, kind| Program { test, path: dir.join(format!("{}.{kind}", test.name)), original };
        programs.push(program(None, "ours"));
        programs.extend(original.as_ref().map(|original| program(Some(original), "system")));
    }
    let compiled = exec::parallel(context.jobs, &programs, |program| program.compile(context));
    let mut runs = Vec::new();
    for (program, result) in programs.iter().zip(compiled) {
        match result {
            Ok(()) => runs.extend(program.starts().iter().map(|&start| Run { program, start })),
            Err(details) => report.fail(format!("compiling {}", program.name()), details),
        }
    }

    let mark = kernel_log::mark(context);
    let (alone, together): (Vec<_>, Vec<_>) = runs.into_iter().partition(|run| run.program.test.alone);
    // Most of a test's time is waiting.
    for (runs, jobs) in [(together, 2 * context.jobs), (alone, 1)] {
        report.extend(exec::parallel(jobs, &runs, |run| {
            let verdict = run.start(context, &dir).unwrap_or_else(|error| Verdict::Fail(format!("{error:#}")));
            Outcome::new(run.name(), verdict)
        }));
    }
    report.check("kernel log", kernel_log::check_since(context, &mark));
    c_tests::also_with_clang(context, &tests, report);
    let differ = tests.iter().filter(|test| test.differs_upstream).count();
    report.note(format!("{} tests, {differ} of them for our library alone", tests.len()));
    Ok(())
}
