//! The steps about `libaio.so.1`. Beside it stands the original, which the
//! distribution has.

pub(crate) mod header;
pub(crate) mod programs;
pub(crate) mod tests;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::context::{Context, Library};
use crate::exec;

/// The system's libaio.
struct Original {
    /// Our headers without libaio's, which has to be the system's.
    include: PathBuf,
}

impl Original {
    /// Or why there is none.
    fn find(context: &Context, dir: &Path) -> Result<Result<Self, String>> {
        let include = dir.join("include");
        fs::create_dir_all(&include)?;
        for name in ["liburing.h", "liburing"] {
            symlink(context.include.join(name), include.join(name)).with_context(|| include.display().to_string())?;
        }
        let original = Self { include };
        let source = dir.join("probe.c");
        fs::write(&source, "#include <libaio.h>\nint main(void) { return io_queue_init(0, 0) == 0; }\n")?;
        let mut command = original.cc(context);
        command.arg(&source).arg("-o").arg(source.with_extension("")).arg("-laio");
        Ok(match exec::succeed(&mut command) {
            Ok(_) => Ok(original),
            Err(_) => Err("the system's libaio and its header are not installed".into()),
        })
    }

    /// The C compiler with the system's libaio.h.
    fn cc(&self, context: &Context) -> Command {
        let mut command = context.bare_cc();
        command.arg("-I").arg(&self.include);
        command
    }

    /// The C++ compiler with the system's libaio.h.
    fn cxx(&self, context: &Context) -> Command {
        let mut command = context.bare_cxx();
        command.arg("-I").arg(&self.include);
        command
    }
}

/// The libaio that a program is started with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Start {
    Original,
    /// Ours, found before the system's.
    Path,
    /// Ours, loaded before everything else.
    Preloaded,
}

impl Start {
    fn name(self) -> &'static str {
        match self {
            Self::Original => "the system's",
            Self::Path => "LD_LIBRARY_PATH",
            Self::Preloaded => "LD_PRELOAD",
        }
    }

    fn set(self, context: &Context, command: &mut Command) {
        for name in ["LD_LIBRARY_PATH", "LD_PRELOAD", "LIBAIO_CANCEL", "LIBAIO_RING"] {
            command.env_remove(name);
        }
        match self {
            Self::Original => {}
            Self::Path => {
                command.env("LD_LIBRARY_PATH", context.place(Library::Libaio));
            }
            Self::Preloaded => {
                command.env("LD_PRELOAD", context.shared(Library::Libaio));
            }
        }
    }
}
