//! The programs, and how they are compiled.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{bail, Context as _, Result};

use super::peers::{Peer, Peers};
use crate::context::Context;
use crate::exec;

/// The header that a program includes, and the version whose names it uses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Headers {
    V2_3,
    V2_15,
    OursAs2_3,
    OursAs2_15,
}

impl Headers {
    const ALL: [Self; 4] = [Self::V2_3, Self::V2_15, Self::OursAs2_3, Self::OursAs2_15];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::V2_3 => "2.3",
            Self::V2_15 => "2.15",
            Self::OursAs2_3 => "ours-2.3",
            Self::OursAs2_15 => "ours-2.15",
        }
    }

    fn is_old(self) -> bool {
        matches!(self, Self::V2_3 | Self::OursAs2_3)
    }

    fn peer(self, peers: &Peers) -> Option<&Peer> {
        match self {
            Self::V2_3 => Some(&peers.v2_3),
            Self::V2_15 => Some(&peers.v2_15),
            Self::OursAs2_3 | Self::OursAs2_15 => None,
        }
    }
}

/// A run with faults injected by strace.
#[derive(PartialEq, Eq)]
pub(super) struct Scenario {
    pub(super) name: String,
    pub(super) options: Vec<String>,
    /// For faults that hit other calls in 2.3.
    needs_2_15: bool,
}

#[derive(PartialEq, Eq)]
pub(super) struct Program {
    pub(super) name: String,
    source: PathBuf,
    needs_2_15: bool,
    scenarios: Vec<Scenario>,
    preload: Option<String>,
    link: Vec<String>,
}

impl Program {
    pub(super) fn read_all(dir: &Path) -> Result<Vec<Self>> {
        let mut programs = Vec::new();
        for entry in fs::read_dir(dir).with_context(|| format!("{}", dir.display()))? {
            let path = entry?.path();
            if path.extension().is_some_and(|ending| ending == "c" || ending == "cc") {
                programs.extend(Self::read(&path).with_context(|| format!("{}", path.display()))?);
            }
        }
        programs.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(programs)
    }

    /// `None` for a source that is no program of its own.
    fn read(path: &Path) -> Result<Option<Self>> {
        let text = fs::read_to_string(path)?;
        let values = |key: &str| -> Vec<&str> { text.lines().filter_map(|line| directive(line, key)).collect() };
        if !values("preloaded by").is_empty() {
            return Ok(None);
        }
        let needs_2_15 = match values("needs")[..] {
            ["2.3"] => false,
            ["2.15"] => true,
            _ => bail!("no line \"needs: 2.3\" or \"needs: 2.15\""),
        };
        let mut scenarios = Vec::new();
        for (key, needs_2_15) in [("strace", false), ("strace-2.15", true)] {
            for value in values(key) {
                let (name, options) = value.split_once(": ").context("no name before the options for strace")?;
                let options = options.split_whitespace().map(str::to_owned).collect();
                scenarios.push(Scenario { name: name.to_owned(), options, needs_2_15 });
            }
        }
        let link = values("link");
        let link = link.first().copied().unwrap_or("-luring");
        Ok(Some(Self {
            name: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            source: path.to_owned(),
            needs_2_15,
            scenarios,
            preload: values("preload").first().map(|&name| name.to_owned()),
            link: link.split_whitespace().map(str::to_owned).collect(),
        }))
    }

    pub(super) fn is_cxx(&self) -> bool {
        self.source.extension().is_some_and(|ending| ending == "cc")
    }

    pub(super) fn takes(&self, headers: Headers) -> bool {
        !(self.needs_2_15 && headers.is_old())
    }

    pub(super) fn takes_in(&self, scenario: Option<&Scenario>, headers: Headers) -> bool {
        self.takes(headers) && !(headers.is_old() && scenario.is_some_and(|scenario| scenario.needs_2_15))
    }

    pub(super) fn headers(&self) -> impl Iterator<Item = Headers> + '_ {
        Headers::ALL.into_iter().filter(|&headers| self.takes(headers))
    }

    /// The plain run, and those with faults.
    pub(super) fn scenarios(&self, traced: bool) -> impl Iterator<Item = Option<&Scenario>> {
        let faults = self.scenarios.iter().filter(move |_| traced);
        std::iter::once(None).chain(faults.map(Some))
    }

    /// The program with its scenario, as `deviations.txt` writes it.
    pub(super) fn run_name(&self, scenario: Option<&Scenario>) -> String {
        match scenario {
            None => self.name.clone(),
            Some(scenario) => format!("{}@{}", self.name, scenario.name),
        }
    }
}

/// The value of a line `/* key: value */`.
fn directive<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let value = line.strip_prefix("/* ")?.strip_suffix("*/")?.strip_prefix(key)?.strip_prefix(':')?;
    Some(value.trim())
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Build<'a> {
    pub(super) program: &'a Program,
    pub(super) headers: Headers,
}

impl Build<'_> {
    pub(super) fn name(&self) -> String {
        format!("{} with header {}", self.program.name, self.headers.name())
    }

    pub(super) fn binary(&self, dir: &Path) -> PathBuf {
        dir.join(format!("{}.{}", self.program.name, self.headers.name()))
    }

    pub(super) fn preload(&self, dir: &Path) -> Option<PathBuf> {
        let binary = self.binary(dir);
        self.program.preload.as_ref().map(|_| PathBuf::from(format!("{}.preload.so", binary.display())))
    }

    pub(super) fn compile(&self, context: &Context, peers: &Peers, dir: &Path) -> Result<(), String> {
        let libs = self.headers.peer(peers).map_or(&context.libs, |peer| &peer.libs);
        let mut command = self.compiler(context, peers);
        // PIE, so that no address of the program looks like a number.
        command.args(["-fPIE", "-pie"]).arg(&self.program.source).arg("-o").arg(self.binary(dir));
        command.arg("-L").arg(libs).args(&self.program.link).arg("-lpthread");
        exec::succeed(&mut command)?;
        if let (Some(name), Some(object)) = (&self.program.preload, self.preload(dir)) {
            let source = self.program.source.with_file_name(name);
            let mut command = self.compiler(context, peers);
            command.args(["-fPIC", "-shared"]).arg(source).arg("-o").arg(object);
            exec::succeed(&mut command)?;
        }
        Ok(())
    }

    fn compiler(&self, context: &Context, peers: &Peers) -> std::process::Command {
        let mut command = if self.program.is_cxx() { context.bare_cxx() } else { context.bare_cc() };
        match self.headers.peer(peers) {
            None => command.arg("-Werror").arg("-I").arg(&context.include),
            Some(peer) => command.arg("-isystem").arg(&peer.include).arg("-idirafter").arg(&peers.compat),
        };
        let standard = if self.program.is_cxx() { "-std=gnu++17" } else { "-std=gnu11" };
        let api = if self.headers.is_old() { "-DAPI=203" } else { "-DAPI=215" };
        command.args([standard, "-D_GNU_SOURCE", api, "-O1", "-g", "-Wall", "-Wextra"]);
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_are_whole_lines() {
        assert_eq!(directive("/* needs: 2.3 */", "needs"), Some("2.3"));
        assert_eq!(directive(" *   needs: 2.3", "needs"), None);
        assert_eq!(directive("/* strace: a: -e b=c:d */", "strace"), Some("a: -e b=c:d"));
    }
}
