//! One run of one program with one library.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{bail, Context as _, Result};

use super::peers::Peers;
use super::program::{Build, Scenario};
use super::section::Sections;
use super::trace;
use crate::context::Context;
use crate::exec;

/// A hang is a failure; programs bound their own waits more tightly.
const TIMEOUT_SECONDS: &str = "60";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Library {
    V2_3,
    V2_15,
    Ours,
}

impl Library {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::V2_3 => "2.3",
            Self::V2_15 => "2.15",
            Self::Ours => "ours",
        }
    }

    fn dir<'a>(self, context: &'a Context, peers: &'a Peers) -> &'a Path {
        match self {
            Self::V2_3 => &peers.v2_3.libs,
            Self::V2_15 => &peers.v2_15.libs,
            Self::Ours => &context.libs,
        }
    }
}

/// That strace is there and may trace.
pub(super) struct Tracer(());

impl Tracer {
    pub(super) fn new(context: &Context) -> Result<Self, String> {
        if !exec::find("strace") {
            return Err("strace is not installed".into());
        }
        // Containers often forbid ptrace.
        let tried = exec::run(context.command("strace").args(["-o", "/dev/null", "true"]));
        match tried.map(exec::Ran::ok) {
            Ok(Ok(_)) => Ok(Self(())),
            Ok(Err(text)) => Err(format!("strace cannot trace here: {}", text.lines().last().unwrap_or_default())),
            Err(error) => Err(format!("{error:#}")),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Run<'a> {
    pub(super) build: Build<'a>,
    pub(super) scenario: Option<&'a Scenario>,
    pub(super) library: Library,
}

impl Run<'_> {
    pub(super) fn name(&self) -> String {
        let program = self.build.program.run_name(self.scenario);
        format!("{program} with header {} on {}", self.build.headers.name(), self.library.name())
    }

    /// In a directory of its own. Traces stay there, for reading.
    pub(super) fn start(
        &self,
        context: &Context,
        peers: &Peers,
        tracer: Option<&Tracer>,
        dir: &Path,
    ) -> Result<Sections> {
        let binary = self.build.binary(dir);
        let program = self.build.program.run_name(self.scenario);
        let place = dir.join(format!("{program}.{}.on-{}", self.build.headers.name(), self.library.name()));
        fs::create_dir_all(&place)?;

        let mut command = context.command("timeout");
        command.args(["--kill-after=5", TIMEOUT_SECONDS]).current_dir(&place);
        command.env("LD_LIBRARY_PATH", self.library.dir(context, peers)).env_remove("LD_PRELOAD");
        let preload = self.build.preload(dir);
        if let Some(scenario) = self.scenario {
            command.env("SCENARIO", &scenario.name);
        } else {
            command.env_remove("SCENARIO");
        }
        let traced = tracer.is_some();
        if traced {
            trace_with_strace(&mut command, self.scenario);
        }
        if let Some(object) = preload {
            let setting = format!("LD_PRELOAD={}", object.display());
            command.args([if traced { "-E" } else { "env" }, setting.as_str()]);
        }
        let ran = exec::run(command.arg(&binary))?;

        if !ran.status.success() || !ran.stderr.is_empty() {
            bail!("{}\n{}", ran.status, ran.text());
        }
        let mut sections = Sections::default();
        sections.add_output(&ran.stdout);
        fs::write(place.join("output"), &ran.stdout)?;
        if traced {
            trace::add(&mut sections, trace_files(&place)?)?;
        }
        Ok(sections)
    }
}

/// One file per thread, so that no line is torn apart. Constants stay numbers:
/// their names depend on the age of strace.
fn trace_with_strace(command: &mut Command, scenario: Option<&Scenario>) {
    command.args(["strace", "-ff", "-o", "trace", "-qq", "-v", "-X", "raw", "-s", "64"]);
    if let Some(scenario) = scenario {
        command.args(&scenario.options);
    }
}

/// The traces by their thread's id.
fn trace_files(place: &Path) -> Result<Vec<(u32, String)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(place)? {
        let path: PathBuf = entry?.path();
        let id = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_prefix("trace."));
        if let Some(id) = id {
            let id = id.parse().with_context(|| format!("{}", path.display()))?;
            files.push((id, fs::read_to_string(&path)?));
        }
    }
    files.sort();
    Ok(files)
}
