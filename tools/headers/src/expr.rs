//! Types and expressions of the operation table in C.

use anyhow::{bail, Context, Result};
use quote::ToTokens;
use std::collections::HashMap;
use syn::{BinOp, Block, Expr, Lit, Stmt, UnOp};

/// What is known about a value: its C type, or that it is a constant, which fits wherever the table puts it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Type(String),
    /// A literal, an enumerator or a flag.
    Constant,
}

/// The C type that a Rust type of the table stands for. The Rust names are C's, but for those of `core::ffi`.
pub(crate) fn c_type(rust: &str) -> Result<String> {
    let rust = rust.trim();
    for (prefix, qualifier) in [("*const ", "const "), ("*mut ", ""), ("* const ", "const "), ("* mut ", "")] {
        if let Some(target) = rust.strip_prefix(prefix) {
            let target = c_type(target)?;
            let space = if target.ends_with('*') { "" } else { " " };
            return Ok(format!("{qualifier}{target}{space}*"));
        }
    }
    Ok(match rust {
        "c_int" => "int".into(),
        "c_uint" => "unsigned int".into(),
        "c_char" => "char".into(),
        "c_void" => "void".into(),
        "iovec" | "msghdr" | "sockaddr" | "epoll_event" | "statx" | "futex_waitv" | "open_how"
        | "__kernel_timespec" | "io_uring_sqe" => format!("struct {rust}"),
        "__u8" | "__u16" | "__u32" | "__u64" | "size_t" | "mode_t" | "off_t" | "loff_t" | "socklen_t" | "idtype_t"
        | "id_t" | "siginfo_t" | "uint32_t" | "uint64_t" | "int64_t" => rust.into(),
        _ => bail!("no C type is known for {rust}"),
    })
}

/// Width in bits and signedness, for the types that are the same everywhere.
fn integer(c_type: &str) -> Option<(u32, bool)> {
    Some(match c_type {
        "__u8" => (8, false),
        "__u16" => (16, false),
        "unsigned int" | "__u32" | "uint32_t" => (32, false),
        "int" | "__s32" | "__kernel_rwf_t" => (32, true),
        "__u64" | "uint64_t" => (64, false),
        "int64_t" => (64, true),
        _ => return None,
    })
}

/// Whether C converts silently under -Wconversion and -Wsign-conversion.
fn silent(from: &str, to: &str) -> bool {
    match (integer(from), integer(to)) {
        (Some((from_bits, from_signed)), Some((to_bits, to_signed))) => {
            from_bits <= to_bits && (from_signed == to_signed || (!from_signed && from_bits < to_bits))
        }
        // Pointers convert to pointers or not at all.
        (None, None) => from == to || (from.ends_with('*') && to.ends_with('*')),
        _ => false,
    }
}

/// A value as the type of its place, with a cast where C would warn.
pub(crate) fn convert(text: &str, kind: &Kind, to: &str) -> String {
    match kind {
        Kind::Constant if text == "IORING_FILE_INDEX_ALLOC" || text.starts_with("BLOCK_URING_CMD_") => cast(text, to),
        Kind::Constant => text.to_owned(),
        Kind::Type(from) if silent(from, to) => text.to_owned(),
        Kind::Type(_) => cast(text, to),
    }
}

/// A cast that is a static_cast in C++.
pub(crate) fn cast(text: &str, to: &str) -> String {
    format!("_URING_CAST({to}, {text})")
}

/// The variables of a row: by their Rust name, the C name and type.
pub(crate) type Variables = HashMap<String, (String, String)>;

/// The value of a block that consists of one.
fn tail(block: &Block) -> Result<&Expr> {
    match &block.stmts[..] {
        [Stmt::Expr(value, None)] => Ok(value),
        _ => bail!("not a value: {}", block.to_token_stream()),
    }
}

/// A Rust expression in C, and what is known about its type.
pub(crate) fn translate(expr: &Expr, variables: &Variables) -> Result<(String, Kind)> {
    Ok(match expr {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Int(value) => (value.base10_digits().to_owned(), Kind::Constant),
            other => bail!("literal {}", other.to_token_stream()),
        },
        Expr::Path(path) => {
            let name = path.path.require_ident()?.to_string();
            match variables.get(&name) {
                Some((name, c_type)) => (name.clone(), Kind::Type(c_type.clone())),
                None => (name, Kind::Constant),
            }
        }
        Expr::Paren(inner) => translate(&inner.expr, variables)?,
        Expr::Unary(unary) => {
            let (value, kind) = translate(&unary.expr, variables)?;
            match unary.op {
                UnOp::Neg(_) => (format!("-{value}"), kind),
                UnOp::Not(_) => (format!("~{value}"), kind),
                _ => bail!("operator {}", unary.op.to_token_stream()),
            }
        }
        Expr::Cast(expr) => {
            let (value, kind) = translate(&expr.expr, variables)?;
            let to = c_type(&expr.ty.to_token_stream().to_string())?;
            (convert(&value, &kind, &to), Kind::Type(to))
        }
        Expr::Binary(binary) => binary_operator(binary, variables)?,
        Expr::If(condition) => {
            let otherwise = &condition.else_branch.as_ref().context("if without else")?.1;
            let otherwise = match &**otherwise {
                Expr::Block(block) => tail(&block.block)?,
                other => other,
            };
            let (test, _) = translate(&condition.cond, variables)?;
            let (yes, kind) = translate(tail(&condition.then_branch)?, variables)?;
            let (no, _) = translate(otherwise, variables)?;
            (format!("{test} ? {yes} : {no}"), kind)
        }
        Expr::MethodCall(call) if call.method == "wrapping_add" && call.args.len() == 1 => {
            let (left, kind) = translate(&call.receiver, variables)?;
            let (right, _) = translate(&call.args[0], variables)?;
            (format!("{left} + {right}"), kind)
        }
        Expr::Call(call) => function(call, variables)?,
        other => bail!("no C is known for {}", other.to_token_stream()),
    })
}

fn binary_operator(binary: &syn::ExprBinary, variables: &Variables) -> Result<(String, Kind)> {
    let operator = match binary.op {
        BinOp::BitOr(_) => "|",
        BinOp::Eq(_) => "==",
        BinOp::Sub(_) => "-",
        other => bail!("operator {}", other.to_token_stream()),
    };
    let (left, left_kind) = translate(&binary.left, variables)?;
    let (right, right_kind) = translate(&binary.right, variables)?;
    let kind = if left_kind == Kind::Constant { right_kind } else { left_kind };
    Ok((format!("{left} {operator} {right}"), kind))
}

/// The functions of `op::fields`, and `size_of`.
fn function(call: &syn::ExprCall, variables: &Variables) -> Result<(String, Kind)> {
    let name = call.func.to_token_stream().to_string().replace(' ', "");
    if let Some(of) = name.strip_prefix("size_of::<").and_then(|name| name.strip_suffix('>')) {
        return Ok((format!("sizeof({})", c_type(of)?), Kind::Constant));
    }
    let [argument] = call.args.iter().collect::<Vec<_>>()[..] else {
        bail!("{name} takes one argument");
    };
    let (argument, _) = translate(argument, variables)?;
    Ok(match name.as_str() {
        "ptr" => (format!("uring_ptr_to_u64({argument})"), Kind::Type("__u64".into())),
        "poll_events" => (format!("__io_uring_prep_poll_mask({argument})"), Kind::Type("unsigned int".into())),
        _ => bail!("no C is known for {name}()"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn c(text: &str, to: &str) -> String {
        let variables = [("n", "int"), ("p", "const char *"), ("u", "unsigned int"), ("len", "size_t")];
        let variables = variables.map(|(name, c_type)| (name.to_owned(), (name.to_owned(), c_type.to_owned()))).into();
        let (text, kind) = translate(&syn::parse_str(text).unwrap(), &variables).unwrap();
        convert(&text, &kind, to)
    }

    #[test]
    fn casts_stand_where_c_would_warn() {
        assert_eq!(c("n", "int"), "n");
        assert_eq!(c("n", "__u64"), "_URING_CAST(__u64, n)");
        assert_eq!(c("u", "__u64"), "u");
        assert_eq!(c("u", "__u8"), "_URING_CAST(__u8, u)");
        assert_eq!(c("len", "unsigned int"), "_URING_CAST(unsigned int, len)");
        assert_eq!(c("ptr(p)", "__u64"), "uring_ptr_to_u64(p)");
        assert_eq!(c("-1", "int"), "-1");
        assert_eq!(c("IORING_FILE_INDEX_ALLOC", "int"), "_URING_CAST(int, IORING_FILE_INDEX_ALLOC)");
    }

    #[test]
    fn expressions() {
        assert_eq!(c("if u == X { u } else { u.wrapping_add(1) }", "__u32"), "u == X ? u : u + 1");
        assert_eq!(c("size_of::<open_how>()", "unsigned int"), "sizeof(struct open_how)");
        assert_eq!(c("n as __u32", "__u64"), "_URING_CAST(__u32, n)");
        assert!(translate(&syn::parse_str("f(u)").unwrap(), &Variables::new()).is_err());
    }

    #[test]
    fn types() {
        assert_eq!(c_type("*const c_char").unwrap(), "const char *");
        assert_eq!(c_type("*mut sockaddr").unwrap(), "struct sockaddr *");
        assert!(c_type("String").is_err());
    }
}
