//! What all steps share: where things are and which compilers to use.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{bail, Context as _, Result};

use crate::exec;
use crate::tables::Tables;

/// A library under test.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Library {
    Base,
    Ffi,
    Aio,
    /// That which takes the place of libaio's.
    Libaio,
}

impl Library {
    pub(crate) const ALL: [Self; 4] = [Self::Base, Self::Ffi, Self::Aio, Self::Libaio];

    /// Those that are static libraries as well.
    pub(crate) const ARCHIVED: [Self; 3] = [Self::Base, Self::Ffi, Self::Aio];

    /// The file name without its ending.
    pub(crate) fn stem(self) -> &'static str {
        match self {
            Self::Base => "liburing",
            Self::Ffi => "liburing-ffi",
            Self::Aio => "liburing-aio",
            Self::Libaio => "libaio",
        }
    }

    /// The linker's option for it.
    pub(crate) fn option(self) -> &'static str {
        match self {
            Self::Base => "-luring",
            Self::Ffi => "-luring-ffi",
            Self::Aio => "-luring-aio",
            Self::Libaio => "-laio",
        }
    }

    pub(crate) fn header(self) -> &'static str {
        match self {
            Self::Base | Self::Ffi => "liburing.h",
            Self::Aio => "liburing/aio.h",
            Self::Libaio => "libaio.h",
        }
    }

    /// Whether Rust's standard library is in it.
    pub(crate) fn has_std(self) -> bool {
        matches!(self, Self::Aio | Self::Libaio)
    }

    /// What comes behind `.so.`, in the file name.
    pub(crate) fn version(self) -> &'static str {
        match self {
            Self::Base | Self::Ffi => "2.15",
            Self::Aio => "1.0",
            Self::Libaio => "1.0.2",
        }
    }

    /// What pkg-config says.
    pub(crate) fn release(self) -> &'static str {
        match self {
            Self::Libaio => "0.3.113",
            _ => self.version(),
        }
    }

    pub(crate) fn soname(self) -> String {
        let major = self.version().split('.').next().unwrap_or_default();
        format!("{}.so.{major}", self.stem())
    }
}

pub(crate) struct Context {
    pub(crate) root: PathBuf,
    /// The installed headers, ours or those of the original.
    pub(crate) include: PathBuf,
    /// The built libraries, ours or those of the original.
    pub(crate) libs: PathBuf,
    /// Whether the original is being checked.
    pub(crate) original: bool,
    pub(crate) jobs: usize,
    pub(crate) tables: Tables,
    pub(crate) test_filter: Option<String>,
    /// How long each fuzz target runs.
    pub(crate) fuzz_seconds: u64,
    /// Whether all kernels are booted, or those that take little time.
    pub(crate) all_kernels: bool,
    /// The directory of the build, relative to the root.
    pub(crate) build: PathBuf,
    out: PathBuf,
    cc: String,
    cxx: String,
}

impl Context {
    pub(crate) fn new(build: &Path, original: Option<&Path>, jobs: usize) -> Result<Self> {
        let root = env::current_dir()?;
        if !root.join("tests/abi/functions.tsv").is_file() {
            bail!("run this at the root of the project");
        }
        let out = root.join(build).join("check");
        fs::create_dir_all(&out).with_context(|| format!("{}", out.display()))?;
        let (include, libs) = match original {
            None => (root.join("include"), root.join(build)),
            Some(dir) => (dir.join("include"), libraries_below(&dir.join("lib"))?),
        };
        Ok(Self {
            tables: Tables::read(&root.join("tests/abi"))?,
            include,
            libs,
            original: original.is_some(),
            jobs,
            test_filter: None,
            all_kernels: false,
            fuzz_seconds: 0,
            build: build.to_owned(),
            out,
            cc: env::var("CC").unwrap_or_else(|_| "cc".into()),
            cxx: env::var("CXX").unwrap_or_else(|_| "c++".into()),
            root,
        })
    }

    /// An empty directory `build/check/<name>`.
    pub(crate) fn fresh_dir(&self, name: &str) -> Result<PathBuf> {
        let dir = self.out.join(name);
        if dir.exists() {
            fs::remove_dir_all(&dir).with_context(|| format!("{}", dir.display()))?;
        }
        fs::create_dir_all(&dir).with_context(|| format!("{}", dir.display()))?;
        Ok(dir)
    }

    /// The directory `build/check/<name>` with what earlier runs left there.
    pub(crate) fn kept_dir(&self, name: &str) -> Result<PathBuf> {
        let dir = self.out.join(name);
        fs::create_dir_all(&dir).with_context(|| format!("{}", dir.display()))?;
        Ok(dir)
    }

    /// Where a step's failures are described in full.
    pub(crate) fn log(&self, step: &str) -> PathBuf {
        self.out.join(format!("{step}.log"))
    }

    /// A command that starts at the root of the project.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        command
    }

    /// The C compiler with the headers under test.
    pub(crate) fn cc(&self) -> Command {
        self.compiler(&self.cc)
    }

    /// The C++ compiler with the headers under test.
    pub(crate) fn cxx(&self) -> Command {
        self.compiler(&self.cxx)
    }

    /// Any compiler with the headers under test.
    pub(crate) fn compiler(&self, program: &str) -> Command {
        let mut command = self.command(program);
        command.arg("-I").arg(&self.include);
        command
    }

    /// The C compiler, for programs that choose their headers themselves.
    pub(crate) fn bare_cc(&self) -> Command {
        self.command(&self.cc)
    }

    /// The C++ compiler, for programs that choose their headers themselves.
    pub(crate) fn bare_cxx(&self) -> Command {
        self.command(&self.cxx)
    }

    pub(crate) fn has_cxx(&self) -> bool {
        exec::find(&self.cxx)
    }

    pub(crate) fn shared(&self, library: Library) -> PathBuf {
        self.place(library).join(library.soname())
    }

    /// The directory that a loader may be given for this library.
    pub(crate) fn place(&self, library: Library) -> PathBuf {
        match library {
            Library::Libaio => self.libs.join("libaio"),
            _ => self.libs.clone(),
        }
    }

    pub(crate) fn archive(&self, library: Library) -> PathBuf {
        self.libs.join(format!("{}.a", library.stem()))
    }

    /// Options that link `library` so that the program finds it when it runs.
    pub(crate) fn link_shared(&self, library: Library) -> Vec<String> {
        let dir = self.place(library);
        let dir = dir.display();
        vec![format!("-L{dir}"), format!("-Wl,-rpath,{dir}"), library.option().into()]
    }
}

/// Debian keeps libraries in a directory of the architecture's name.
pub(crate) fn libraries_below(lib: &Path) -> Result<PathBuf> {
    let mut dirs = vec![lib.to_owned()];
    for entry in fs::read_dir(lib).with_context(|| format!("{}", lib.display()))? {
        dirs.push(entry?.path());
    }
    dirs.into_iter()
        .find(|dir| dir.join("liburing.so.2").exists())
        .with_context(|| format!("no liburing.so.2 in {} or below", lib.display()))
}
