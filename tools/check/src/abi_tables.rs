//! Constants, layouts and prototypes of the headers against the tables.
//!
//! Each check is a generated source file full of static assertions, so that
//! the compiler names the line that is wrong.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::context::Context;
use crate::exec;
use crate::report::{Outcome, Report, Verdict};
use crate::tables::{Constant, ConstantKind, Function, Layout};

struct Source {
    name: &'static str,
    cxx: bool,
    text: String,
    assertions: usize,
}

pub(crate) fn run(context: &Context, report: &mut Report) -> Result<()> {
    let dir = context.fresh_dir("abi-tables")?;
    let tables = &context.tables;
    if cfg!(not(target_pointer_width = "64")) {
        report.skip("layouts", "the tables were measured for 64-bit machines");
        return Ok(());
    }
    let mut sources = vec![
        constants(&tables.constants, false),
        constants(&tables.constants, true),
        layouts(&tables.layouts, false),
        layouts(&tables.layouts, true),
        prototypes(&tables.functions, false),
        prototypes(&tables.functions, true),
    ];
    if !context.original {
        // The original leaves noexcept out of four inline functions.
        sources.push(exceptions(&tables.functions));
        sources.push(aio(&tables.aio, false));
        sources.push(aio(&tables.aio, true));
    }
    for source in &sources {
        let outcome = compile(context, &dir, source)?;
        if matches!(outcome.verdict, Verdict::Pass) {
            report.pass(source.assertions - 1);
        }
        report.add(outcome);
    }
    for (header, constants) in by_header(&tables.constants) {
        report.check(format!("names of {header}, included alone"), compile_alone(context, &dir, header, &constants)?);
    }
    Ok(())
}

fn compile(context: &Context, dir: &Path, source: &Source) -> Result<Outcome> {
    let (ending, standard) = if source.cxx { ("cpp", "-std=gnu++17") } else { ("c", "-std=gnu11") };
    let name = format!("{}.{ending}", source.name);
    if source.cxx && !context.has_cxx() {
        let reason = Verdict::Skip("there is no C++ compiler".into());
        return Ok(Outcome::new(name, reason));
    }
    let path = dir.join(&name);
    fs::write(&path, &source.text)?;
    let mut command = if source.cxx { context.cxx() } else { context.cc() };
    command.args([standard, "-D_GNU_SOURCE", "-fsyntax-only", "-Wall"]).arg(&path);
    Ok(Outcome::new(name, exec::succeed(&mut command).map(drop)))
}

fn constants(constants: &[Constant], cxx: bool) -> Source {
    let assert = if cxx { "static_assert" } else { "_Static_assert" };
    let mut text = String::from(
        "#include <liburing.h>\n#include <liburing/io_uring/query.h>\n\
         #include <liburing/io_uring/bpf_filter.h>\n",
    );
    if cxx {
        text.push_str("#include <type_traits>\n");
    }
    let mut assertions = 0;
    for constant in constants {
        let name = &constant.name;
        match &constant.kind {
            ConstantKind::Macro => must_be_macro(&mut text, name),
            ConstantKind::MacroFunction => {
                // Some are functions in C++.
                if !cxx {
                    must_be_macro(&mut text, name);
                }
                continue;
            }
            ConstantKind::MacroWithoutValue => {
                // These two are for the header's own use and end with it.
                if name == "IOURINGINLINE" || name == "_LOCAL_INLINE" {
                    let _ = writeln!(text, "#ifdef {name}\n#error {name} leaks\n#endif");
                } else {
                    must_be_macro(&mut text, name);
                }
                continue;
            }
            // <atomic> puts these into its namespace.
            ConstantKind::Enumerator(Some(record)) if cxx && record == "memory_order" => continue,
            ConstantKind::Enumerator(record) => {
                let _ = writeln!(text, "#ifdef {name}\n#error {name} is a macro\n#endif");
                if let (true, Some(record)) = (cxx, record) {
                    let _ = writeln!(
                        text,
                        "static_assert(std::is_same<decltype({name}), enum {record}>::value, \
                         \"{name} belongs to {record}\");"
                    );
                    assertions += 1;
                }
            }
        }
        let _ = writeln!(text, "{assert}((unsigned long long)({name}) == {}ULL, \"{name}\");", constant.value);
        assertions += 1;
    }
    Source { name: "constants", cxx, text, assertions }
}

fn must_be_macro(text: &mut String, name: &str) {
    let _ = writeln!(text, "#ifndef {name}\n#error {name} is not a macro\n#endif");
}

fn layouts(layouts: &[Layout], cxx: bool) -> Source {
    let (assert, align_of) = if cxx { ("static_assert", "alignof") } else { ("_Static_assert", "_Alignof") };
    let mut text = String::from(
        "#include <stddef.h>\n#include <liburing.h>\n#include <liburing/io_uring/query.h>\n\
         #include <liburing/io_uring/bpf_filter.h>\n",
    );
    let mut assertions = 0;
    for layout in layouts {
        let record = &layout.record;
        let Some(member) = &layout.member else {
            let align = layout.kind.trim_start_matches("align ");
            let _ = writeln!(
                text,
                "{assert}(sizeof({record}) == {}, \"size of {record}\");\n\
                 {assert}({align_of}({record}) == {align}, \"alignment of {record}\");",
                layout.size
            );
            assertions += 2;
            continue;
        };
        let place = format!("{record}, {member}");
        let access = format!("(({record} *)0)->{member}");
        let _ = writeln!(text, "{assert}(offsetof({place}) == {}, \"offset of {place}\");", layout.offset);
        assertions += 1;
        if !layout.kind.ends_with("[]") {
            let _ = writeln!(text, "{assert}(sizeof({access}) == {}, \"size of {place}\");", layout.size);
            assertions += 1;
        }
        if !cxx && !layout.kind.contains("unnamed") {
            let _ = writeln!(
                text,
                "{assert}(__builtin_types_compatible_p(__typeof__({access}), {}), \
                 \"type of {place}\");",
                layout.kind
            );
            assertions += 1;
        }
    }
    Source { name: "layouts", cxx, text, assertions }
}

fn prototypes(functions: &[Function], cxx: bool) -> Source {
    let mut text = String::from("#include <liburing.h>\n");
    if cxx {
        text.push_str("#include <type_traits>\n");
        // An exception specification belongs to the type only since C++17,
        // and is not part of the tables.
        text.push_str(
            "template <class F> struct plain;\n\
             template <class R, class... A> struct plain<R(A...)> { typedef R type(A...); };\n\
             template <class R, class... A> struct plain<R(A...) noexcept> \
             { typedef R type(A...); };\n",
        );
    }
    for function in functions {
        let name = &function.name;
        let wanted = format!("wanted_{name}");
        let _ = writeln!(text, "extern {};", function.renamed(&wanted));
        if cxx {
            let _ = writeln!(
                text,
                "static_assert(std::is_same<plain<decltype({name})>::type, \
                 plain<decltype({wanted})>::type>::value, \"{name}\");"
            );
        } else {
            let _ = writeln!(
                text,
                "_Static_assert(__builtin_types_compatible_p(__typeof__({name}), \
                 __typeof__({wanted})), \"{name}\");"
            );
        }
    }
    Source { name: "prototypes", cxx, text, assertions: functions.len() }
}

/// Nothing throws, and a C++ compiler may rely on it.
fn exceptions(functions: &[Function]) -> Source {
    let mut text = String::from("#include <liburing.h>\n#include <utility>\n");
    for function in functions {
        let arguments: Vec<String> =
            function.parameters().iter().map(|parameter| format!("std::declval<{parameter}>()")).collect();
        let _ = writeln!(text, "static_assert(noexcept({0}({1})), \"{0}\");", function.name, arguments.join(", "));
    }
    Source { name: "noexcept", cxx: true, text, assertions: functions.len() }
}

/// `liburing/aio.h`: a function that is declared again must be the same, in C++
/// with its exception specification.
fn aio(functions: &[Function], cxx: bool) -> Source {
    let (assert, linkage, end) =
        if cxx { ("static_assert", "extern \"C\"", " noexcept") } else { ("_Static_assert", "extern", "") };
    let mut text = String::from("#include <stddef.h>\n#include <liburing/aio.h>\n");
    let mut assertions = functions.len();
    for function in functions {
        let _ = writeln!(text, "{linkage} {}{end};", function.prototype);
    }
    for definition in [
        "int io_uring_aio_cancel_fn(struct io_uring_aio_req *)",
        "void io_uring_aio_complete_fn(struct io_uring_aio *, struct io_uring_aio_req *, __s32 res)",
    ] {
        let _ = writeln!(
            text,
            "{}",
            if cxx { format!("{linkage} {{ typedef {definition}; }}") } else { format!("typedef {definition};") }
        );
        assertions += 1;
    }
    for (what, value) in [
        ("sizeof(struct io_uring_aio_req)", 128),
        ("offsetof(struct io_uring_aio_req, sqe)", 0),
        ("offsetof(struct io_uring_aio_req, opaque)", 64),
        ("sizeof(struct io_uring_aio_event)", 24),
        ("offsetof(struct io_uring_aio_event, req)", 0),
        ("offsetof(struct io_uring_aio_event, user_data)", 8),
        ("offsetof(struct io_uring_aio_event, res)", 16),
        ("offsetof(struct io_uring_aio_event, flags)", 20),
        ("IO_URING_AIO_ISSUER", 1),
        ("IO_URING_AIO_DSYNC", 1),
        ("IO_URING_AIO_SYNC", 2),
    ] {
        let _ = writeln!(text, "{assert}({what} == {value}, \"{what}\");");
        assertions += 1;
    }
    Source { name: "aio", cxx, text, assertions }
}

fn by_header(constants: &[Constant]) -> BTreeMap<&str, Vec<&Constant>> {
    let mut headers: BTreeMap<&str, Vec<&Constant>> = BTreeMap::new();
    for constant in constants {
        if constant.kind == ConstantKind::Macro && !constant.header.is_empty() {
            headers.entry(&constant.header).or_default().push(constant);
        }
    }
    headers
}

/// A macro must come from the header that the table names, not from another
/// one that liburing.h happens to include.
fn compile_alone(context: &Context, dir: &Path, header: &str, constants: &[&Constant]) -> Result<Verdict> {
    let mut text = format!("#include <{header}>\n");
    for constant in constants {
        must_be_macro(&mut text, &constant.name);
    }
    let path = dir.join(format!("{}.c", header.replace('/', "-")));
    fs::write(&path, text)?;
    let mut command = context.cc();
    command.args(["-std=gnu11", "-D_GNU_SOURCE", "-fsyntax-only"]).arg(&path);
    Ok(exec::succeed(&mut command).map(drop).into())
}
