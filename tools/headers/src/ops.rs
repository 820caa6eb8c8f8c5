//! The operation table as C inlines.

use crate::comment;
use crate::expr::{self, c_type, convert, Kind, Variables};
use anyhow::{bail, ensure, Context, Result};
use oxiring::op::{Row, FAMILIES};
use std::collections::{HashMap, HashSet};
use syn::{BinOp, Block, Expr, Stmt};

/// Members of `struct io_uring_sqe` that rows set, by C type; all others are `__u32`.
const MEMBERS: &[(&str, &str)] = &[
    ("opcode", "__u8"),
    ("flags", "__u8"),
    ("ioprio", "__u16"),
    ("fd", "__s32"),
    ("off", "__u64"),
    ("addr2", "__u64"),
    ("addr", "__u64"),
    ("splice_off_in", "__u64"),
    ("rw_flags", "__kernel_rwf_t"),
    ("user_data", "__u64"),
    ("buf_index", "__u16"),
    ("buf_group", "__u16"),
    ("personality", "__u16"),
    ("splice_fd_in", "__s32"),
    ("addr_len", "__u16"),
    ("addr3", "__u64"),
    ("optval", "__u64"),
];

/// Where a row is exported and how it is declared.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Linkage {
    /// `IOURINGINLINE`, and in `liburing-ffi.so.2` under this node.
    Exported(String),
    /// `_LOCAL_INLINE`.
    Local,
}

/// A row in C.
pub(crate) struct Op {
    pub(crate) name: String,
    pub(crate) linkage: Linkage,
    /// Whether it needs `_GNU_SOURCE`.
    pub(crate) gnu: bool,
    /// Documentation as a comment.
    pub(crate) comment: String,
    /// C types and names.
    arguments: Vec<(String, String)>,
    statements: String,
}

pub(crate) struct Family {
    pub(crate) title: String,
    pub(crate) ops: Vec<Op>,
}

impl Op {
    /// The function, with its documentation.
    pub(crate) fn definition(&self) -> String {
        let inline = if self.linkage == Linkage::Local { "_LOCAL_INLINE" } else { "IOURINGINLINE" };
        let head = declaration(&format!("{inline} void {}", self.name), &self.arguments, " LIBURING_NOEXCEPT");
        format!("{}{head}\n{{\n{}}}\n", self.comment, self.statements)
    }

    /// The declaration for programs that call the ffi library.
    pub(crate) fn prototype(&self) -> String {
        declaration(&format!("void {}", self.name), &self.arguments, " LIBURING_NOEXCEPT;") + "\n"
    }
}

/// A function's head, wrapped to 80 columns.
pub(crate) fn declaration(head: &str, arguments: &[(String, String)], end: &str) -> String {
    let arguments = arguments.iter().map(|(c_type, name)| {
        let space = if c_type.ends_with('*') { "" } else { " " };
        format!("{c_type}{space}{name}")
    });
    wrap(head, arguments, end)
}

/// `head(a, b, c)end` with as many arguments on a line as fit into 80 columns.
pub(crate) fn wrap(head: &str, arguments: impl Iterator<Item = String>, end: &str) -> String {
    let column = |line: &str| line.chars().map(|c| if c == '\t' { 8 } else { 1 }).sum::<usize>();
    let tabs = head.chars().take_while(|c| *c == '\t').count();
    let indent = "\t".repeat(tabs + 1 + usize::from(tabs == 0));
    let mut lines = Vec::new();
    let mut line = format!("{head}(");
    let mut arguments = arguments.peekable();
    while let Some(argument) = arguments.next() {
        let last = arguments.peek().is_none();
        let argument = if last { format!("{argument}){end}") } else { format!("{argument},") };
        let space = if line.ends_with('(') || line == indent { "" } else { " " };
        if column(&line) + space.len() + argument.len() > 80 && line != indent {
            lines.push(std::mem::replace(&mut line, format!("{indent}{argument}")));
        } else {
            line = format!("{line}{space}{argument}");
        }
    }
    lines.push(line);
    lines.join("\n")
}

/// `prep_readv` as `io_uring_prep_readv`, `__prep_uring_cmd` as `__io_uring_prep_uring_cmd`.
fn c_name(row: &str) -> String {
    let name = row.trim_start_matches('_');
    format!("{}io_uring_{name}", &row[..row.len() - name.len()])
}

/// Rust's keywords are not C's.
fn argument_name(rust: &str) -> String {
    rust.trim_end_matches('_').to_owned()
}

/// What a call needs to know about the row that it calls: C types of the arguments before and after the SQE.
struct Callee {
    lead: Vec<String>,
    args: Vec<String>,
}

fn types(arguments: &[(&str, &str)]) -> Result<Vec<String>> {
    arguments.iter().map(|(_, rust)| c_type(rust)).collect()
}

/// The rows so far, for calls.
struct Table {
    callees: HashMap<&'static str, Callee>,
    members: HashMap<&'static str, &'static str>,
}

impl Table {
    fn member_type(&self, member: &str) -> &'static str {
        self.members.get(member).copied().unwrap_or("__u32")
    }

    /// The place of a member; the padding is an array in C.
    fn place(member: &str) -> String {
        let index = if member == "__pad2" { "[0]" } else { "" };
        format!("sqe->{member}{index}")
    }

    fn assignment(&self, member: &Expr, value: &Expr, add: bool, variables: &Variables) -> Result<String> {
        let Expr::Path(path) = member else { bail!("not a member") };
        let member = path.path.require_ident()?.to_string();
        let (value, kind) = expr::translate(value, variables)?;
        let place = Self::place(&member);
        let to = if member == "__pad2" { "__u64" } else { self.member_type(&member) };
        let value = if add {
            convert(&format!("{place} | {value}"), &Kind::Type("unsigned int".into()), to)
        } else {
            convert(&value, &kind, to)
        };
        let line = format!("\t{place} = {value};\n");
        if line.len() + 7 <= 80 {
            return Ok(line);
        }
        Ok(format!("\t{place} =\n\t\t{value};\n"))
    }

    fn call(&self, call: &syn::ExprCall, variables: &Variables) -> Result<String> {
        let Expr::Path(path) = &*call.func else { bail!("not a row") };
        let name = path.path.require_ident()?.to_string();
        let callee =
            self.callees.get(name.as_str()).with_context(|| format!("{name} does not stand before its use"))?;
        let mut types = callee.lead.iter().chain(&callee.args);
        let mut arguments = Vec::new();
        for value in &call.args {
            let (text, kind) = expr::translate(value, variables)?;
            let to = types.next().with_context(|| format!("too many arguments for {name}"))?;
            arguments.push(convert(&text, &kind, to));
        }
        ensure!(types.next().is_none(), "too few arguments for {name}");
        arguments.insert(callee.lead.len(), "sqe".into());
        Ok(wrap(&format!("\t{}", c_name(&name)), arguments.into_iter(), ";") + "\n")
    }

    fn statement(&self, statement: &Stmt, variables: &Variables) -> Result<String> {
        let Stmt::Expr(expr, Some(_)) = statement else { bail!("not a statement") };
        match expr {
            Expr::Assign(assign) => self.assignment(&assign.left, &assign.right, false, variables),
            Expr::Binary(binary) if matches!(binary.op, BinOp::BitOrAssign(_)) => {
                self.assignment(&binary.left, &binary.right, true, variables)
            }
            Expr::Call(call) => self.call(call, variables),
            _ => bail!("neither assignment nor call"),
        }
    }

    fn row(&self, row: &Row) -> Result<Op> {
        let mut node = row.node.split_whitespace();
        let linkage = match node.next() {
            Some("local") => Linkage::Local,
            Some("oxiring") => Linkage::Exported("OXIRING_1.0".into()),
            Some(version) => Linkage::Exported(format!("LIBURING_{version}")),
            None => bail!("no node"),
        };
        let mut arguments = Vec::new();
        let mut variables = Variables::new();
        let sqe = [("sqe", "*mut io_uring_sqe")];
        for (name, rust) in row.lead.iter().chain(&sqe).chain(row.args) {
            let (c_name, c_type) = (argument_name(name), c_type(rust)?);
            variables.insert((*name).to_owned(), (c_name.clone(), c_type.clone()));
            arguments.push((c_type, c_name));
        }
        let body = syn::parse_str::<Block>(&format!("{{ {} }}", row.body))?;
        let statements =
            body.stmts.iter().map(|statement| self.statement(statement, &variables)).collect::<Result<String>>()?;
        let docs: Vec<String> = row.docs.iter().map(|line| line.trim().to_owned()).collect();
        ensure!(!docs.is_empty(), "no documentation");
        Ok(Op {
            name: c_name(row.name),
            linkage,
            gnu: node.next() == Some("gnu"),
            comment: comment::block(&docs, ""),
            arguments,
            statements,
        })
    }
}

pub(crate) fn translate() -> Result<Vec<Family>> {
    let mut table = Table { callees: HashMap::new(), members: MEMBERS.iter().copied().collect() };
    let mut names = HashSet::new();
    let mut families = Vec::new();
    for (title, rows) in FAMILIES {
        let mut ops = Vec::new();
        for row in *rows {
            ensure!(names.insert(row.name), "{} stands twice", row.name);
            ops.push(table.row(row).with_context(|| row.name)?);
            table.callees.insert(row.name, Callee { lead: types(row.lead)?, args: types(row.args)? });
        }
        families.push(Family { title: (*title).to_owned(), ops });
    }
    Ok(families)
}

impl Family {
    pub(crate) fn exported(&self) -> impl Iterator<Item = (&Op, &str)> {
        self.ops.iter().filter_map(|op| match &op.linkage {
            Linkage::Exported(node) => Some((op, node.as_str())),
            Linkage::Local => None,
        })
    }
}
