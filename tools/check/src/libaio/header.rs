//! `libaio.h` beside the original's: one program, compiled with both, prints the
//! same. And the layouts on architectures that this machine is not.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::Original;
use crate::context::Context;
use crate::exec;
use crate::report::{Report, Verdict};

/// The oldest, the usual and the newest languages.
const C: &[&str] = &["gnu89", "gnu99", "gnu11", "gnu2x"];
const CXX: &[&str] = &["gnu++98", "gnu++17", "gnu++20"];

/// Both byte orders, with pointers of 32 and of 64 bits.
const TARGETS: &[&str] = &[
    "i686-linux-gnu",
    "arm-linux-gnueabihf",
    "aarch64-linux-gnu",
    "riscv64-linux-gnu",
    "mips-linux-gnu",
    "powerpc-linux-gnu",
    "powerpc64-linux-gnu",
    "s390x-linux-gnu",
];

pub(crate) fn run(context: &Context, report: &mut Report) -> Result<()> {
    let dir = context.fresh_dir("libaio-header")?;
    same_program(context, &dir, report)?;
    other_architectures(context, &dir, report)
}

fn same_program(context: &Context, dir: &Path, report: &mut Report) -> Result<()> {
    let original = match Original::find(context, dir)? {
        Ok(original) => original,
        Err(reason) => {
            report.skip("the original's header", reason);
            return Ok(());
        }
    };
    let source = context.root.join("tests/libaio/header.c");
    let printed = |mut compiler: Command, standard: &str, language: &str| -> Result<String, String> {
        let program = dir.join("header");
        compiler.arg(format!("-std={standard}")).args(["-Wall", "-Wextra", "-x", language]).arg(&source);
        // As C++98 has it, offsetof() is for members of a plain record.
        compiler.arg("-Wno-invalid-offsetof").arg("-o").arg(&program).args(["-x", "none", "-laio"]);
        exec::succeed(&mut compiler)?;
        Ok(exec::succeed(&mut context.command(&program.to_string_lossy()))?.stdout)
    };
    for standard in C {
        let ours = printed(context.cc(), standard, "c");
        let theirs = printed(original.cc(context), standard, "c");
        report.check(format!("{standard}, both headers"), same(ours, theirs));
    }
    for standard in CXX {
        let name = format!("{standard}, both headers");
        if context.has_cxx() {
            let ours = printed(context.cxx(), standard, "c++");
            let theirs = printed(original.cxx(context), standard, "c++");
            report.check(name, same(ours, theirs));
        } else {
            report.skip(name, "there is no C++ compiler");
        }
    }
    Ok(())
}

fn same(ours: Result<String, String>, theirs: Result<String, String>) -> Verdict {
    let (ours, theirs) = match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => (ours, theirs),
        (Err(details), _) | (_, Err(details)) => return Verdict::Fail(details),
    };
    if ours.is_empty() {
        return Verdict::Fail("nothing was printed".into());
    }
    let mut wrong = String::new();
    for (ours, theirs) in ours.lines().zip(theirs.lines()).filter(|(ours, theirs)| ours != theirs) {
        wrong.push_str(&format!("ours:   {ours}\ntheirs: {theirs}\n"));
    }
    if ours.lines().count() != theirs.lines().count() {
        wrong.push_str("another number of lines\n");
    }
    if wrong.is_empty() {
        Verdict::Pass
    } else {
        Verdict::Fail(wrong)
    }
}

/// With this machine's libc, of which the layouts need nothing but names.
fn other_architectures(context: &Context, dir: &Path, report: &mut Report) -> Result<()> {
    let source = context.root.join("tests/libaio/layout.c");
    let mut here = context.cc();
    report.check("layouts", exec::succeed(here.args(["-std=gnu11", "-fsyntax-only"]).arg(&source)).map(drop));
    if !exec::find("clang") {
        report.skip("layouts on other architectures", "clang is not installed");
        return Ok(());
    }
    // Which libc asks for where pointers have 32 bits.
    let stubs = dir.join("stubs");
    fs::create_dir_all(stubs.join("gnu"))?;
    fs::write(stubs.join("gnu/stubs-32.h"), "")?;
    let multiarch = exec::run(context.bare_cc().arg("-print-multiarch"))?.stdout.trim().to_owned();
    for target in TARGETS {
        let mut command = context.compiler("clang");
        command.arg(format!("--target={target}")).args(["-std=gnu11", "-fsyntax-only", "-I"]).arg(&stubs);
        command.args(["-isystem", "/usr/include", "-isystem"]).arg(Path::new("/usr/include").join(&multiarch));
        report.check(format!("layouts on {target}"), exec::succeed(command.arg(&source)).map(drop));
    }
    Ok(())
}
