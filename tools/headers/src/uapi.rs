//! The kernel's constants, enumerations and structures, in the order of `src/uapi/*.rs`.

use crate::capi::{docs, files};
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Expr, Ident, Item, Lit, Token, Visibility};

/// Structures that have a name in Rust only; in C they stand inside of others.
const ANONYMOUS: &[&str] = &["io_uring_bpf_ctx_socket", "io_uring_bpf_ctx_open"];

/// One item of a header.
pub(crate) enum Piece {
    /// A constant; with its value where the source has it in hexadecimal.
    Constant { name: String, hex: Option<String> },
    /// A structure.
    Struct { name: String, docs: Vec<String> },
    /// An enumeration, already in C.
    Enum(String),
}

/// A file of `src/uapi`.
pub(crate) struct Module {
    pub(crate) title: String,
    /// The items, and whether an empty line stands before them.
    pub(crate) pieces: Vec<(bool, Piece)>,
}

pub(crate) struct Kernel {
    pub(crate) modules: BTreeMap<String, Module>,
}

impl Kernel {
    pub(crate) fn structs(&self) -> impl Iterator<Item = &str> {
        self.modules.values().flat_map(|module| &module.pieces).filter_map(|(_, piece)| match piece {
            Piece::Struct { name, .. } => Some(name.as_str()),
            _ => None,
        })
    }
}

/// What `c_enum!` takes.
struct CEnum {
    attributes: Vec<Attribute>,
    tag: Option<Ident>,
    variants: Punctuated<Variant, Token![,]>,
}

struct Variant {
    attributes: Vec<Attribute>,
    name: Ident,
    value: Lit,
}

impl Parse for CEnum {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        input.parse::<Visibility>()?;
        input.parse::<Token![enum]>()?;
        let tag = input.parse()?;
        let body;
        syn::braced!(body in input);
        Ok(Self { attributes, tag, variants: body.parse_terminated(Variant::parse, Token![,])? })
    }
}

impl Parse for Variant {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let name = input.parse()?;
        input.parse::<Token![=]>()?;
        Ok(Self { attributes, name, value: input.parse()? })
    }
}

impl CEnum {
    /// `__extension__` admits the enumerator that does not fit into an int before C23.
    fn in_c(&self) -> String {
        let tag = self.tag.as_ref().map(|tag| format!(" {tag}")).unwrap_or_default();
        let mut text = crate::comment::block(&docs(&self.attributes), "");
        text += &format!("__extension__ enum{tag} {{\n");
        for variant in &self.variants {
            let value = match &variant.value {
                Lit::Int(value) if value.base10_parse::<u32>().is_ok_and(|value| value > i32::MAX as u32) => {
                    format!("{value}U")
                }
                value => quote::quote!(#value).to_string(),
            };
            text += &crate::comment::block(&docs(&variant.attributes), "\t");
            text += &format!("\t{} = {value},\n", variant.name);
        }
        // A comma at the end is an error in strict C++98 only, but it reads better without.
        if text.ends_with(",\n") {
            text.truncate(text.len() - 2);
        }
        text + "\n};\n"
    }
}

/// The literal of a constant, where the source writes it in hexadecimal.
fn hex(value: &Expr) -> Option<String> {
    let Expr::Lit(literal) = value else { return None };
    let Lit::Int(value) = &literal.lit else { return None };
    let text = value.token().to_string();
    let digits = text.strip_prefix("0x")?.trim_end_matches(value.suffix()).trim_end_matches('_').replace('_', "");
    let suffix = if value.suffix() == "u64" { "ULL" } else { "U" };
    Some(format!("0x{digits}{suffix}"))
}

fn module(path: &Path) -> Result<Module> {
    let file = syn::parse_file(&fs::read_to_string(path)?)?;
    let mut pieces = Vec::new();
    let mut end = None;
    for item in &file.items {
        let piece = match item {
            Item::Const(item) if item.ident != "_" => {
                Piece::Constant { name: item.ident.to_string(), hex: hex(&item.expr) }
            }
            Item::Struct(item) if !ANONYMOUS.contains(&item.ident.to_string().as_str()) => {
                Piece::Struct { name: item.ident.to_string(), docs: docs(&item.attrs) }
            }
            Item::Macro(item) if item.mac.path.is_ident("c_enum") => {
                Piece::Enum(item.mac.parse_body::<CEnum>()?.in_c())
            }
            _ => continue,
        };
        let span = item.span();
        pieces.push((end.is_some_and(|end| span.start().line > end + 1), piece));
        end = Some(span.end().line);
    }
    let title = docs(&file.attrs).first().cloned().unwrap_or_default();
    Ok(Module { title: title.trim_end_matches('.').to_owned(), pieces })
}

pub(crate) fn read(directory: &Path) -> Result<Kernel> {
    let mut modules = BTreeMap::new();
    for path in files(directory)? {
        let name = path.file_stem().context("no name")?.to_string_lossy().into_owned();
        modules.insert(name, module(&path).with_context(|| path.display().to_string())?);
    }
    Ok(Kernel { modules })
}
