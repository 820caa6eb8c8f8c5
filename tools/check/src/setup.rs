//! Debian packages that steps need. A tool that is missing and cannot be
//! installed is no failure here: the steps that need it say what they skip.

use std::process::Command;

use anyhow::Result;

use crate::context::Context;
use crate::exec;
use crate::report::Report;

struct Tool {
    /// Or a file that the package has.
    program: &'static str,
    package: &'static str,
}

const TOOLS: &[Tool] = &[
    Tool { program: "g++", package: "g++" },
    Tool { program: "clang", package: "clang" },
    Tool { program: "pkg-config", package: "pkg-config" },
    Tool { program: "qemu-system-x86_64", package: "qemu-system-x86" },
    Tool { program: "busybox", package: "busybox-static" },
    Tool { program: "cpio", package: "cpio" },
    Tool { program: "shellcheck", package: "shellcheck" },
    Tool { program: "strace", package: "strace" },
    Tool { program: "strip", package: "binutils" },
    Tool { program: "valgrind", package: "valgrind" },
    Tool { program: "xz", package: "xz-utils" },
    Tool { program: "/usr/include/libaio.h", package: "libaio-dev" },
    Tool { program: "fio", package: "fio" },
    Tool { program: "qemu-img", package: "qemu-utils" },
    Tool { program: "sysbench", package: "sysbench" },
];

pub(crate) fn run(context: &Context, report: &mut Report) -> Result<()> {
    let missing = || -> Vec<&Tool> { TOOLS.iter().filter(|tool| !exec::find(tool.program)).collect() };
    let before = missing();
    if before.is_empty() {
        report.note("nothing to install");
        return Ok(());
    }
    let packages: Vec<&str> = before.iter().map(|tool| tool.package).collect();
    let names = packages.join(" ");
    if !exec::find("apt-get") {
        report.note(format!("missing: {names}; not a Debian system"));
        return Ok(());
    }
    if !is_root(context) {
        report.note(format!("missing: {names}; not root, so nothing is installed"));
        return Ok(());
    }
    let _ = exec::run(&mut apt_get(&["update"]));
    let mut install = apt_get(&["install", "-y", "--no-install-recommends"]);
    let installed = exec::succeed(install.args(&packages));
    match (installed, missing().is_empty()) {
        (Ok(_), true) => report.note(format!("installed {names}")),
        (result, _) => report.note(format!("could not install {names}: {}", result.err().unwrap_or_default())),
    }
    Ok(())
}

fn apt_get(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command.args(["-q", "-o", "DPkg::Lock::Timeout=120"]).args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    command
}

fn is_root(context: &Context) -> bool {
    exec::run(context.command("id").arg("-u")).is_ok_and(|ran| ran.stdout.trim() == "0")
}
