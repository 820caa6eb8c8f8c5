//! What cbindgen prints: constants, plain structures, prototypes.

use crate::capi::files;
use crate::uapi::Kernel;
use anyhow::{bail, Result};
use cbindgen::{Builder, Config, DocumentationLength, DocumentationStyle, Language, Layout, Style};
use std::collections::HashMap;
use std::path::Path;

/// The items by name. A structure goes by its tag.
pub(crate) struct Printed {
    pub(crate) constants: HashMap<String, String>,
    pub(crate) structs: HashMap<String, String>,
    pub(crate) functions: HashMap<String, String>,
}

/// Structures of the C library: cbindgen does not see them, so it takes their names for typedefs.
const FOREIGN_STRUCTS: &[&str] = &["iovec", "msghdr", "cmsghdr", "sockaddr"];

/// What `aio/src/capi.rs` names as Rust does.
const AIO_TYPES: &[(&str, &str)] = &[
    ("Context", "struct io_uring_aio"),
    ("Req", "struct io_uring_aio_req"),
    ("Event", "struct io_uring_aio_event"),
    ("CancelFnPointer", "io_uring_aio_cancel_fn *"),
    ("CompleteFnPointer", "io_uring_aio_complete_fn *"),
];

const RING_STRUCTS: &[&str] = &["io_uring_sq", "io_uring_cq", "io_uring", "io_uring_zcrx_rq", "io_uring_cqe_iter"];

fn config(kernel: &Kernel) -> Config {
    let mut config = Config {
        language: Language::C,
        style: Style::Tag,
        usize_is_size_t: true,
        documentation: true,
        documentation_style: DocumentationStyle::Doxy,
        documentation_length: DocumentationLength::Full,
        tab_width: 8,
        // Prototypes are wrapped by `ops::declaration`, like those of the inlines.
        line_length: 1000,
        ..Config::default()
    };
    config.function.postfix = Some("LIBURING_NOEXCEPT".into());
    config.function.args = Layout::Auto;
    config.export.include = kernel.structs().chain(RING_STRUCTS.iter().copied()).map(str::to_owned).collect();
    for name in FOREIGN_STRUCTS {
        config.export.rename.insert((*name).into(), format!("struct {name}"));
    }
    for (rust, c) in AIO_TYPES {
        config.export.rename.insert((*rust).into(), (*c).into());
    }
    config
}

/// Runs cbindgen over everything at once, so that it knows which names are structures.
pub(crate) fn print(root: &Path, kernel: &Kernel) -> Result<Printed> {
    let mut builder = Builder::new()
        .with_config(config(kernel))
        .with_src(root.join("src/uapi/mod.rs"))
        .with_src(root.join("src/ring/types.rs"))
        .with_src(root.join("aio/src/capi.rs"));
    for path in files(&root.join("capi/src"))? {
        builder = builder.with_src(path);
    }
    let mut text = Vec::new();
    builder.generate()?.write(&mut text);
    split(&String::from_utf8(text)?)
}

/// Takes the output apart: items stand apart by empty lines.
fn split(text: &str) -> Result<Printed> {
    let mut printed = Printed { constants: HashMap::new(), structs: HashMap::new(), functions: HashMap::new() };
    for item in text.split("\n\n").map(|item| item.trim_matches('\n')) {
        let code = skip_comment(item);
        let mut words = code.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty());
        let entry = format!("{}\n", item.replace("        ", "\t"));
        if code.starts_with("#define") {
            words.next();
            if let Some(name) = words.next() {
                printed.constants.insert(name.to_owned(), entry);
            }
        } else if code.starts_with("struct") && code.contains("{\n") {
            words.next();
            if let Some(name) = words.next() {
                printed.structs.insert(name.to_owned(), entry);
            }
        } else if let (Some(open), true) = (code.find('('), code.ends_with("LIBURING_NOEXCEPT;")) {
            let head = &code[..open];
            let start = head.rfind(|c: char| !(c.is_alphanumeric() || c == '_')).map_or(0, |at| at + 1);
            printed.functions.insert(head[start..].to_owned(), code.to_owned() + "\n");
        } else if !unused(code) {
            bail!("cbindgen printed something unexpected:\n{item}");
        }
    }
    Ok(printed)
}

/// An item without the comment that it begins with.
fn skip_comment(item: &str) -> &str {
    match item.strip_prefix("/*").and_then(|rest| rest.split_once("*/\n")) {
        Some((_, code)) => code,
        None => item,
    }
}

/// What no header takes from here: unions, which have no name in C, what capi itself imports or keeps, and cbindgen's includes.
fn unused(code: &str) -> bool {
    let declaration = code.starts_with("struct ") && code.ends_with(';') && !code.contains('{');
    code.is_empty()
        || declaration
        || ["#include", "typedef", "union ", "extern "].iter().any(|start| code.starts_with(start))
}
