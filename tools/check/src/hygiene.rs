//! Shell scripts, and what must not stand in a file that others read.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;

use crate::context::Context;
use crate::exec;
use crate::report::{Report, Verdict};

pub(crate) fn run(context: &Context, report: &mut Report) -> Result<()> {
    if !context.root.join(".git").exists() {
        report.skip("project files", "this is no git checkout");
        return Ok(());
    }
    let files = project_files(context)?;
    scripts(context, &files, report);
    report.check("paths of this machine", no_machine_paths(context, &files));
    report.check("allowed unsafe code", unsafe_files_say_why(context, &files));
    Ok(())
}

/// Tracked files, and new ones that are not ignored.
fn project_files(context: &Context) -> Result<Vec<PathBuf>> {
    let mut git = context.command("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let listed = exec::succeed(&mut git).map_err(|details| anyhow::anyhow!(details))?;
    Ok(listed
        .stdout
        .split('\0')
        .filter(|name| !name.is_empty())
        .map(PathBuf::from)
        .filter(|path| context.root.join(path).is_file())
        .collect())
}

fn scripts(context: &Context, files: &[PathBuf], report: &mut Report) {
    for path in files {
        let is_script = path.extension().is_some_and(|ending| ending == "sh")
            || fs::read(context.root.join(path)).is_ok_and(|text| {
                text.starts_with(b"#!/bin/sh")
                    || text.starts_with(b"#!/bin/bash")
                    || text.starts_with(b"#!/usr/bin/env bash")
            });
        if !is_script {
            continue;
        }
        let name = format!("shellcheck {}", path.display());
        if exec::find("shellcheck") {
            let mut command = context.command("shellcheck");
            report.check(name, exec::succeed(command.arg(path)).map(drop));
        } else {
            report.skip(name, "shellcheck is not installed");
        }
    }
}

/// The place of this checkout and the home directory of whoever works in it.
fn no_machine_paths(context: &Context, files: &[PathBuf]) -> Verdict {
    let mut needles = vec![context.root.display().to_string()];
    needles.extend(std::env::var("HOME"));
    // "/" or "/src" would be found everywhere.
    needles.retain(|needle| needle.len() > 4);
    let mut found = Vec::new();
    for path in files {
        let Ok(text) = fs::read(context.root.join(path)) else {
            continue;
        };
        let text = String::from_utf8_lossy(&text);
        for (number, line) in text.lines().enumerate() {
            if needles.iter().any(|needle| contains_path(line, needle)) {
                found.push(format!("{}:{}: {line}", path.display(), number + 1));
            }
        }
    }
    if found.is_empty() {
        Verdict::Pass
    } else {
        Verdict::Fail(found.join("\n"))
    }
}

/// Whether the line has this path, and not a longer one that begins like it.
fn contains_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(start, _)| {
        let joined = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        !line[..start].ends_with(joined) && !line[start + path.len()..].starts_with(joined)
    })
}

/// Files that opt into unsafe code are the list an auditor reads, so each
/// opt-in names its reason.
fn unsafe_files_say_why(context: &Context, files: &[PathBuf]) -> Verdict {
    let mut found = Vec::new();
    for path in files {
        if path.extension().is_none_or(|ending| ending != "rs") {
            continue;
        }
        let text = fs::read_to_string(context.root.join(path)).unwrap_or_default();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim_start();
            if line.starts_with("#![allow(unsafe_code)]") || line.starts_with("#[allow(unsafe_code)]") {
                found.push(format!("{}:{}", path.display(), number + 1));
            }
        }
    }
    if found.is_empty() {
        Verdict::Pass
    } else {
        Verdict::Fail(format!("no reason given:\n{}", found.join("\n")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_paths_are_found() {
        assert!(contains_path("cd /home/me && ls", "/home/me"));
        assert!(contains_path("see /home/me/x", "/home/me"));
        assert!(!contains_path("see /home/meadow", "/home/me"));
        assert!(!contains_path("a/home/me", "/home/me"));
    }
}
