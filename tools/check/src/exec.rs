//! Running other programs.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Mutex;
use std::thread;

use anyhow::{Context as _, Result};

/// What a program did.
pub(crate) struct Ran {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Both streams, without empty lines at the ends.
    pub(crate) fn text(&self) -> String {
        let mut text = self.stdout.trim().to_owned();
        if !text.is_empty() && !self.stderr.trim().is_empty() {
            text.push('\n');
        }
        text.push_str(self.stderr.trim());
        text
    }

    /// `Err` with the output unless the program exited with 0.
    pub(crate) fn ok(self) -> std::result::Result<Self, String> {
        if self.status.success() {
            Ok(self)
        } else {
            Err(format!("{}\n{}", self.status, self.text()))
        }
    }
}

/// Starts a program that reads nothing, and waits for it.
pub(crate) fn run(command: &mut Command) -> Result<Ran> {
    let output =
        command.stdin(Stdio::null()).output().with_context(|| format!("cannot start {:?}", command.get_program()))?;
    Ok(Ran {
        status: output.status,
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// As [`run`], for programs that may leave others behind, which would hold a
/// pipe open: both streams go to this file, and the process group ends.
pub(crate) fn run_to(command: &mut Command, log: &Path) -> Result<Ran> {
    let file = File::create(log).with_context(|| format!("{}", log.display()))?;
    command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file).process_group(0);
    let mut child = command.spawn().with_context(|| format!("cannot start {:?}", command.get_program()))?;
    let status = child.wait()?;
    // Mostly there is nobody left.
    Command::new("kill").args(["-KILL", "--", &format!("-{}", child.id())]).stderr(Stdio::null()).status()?;
    let output = fs::read(log).with_context(|| format!("{}", log.display()))?;
    Ok(Ran { status, stdout: String::from_utf8_lossy(&output).into_owned(), stderr: String::new() })
}

/// As [`run`], where anything but exit status 0 is a failure with the command
/// line and the output as its description.
pub(crate) fn succeed(command: &mut Command) -> std::result::Result<Ran, String> {
    let shown = shown(command);
    run(command).map_err(|error| format!("{error:#}"))?.ok().map_err(|text| format!("{shown}\n{text}"))
}

/// The command as one could type it.
fn shown(command: &Command) -> String {
    let mut words = vec![command.get_program()];
    words.extend(command.get_args());
    let mut line = String::from("$");
    for word in words {
        line.push(' ');
        line.push_str(&word.to_string_lossy());
    }
    line
}

/// Where a program of this name is, if it is installed.
pub(crate) fn find(program: &str) -> bool {
    if program.contains('/') {
        return Path::new(program).is_file();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(OsStr::new(program)).is_file())
}

/// Calls `work` for every item on `jobs` threads; results in order of items.
pub(crate) fn parallel<T: Sync, R: Send>(jobs: usize, items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results: Vec<Mutex<Option<R>>> = items.iter().map(|_| Mutex::new(None)).collect();
    thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, items.len().max(1)) {
            scope.spawn(|| loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(item) = items.get(index) else { break };
                let result = work(item);
                *results[index].lock().expect("no worker panics here") = Some(result);
            });
        }
    });
    results
        .into_iter()
        .map(|slot| slot.into_inner().expect("no worker panicked"))
        .map(|result| result.expect("every item was worked on"))
        .collect()
}
