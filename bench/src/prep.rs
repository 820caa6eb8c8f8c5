//! Instructions of one call of every helper that fills an SQE.
//!
//! A generated program has a function for each helper, with the helper's own
//! parameters and nothing in it but the helper: what the compiler makes of the
//! header's inline, and the return. It is called with the arguments of the
//! table of SQE bytes.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{bail, Context as _, Result};

use crate::callgrind;
use crate::instructions::{BOUND, UNIT};
use crate::line::{Library, Line};
use crate::peers::Peers;

/// In front of a helper's name: the function with only the helper in it.
const PREFIX: &str = "only_";

/// This library's header and that of 2.15: older ones lack helpers.
pub fn measure(peers: &Peers) -> Result<Vec<Line>> {
    let helpers = Helpers::read(&peers.root.join("tests/abi"))?;
    let source = peers.out.join("prep.c");
    fs::write(&source, helpers.program()?)?;
    let mut counts = Vec::new();
    for peer in peers.all.iter().filter(|peer| peer.library != Library::V2_3) {
        let program = peers.compile_source(&source, peer)?;
        counts.push((peer.library, callgrind::by_function(peer, &program)?));
    }
    let mut lines = Vec::new();
    for (name, calls) in &helpers.calls {
        let mut values = Vec::new();
        for (library, counts) in &counts {
            let count = counts.get(&format!("{PREFIX}{name}")).with_context(|| format!("{name} was not counted"))?;
            values.push((*library, *count as f64 / calls.len() as f64));
        }
        lines.push(Line::exact(name.as_str(), UNIT, &values).bound(BOUND));
    }
    let mut sums: Vec<(Library, f64)> = Vec::new();
    for (library, _) in &counts {
        sums.push((*library, lines.iter().filter_map(|line| line.value(*library)).sum()));
    }
    lines.push(Line::exact("all helpers, one call of each", UNIT, &sums).bound(BOUND));
    Ok(lines)
}

struct Helpers {
    prototypes: BTreeMap<String, String>,
    /// Arguments after the SQE, for each call.
    calls: BTreeMap<String, Vec<Vec<String>>>,
}

impl Helpers {
    fn read(tables: &Path) -> Result<Self> {
        let read = |name: &str| {
            let path = tables.join(name);
            fs::read_to_string(&path).with_context(|| format!("{}", path.display()))
        };
        let mut calls: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
        for row in read("sqe-vectors.tsv")?.lines().filter(|row| !row.starts_with('#')) {
            let mut fields = row.split('\t');
            if let (Some(name), Some(arguments)) = (fields.next(), fields.next()) {
                let arguments = arguments.split_whitespace().map(str::to_owned).collect();
                calls.entry(name.to_owned()).or_default().push(arguments);
            }
        }
        let mut prototypes = BTreeMap::new();
        for row in read("functions.tsv")?.lines().filter(|row| !row.starts_with('#')) {
            let fields: Vec<&str> = row.split('\t').collect();
            if let [name, _, _, _, prototype] = fields[..] {
                prototypes.insert(name.to_owned(), prototype.to_owned());
            }
        }
        Ok(Self { prototypes, calls })
    }

    fn program(&self) -> Result<String> {
        let mut text = String::from("#include <stdint.h>\n#include <liburing.h>\n\nstruct io_uring_sqe sqe;\n\n");
        let mut main = String::from("int main(void)\n{\n");
        for (name, calls) in &self.calls {
            let prototype = self.prototypes.get(name).with_context(|| format!("no prototype of {name}"))?;
            let parameters = parameters(prototype);
            let names: Vec<&str> = parameters.iter().map(|(_, name)| *name).collect();
            let renamed = prototype.replacen(&format!("{name}("), &format!("{PREFIX}{name}("), 1);
            // Called through a pointer that the compiler cannot see through:
            // the arguments are not known inside.
            let _ = writeln!(
                text,
                "static __attribute__((noinline)) {renamed}\n{{\n\t{name}({});\n}}\n\
                 __typeof__(&{PREFIX}{name}) volatile call_{name} = {PREFIX}{name};\n",
                names.join(", ")
            );
            for arguments in calls {
                if arguments.len() + 1 != parameters.len() {
                    bail!("{name}: a call with {} arguments", arguments.len());
                }
                let _ = write!(main, "\tcall_{name}(&sqe");
                for (value, (kind, _)) in arguments.iter().zip(&parameters[1..]) {
                    let through = if kind.ends_with('*') { "(uintptr_t)" } else { "" };
                    let _ = write!(main, ", ({kind}){through}{value}ULL");
                }
                main.push_str(");\n");
            }
        }
        text.push_str(&main);
        text.push_str("\treturn 0;\n}\n");
        Ok(text)
    }
}

/// Types and names of the parameters.
fn parameters(prototype: &str) -> Vec<(&str, &str)> {
    let start = prototype.find('(').map_or(0, |open| open + 1);
    let list = prototype[start..].trim_end_matches(')').split(',').map(str::trim);
    list.map(|text| {
        let split = text.rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_').map_or(0, |last| last + 1);
        (text[..split].trim(), &text[split..])
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_come_apart() {
        let prototype = "void io_uring_prep_x(struct io_uring_sqe *sqe, const char *path, unsigned int flags)";
        assert_eq!(
            parameters(prototype),
            [("struct io_uring_sqe *", "sqe"), ("const char *", "path"), ("unsigned int", "flags")]
        );
    }
}
