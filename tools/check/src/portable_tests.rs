//! The C tests as programs that need nothing of the build directory: for the
//! steps that run them elsewhere than `c-tests` does.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, Result};

use crate::c_tests::{self, Link, Test};
use crate::context::{Context, Library};
use crate::exec;
use crate::report::Report;

/// The beginning of the line that a test prints about what its kernel lacks.
const OLD_KERNEL: &str = "old kernel: ";

/// The libraries that tests are linked to.
const PORTABLE: [Library; 3] = [Library::Base, Library::Aio, Library::Libaio];

pub(crate) struct Portable {
    pub(crate) test: Test,
    pub(crate) program: PathBuf,
}

/// Compiles the tests into one directory, as far as they are older than what
/// they consist of, with the static library. Where a test is about the shared
/// one, it finds that beside itself.
pub(crate) fn build(context: &Context, report: &mut Report) -> Result<Vec<Portable>> {
    let dir = context.kept_dir("portable-tests")?;
    let changed = newest(context)?;
    for library in PORTABLE {
        let shared = context.shared(library);
        fs::copy(&shared, dir.join(library.soname())).with_context(|| format!("{}", shared.display()))?;
    }

    let tests: Vec<Portable> = c_tests::read_all(context, report)?
        .into_iter()
        .map(|test| Portable { program: dir.join(&test.name), test })
        .collect();
    let compiled = exec::parallel(context.jobs, &tests, |it| {
        let fresh = modified(&it.program).is_ok_and(|time| time > changed);
        if fresh {
            Ok(())
        } else {
            compile(context, it)
        }
    });
    let mut usable = Vec::new();
    for (it, result) in tests.into_iter().zip(compiled) {
        match result {
            Ok(()) => usable.push(it),
            Err(details) => report.fail(format!("compiling {}", it.test.name), details),
        }
    }
    Ok(usable)
}

fn compile(context: &Context, it: &Portable) -> Result<(), String> {
    let mut command = context.cc();
    command
        .args(["-std=gnu11", "-D_GNU_SOURCE", "-O1", "-I", "c-tests"])
        .arg(&it.test.source)
        .args(&it.test.options)
        .arg("-o")
        .arg(&it.program);
    for library in it.test.libraries(Library::Base) {
        if it.test.links.contains(&Link::Static) {
            command.arg(context.archive(library));
        } else {
            command.arg(it.program.with_file_name(library.soname())).arg("-Wl,-rpath,$ORIGIN");
        }
    }
    if it.test.is_of_libaio() {
        // libc loads it when a thread exits, and nothing else says that it is needed.
        command.args(["-Wl,--no-as-needed", "-lgcc_s"]);
    }
    exec::succeed(command.arg("-lpthread")).map(drop)
}

fn modified(path: &Path) -> Result<SystemTime> {
    Ok(fs::metadata(path)?.modified()?)
}

/// When the library, its headers or a test changed last.
fn newest(context: &Context) -> Result<SystemTime> {
    let archives = PORTABLE.into_iter().filter(|library| Library::ARCHIVED.contains(library));
    let mut paths: Vec<PathBuf> = archives.map(|library| context.archive(library)).collect();
    paths.extend(PORTABLE.map(|library| context.shared(library)));
    for dir in [&context.root.join("c-tests"), &context.include, &context.include.join("liburing")] {
        for entry in fs::read_dir(dir)? {
            paths.push(entry?.path());
        }
    }
    let mut newest = SystemTime::UNIX_EPOCH;
    for path in paths {
        newest = newest.max(modified(&path)?);
    }
    Ok(newest)
}

/// The features that a test found missing, by its output.
pub(crate) fn missing_features(output: &str) -> impl Iterator<Item = &str> {
    output.lines().filter_map(|line| line.strip_prefix(OLD_KERNEL))
}
