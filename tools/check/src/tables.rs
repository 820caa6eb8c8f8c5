//! The tables of `tests/abi/`: what liburing 2.15 and libaio 0.3.113 are,
//! measured, and what the AIO engine's API is, decided.

use std::fs;
use std::path::Path;

use anyhow::{bail, Context as _, Result};

pub(crate) struct Tables {
    pub(crate) functions: Vec<Function>,
    pub(crate) aio: Vec<Function>,
    pub(crate) libaio: Vec<Symbol>,
    pub(crate) constants: Vec<Constant>,
    pub(crate) layouts: Vec<Layout>,
    pub(crate) vectors: Vec<Vector>,
}

pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) inline: bool,
    /// Version node in liburing.so.2, or in liburing-aio.so.1.
    pub(crate) base: Option<String>,
    /// Version node in liburing-ffi.so.2.
    pub(crate) ffi: Option<String>,
    /// As C spells it, without a semicolon.
    pub(crate) prototype: String,
}

/// A function of a library that has some in several versions.
pub(crate) struct Symbol {
    pub(crate) name: String,
    pub(crate) node: String,
    /// Whether programs that are linked now get this one.
    pub(crate) default: bool,
}

pub(crate) struct Constant {
    pub(crate) name: String,
    pub(crate) kind: ConstantKind,
    pub(crate) header: String,
    pub(crate) value: String,
}

#[derive(PartialEq, Eq)]
pub(crate) enum ConstantKind {
    /// An enumerator, of this enum where it has a name.
    Enumerator(Option<String>),
    Macro,
    MacroWithoutValue,
    MacroFunction,
}

pub(crate) struct Layout {
    pub(crate) record: String,
    /// `None`: the line describes the record, `size` and alignment in `kind`.
    pub(crate) member: Option<String>,
    pub(crate) offset: usize,
    pub(crate) size: usize,
    pub(crate) kind: String,
}

pub(crate) struct Vector {
    pub(crate) function: String,
    pub(crate) arguments: Vec<u64>,
    pub(crate) on_zeroes: String,
    pub(crate) on_a5: String,
}

impl Tables {
    pub(crate) fn read(dir: &Path) -> Result<Self> {
        Ok(Self {
            functions: rows(&dir.join("functions.tsv"), 5, function)?,
            aio: rows(&dir.join("aio.tsv"), 3, aio)?,
            libaio: rows(&dir.join("libaio.tsv"), 1, symbol)?,
            constants: rows(&dir.join("constants.tsv"), 4, constant)?,
            layouts: rows(&dir.join("layouts.tsv"), 5, layout)?,
            vectors: rows(&dir.join("sqe-vectors.tsv"), 4, vector)?,
        })
    }

    pub(crate) fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.name == name)
    }
}

impl Function {
    /// The type of the result.
    pub(crate) fn result(&self) -> &str {
        let end = self.prototype.find(&self.name).unwrap_or(0);
        self.prototype[..end].trim()
    }

    /// The types of the parameters; none for `(void)`.
    pub(crate) fn parameters(&self) -> Vec<&str> {
        let start = self.prototype.find('(').map_or(0, |open| open + 1);
        let list = self.prototype[start..].trim_end_matches(')');
        list.split(',')
            .map(str::trim)
            .filter(|text| *text != "void")
            .map(|text| {
                let split = text.rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_').map_or(0, |last| last + 1);
                text[..split].trim()
            })
            .collect()
    }

    /// The prototype with another name.
    pub(crate) fn renamed(&self, name: &str) -> String {
        self.prototype.replacen(&format!("{}(", self.name), &format!("{name}("), 1)
    }

    /// Whether it does nothing but write an SQE that its first parameter names.
    pub(crate) fn fills_sqe(&self) -> bool {
        self.result() == "void" && self.parameters().first().is_some_and(|first| *first == "struct io_uring_sqe *")
    }
}

fn rows<T>(path: &Path, columns: usize, parse: fn(&[&str]) -> Result<T>) -> Result<Vec<T>> {
    let text = fs::read_to_string(path).with_context(|| format!("{}", path.display()))?;
    let mut rows = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let fields: Vec<&str> = line.split('\t').collect();
        let place = || format!("{}:{}", path.display(), number + 1);
        if fields.len() != columns {
            bail!("{}: {} columns, not {columns}", place(), fields.len());
        }
        rows.push(parse(&fields).with_context(place)?);
    }
    if rows.is_empty() {
        bail!("{}: no rows", path.display());
    }
    Ok(rows)
}

fn function(fields: &[&str]) -> Result<Function> {
    let node = |field: &str| (field != "-").then(|| field.to_owned());
    Ok(Function {
        name: fields[0].to_owned(),
        inline: match fields[1] {
            "inline" => true,
            "declared" => false,
            other => bail!("{other:?} is neither inline nor declared"),
        },
        base: node(fields[2]),
        ffi: node(fields[3]),
        prototype: fields[4].to_owned(),
    })
}

fn aio(fields: &[&str]) -> Result<Function> {
    function(&[fields[0], "declared", fields[1], "-", fields[2]])
}

fn symbol(fields: &[&str]) -> Result<Symbol> {
    let (name, node) = fields[0].split_once('@').context("no version")?;
    let default = node.starts_with('@');
    Ok(Symbol { name: name.to_owned(), node: node.trim_start_matches('@').to_owned(), default })
}

fn constant(fields: &[&str]) -> Result<Constant> {
    let kind = match fields[1] {
        "macro" => ConstantKind::Macro,
        "macro-nonvalue" => ConstantKind::MacroWithoutValue,
        "macro-function" => ConstantKind::MacroFunction,
        other => match other.split_once(' ') {
            Some(("enum", "")) => ConstantKind::Enumerator(None),
            Some(("enum", name)) => ConstantKind::Enumerator(Some(name.to_owned())),
            _ => bail!("unknown kind {other:?}"),
        },
    };
    let name = fields[0].split('(').next().unwrap_or_default();
    Ok(Constant { name: name.to_owned(), kind, header: fields[2].to_owned(), value: fields[3].to_owned() })
}

fn layout(fields: &[&str]) -> Result<Layout> {
    let member = (fields[1] != "-").then(|| fields[1].to_owned());
    Ok(Layout {
        record: fields[0].to_owned(),
        offset: match &member {
            Some(_) => fields[2].parse().context("offset")?,
            None => 0,
        },
        member,
        size: fields[3].parse().context("size")?,
        kind: fields[4].to_owned(),
    })
}

fn vector(fields: &[&str]) -> Result<Vector> {
    let mut arguments = Vec::new();
    for word in fields[1].split_whitespace() {
        let digits = word.strip_prefix("0x").context("argument without 0x")?;
        arguments.push(u64::from_str_radix(digits, 16)?);
    }
    for bytes in [fields[2], fields[3]] {
        if bytes.len() != 128 || !bytes.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            bail!("not 64 bytes in hexadecimal: {bytes:?}");
        }
    }
    Ok(Vector {
        function: fields[0].to_owned(),
        arguments,
        on_zeroes: fields[2].to_owned(),
        on_a5: fields[3].to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prototypes_come_apart() {
        let function = function(&[
            "io_uring_prep_nop",
            "inline",
            "-",
            "LIBURING_2.4",
            "void io_uring_prep_nop(struct io_uring_sqe *sqe, const char *path)",
        ])
        .unwrap();
        assert_eq!(function.result(), "void");
        assert_eq!(function.parameters(), ["struct io_uring_sqe *", "const char *"]);
        assert!(function.fills_sqe());
        assert!(function.renamed("other").starts_with("void other(struct"));
    }
}
