//! The C tests on other kernels, of Debian's releases, in qemu.
//!
//! The shell scripts in `tools/kernels/` fetch a kernel, make an initramfs, and
//! boot it; the guest writes a line at the start and at the end of each test.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::context::Context;
use crate::exec;
use crate::kernel_log;
use crate::portable_tests::{self, missing_features, Portable};
use crate::report::{Outcome, Report, Verdict};

struct Kernel {
    /// Debian's name of the release that has it.
    release: &'static str,
    version: &'static str,
    flavours: &'static [&'static str],
    /// Whether every `make check` boots it.
    always: bool,
}

const ALL_FLAVOURS: &[&str] = &["plain", "sqpoll", "defer", "sqe128", "cqe32"];

const KERNELS: &[Kernel] = &[
    Kernel { release: "bullseye", version: "5.10", flavours: &["plain", "sqpoll"], always: true },
    Kernel { release: "bookworm", version: "6.1", flavours: ALL_FLAVOURS, always: true },
    Kernel { release: "trixie", version: "6.12", flavours: ALL_FLAVOURS, always: false },
    Kernel { release: "sid", version: "the newest", flavours: ALL_FLAVOURS, always: false },
];

const PROGRAMS: &[(&str, &str)] = &[
    ("qemu-system-x86_64", "qemu-system-x86"),
    ("busybox", "busybox-static"),
    ("cpio", "cpio"),
    ("xz", "xz-utils"),
    ("timeout", "coreutils"),
];

/// `tools/kernels/fetch.sh`: the kernel cannot be had here.
const UNAVAILABLE: i32 = 3;
/// `tools/kernels/boot.sh`: the guest did not switch itself off.
const HANGS: i32 = 4;

/// A guest that emulates its processors needs a quarter of this on an idle
/// machine.
const BOOT_SECONDS: &str = "600";

const SKIPPED: &str = "77";

pub(crate) fn run(context: &Context, report: &mut Report) -> Result<()> {
    let dir = context.fresh_dir("kernels")?;
    let wanted: Vec<&Kernel> = KERNELS.iter().filter(|kernel| kernel.always || context.all_kernels).collect();
    if let Some(reason) = unable() {
        for kernel in wanted {
            report.skip(format!("kernel {} ({})", kernel.version, kernel.release), &reason);
        }
        return Ok(());
    }
    let tests = portable_tests::build(context, report)?;
    let mut guests = Guests { context, dir: &dir, tests: &tests, accelerator: None };
    for kernel in wanted {
        let name = format!("kernel {} ({})", kernel.version, kernel.release);
        match kernel.fetch(context) {
            Ok(Ok(place)) => guests.run(kernel, &place, report)?,
            Ok(Err(reason)) => report.skip(name, reason),
            Err(error) => report.fail(name, format!("{error:#}")),
        }
    }
    Ok(())
}

/// Why no guest can run here.
fn unable() -> Option<String> {
    if cfg!(not(target_arch = "x86_64")) {
        return Some("the guests are x86-64 machines".into());
    }
    let missing: Vec<&str> =
        PROGRAMS.iter().filter(|(program, _)| !exec::find(program)).map(|(_, package)| *package).collect();
    (!missing.is_empty()).then(|| format!("not installed: {}", missing.join(" ")))
}

/// What the guest said about one test.
struct Ended {
    status: String,
    output: String,
}

impl Kernel {
    /// Where the kernel is, or why it cannot be had.
    fn fetch(&self, context: &Context) -> Result<Result<PathBuf, String>> {
        let kernels = context.root.join(&context.build).join("kernels");
        let mut command = context.command("bash");
        command.arg("tools/kernels/fetch.sh").arg(&kernels).arg(self.release);
        let ran = exec::run(&mut command)?;
        if ran.status.code() == Some(UNAVAILABLE) {
            let reason = ran.text().lines().last().unwrap_or_default().to_owned();
            return Ok(Err(reason));
        }
        ran.ok().map_err(anyhow::Error::msg)?;
        Ok(Ok(kernels.join(self.release)))
    }

    /// What the guest is to run, in the form that its /init reads.
    fn list(&self, tests: &[Portable]) -> String {
        let mut list = String::new();
        for Portable { test, .. } in tests {
            let order = if test.alone { "alone" } else { "together" };
            for flavour in test.flavours.iter().filter(|name| self.flavours.contains(&name.as_str())) {
                list.push_str(&format!("{} {flavour} {order}\n", test.name));
            }
        }
        list
    }
}

struct Guests<'a> {
    context: &'a Context,
    dir: &'a Path,
    tests: &'a [Portable],
    /// What qemu runs on, once the first boot has found out.
    accelerator: Option<String>,
}

impl Guests<'_> {
    fn run(&mut self, kernel: &Kernel, place: &Path, report: &mut Report) -> Result<()> {
        let file = |ending: &str| self.dir.join(format!("{}.{ending}", kernel.release));
        let version = fs::read_to_string(place.join("version"))?.trim().to_owned();
        let list = kernel.list(self.tests);
        fs::write(file("list"), &list)?;
        let programs = self.tests.first().and_then(|it| it.program.parent()).context("no test is left")?;
        let mut initramfs = self.context.command("bash");
        initramfs.arg("tools/kernels/initramfs.sh").args([place, programs]).args([file("list"), file("cpio.gz")]);
        exec::succeed(&mut initramfs).map_err(anyhow::Error::msg)?;

        let mut boot = self.context.command("bash");
        boot.arg("tools/kernels/boot.sh")
            .args([place.join("vmlinuz"), file("cpio.gz")])
            .arg(BOOT_SECONDS)
            .args([file("console"), file("results")])
            .args(&self.accelerator);
        let ran = exec::run(&mut boot)?;
        let accelerator = ran.stdout.trim().to_owned();
        let results = read(&file("results"))?;
        report.check(format!("{version}: booting"), booted(&version, ran, &results, &read(&file("console"))?));

        let ended = parse(&results);
        report.note(format!("{version} ({accelerator}): {} runs", ended.len()));
        self.accelerator = Some(accelerator).filter(|name| !name.is_empty());
        let mut old: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for line in list.lines() {
            let test = line.rsplit_once(' ').map_or(line, |(test, _)| test);
            let outcome = ended.get(test);
            report.add(Outcome::new(format!("{test} on {version}"), verdict(outcome)));
            for feature in outcome.into_iter().flat_map(|ended| missing_features(&ended.output)) {
                old.entry(feature).or_default().push(test);
            }
        }
        report.note(format!("{} features missing", old.len()));
        let text: String = old.iter().map(|(feature, tests)| format!("{feature}: {}\n", tests.join(", "))).collect();
        fs::write(file("old"), text)?;
        Ok(())
    }
}

/// The guest prints what it likes, in no particular encoding.
fn read(path: &Path) -> Result<String> {
    let bytes = fs::read(path).with_context(|| format!("{}", path.display()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The lines "end NAME FLAVOUR STATUS OUTPUT", by name and flavour.
fn parse(results: &str) -> BTreeMap<String, Ended> {
    let mut ended = BTreeMap::new();
    for line in results.lines() {
        let mut words = line.splitn(5, ' ');
        let (Some("end"), Some(name), Some(flavour), Some(status)) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            continue;
        };
        let output = words.next().unwrap_or_default().trim_end().replace('\t', "\n");
        ended.insert(format!("{name} {flavour}"), Ended { status: status.to_owned(), output });
    }
    ended
}

fn verdict(ended: Option<&Ended>) -> Verdict {
    let Some(Ended { status, output }) = ended else {
        return Verdict::Fail("the guest did not come to its end".into());
    };
    match (status.as_str(), output.lines().find_map(|line| line.strip_prefix("skip: "))) {
        ("0", _) => Verdict::Pass,
        // Whatever else is missing could have been put into the guest.
        (SKIPPED, Some(reason)) if reason.contains("kernel") => Verdict::Skip(reason.to_owned()),
        _ => Verdict::Fail(format!("exit status {status}\n{output}")),
    }
}

/// Whether the guest was this kernel, ran to its end, and had no complaint.
fn booted(version: &str, ran: exec::Ran, results: &str, console: &str) -> Result<(), String> {
    let lines: Vec<&str> = console.lines().collect();
    let complaints = kernel_log::complaints(&lines);
    if !complaints.is_empty() {
        return Err(complaints.join("\n"));
    }
    if ran.status.code() == Some(HANGS) {
        return Err(format!("did not switch itself off within {BOOT_SECONDS} s\n{console}"));
    }
    ran.ok()?;
    if !results.lines().any(|line| line.strip_prefix("kernel ") == Some(version)) {
        return Err(format!("the guest is another kernel\n{console}"));
    }
    if !results.lines().any(|line| line == "over") {
        return Err(format!("the guest stopped early\n{console}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_read_back() {
        let ended = parse("kernel 6.1\nstart a plain\nend a plain 1 b.c:3: no\tmore\t\nstart c defer\nover\n");
        assert_eq!(ended.len(), 1);
        assert_eq!(ended["a plain"].output, "b.c:3: no\nmore");
        assert!(matches!(verdict(ended.get("a plain")), Verdict::Fail(_)));
        assert!(matches!(verdict(ended.get("c defer")), Verdict::Fail(_)));
    }

    #[test]
    fn only_the_kernel_excuses_a_skip() {
        let ended = |output: &str| Ended { status: "77".into(), output: output.into() };
        assert!(matches!(verdict(Some(&ended("skip: the kernel is built without it"))), Verdict::Skip(_)));
        assert!(matches!(verdict(Some(&ended("skip: no loop device"))), Verdict::Fail(_)));
        assert!(matches!(verdict(Some(&ended(""))), Verdict::Fail(_)));
    }
}
