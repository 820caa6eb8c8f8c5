//! The version scripts.

use crate::capi::{self, Api, Module};
use crate::ops::Family;
use anyhow::{bail, ensure, Result};
use std::collections::{BTreeMap, BTreeSet};

/// The newest node of the original's interface.
const NEWEST: u32 = 15;

/// The node of what the original does not export.
const OURS: &str = "OXIRING_1.0";

/// The node of the AIO engine's own library.
const AIO: &str = "OXIRING_AIO_1.0";

type Nodes<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

/// A chain of nodes in which `nodes` says what they have. All other symbols stay inside of the library.
fn script(names: &[String], mut nodes: Nodes<'_>) -> Result<String> {
    let mut text = String::new();
    let mut previous = "";
    for name in names {
        text += &format!("{name} {{\n");
        if let Some(symbols) = nodes.remove(name.as_str()) {
            text += "\tglobal:\n";
            for symbol in symbols {
                text += &format!("\t\t{symbol};\n");
            }
        }
        if previous.is_empty() {
            text += "\tlocal:\n\t\t*;\n};\n";
        } else {
            text += &format!("}} {previous};\n");
        }
        previous = name;
    }
    ensure!(nodes.is_empty(), "nodes outside the chain: {:?}", nodes.keys());
    Ok(text)
}

/// A script with the nodes `LIBURING_2.oldest` to `LIBURING_2.15` in a chain, the empty ones too, and ours at its end if it
/// has anything.
fn liburing(oldest: u32, nodes: Nodes<'_>) -> Result<String> {
    let mut names: Vec<String> = (oldest..=NEWEST).map(|minor| format!("LIBURING_2.{minor}")).collect();
    if nodes.contains_key(OURS) {
        names.push(OURS.into());
    }
    script(&names, nodes)
}

pub(crate) fn scripts(api: &Api, aio: &Module, ops: &[Family]) -> Result<Vec<(&'static str, String)>> {
    let mut base = Nodes::new();
    let mut ffi = Nodes::new();
    for function in api.functions() {
        let capi::Nodes::Liburing { base: node, ffi: ffi_node } = &function.nodes else {
            bail!("{} is in a file of liburing's", function.name);
        };
        if let Some(node) = node {
            base.entry(node).or_default().insert(&function.name);
        }
        ffi.entry(ffi_node).or_default().insert(&function.name);
    }
    for (op, node) in ops.iter().flat_map(Family::exported) {
        let new = ffi.entry(node).or_default().insert(&op.name);
        ensure!(new, "{} is a row of the operation table and a function of capi", op.name);
    }
    let mut engine = Nodes::new();
    for function in &aio.functions {
        let capi::Nodes::Aio(node) = &function.nodes else {
            bail!("{} is in the file of the AIO engine's", function.name);
        };
        engine.entry(node).or_default().insert(&function.name);
    }
    Ok(vec![
        ("liburing", liburing(0, base)?),
        ("liburing-ffi", liburing(4, ffi)?),
        ("liburing-aio", script(&[AIO.into()], engine)?),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_nodes_stay_in_the_chain() {
        let nodes = Nodes::from([("LIBURING_2.13", ["b", "a"].into()), (OURS, ["c"].into())]);
        let text = liburing(13, nodes).unwrap();
        assert_eq!(
            text,
            "LIBURING_2.13 {\n\tglobal:\n\t\ta;\n\t\tb;\n\tlocal:\n\t\t*;\n};\n\
             LIBURING_2.14 {\n} LIBURING_2.13;\nLIBURING_2.15 {\n} LIBURING_2.14;\n\
             OXIRING_1.0 {\n\tglobal:\n\t\tc;\n} LIBURING_2.15;\n"
        );
    }

    #[test]
    fn a_node_that_the_library_does_not_have_is_an_error() {
        assert!(liburing(4, Nodes::from([("LIBURING_2.0", ["a"].into())])).is_err());
    }
}
