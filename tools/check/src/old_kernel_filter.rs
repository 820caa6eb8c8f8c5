//! The C tests where a part of io_uring is hidden from them.
//!
//! `tools/kernels/hide.c` makes this machine's kernel look like an older one,
//! or like one that has no io_uring for this program. A test must then see the
//! documented errors: it ends well, or says what it cannot do without.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::{anyhow, Result};

use crate::c_tests::{self, TIMEOUT_SECONDS};
use crate::context::Context;
use crate::exec;
use crate::portable_tests::{self, missing_features, Portable};
use crate::report::{Outcome, Report, Verdict};

/// What is hidden, in the words of `hide`.
struct Variant {
    name: &'static str,
    hide: &'static [&'static str],
    /// The mainline kernel that is as old as what is left.
    kernel: Option<&'static str>,
    flavours: &'static [&'static str],
    /// With this in its reason, a skip is the answer that is wanted.
    refusal: Option<&'static str>,
}

const VARIANTS: &[Variant] = &[
    Variant {
        name: "no io_uring",
        hide: &["setup=38"],
        kernel: Some("5.0"),
        flavours: &["plain", "defer"],
        refusal: None,
    },
    Variant {
        name: "io_uring forbidden",
        hide: &["setup=1"],
        kernel: None,
        flavours: &["plain", "defer"],
        refusal: Some("Operation not permitted"),
    },
    // Registrations alone: until IORING_UNREGISTER_PERSONALITY,
    // IORING_UNREGISTER_RING_FDS, IORING_REGISTER_FILE_ALLOC_RANGE.
    Variant {
        name: "registrations of 5.9",
        hide: &["register=10"],
        kernel: Some("5.9"),
        flavours: &["plain"],
        refusal: None,
    },
    Variant {
        name: "registrations of 5.18",
        hide: &["register=21"],
        kernel: Some("5.18"),
        flavours: &["plain"],
        refusal: None,
    },
    Variant {
        name: "registrations of 6.7",
        hide: &["register=25"],
        kernel: Some("6.7"),
        flavours: &["plain"],
        refusal: None,
    },
    // Requests alone: until IORING_OP_TEE, IORING_OP_MSG_RING,
    // IORING_OP_SENDMSG_ZC, IORING_OP_FUTEX_WAITV. Without
    // IORING_REGISTER_QUERY, which would tell of the others.
    Variant {
        name: "requests of 5.10",
        hide: &["last-op=33", "register=34"],
        kernel: Some("5.10"),
        flavours: &["plain"],
        refusal: None,
    },
    Variant {
        name: "requests of 5.18",
        hide: &["last-op=40", "register=34"],
        kernel: Some("5.18"),
        flavours: &["plain"],
        refusal: None,
    },
    Variant {
        name: "requests of 6.1",
        hide: &["last-op=48", "register=34"],
        kernel: Some("6.1"),
        flavours: &["plain", "defer"],
        refusal: None,
    },
    Variant {
        name: "requests of 6.7",
        hide: &["last-op=53", "register=34"],
        kernel: Some("6.7"),
        flavours: &["plain"],
        refusal: None,
    },
    // Everything but requests.
    Variant {
        name: "setup of 5.7",
        hide: &["setup-flags=0x3f", "features=0x3f", "enter-flags=0x3", "register=10"],
        kernel: Some("5.7"),
        flavours: &["plain", "sqpoll"],
        refusal: None,
    },
    // The last without IORING_FEAT_EXT_ARG: the library's own timeouts.
    Variant {
        name: "setup of 5.10",
        hide: &["setup-flags=0x7f", "features=0x7f", "enter-flags=0x7", "register=12"],
        kernel: Some("5.10"),
        flavours: &["plain", "sqpoll"],
        refusal: None,
    },
    Variant {
        name: "setup of 5.18",
        hide: &["setup-flags=0xff", "features=0x1fff", "enter-flags=0x1f", "register=21"],
        kernel: Some("5.18"),
        flavours: &["plain"],
        refusal: None,
    },
    Variant {
        name: "setup of 6.1",
        hide: &["setup-flags=0x3fff", "features=0x1fff", "enter-flags=0x1f", "register=25"],
        kernel: Some("6.1"),
        flavours: &["plain", "defer"],
        refusal: None,
    },
    Variant {
        name: "setup of 6.7",
        hide: &["setup-flags=0x1ffff", "features=0x3fff", "enter-flags=0x1f", "register=25"],
        kernel: Some("6.7"),
        flavours: &["plain", "cqe32"],
        refusal: None,
    },
];

struct Run<'a> {
    variant: &'a Variant,
    it: &'a Portable,
    flavour: &'static str,
}

pub(crate) fn run(context: &Context, report: &mut Report) -> Result<()> {
    let dir = context.fresh_dir("seccomp")?;
    let hide = compile_hide(context, &dir).map_err(|details| anyhow!(details))?;
    let tests = portable_tests::build(context, report)?;

    let mut runs = Vec::new();
    for variant in VARIANTS {
        for it in &tests {
            let known = variant.flavours.iter().filter(|&&flavour| it.test.flavours.iter().any(|name| name == flavour));
            runs.extend(known.map(|flavour| Run { variant, it, flavour }));
        }
    }
    // The variants in which a test noticed something.
    let noticed = Mutex::new(BTreeSet::new());
    let (alone, together): (Vec<_>, Vec<_>) = runs.into_iter().partition(|run| run.it.test.alone);
    // Most of a test's time is waiting.
    for (runs, jobs) in [(together, 2 * context.jobs), (alone, 1)] {
        report.extend(exec::parallel(jobs, &runs, |run| {
            let name = format!("{} ({}, {})", run.it.test.name, run.flavour, run.variant.name);
            let verdict = match run.start(context, &dir, &hide) {
                Ok((verdict, hidden)) => {
                    if hidden {
                        noticed.lock().expect("no worker panics here").insert(run.variant.name);
                    }
                    verdict
                }
                Err(error) => Verdict::Fail(format!("{error:#}")),
            };
            Outcome::new(name, verdict)
        }));
    }

    let noticed = noticed.into_inner().expect("no worker panicked");
    for variant in VARIANTS {
        // One test alone may need nothing of what is hidden.
        if context.test_filter.is_none() && !noticed.contains(variant.name) {
            report.fail(variant.name, "no test noticed that anything was hidden");
        }
    }
    report.note(format!("{} ways to hide", VARIANTS.len()));
    Ok(())
}

/// The program that hides a part of io_uring from others.
pub(crate) fn compile_hide(context: &Context, dir: &Path) -> Result<PathBuf, String> {
    let hide = dir.join("hide");
    let mut command = context.bare_cc();
    command
        .args(["-std=gnu11", "-D_GNU_SOURCE", "-O1", "-Wall", "-Wextra", "-Werror"])
        .arg("tools/kernels/hide.c")
        .arg("-o")
        .arg(&hide);
    exec::succeed(&mut command).map(|_| hide)
}

impl Run<'_> {
    /// The verdict, and whether the test saw that something is missing.
    fn start(&self, context: &Context, dir: &Path, hide: &Path) -> Result<(Verdict, bool)> {
        let place = dir.join(format!("{}-{}-{}", self.it.test.name, self.flavour, self.variant.name.replace(' ', "-")));
        fs::create_dir_all(&place)?;
        let mut command = context.command("timeout");
        command
            .args(["--kill-after=5", TIMEOUT_SECONDS])
            .arg(hide)
            .args(self.variant.hide)
            .arg("--")
            .arg(&self.it.program)
            .current_dir(&place)
            .env("RING_FLAVOUR", self.flavour)
            .env("TMPDIR", &place)
            .env_remove("RING_KERNEL");
        if let Some(kernel) = self.variant.kernel {
            command.env("RING_KERNEL", kernel);
        }
        let ran = exec::run_to(&mut command, &place.join("output"))?;
        fs::remove_dir_all(&place)?;
        let verdict = c_tests::verdict(&ran);
        let missing = missing_features(&ran.stdout).next().is_some();
        Ok(match (verdict, self.variant.refusal) {
            (Verdict::Skip(reason), Some(refusal)) if reason.contains(refusal) => (Verdict::Pass, true),
            (verdict, _) => (verdict, missing),
        })
    }
}
