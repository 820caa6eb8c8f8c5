//! The bytes that every operation writes into an SQE.
//!
//! One generated program compares all rows of the table; it is compiled twice,
//! for the inline functions of the header and for the exported functions of
//! the ffi library. A second program gives both the same random arguments.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{bail, Context as _, Result};

use crate::context::{Context, Library};
use crate::exec;
use crate::report::Report;
use crate::tables::{Function, Vector};

/// Rounds of random arguments for each function.
const ROUNDS: u32 = 2000;

pub(crate) fn run(context: &Context, report: &mut Report) -> Result<()> {
    if cfg!(target_endian = "big") {
        report.skip("all", "the vectors were measured on a little-endian machine");
        return Ok(());
    }
    let dir = context.fresh_dir("vectors")?;
    let source = dir.join("vectors.c");
    fs::write(&source, vector_program(context)?)?;
    let rows = context.tables.vectors.len();

    let plain: &[&str] = &[];
    let mut variants = vec![("inline", plain, Library::Base)];
    if !context.original {
        variants.push(("exported", &["-DLIBURING_FFI_PROTOTYPES"], Library::Ffi));
    }
    for (name, options, library) in variants {
        let verdict = build_and_run(context, &source, name, options, library);
        if verdict.is_ok() {
            report.pass(2 * rows - 1);
        }
        report.check(format!("vectors, {name}"), verdict.map(drop));
    }

    let (text, functions) = agreement_program(context);
    let source = dir.join("agreement.c");
    fs::write(&source, text)?;
    let verdict = build_and_run(context, &source, "both", &[], Library::Ffi);
    if verdict.is_ok() {
        report.pass(functions - 1);
    }
    report.check("inline and exported agree", verdict.map(drop));
    Ok(())
}

fn build_and_run(
    context: &Context,
    source: &Path,
    name: &str,
    options: &[&str],
    library: Library,
) -> Result<exec::Ran, String> {
    let program = source.with_extension(name);
    let mut command = context.cc();
    command
        .args(["-std=gnu11", "-D_GNU_SOURCE", "-O1", "-w"])
        .args(options)
        .arg(source)
        .arg("-o")
        .arg(&program)
        .args(context.link_shared(library));
    exec::succeed(&mut command)?;
    exec::succeed(&mut context.command(&program.to_string_lossy()))
}

/// The argument as a C expression of the parameter's type.
fn cast(kind: &str, value: &str) -> String {
    if kind.ends_with('*') {
        format!("({kind})(uintptr_t){value}")
    } else {
        format!("({kind}){value}")
    }
}

fn vector_program(context: &Context) -> Result<String> {
    let mut by_function: BTreeMap<&str, Vec<&Vector>> = BTreeMap::new();
    for vector in &context.tables.vectors {
        by_function.entry(&vector.function).or_default().push(vector);
    }
    let mut text = String::from(
        r#"#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <liburing.h>

static int wrong;

static void compare(const char *call, const char *fill, const struct io_uring_sqe *sqe,
		    const char *expected)
{
	const unsigned char *bytes = (const unsigned char *)sqe;
	char seen[129];
	int i;

	for (i = 0; i < 64; i++)
		sprintf(seen + 2 * i, "%02x", bytes[i]);
	if (!strcmp(seen, expected))
		return;
	wrong = 1;
	printf("%s, SQE all %s before:\n  seen     %s\n  expected %s\n", call, fill, seen, expected);
}

"#,
    );
    for (name, vectors) in &by_function {
        let function = context.tables.function(name).with_context(|| format!("{name} has vectors and no prototype"))?;
        let parameters = function.parameters();
        let _ = writeln!(text, "static void check_{name}(void)\n{{\n\tstruct io_uring_sqe sqe;\n");
        for vector in vectors {
            if vector.arguments.len() + 1 != parameters.len() {
                bail!("{name}: a vector with {} arguments", vector.arguments.len());
            }
            let mut call = format!("{name}(&sqe");
            for (parameter, value) in parameters[1..].iter().zip(&vector.arguments) {
                let _ = write!(call, ", {}", cast(parameter, &format!("0x{value:x}ULL")));
            }
            call.push(')');
            for (fill, expected) in [("0x00", &vector.on_zeroes), ("0xa5", &vector.on_a5)] {
                let _ = writeln!(
                    text,
                    "\tmemset(&sqe, {fill}, sizeof(sqe));\n\t{call};\n\
                     \tcompare(\"{call}\", \"{fill}\", &sqe, \"{expected}\");"
                );
            }
        }
        text.push_str("}\n\n");
    }
    text.push_str("int main(void)\n{\n");
    for name in by_function.keys() {
        let _ = writeln!(text, "\tcheck_{name}();");
    }
    text.push_str("\treturn wrong;\n}\n");
    Ok(text)
}

/// Functions that can be called with any bits: those that only write an SQE,
/// and those from numbers to a number.
fn takes_anything(function: &Function) -> bool {
    let parameters = function.parameters();
    let numbers_only = !parameters.is_empty() && parameters.iter().all(|parameter| !parameter.ends_with('*'));
    let number = function.result() != "void" && !function.result().ends_with('*');
    // These enter the kernel.
    let wrapper = !function.inline;
    !wrapper && (function.fills_sqe() || (numbers_only && number))
}

/// The exported function gets a second name, so that both can be called in
/// one source file.
fn agreement_program(context: &Context) -> (String, usize) {
    let functions: Vec<&Function> = context
        .tables
        .functions
        .iter()
        .filter(|function| takes_anything(function) && is_exported(context, function))
        .collect();
    let mut text = String::from(
        r#"#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <liburing.h>

"#,
    );
    for function in &functions {
        let name = &function.name;
        let _ = writeln!(text, "extern {} __asm__(\"{name}\");", function.renamed(&format!("exported_{name}")));
        for prefix in ["", "exported_"] {
            let _ =
                writeln!(text, "static uint64_t call_{prefix}{name}(struct io_uring_sqe *sqe, const uint64_t *a)\n{{");
            let fills = function.fills_sqe();
            let arguments: Vec<String> = function
                .parameters()
                .iter()
                .enumerate()
                .map(|(index, parameter)| match (index, fills) {
                    (0, true) => "sqe".to_owned(),
                    _ => cast(parameter, &format!("a[{index}]")),
                })
                .collect();
            let call = format!("{prefix}{name}({})", arguments.join(", "));
            if fills {
                let _ = writeln!(text, "\t{call};\n\treturn 0;\n}}");
            } else {
                let _ = writeln!(text, "\t(void)sqe;\n\treturn (uint64_t){call};\n}}");
            }
        }
    }
    text.push_str(
        "typedef uint64_t (*function)(struct io_uring_sqe *, const uint64_t *);\n\
         static const struct {\n\tconst char *name;\n\tfunction inlined, exported;\n} all[] = {\n",
    );
    for function in &functions {
        let name = &function.name;
        let _ = writeln!(text, "\t{{ \"{name}\", call_{name}, call_exported_{name} }},");
    }
    let _ = write!(
        text,
        r#"}};

static uint64_t state = 0x9e3779b97f4a7c15ULL;

/* Numbers at the ends of the types are as likely as any other. */
static uint64_t any(void)
{{
	static const uint64_t edges[] = {{
		0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff,
		0x80000000, 0xfffffffe, 0xffffffff, 0x100000000,
		0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff,
	}};

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	if (state >> 60 < 6)
		return edges[state % 16];
	return state >> (state % 49);
}}

int main(void)
{{
	unsigned int i, j, round;
	int wrong = 0;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {{
		for (round = 0; round < {ROUNDS}; round++) {{
			struct io_uring_sqe one, two;
			uint64_t a[8], r1, r2;

			for (j = 0; j < sizeof(one); j++)
				((unsigned char *)&one)[j] = (unsigned char)any();
			two = one;
			for (j = 0; j < 8; j++)
				a[j] = any();
			r1 = all[i].inlined(&one, a);
			r2 = all[i].exported(&two, a);
			if (r1 == r2 && !memcmp(&one, &two, sizeof(one)))
				continue;
			wrong = 1;
			printf("%s(", all[i].name);
			for (j = 0; j < 8; j++)
				printf(" 0x%llx", (unsigned long long)a[j]);
			printf(" )\n  inline   %llx ", (unsigned long long)r1);
			for (j = 0; j < sizeof(one); j++)
				printf("%02x", ((unsigned char *)&one)[j]);
			printf("\n  exported %llx ", (unsigned long long)r2);
			for (j = 0; j < sizeof(two); j++)
				printf("%02x", ((unsigned char *)&two)[j]);
			printf("\n");
			break;
		}}
	}}
	return wrong;
}}
"#
    );
    (text, functions.len())
}

/// The original's ffi library leaves some inline functions out.
fn is_exported(context: &Context, function: &Function) -> bool {
    function.ffi.is_some() || (!context.original && crate::elf::is_own(&function.name))
}
