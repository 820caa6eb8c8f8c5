//! The programs in `c-tests/` compiled with AddressSanitizer and UBSan, and
//! some of them with ThreadSanitizer.
//!
//! They see what the inline helpers of the headers do, and what the library
//! does to memory of the program that the program has given back. The library
//! itself is not instrumented: its own memory accesses are valgrind's to check.
//!
//! A test that cannot run this way says so with `sanitizers: off: reason`.
//! ThreadSanitizer does not see how the library puts threads in order, so a
//! test that tells it says `thread-sanitizer: on`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::c_tests::{self, Link, Test, TIMEOUT_SECONDS};
use crate::context::Context;
use crate::csource;
use crate::exec;
use crate::report::{Outcome, Report, Verdict};

struct Sanitizer {
    name: &'static str,
    compile: &'static [&'static str],
    /// Variables of the environment, and their values without the place of the
    /// reports.
    options: &'static [(&'static str, &'static str)],
}

const ADDRESS: Sanitizer = Sanitizer {
    name: "AddressSanitizer",
    compile: &["-fsanitize=address,undefined", "-fno-sanitize-recover=all"],
    options: &[
        ("ASAN_OPTIONS", "detect_leaks=1:halt_on_error=1:detect_stack_use_after_return=1:strict_string_checks=1"),
        ("UBSAN_OPTIONS", "halt_on_error=1:print_stacktrace=1"),
    ],
};

const THREAD: Sanitizer = Sanitizer {
    name: "ThreadSanitizer",
    compile: &["-fsanitize=thread"],
    options: &[("TSAN_OPTIONS", "halt_on_error=1")],
};

pub(crate) fn run(context: &Context, report: &mut Report) -> Result<()> {
    let dir = context.fresh_dir("sanitizers")?;
    let tests = c_tests::read_all(context, report)?;
    let tests = without_switched_off(tests, "sanitizers", report)?;
    let mut of_threads = Vec::new();
    for test in &tests {
        let text = fs::read_to_string(&test.source)?;
        match csource::directive(&text, "thread-sanitizer") {
            None => {}
            Some("on") => of_threads.push(test),
            Some(_) => report.fail(test.name.as_str(), "\"thread-sanitizer:\" wants \"on\""),
        }
    }
    run_with(&ADDRESS, &tests.iter().collect::<Vec<_>>(), context, &dir.join("address"), report)?;
    run_with(&THREAD, &of_threads, context, &dir.join("thread"), report)
}

fn run_with(sanitizer: &Sanitizer, tests: &[&Test], context: &Context, dir: &Path, report: &mut Report) -> Result<()> {
    if tests.is_empty() {
        return Ok(());
    }
    fs::create_dir_all(dir)?;
    let launcher = match sanitizer.launcher(context, dir) {
        Ok(launcher) => launcher,
        Err(reason) => {
            report.skip(format!("C tests with {}", sanitizer.name), reason);
            return Ok(());
        }
    };
    let compiled = exec::parallel(context.jobs, tests, |test| sanitizer.build(context, dir, test));
    let mut runs = Vec::new();
    for (test, result) in tests.iter().copied().zip(compiled) {
        if let Err(details) = result {
            report.fail(format!("compiling {} with {}", test.name, sanitizer.name), details);
            continue;
        }
        for link in links(test) {
            // How the library was linked shows in no flavour alone.
            let flavours = if link == Link::Shared { test.flavours.len() } else { 1 };
            runs.extend(test.flavours.iter().take(flavours).map(|flavour| Run {
                sanitizer,
                launcher,
                test,
                link,
                flavour,
            }));
        }
    }
    let (alone, together): (Vec<_>, Vec<_>) = runs.into_iter().partition(|run| run.test.alone);
    // Most of a test's time is waiting.
    for (runs, jobs) in [(together, 2 * context.jobs), (alone, 1)] {
        report.extend(exec::parallel(jobs, &runs, |run| {
            let verdict = run.start(context, dir).unwrap_or_else(|error| Verdict::Fail(format!("{error:#}")));
            let Run { test, link, flavour, .. } = run;
            Outcome::new(format!("{} ({}, {flavour}, {})", test.name, link.name(), sanitizer.name), verdict)
        }));
    }
    Ok(())
}

/// The tests that may run under `tool`; the others count as skipped, with the
/// reason that they give.
pub(crate) fn without_switched_off(tests: Vec<Test>, tool: &str, report: &mut Report) -> Result<Vec<Test>> {
    let mut kept = Vec::new();
    for test in tests {
        let text = fs::read_to_string(&test.source)?;
        match csource::directive(&text, tool).map(|value| value.strip_prefix("off:").map(str::trim)) {
            None => kept.push(test),
            Some(Some(reason)) if !reason.is_empty() => report.skip(test.name, reason),
            Some(_) => report.fail(test.name, format!("\"{tool}:\" wants \"off: reason\"")),
        }
    }
    Ok(kept)
}

/// Reports of a tool that went to files of their own, because a test may expect
/// a child of its to fail.
pub(crate) fn reports_in(dir: &Path) -> Result<String> {
    let mut text = String::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("report.")) {
            text.push_str(&String::from_utf8_lossy(&fs::read(&path)?));
        }
    }
    Ok(text)
}

/// Under ThreadSanitizer, libraries must lie where it expects them, and a kernel
/// may be told to place them more randomly than it can take.
const LAUNCHERS: [&[&str]; 2] = [&[], &["setarch", "-R"]];

impl Sanitizer {
    /// What has to stand before a program so that it runs, or why it does not.
    fn launcher(&self, context: &Context, dir: &Path) -> Result<&'static [&'static str], String> {
        let source = dir.join("probe.c");
        let program = dir.join("probe");
        fs::write(&source, "int main(void) { return 0; }\n").map_err(|error| error.to_string())?;
        let mut cc = context.cc();
        exec::succeed(cc.args(self.compile).arg(&source).arg("-o").arg(&program))
            .map_err(|_| format!("the C compiler has no {}", self.name))?;
        let mut refusal = String::new();
        for launcher in LAUNCHERS {
            // env(1) by itself changes nothing.
            match exec::succeed(context.command("env").args(launcher).arg(&program)) {
                Ok(_) => return Ok(launcher),
                Err(text) => refusal = text,
            }
        }
        Err(format!("a sanitized program does not run here: {}", refusal.lines().last().unwrap_or_default()))
    }

    fn build(&self, context: &Context, dir: &Path, test: &Test) -> Result<(), String> {
        let object = dir.join(format!("{}.o", test.name));
        let mut cc = context.cc();
        cc.args(["-std=gnu11", "-D_GNU_SOURCE", "-O1", "-g", "-fno-omit-frame-pointer"])
            .args(self.compile)
            .args(["-I", "c-tests", "-c"])
            .arg(&test.source)
            .arg("-o")
            .arg(&object);
        exec::succeed(&mut cc)?;
        for link in links(test) {
            let mut cc = context.cc();
            cc.args(self.compile).arg(&object).args(&test.options).arg("-o").arg(program(dir, test, link));
            exec::succeed(cc.args(test.link_options(context, link)).arg("-lpthread"))?;
        }
        Ok(())
    }
}

fn links(test: &Test) -> impl Iterator<Item = Link> + '_ {
    [Link::Shared, Link::Static].into_iter().filter(|link| test.links.contains(link))
}

fn program(dir: &Path, test: &Test, link: Link) -> PathBuf {
    dir.join(format!("{}.{}", test.name, link.name()))
}

struct Run<'a> {
    sanitizer: &'a Sanitizer,
    launcher: &'static [&'static str],
    test: &'a Test,
    link: Link,
    flavour: &'a str,
}

impl Run<'_> {
    fn start(&self, context: &Context, dir: &Path) -> Result<Verdict> {
        let place = dir.join(format!("run-{}-{}-{}", self.test.name, self.link.name(), self.flavour));
        fs::create_dir_all(&place)?;
        let mut command = context.command("timeout");
        command
            .args(["--kill-after=5", TIMEOUT_SECONDS])
            .args(self.launcher)
            .arg(program(dir, self.test, self.link))
            .current_dir(&place)
            .env("RING_FLAVOUR", self.flavour)
            .env("TMPDIR", &place)
            .env("T_MEMORY_TOOL", self.sanitizer.name)
            .env("T_LIBAIO", "ours");
        for (name, options) in self.sanitizer.options {
            command.env(name, format!("log_path={}:{options}", place.join("report").display()));
        }
        let ran = exec::run_to(&mut command, &place.join("output"))?;
        let seen = reports_in(&place)?;
        fs::remove_dir_all(&place)?;
        Ok(if seen.is_empty() { c_tests::verdict(&ran) } else { Verdict::Fail(format!("{seen}{}", ran.text())) })
    }
}
