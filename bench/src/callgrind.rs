//! Instructions of a program in user space, counted by valgrind.

use std::collections::HashMap;
use std::env;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::peers::{succeed, Peer};

/// Why nothing can be counted here.
pub fn missing() -> Option<String> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).any(|dir| dir.join("valgrind").is_file());
    (!found).then(|| "valgrind is not installed".to_owned())
}

fn valgrind(peer: &Peer, file: &Path) -> Command {
    let mut command = peer.run("valgrind");
    command.arg("--tool=callgrind").arg(format!("--callgrind-out-file={}", file.display()));
    command
}

/// All instructions from the program's start to its end.
pub fn total(peer: &Peer, program: &Path, arguments: &[String]) -> Result<u64> {
    let (_, stderr) = succeed(valgrind(peer, Path::new("/dev/null")).arg(program).args(arguments))?;
    stderr
        .lines()
        .find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok())
        .with_context(|| format!("valgrind counted nothing:\n{stderr}"))
}

/// Instructions of each function with those of the functions that it calls.
pub fn by_function(peer: &Peer, program: &Path) -> Result<HashMap<String, u64>> {
    let file = program.with_extension("callgrind");
    succeed(valgrind(peer, &file).args(["--dump-line=no", "--compress-pos=no"]).arg(program))?;
    let text = std::fs::read_to_string(&file).with_context(|| format!("{}", file.display()))?;
    Ok(inclusive(&text))
}

/// A block begins with `fn=`, with the name at its first mention only; lines
/// that begin with a number end in a cost: the function's own, or after
/// `calls=` that of the call.
fn inclusive(text: &str) -> HashMap<String, u64> {
    let mut names: HashMap<&str, &str> = HashMap::new();
    let mut costs: HashMap<String, u64> = HashMap::new();
    let mut current = None;
    for line in text.lines() {
        if let Some((key, value)) = line.split_once('=') {
            if key == "fn" || key == "cfn" {
                let (id, name) = value.split_once(' ').unwrap_or((value, ""));
                if !name.is_empty() {
                    names.insert(id, name);
                }
                if key == "fn" {
                    current = names.get(id).copied();
                }
            }
        } else if line.starts_with(|c: char| c.is_ascii_digit()) {
            let cost = line.rsplit(' ').next().and_then(|cost| cost.parse::<u64>().ok());
            if let (Some(name), Some(cost)) = (current, cost) {
                *costs.entry(name.to_owned()).or_default() += cost;
            }
        }
    }
    costs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_count_for_the_caller() {
        let text = "events: Ir\n\nfn=(1) main\n0 10\ncfn=(2) work\ncalls=3 0\n0 30\n\nfn=(2)\n0 24\ncfn=(3) leaf\n\
            calls=3 0\n0 6\n\nfn=(3)\n0 6\n";
        let costs = inclusive(text);
        assert_eq!(costs["main"], 40);
        assert_eq!(costs["work"], 30);
        assert_eq!(costs["leaf"], 6);
    }
}
