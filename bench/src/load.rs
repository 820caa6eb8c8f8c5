//! What a program pays for being linked to the library.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use object::read::elf::{Dyn as _, ElfFile64, FileHeader as _, SectionHeader as _};
use object::{elf, Endianness};

use oxiring_bench::line::{Library, Line};
use oxiring_bench::peers::succeed;

use crate::timed::{compare, Turn};
use crate::Bench;

/// Bytes of liburing.so.2 of liburing 2.15, built as its sources propose and
/// stripped. Debian builds it in its own way.
const UPSTREAM_SIZE: f64 = 30112.0;

/// What the original does not have needs its place: notification slots and
/// poll watches.
const SIZE_BOUND: f64 = 1.25;

pub(crate) fn run(bench: &Bench) -> Result<Vec<Line>> {
    let peers = &bench.peers;
    // The program itself needs no liburing.
    let program = peers.compile("load", peers.ours())?;
    let mut turns = Vec::new();
    let (mut relocations, mut needed, mut sizes) = (Vec::new(), Vec::new(), Vec::new());
    for peer in &peers.all {
        let stripped = peers.out.join(format!("{}.so", peer.library.name().replace(' ', "-")));
        succeed(Command::new("strip").arg("-o").arg(&stripped).arg(peer.shared()))?;
        turns.push(Turn::c(peer, &program, &[&stripped.to_string_lossy(), "200"]));
        let linking = Linking::read(&stripped)?;
        relocations.push((peer.library, linking.relocations as f64));
        needed.push((peer.library, linking.needed as f64));
        sizes.push((peer.library, fs::metadata(&stripped)?.len() as f64));
    }
    // 2.3 has fewer functions, and so fewer of everything.
    let same_functions = |values: &[(Library, f64)]| -> Vec<(Library, f64)> {
        values.iter().copied().filter(|(library, _)| *library != Library::V2_3).collect()
    };
    let upstream = [sizes[0], (Library::V2_15, UPSTREAM_SIZE)];
    Ok(vec![
        compare(bench, "dlopen and dlclose".into(), &mut turns)?,
        Line::exact("relocations", "entries", &same_functions(&relocations)).bound(1.0),
        Line::exact("libraries that it needs", "entries", &same_functions(&needed)).bound(1.0),
        Line::exact("stripped file, 2.15 as upstream builds it", "bytes", &upstream).bound(SIZE_BOUND),
        Line::exact("stripped file, 2.15 as Debian builds it", "bytes", &same_functions(&sizes)),
    ])
}

struct Linking {
    relocations: usize,
    needed: usize,
}

impl Linking {
    fn read(path: &Path) -> Result<Self> {
        let data = fs::read(path).with_context(|| format!("{}", path.display()))?;
        let data = data.as_slice();
        let file = ElfFile64::<Endianness>::parse(data)?;
        let (endian, header) = (file.endian(), file.elf_header());
        let mut found = Self { relocations: 0, needed: 0 };
        for section in header.sections(endian, data)?.iter() {
            if let Some((rela, _)) = section.rela(endian, data)? {
                found.relocations += rela.len();
            }
            if let Some((entries, _)) = section.dynamic(endian, data)? {
                found.needed += entries.iter().filter(|entry| entry.tag(endian) == elf::DT_NEEDED).count();
            }
        }
        Ok(found)
    }
}
