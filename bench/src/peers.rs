//! The libraries to compare, and programs compiled for them.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{bail, ensure, Context as _, Result};

use crate::line::Library;

/// A liburing with its header.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Which one.
    pub library: Library,
    /// Where `liburing.so.2` is.
    pub libs: PathBuf,
    include: PathBuf,
    /// For headers that newer kernel headers complete.
    compat: Option<PathBuf>,
}

/// Everything to compare.
#[derive(Debug)]
pub struct Peers {
    /// Ours, and after it what could be had of the original.
    pub all: Vec<Peer>,
    /// Why some of the original is not there.
    pub missing: Option<String>,
    /// The root of the project.
    pub root: PathBuf,
    /// Where programs go.
    pub out: PathBuf,
}

impl Peers {
    /// Fetches the originals into `build` where they are missing. What was
    /// built for the last run in `build/<name>` is removed.
    pub fn new(root: &Path, build: &Path, name: impl AsRef<Path>) -> Result<Self> {
        let build = root.join(build);
        let ours = Peer { library: Library::Ours, libs: build.clone(), include: root.join("include"), compat: None };
        ensure!(ours.shared().exists(), "{} is missing: run make", ours.shared().display());

        let fetched = output(Command::new(root.join("tools/peers/fetch.sh")).arg(&build))?;
        let missing = match fetched.status.code() {
            Some(0) => None,
            Some(77) => {
                let text = String::from_utf8_lossy(&fetched.stdout);
                let reasons = text.lines().map(|line| line.trim_start_matches("skip: "));
                Some(reasons.collect::<Vec<_>>().join("; "))
            }
            _ => bail!("tools/peers/fetch.sh: {}", String::from_utf8_lossy(&fetched.stderr).trim()),
        };
        let mut all = vec![ours];
        for (library, version) in [(Library::V2_3, "2.3"), (Library::V2_15, "2.15")] {
            let usr = build.join("peers").join(version).join("usr");
            if usr.is_dir() {
                all.push(Peer {
                    library,
                    libs: library_below(&usr.join("lib"))?,
                    include: usr.join("include"),
                    compat: Some(build.join("peers/compat")),
                });
            }
        }

        let out = build.join(name);
        if out.exists() {
            fs::remove_dir_all(&out).with_context(|| format!("{}", out.display()))?;
        }
        fs::create_dir_all(&out).with_context(|| format!("{}", out.display()))?;
        Ok(Self { all, missing, root: root.to_owned(), out })
    }

    /// The originals alone.
    pub fn originals(&self) -> &[Peer] {
        &self.all[1..]
    }

    /// This library.
    pub fn ours(&self) -> &Peer {
        &self.all[0]
    }

    /// Compiles `bench/c/<name>.c` with one library's header.
    pub fn compile(&self, name: &str, peer: &Peer) -> Result<PathBuf> {
        self.compile_source(&self.root.join("bench/c").join(name).with_extension("c"), peer)
    }

    /// Compiles any C source with one library's header: the same options for
    /// all, or the ratio would be that of two compilations.
    pub fn compile_source(&self, source: &Path, peer: &Peer) -> Result<PathBuf> {
        self.compile_source_with(source, peer, &[])
    }

    /// Likewise, and links more of the peer's libraries.
    pub fn compile_source_with(&self, source: &Path, peer: &Peer, libraries: &[&str]) -> Result<PathBuf> {
        let name = source.file_stem().unwrap_or_default().to_string_lossy();
        let program = self.out.join(format!("{name}-{}", peer.library.name().replace(' ', "-")));
        let mut command = Command::new(env::var_os("CC").as_deref().unwrap_or(OsStr::new("cc")));
        command.args(["-std=gnu11", "-D_GNU_SOURCE", "-O2", "-w"]).arg("-I").arg(&peer.include);
        if let Some(compat) = &peer.compat {
            command.arg("-idirafter").arg(compat);
        }
        command.arg(source).arg("-o").arg(&program).arg("-L").arg(&peer.libs).args(libraries);
        command.args(["-luring", "-ldl", "-lpthread"]);
        succeed(&mut command)?;
        Ok(program)
    }
}

impl Peer {
    /// The shared library.
    pub fn shared(&self) -> PathBuf {
        self.libs.join("liburing.so.2")
    }

    /// A command whose programs load this library, with all symbols bound
    /// before they start: looking them up is no part of what is measured.
    pub fn run(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env("LD_LIBRARY_PATH", &self.libs).env("LD_BIND_NOW", "1").env_remove("LD_PRELOAD");
        command
    }
}

/// Debian keeps libraries in a directory of the architecture's name.
fn library_below(lib: &Path) -> Result<PathBuf> {
    for entry in fs::read_dir(lib).with_context(|| format!("{}", lib.display()))? {
        let dir = entry?.path();
        if dir.join("liburing.so.2").exists() {
            return Ok(dir);
        }
    }
    bail!("no liburing.so.2 below {}", lib.display())
}

/// Runs a program that reads nothing.
pub fn output(command: &mut Command) -> Result<std::process::Output> {
    command.stdin(Stdio::null()).output().with_context(|| format!("cannot start {:?}", command.get_program()))
}

/// Runs a program that has to succeed: what it wrote, standard output first.
pub fn succeed(command: &mut Command) -> Result<(String, String)> {
    let ran = output(command)?;
    let stdout = String::from_utf8_lossy(&ran.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&ran.stderr).into_owned();
    if !ran.status.success() {
        bail!("{:?}: {}\n{}{}", command, ran.status, stdout, stderr);
    }
    Ok((stdout, stderr))
}
