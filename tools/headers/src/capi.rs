//! The exported functions of `capi/src/*.rs` and `aio/src/capi.rs`: documentation and version nodes.

use anyhow::{bail, ensure, Context, Result};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use syn::{Attribute, Expr, Item, Lit, Meta};

/// The last paragraph of every exported function's documentation.
const SYMBOL_VERSION: &str = "Symbol version:";

/// An exported function.
pub(crate) struct Function {
    pub(crate) name: String,
    /// Documentation without the line of versions.
    pub(crate) docs: Vec<String>,
    pub(crate) nodes: Nodes,
}

/// In which libraries a function is.
#[derive(Debug, PartialEq)]
pub(crate) enum Nodes {
    Liburing {
        /// Node in `liburing.so.2`, if it is there.
        base: Option<String>,
        /// Node in `liburing-ffi.so.2`.
        ffi: String,
    },
    /// Node in `liburing-aio.so.1`.
    Aio(String),
}

/// A file of `capi/src`.
pub(crate) struct Module {
    /// First line of its documentation, without the full stop.
    pub(crate) title: String,
    pub(crate) functions: Vec<Function>,
}

/// The C API, by file name.
pub(crate) struct Api {
    pub(crate) modules: BTreeMap<String, Module>,
}

impl Api {
    pub(crate) fn functions(&self) -> impl Iterator<Item = &Function> {
        self.modules.values().flat_map(|module| &module.functions)
    }

    pub(crate) fn function(&self, name: &str) -> Option<&Function> {
        self.functions().find(|function| function.name == name)
    }
}

/// Lines of documentation, without the blank that follows the slashes.
pub(crate) fn docs(attributes: &[Attribute]) -> Vec<String> {
    attributes
        .iter()
        .filter_map(|attribute| match &attribute.meta {
            Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
                Expr::Lit(literal) => match &literal.lit {
                    Lit::Str(text) => Some(text.value()),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        })
        .map(|line| line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned())
        .collect()
}

/// `LIBURING_2.0, ffi LIBURING_2.4.` as the two nodes, or `OXIRING_AIO_1.0.` as the one.
fn versions(text: &str) -> Result<Nodes> {
    let text = text.trim().strip_suffix('.').context("no full stop")?;
    if text == "OXIRING_AIO_1.0" {
        return Ok(Nodes::Aio(text.to_owned()));
    }
    let (base, ffi) = match text.split_once(", ffi ") {
        Some((base, ffi)) => (Some(base.to_owned()), ffi),
        None => (None, text.strip_prefix("ffi ").context("no node of the ffi library")?),
    };
    for node in base.iter().map(String::as_str).chain([ffi]) {
        let known =
            node == "OXIRING_1.0" || node.strip_prefix("LIBURING_2.").is_some_and(|minor| minor.parse::<u32>().is_ok());
        ensure!(known, "{node} is no node");
    }
    Ok(Nodes::Liburing { base, ffi: ffi.to_owned() })
}

fn function(item: &syn::ItemFn) -> Result<Option<Function>> {
    if !item.attrs.iter().any(|attribute| attribute.path().is_ident("no_mangle")) {
        return Ok(None);
    }
    let name = item.sig.ident.to_string();
    let mut docs = docs(&item.attrs);
    let Some(position) = docs.iter().rposition(|line| line.starts_with(SYMBOL_VERSION)) else {
        bail!("{name}: the documentation does not end with \"{SYMBOL_VERSION} ...\"");
    };
    let nodes = versions(&docs[position][SYMBOL_VERSION.len()..]).with_context(|| name.clone())?;
    ensure!(position + 1 == docs.len(), "{name}: documentation behind \"{SYMBOL_VERSION}\"");
    docs.truncate(position);
    while docs.last().is_some_and(|line| line.is_empty()) {
        docs.pop();
    }
    ensure!(!docs.is_empty(), "{name} has no documentation");
    Ok(Some(Function { name, docs, nodes }))
}

/// The functions of one file.
pub(crate) fn module(path: &Path) -> Result<Module> {
    let file = syn::parse_file(&fs::read_to_string(path)?)?;
    let title = docs(&file.attrs).first().cloned().unwrap_or_default();
    let mut functions = Vec::new();
    for item in &file.items {
        if let Item::Fn(item) = item {
            functions.extend(function(item)?);
        }
    }
    Ok(Module { title: title.trim_end_matches('.').to_owned(), functions })
}

pub(crate) fn read(directory: &Path) -> Result<Api> {
    let mut modules = BTreeMap::new();
    for path in files(directory)? {
        let name = path.file_stem().context("no name")?.to_string_lossy().into_owned();
        let module = module(&path).with_context(|| path.display().to_string())?;
        if !module.functions.is_empty() {
            modules.insert(name, module);
        }
    }
    Ok(Api { modules })
}

/// The Rust files of a directory, sorted.
pub(crate) fn files(directory: &Path) -> Result<Vec<std::path::PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory).with_context(|| directory.display().to_string())? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(docs: &str) -> Result<Option<Function>> {
        function(&syn::parse_str(&format!("{docs}\n#[no_mangle] pub extern \"C\" fn f() {{}}"))?)
    }

    #[test]
    fn versions_are_taken_from_the_last_line() {
        let function = read("/// Does it.\n///\n/// Symbol version: LIBURING_2.6, ffi OXIRING_1.0.").unwrap().unwrap();
        assert_eq!(function.nodes, Nodes::Liburing { base: Some("LIBURING_2.6".into()), ffi: "OXIRING_1.0".into() });
        assert_eq!(function.docs, ["Does it."]);
        let inline = read("/// Does it.\n/// Symbol version: ffi LIBURING_2.4.").unwrap().unwrap();
        assert_eq!(inline.nodes, Nodes::Liburing { base: None, ffi: "LIBURING_2.4".into() });
        let aio = read("/// Does it.\n/// Symbol version: OXIRING_AIO_1.0.").unwrap().unwrap();
        assert_eq!(aio.nodes, Nodes::Aio("OXIRING_AIO_1.0".into()));
    }

    #[test]
    fn an_export_without_a_version_or_documentation_is_refused() {
        assert!(read("/// Does it.").is_err());
        assert!(read("/// Symbol version: ffi LIBURING_2.4.").is_err());
        assert!(read("/// Does it.\n/// Symbol version: LIBURING_2.6.").is_err());
        assert!(read("/// Does it.\n/// Symbol version: ffi LIBURING_2.x.").is_err());
    }
}
