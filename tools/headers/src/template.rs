//! Fills the fragments in.
//!
//! A line that begins with `@` is replaced:
//!
//! | marker | by |
//! |---|---|
//! | `@uapi module...` | the items of those files of `src/uapi` |
//! | `@struct name...` | structures of `src/ring/types.rs` |
//! | `@prototypes module...` | declarations of the functions that are no inlines, those of the named files of capi first |
//! | `@constant name...` | constants of `aio/src/capi.rs` |
//! | `@aio` | declarations of the functions of `aio/src/capi.rs` |
//! | `@ffi` | declarations of all inlines, for programs that link the ffi library |
//! | `@ops local`, `@ops` | the rows of the operation table that are exported nowhere, the others |
//! | `@version` | the version macros |
//! | `@splice name` | the file of that name in `fragments/inlines` |
//!
//! An inline of the fragment that capi exports too gets the documentation that it has there.

use crate::capi::{Api, Module, Nodes};
use crate::cbind::Printed;
use crate::comment;
use crate::ops::{wrap, Family, Linkage, Op};
use crate::uapi::{Kernel, Piece};
use anyhow::{bail, ensure, Context, Result};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The headers, and their fragments.
pub(crate) const HEADERS: &[&str] = &[
    "liburing.h",
    "liburing/aio.h",
    "liburing/barrier.h",
    "liburing/compat.h",
    "liburing/io_uring.h",
    "liburing/io_uring/bpf_filter.h",
    "liburing/io_uring/query.h",
    "liburing/io_uring_version.h",
    "liburing/notif.h",
    "liburing/poll_watch.h",
];

/// Structures that cbindgen cannot print: anonymous unions and flexible arrays.
const STRUCTS: &str = include_str!("../fragments/structs.h");

/// What the C headers spell differently from Rust: functions whose arguments need `_GNU_SOURCE`.
const GNU_TYPES: &[&str] = &["cpu_set_t", "loff_t"];

pub(crate) struct Sources<'a> {
    pub(crate) api: &'a Api,
    pub(crate) aio: &'a Module,
    pub(crate) ops: &'a [Family],
    pub(crate) kernel: &'a Kernel,
    pub(crate) printed: &'a Printed,
}

/// The hand-made text of a structure.
fn fragment_struct(name: &str) -> Option<&'static str> {
    let start = STRUCTS.find(&format!("struct {name} {{\n"))?;
    let end = STRUCTS[start..].find("\n};\n")?;
    Some(&STRUCTS[start..start + end + 4])
}

fn section(title: &str) -> String {
    comment::block(&[format!("---- {title} ----")], "") + "\n"
}

fn guarded(condition: bool, text: &str) -> String {
    if condition {
        format!("#ifdef _GNU_SOURCE\n{text}#endif\n")
    } else {
        text.to_owned()
    }
}

fn needs_gnu(prototype: &str) -> bool {
    GNU_TYPES.iter().any(|name| prototype.contains(name))
}

/// An argument as C programmers write it. `fn` is a keyword of Rust's.
fn argument(printed: &str) -> String {
    let argument = printed.replace("* ", "*").trim_end_matches('_').to_owned();
    match argument.split_once("*const *") {
        Some((array, name)) => format!("{array}*const {name}[]"),
        None => argument,
    }
}

/// Name of the inline whose head begins with this line, or on the next.
fn inline_name(lines: &[&str]) -> Option<String> {
    let line = lines.first()?;
    if !line.starts_with("IOURINGINLINE ") {
        return None;
    }
    let head = lines.iter().take(2).copied().collect::<Vec<_>>().join(" ");
    let head = &head[..head.find('(')?];
    let start = head.rfind(|c: char| !(c.is_alphanumeric() || c == '_'))? + 1;
    Some(head[start..].to_owned())
}

fn inlines(fragment: &str) -> BTreeSet<String> {
    let lines: Vec<&str> = fragment.lines().collect();
    (0..lines.len()).filter_map(|at| inline_name(&lines[at..])).collect()
}

impl Sources<'_> {
    fn structure(&self, name: &str, docs: Option<&[String]>) -> Result<String> {
        if let (Some(text), Some(docs)) = (fragment_struct(name), docs) {
            return Ok(format!("{}__extension__ {text}", comment::block(docs, "")));
        }
        let text = self.printed.structs.get(name).with_context(|| format!("cbindgen did not print struct {name}"))?;
        let start = if text.starts_with("/**") { text.find("*/\n").context("open comment")? + 3 } else { 0 };
        let (head, body) = text.split_at(start);
        Ok(format!("{head}__extension__ {body}"))
    }

    fn constant(&self, name: &str, hex: Option<&str>) -> Result<String> {
        let text = self.printed.constants.get(name).with_context(|| format!("cbindgen did not print {name}"))?;
        let define = text.find("#define").context("no definition")?;
        let (docs, line) = text.split_at(define);
        let value = line.trim_end().splitn(3, ' ').nth(2).context("no value")?;
        // cbindgen writes literals in decimal, and negative ones without parentheses.
        let value = match hex {
            Some(hex) => hex.to_owned(),
            None if value.starts_with('-') => format!("({value})"),
            None if value == "~0u" => "(~0U)".to_owned(),
            None => value.replacen("u ", "U ", 1),
        };
        Ok(format!("{docs}#define {name} {value}\n"))
    }

    fn uapi(&self, module: &str) -> Result<String> {
        let module = self.kernel.modules.get(module).with_context(|| format!("no src/uapi/{module}.rs"))?;
        let mut text = section(&module.title);
        for (apart, piece) in &module.pieces {
            if *apart {
                text.push('\n');
            }
            text += &match piece {
                Piece::Constant { name, hex } => self.constant(name, hex.as_deref())?,
                Piece::Struct { name, docs } => self.structure(name, Some(docs))?,
                Piece::Enum(text) => text.clone(),
            };
        }
        Ok(text)
    }

    /// cbindgen's prototype, wrapped like the others.
    fn prototype(&self, name: &str) -> Result<String> {
        let text = self.printed.functions.get(name).with_context(|| format!("cbindgen did not print {name}()"))?;
        let (head, rest) = text.trim_end().split_once('(').context("no arguments")?;
        let (arguments, end) = rest.rsplit_once(')').context("no end")?;
        Ok(wrap(head, arguments.split(", ").map(argument), end) + "\n")
    }

    /// Declarations of what is no inline, by file of capi.
    fn prototypes(&self, first: &[&str], inlines: &BTreeSet<String>) -> Result<String> {
        let mut modules = Vec::new();
        for name in first {
            modules.push(self.api.modules.get(*name).with_context(|| format!("no functions in capi/src/{name}.rs"))?);
        }
        let rest = self.api.modules.iter().filter(|(name, _)| !first.contains(&name.as_str()));
        modules.extend(rest.map(|(_, module)| module));
        let mut text = String::new();
        for module in modules {
            let functions: Vec<_> =
                module.functions.iter().filter(|function| !inlines.contains(&function.name)).collect();
            if functions.is_empty() {
                continue;
            }
            text += &section(&module.title);
            for function in functions {
                ensure!(
                    matches!(&function.nodes, Nodes::Liburing { base: Some(_), .. }),
                    "{} is no inline, and liburing.so.2 does not have it",
                    function.name
                );
                let prototype = self.prototype(&function.name)?;
                let documented = comment::block(&function.docs, "") + &prototype;
                text += &guarded(needs_gnu(&prototype), &documented);
                text.push('\n');
            }
        }
        Ok(text)
    }

    /// The AIO engine's functions, in the order of the source.
    fn aio(&self) -> Result<String> {
        let mut text = String::new();
        for function in &self.aio.functions {
            text += &(comment::block(&function.docs, "") + &self.prototype(&function.name)? + "\n");
        }
        Ok(text)
    }

    fn ffi(&self, inlines: &BTreeSet<String>) -> Result<String> {
        let mut text = String::new();
        for name in inlines {
            ensure!(self.api.function(name).is_some(), "capi has no {name}, which is an inline in C");
            text += &self.prototype(name)?;
        }
        for (op, _) in self.ops.iter().flat_map(Family::exported) {
            text += &guarded(op.gnu, &op.prototype());
        }
        Ok(text)
    }

    fn ops(&self, wanted: impl Fn(&Op) -> bool) -> String {
        let mut text = String::new();
        for family in self.ops {
            let ops: Vec<_> = family.ops.iter().filter(|op| wanted(op)).collect();
            if ops.is_empty() {
                continue;
            }
            text += &section(&family.title);
            for op in ops {
                text += &guarded(op.gnu, &op.definition());
                text.push('\n');
            }
        }
        text
    }

    fn marker(&self, line: &str, inlines: &BTreeSet<String>) -> Result<String> {
        let mut words = line.split_whitespace();
        let marker = words.next().unwrap_or_default();
        let arguments: Vec<&str> = words.collect();
        match (marker, &arguments[..]) {
            ("@uapi", modules) => modules.iter().map(|module| Ok(self.uapi(module)? + "\n")).collect(),
            ("@struct", names) => names.iter().map(|name| Ok(self.structure(name, None)? + "\n")).collect(),
            ("@prototypes", first) => self.prototypes(first, inlines),
            ("@constant", names) => names.iter().map(|name| self.constant(name, None)).collect(),
            ("@aio", []) => self.aio(),
            ("@ffi", []) => self.ffi(inlines),
            ("@ops", ["local"]) => Ok(self.ops(|op| op.linkage == Linkage::Local)),
            ("@ops", []) => Ok(self.ops(|op| op.linkage != Linkage::Local)),
            ("@version", []) => Ok(format!(
                "#define IO_URING_VERSION_MAJOR {}\n#define IO_URING_VERSION_MINOR {}\n",
                oxiring::ring::VERSION_MAJOR,
                oxiring::ring::VERSION_MINOR
            )),
            _ => bail!("unknown marker: {line}"),
        }
    }
}

/// A fragment with the files that it splices in.
pub(crate) fn splice(fragment: &str, directory: &Path) -> Result<String> {
    let mut text = String::new();
    for line in fragment.lines() {
        match line.strip_prefix("@splice ") {
            Some(name) => {
                let path = directory.join("inlines").join(name.trim()).with_extension("h");
                text += &fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            }
            None => text += &format!("{line}\n"),
        }
    }
    Ok(text)
}

/// The header that a fragment stands for.
pub(crate) fn fill(fragment: &str, sources: &Sources<'_>) -> Result<String> {
    let inlines = inlines(fragment);
    let lines: Vec<&str> = fragment.lines().collect();
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        if line.starts_with('@') {
            let filled = sources.marker(line, &inlines)?;
            text += filled.trim_end_matches('\n');
            text.push('\n');
            continue;
        }
        if let Some(name) = inline_name(&lines[number..]) {
            let function =
                sources.api.function(&name).with_context(|| format!("capi has no {name}, which is an inline in C"))?;
            text += &comment::block(&function.docs, "");
        }
        text += line;
        text.push('\n');
    }
    Ok(text)
}
