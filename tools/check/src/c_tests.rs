//! The programs in `c-tests/`: linked to each library, under each flavour.
//!
//! A test says in comments what it needs: `flavours:` the ring flavours,
//! `link:` the ways to link when not all (shared, static, ffi), `libraries:`
//! what it links besides (uring-aio) or instead (aio), `cflags:` more compiler options, `alone:` that nothing else may run meanwhile, `upstream:`
//! that the original behaves differently.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{bail, Context as _, Result};

use crate::context::{Context, Library};
use crate::csource::directive;
use crate::exec::{self, Ran};
use crate::kernel_log;
use crate::report::{Outcome, Report, Verdict};

const FLAVOURS: &[&str] = &["plain", "sqpoll", "defer", "sqe128", "cqe32"];

/// A hang is a failure, but no measure of speed: tests bound their own waits
/// more tightly.
pub(crate) const TIMEOUT_SECONDS: &str = "60";

const SKIPPED: i32 = 77;

/// How a test meets the library.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    Shared,
    Static,
    Ffi,
}

impl Link {
    const ALL: [Self; 3] = [Self::Shared, Self::Static, Self::Ffi];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Shared => "shared",
            Self::Static => "static",
            Self::Ffi => "ffi",
        }
    }

    fn options(self, context: &Context, library: Library) -> Vec<String> {
        match self {
            Self::Static => vec![context.archive(library).display().to_string()],
            Self::Shared | Self::Ffi => context.link_shared(library),
        }
    }
}

pub(crate) struct Test {
    pub(crate) name: String,
    pub(crate) source: PathBuf,
    pub(crate) flavours: Vec<String>,
    pub(crate) links: Vec<Link>,
    /// The libraries, but for liburing's variants, of which `links` says which.
    libraries: Vec<Library>,
    pub(crate) options: Vec<String>,
    pub(crate) alone: bool,
    pub(crate) differs_upstream: bool,
}

impl Test {
    fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path)?;
        let words = |key: &str| -> Vec<String> {
            directive(&text, key).map(|value| value.split_whitespace().map(str::to_owned).collect()).unwrap_or_default()
        };
        if directive(&text, "Description").is_none() {
            bail!("no \"Description:\" comment");
        }
        let flavours = words("flavours");
        if flavours.is_empty() {
            bail!("no \"flavours:\" comment");
        }
        if let Some(unknown) = flavours.iter().find(|name| !FLAVOURS.contains(&name.as_str())) {
            bail!("unknown flavour {unknown:?}");
        }
        let mut links = Vec::new();
        for word in words("link") {
            let link = Link::ALL.into_iter().find(|link| link.name() == word);
            links.push(link.with_context(|| format!("unknown way to link {word:?}"))?);
        }
        if links.is_empty() {
            links = Link::ALL.to_vec();
        }
        let mut libraries = Vec::new();
        for word in words("libraries") {
            match word.as_str() {
                "uring-aio" => libraries.push(Library::Aio),
                "aio" => libraries.push(Library::Libaio),
                _ => bail!("unknown library {word:?}"),
            }
        }
        if libraries.contains(&Library::Libaio) {
            links.retain(|&link| link == Link::Shared);
        }
        Ok(Self {
            name: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            source: path.to_owned(),
            flavours,
            links,
            libraries,
            options: words("cflags"),
            alone: directive(&text, "alone").is_some(),
            differs_upstream: directive(&text, "upstream").is_some_and(|x| x.starts_with("differs")),
        })
    }
}

impl Test {
    /// Whether it is about libaio, whose programs need no liburing.
    pub(crate) fn is_of_libaio(&self) -> bool {
        self.libraries.contains(&Library::Libaio)
    }

    /// In the order of the linker's command line; `last` is liburing.
    pub(crate) fn libraries(&self, last: Library) -> Vec<Library> {
        let liburing = (!self.is_of_libaio()).then_some(last);
        self.libraries.iter().copied().chain(liburing).collect()
    }

    /// Has a compiler make the program, but for what it is linked with.
    pub(crate) fn compile<'a>(&self, command: &'a mut Command, program: &Path) -> &'a mut Command {
        command
            .args(["-std=gnu11", "-D_GNU_SOURCE", "-O1", "-g"])
            .args(["-Wall", "-Wextra", "-Werror", "-I", "c-tests"])
            .arg(&self.source)
            .args(&self.options)
            .arg("-o")
            .arg(program)
    }

    /// Options that link the libraries in this way.
    pub(crate) fn link_options(&self, context: &Context, link: Link) -> Vec<String> {
        let liburing = if link == Link::Ffi { Library::Ffi } else { Library::Base };
        let libraries = self.libraries(liburing);
        let mut options: Vec<String> = libraries.iter().flat_map(|&library| link.options(context, library)).collect();
        if link == Link::Ffi {
            options.push("-DLIBURING_FFI_PROTOTYPES".to_owned());
        }
        options
    }
}

struct Build<'a> {
    test: &'a Test,
    link: Link,
}

impl Build<'_> {
    fn name(&self) -> String {
        format!("{} ({})", self.test.name, self.link.name())
    }

    fn program(&self, dir: &Path) -> PathBuf {
        dir.join(format!("{}.{}", self.test.name, self.link.name()))
    }

    fn compile(&self, context: &Context, dir: &Path) -> Result<(), String> {
        let mut command = context.cc();
        self.test
            .compile(&mut command, &self.program(dir))
            .args(self.test.link_options(context, self.link))
            .arg("-lpthread");
        exec::succeed(&mut command).map(drop)
    }
}

struct Run<'a> {
    build: &'a Build<'a>,
    flavour: &'a str,
}

impl Run<'_> {
    fn name(&self) -> String {
        let Build { test, link } = self.build;
        format!("{} ({}, {})", test.name, link.name(), self.flavour)
    }

    /// In a directory of its own, which goes away with the run.
    fn start(&self, context: &Context, dir: &Path) -> Result<Verdict> {
        let program = self.build.program(dir);
        let place = dir.join(format!("run-{}-{}-{}", self.build.test.name, self.build.link.name(), self.flavour));
        fs::create_dir_all(&place)?;
        let mut command = context.command("timeout");
        command
            .args(["--kill-after=5", TIMEOUT_SECONDS])
            .arg(&program)
            .current_dir(&place)
            .env("RING_FLAVOUR", self.flavour)
            .env("TMPDIR", &place);
        let ran = exec::run(&mut command)?;
        fs::remove_dir_all(&place)?;
        Ok(verdict(&ran))
    }
}

/// What a test says by its exit status, or `timeout` in its place.
pub(crate) fn verdict(ran: &Ran) -> Verdict {
    match ran.status.code() {
        Some(0) => Verdict::Pass,
        Some(SKIPPED) => skip_reason(&ran.stdout),
        Some(124 | 137) => Verdict::Fail(format!("did not end within {TIMEOUT_SECONDS} s\n{}", ran.text())),
        _ => Verdict::Fail(format!("{}\n{}", ran.status, ran.text())),
    }
}

fn skip_reason(stdout: &str) -> Verdict {
    stdout.lines().find_map(|line| line.strip_prefix("skip: ")).map_or_else(
        || Verdict::Fail("skipped without a line \"skip: reason\"".into()),
        |reason| Verdict::Skip(reason.trim().to_owned()),
    )
}

pub(crate) fn run(context: &Context, report: &mut Report) -> Result<()> {
    let dir = context.fresh_dir("c-tests")?;
    let mut tests = read_all(context, report)?;
    // They have a step of their own.
    tests.retain(|test| !test.is_of_libaio());
    if context.original {
        tests.retain(|test| !test.differs_upstream);
    }

    let builds: Vec<Build<'_>> = tests
        .iter()
        .flat_map(|test| test.links.iter().map(move |&link| Build { test, link }))
        .filter(|build| !context.original || build.link != Link::Ffi)
        .collect();
    let compiled = exec::parallel(context.jobs, &builds, |build| build.compile(context, &dir));
    let mut usable = Vec::new();
    for (build, result) in builds.iter().zip(compiled) {
        match result {
            Ok(()) => usable.push(build),
            Err(details) => report.fail(format!("compiling {}", build.name()), details),
        }
    }

    let mark = kernel_log::mark(context);
    let runs = usable.iter().flat_map(|build| {
        let flavours = build.test.flavours.iter();
        flavours.map(|flavour| Run { build, flavour })
    });
    let (alone, together): (Vec<_>, Vec<_>) = runs.partition(|run| run.build.test.alone);
    // Most of a test's time is waiting.
    for (runs, jobs) in [(together, 2 * context.jobs), (alone, 1)] {
        report.extend(exec::parallel(jobs, &runs, |run| {
            let verdict = run.start(context, &dir).unwrap_or_else(|error| Verdict::Fail(format!("{error:#}")));
            Outcome::new(run.name(), verdict)
        }));
    }
    report.note(format!("{} programs", usable.len()));
    report.check("kernel log", kernel_log::check_since(context, &mark));
    also_with_clang(context, &tests, report);
    Ok(())
}

/// The tests that were asked for.
pub(crate) fn read_all(context: &Context, report: &mut Report) -> Result<Vec<Test>> {
    let mut tests = Vec::new();
    for path in sources(&context.root.join("c-tests"))? {
        match Test::read(&path) {
            Ok(test) => tests.push(test),
            Err(error) => report.fail(path.display().to_string(), format!("{error:#}")),
        }
    }
    if let Some(part) = &context.test_filter {
        tests.retain(|test| test.name.contains(part.as_str()));
    }
    Ok(tests)
}

fn sources(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir).with_context(|| format!("{}", dir.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "c") {
            paths.push(path);
        }
    }
    paths.sort();
    if paths.is_empty() {
        bail!("no tests in {}", dir.display());
    }
    Ok(paths)
}

/// Another compiler sees other mistakes in the tests.
pub(crate) fn also_with_clang(context: &Context, tests: &[Test], report: &mut Report) {
    if !exec::find("clang") {
        report.skip("C tests with clang", "clang is not installed");
        return;
    }
    let outcomes = exec::parallel(context.jobs, tests, |test| {
        let mut command = context.compiler("clang");
        command
            .args(["-std=gnu11", "-D_GNU_SOURCE", "-fsyntax-only"])
            .args(["-Wall", "-Wextra", "-Werror", "-I", "c-tests"])
            // Options for the linker, which is not started here.
            .arg("-Wno-unused-command-line-argument")
            .args(&test.options)
            .arg(&test.source);
        Outcome::new(format!("{} with clang", test.name), exec::succeed(&mut command).map(drop))
    });
    report.extend(outcomes);
}
