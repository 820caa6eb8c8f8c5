//! The static libraries in programs that bring their own allocator, memset or
//! Rust.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use object::read::archive::ArchiveFile;
use object::{Object as _, ObjectSymbol as _};

use crate::context::{Context, Library};
use crate::exec;
use crate::report::{Report, Verdict};

/// Queues a NOP and frees a probe: setup, submission, and the two functions
/// that the library takes from libc where there is one.
const BODY: &str = r#"
static int use_library(void)
{
	struct io_uring ring;
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	struct io_uring_probe *probe;
	int ret;

	ret = io_uring_queue_init(4, &ring, 0);
	if (ret) {
		printf("io_uring_queue_init: %d\n", ret);
		return 1;
	}
	sqe = io_uring_get_sqe(&ring);
	if (!sqe)
		return 2;
	io_uring_prep_nop(sqe);
	io_uring_sqe_set_data64(sqe, 42);
	if (io_uring_submit(&ring) != 1 || io_uring_wait_cqe(&ring, &cqe))
		return 3;
	if (io_uring_cqe_get_data64(cqe) != 42)
		return 4;
	io_uring_cqe_seen(&ring, cqe);
	probe = io_uring_get_probe_ring(&ring);
	if (!probe || !io_uring_opcode_supported(probe, IORING_OP_NOP))
		return 5;
	io_uring_free_probe(probe);
	io_uring_queue_exit(&ring);
	return 0;
}
"#;

/// Reads from a pipe, and cancels a read: the issuing thread, and what Rust's
/// standard library does for it. C and C++.
const AIO_BODY: &str = r#"#include <unistd.h>

static int use_library(void)
{
	struct io_uring_aio *ctx;
	struct io_uring_aio_req req, *reqs[1];
	struct io_uring_aio_event event;
	char buf[8];
	int fds[2], ret;

	ret = io_uring_aio_queue_init(4, &ctx, 0);
	if (ret) {
		printf("io_uring_aio_queue_init: %d\n", ret);
		return 1;
	}
	if (pipe(fds) || io_uring_aio_req_init(&req))
		return 2;
	io_uring_prep_read(&req.sqe, fds[0], buf, sizeof(buf), 0);
	io_uring_sqe_set_data64(&req.sqe, 42);
	reqs[0] = &req;
	if (io_uring_aio_submit(ctx, 1, reqs) != 1 || write(fds[1], "abc", 3) != 3)
		return 3;
	if (io_uring_aio_getevents(ctx, 1, 1, &event, NULL) != 1)
		return 4;
	if (event.req != &req || event.user_data != 42 || event.res != 3)
		return 5;
	if (io_uring_aio_submit(ctx, 1, reqs) != 1 ||
	    io_uring_aio_cancel(ctx, &req, &event, NULL))
		return 6;
	close(fds[0]);
	close(fds[1]);
	return io_uring_aio_queue_exit(ctx);
}
"#;

/// A program's own functions must win inside the program, and the library's
/// memset must not meet them.
const OWN_MEMORY: &str = r#"
static char arena[1 << 20] __attribute__((aligned(16)));
static size_t used;
static unsigned int callocs;

void *malloc(size_t size)
{
	char *mem = arena + used;

	size = (size + 15) & ~(size_t)15;
	if (size > sizeof(arena) - used)
		return NULL;
	used += size;
	return mem;
}

void *calloc(size_t n, size_t size)
{
	callocs++;
	return malloc(n * size);
}

void *realloc(void *mem, size_t size)
{
	(void)mem;
	return malloc(size);
}

void free(void *mem)
{
	(void)mem;
}

void *memset(void *mem, int c, size_t n)
{
	unsigned char *p = mem;

	while (n--)
		*(volatile unsigned char *)p++ = (unsigned char)c;
	return mem;
}
"#;

pub(crate) fn run(context: &Context, report: &mut Report) -> Result<()> {
    let dir = context.fresh_dir("archives")?;
    let rust_libraries = [
        ("with another Rust library", rust_library(context, &dir, true)),
        ("with a Rust library without std", rust_library(context, &dir, false)),
    ];
    for library in Library::ARCHIVED {
        let name = format!("{}.a", library.stem());
        report.check(format!("{name}: symbols"), only_the_api(context, library)?);
        let programs = Programs { context, dir: &dir, library };
        report.check(format!("{name}: static program"), programs.plain(&["-static"])?);
        report.check(format!("{name}: static-pie program"), programs.plain(&["-static-pie"])?);
        if library == Library::Aio {
            for (compiler, ending) in [("gcc", "c"), ("clang", "c"), ("g++", "cpp"), ("clang++", "cpp")] {
                let name = format!("{name}: {compiler}");
                if exec::find(compiler) {
                    report.check(name.as_str(), programs.compiled_by(compiler, ending, &[])?);
                    report.check(format!("{name} -static"), programs.compiled_by(compiler, ending, &["-static"])?);
                } else {
                    report.skip(name, format!("{compiler} is not installed"));
                }
            }
        } else {
            // Rust's standard library takes more of libc's memory functions than these programs bring.
            report.check(
                format!("{name}: program with its own memset and malloc, static"),
                programs.own_memory(&["-static"])?,
            );
            report.check(format!("{name}: program with its own memset and malloc"), programs.own_memory(&[])?);
        }
        for (what, other) in &rust_libraries {
            let verdict = match other {
                Ok(other) => programs.with_rust(other, false)?,
                Err(details) => Verdict::Fail(details.clone()),
            };
            report.check(format!("{name}: {what}"), verdict);
            if let Ok(other) = other {
                report.check(format!("{name}: {what}, which comes behind it"), programs.with_rust(other, true)?);
            }
        }
    }
    Ok(())
}

fn only_the_api(context: &Context, library: Library) -> Result<Verdict> {
    let data = fs::read(context.archive(library))?;
    let archive = ArchiveFile::parse(data.as_slice())?;
    let lists = fs::read_to_string(context.libs.join(format!("{}.sym", library.stem())))?;
    let wanted: Vec<&str> = lists.lines().collect();
    let mut seen = Vec::new();
    let mut wrong = String::new();
    for member in archive.members() {
        let object = object::File::parse(member?.data(data.as_slice())?)?;
        for symbol in object.symbols() {
            let name = symbol.name()?;
            if symbol.is_undefined() && !name.is_empty() {
                if library == Library::Aio {
                    if name.contains("io_uring") {
                        wrong.push_str(&format!("{name} is undefined\n"));
                    }
                } else if !symbol.is_weak() || !["calloc", "free"].contains(&name) {
                    wrong.push_str(&format!("{name} is undefined\n"));
                }
            } else if symbol.is_global() {
                seen.push(name.to_owned());
                if !wanted.contains(&name) {
                    wrong.push_str(&format!("{name} is global\n"));
                }
            }
        }
    }
    for name in wanted {
        if !seen.iter().any(|seen| seen == name) {
            wrong.push_str(&format!("{name} is missing\n"));
        }
    }
    Ok(if wrong.is_empty() { Verdict::Pass } else { Verdict::Fail(wrong) })
}

struct Programs<'a> {
    context: &'a Context,
    dir: &'a Path,
    library: Library,
}

impl Programs<'_> {
    /// The headers, and a function that uses the library.
    fn head(&self, own: &str) -> String {
        let (header, body) =
            if self.library == Library::Aio { ("liburing/aio.h", AIO_BODY) } else { ("liburing.h", BODY) };
        format!("#include <stdio.h>\n#include <{header}>\n{own}{body}\n")
    }

    /// Builds and runs one C source with the archive.
    fn try_program(&self, stem: &str, text: &str, options: &[&str]) -> Result<Verdict> {
        let source = self.dir.join(format!("{}-{stem}.c", self.library.stem()));
        let mut command = self.context.cc();
        command.arg("-std=gnu11");
        self.try_source(&source, text, command, options)
    }

    fn compiled_by(&self, compiler: &str, ending: &str, options: &[&str]) -> Result<Verdict> {
        let text = format!("{}int main(void)\n{{\n\treturn use_library();\n}}\n", self.head(""));
        let source = self.dir.join(format!("{}-{compiler}{}.{ending}", self.library.stem(), options.join("")));
        self.try_source(&source, &text, self.context.compiler(compiler), options)
    }

    fn try_source(&self, source: &Path, text: &str, mut command: Command, options: &[&str]) -> Result<Verdict> {
        let program = source.with_extension("");
        fs::write(source, text)?;
        command.args(["-D_GNU_SOURCE", "-O1", "-Wall", "-Werror"]);
        if self.library == Library::Ffi {
            command.arg("-DLIBURING_FFI_PROTOTYPES");
        }
        // The C source first and the archive last, as in a program's makefile.
        command
            .arg(source)
            .args(options)
            .arg(self.context.archive(self.library))
            .args(options.iter().filter(|option| option.ends_with(".a")))
            .args(["-lpthread", "-ldl", "-lm"])
            .arg("-o")
            .arg(&program);
        if let Err(details) = exec::succeed(&mut command) {
            return Ok(Verdict::Fail(details));
        }
        let mut started = self.context.command(&program.to_string_lossy());
        Ok(exec::succeed(&mut started).map(drop).into())
    }

    fn plain(&self, options: &[&str]) -> Result<Verdict> {
        let text = format!("{}int main(void)\n{{\n\treturn use_library();\n}}\n", self.head(""));
        let stem = format!("plain{}", options.join(""));
        self.try_program(&stem, &text, options)
    }

    fn own_memory(&self, options: &[&str]) -> Result<Verdict> {
        let text = format!(
            "{}int main(void)\n{{\n\tint ret = use_library();\n\n\
             \tif (!ret && !callocs)\n\t\tret = 9;\n\treturn ret;\n}}\n",
            self.head(OWN_MEMORY)
        );
        let stem = format!("own-memory{}", options.join(""));
        let mut all = vec!["-fno-builtin"];
        all.extend(options);
        self.try_program(&stem, &text, &all)
    }

    /// Two copies of anything global, such as the panic machinery, would be
    /// refused by the linker.
    fn with_rust(&self, other: &Path, behind: bool) -> Result<Verdict> {
        let text = format!(
            "{}int main(void)\n{{\n\tif (other_rust(3) != 6)\n\t\treturn 8;\n\
             \treturn use_library();\n}}\n",
            self.head("unsigned int other_rust(unsigned int n);\n")
        );
        let stem = other.file_stem().unwrap_or_default().to_string_lossy();
        let (archive, other) = (self.context.archive(self.library), other.to_string_lossy());
        if behind {
            self.try_program(&format!("before-{stem}"), &text, &[&archive.to_string_lossy(), &other])
        } else {
            self.try_program(&format!("with-{stem}"), &text, &[&other])
        }
    }
}

/// A second static library from rustc.
fn rust_library(context: &Context, dir: &Path, std: bool) -> Result<PathBuf, String> {
    let (kind, head, body) = if std {
        ("std", "", "(0..=n).map(|i| vec![i]).flatten().sum::<u32>() + format!(\"{n}\").len() as u32 - 1")
    } else {
        (
            "core",
            "#![no_std]\n#[panic_handler]\n\
             fn panic(_: &core::panic::PanicInfo<'_>) -> ! { loop {} }\n",
            "let a = [0, 1, 3, 6]; a[n as usize]",
        )
    };
    let source = dir.join(format!("other_{kind}.rs"));
    let library = dir.join(format!("libother_{kind}.a"));
    let text = format!("{head}#[no_mangle]\npub extern \"C\" fn other_rust(n: u32) -> u32 {{ {body} }}\n");
    fs::write(&source, text).map_err(|error| error.to_string())?;
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let mut command = context.command(&rustc);
    command
        .args(["--crate-type", "staticlib", "-O"])
        // Without it, core's unused unwinding tables ask for a personality.
        .args(["-C", "panic=abort", "-C", "lto=fat", "-o"])
        .arg(&library)
        .arg(&source);
    exec::succeed(&mut command)?;
    Ok(library)
}
