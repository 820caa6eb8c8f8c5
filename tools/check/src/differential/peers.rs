//! The originals.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::context::{libraries_below, Context};
use crate::exec;

/// Exit status of the script when a peer cannot be had here.
const NOT_HERE: i32 = 77;

/// An unpacked package of the original.
pub(crate) struct Peer {
    pub(crate) include: PathBuf,
    pub(crate) libs: PathBuf,
}

impl Peer {
    fn below(dir: &Path) -> Result<Self> {
        Ok(Self { include: dir.join("usr/include"), libs: libraries_below(&dir.join("usr/lib"))? })
    }
}

pub(crate) struct Peers {
    pub(crate) v2_3: Peer,
    pub(crate) v2_15: Peer,
    /// Headers of the kernel that 2.15's header wants and a machine may lack.
    pub(crate) compat: PathBuf,
}

impl Peers {
    /// Fetches what is missing; the inner `Err` says why it cannot be had.
    pub(crate) fn get(context: &Context) -> Result<Result<Self, String>> {
        let mut fetch = context.command("sh");
        let ran = exec::run(fetch.arg("tools/peers/fetch.sh").arg(&context.build))?;
        if ran.status.code() == Some(NOT_HERE) {
            let reason = ran.stdout.lines().find_map(|line| line.strip_prefix("skip: "));
            return Ok(Err(reason.unwrap_or("the originals cannot be fetched").to_owned()));
        }
        ran.ok().map_err(|text| anyhow::anyhow!("tools/peers/fetch.sh: {text}"))?;
        let dir = context.root.join(&context.build).join("peers");
        Ok(Ok(Self {
            v2_3: Peer::below(&dir.join("2.3"))?,
            v2_15: Peer::below(&dir.join("2.15"))?,
            compat: dir.join("compat"),
        }))
    }
}
