//! The headers under every compiler, standard and order of inclusion.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::context::{Context, Library};
use crate::exec;
use crate::report::{Outcome, Report, Verdict};

const WARNINGS: &[&str] = &["-Wall", "-Wextra", "-Wpedantic", "-Werror"];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Language {
    C,
    Cxx,
}

impl Language {
    fn standards(self) -> &'static [&'static str] {
        match self {
            Self::C => &["c99", "gnu99", "c11", "gnu11", "c17", "gnu17", "c2x"],
            Self::Cxx => &["c++11", "c++14", "c++17", "c++20", "c++2b"],
        }
    }

    fn ending(self) -> &'static str {
        match self {
            Self::C => "c",
            Self::Cxx => "cpp",
        }
    }
}

/// One way to compile.
#[derive(Clone)]
struct Mode {
    compiler: &'static str,
    language: Language,
    standard: &'static str,
    gnu_source: bool,
}

impl Mode {
    fn name(&self) -> String {
        let feature = if self.gnu_source { " _GNU_SOURCE" } else { "" };
        format!("{} -std={}{feature}", self.compiler, self.standard)
    }

    fn command(&self, context: &Context) -> Command {
        let mut command = context.compiler(self.compiler);
        command.arg(format!("-std={}", self.standard)).args(WARNINGS);
        // C++ compilers predefine it, and libstdc++ does not work without.
        if self.gnu_source {
            command.arg("-D_GNU_SOURCE");
        }
        command
    }
}

fn modes() -> Vec<Mode> {
    let mut modes = Vec::new();
    for (compiler, language) in
        [("gcc", Language::C), ("clang", Language::C), ("g++", Language::Cxx), ("clang++", Language::Cxx)]
    {
        for standard in language.standards() {
            for gnu_source in [false, true] {
                modes.push(Mode { compiler, language, standard, gnu_source });
            }
        }
    }
    modes
}

/// Uses the macros, the inlines and the library as a program does. C and C++.
const PROGRAM: &str = r#"#include <liburing.h>

#if IO_URING_CHECK_VERSION(2, 15)
#error the header is older than 2.15
#endif
#if !defined(LIBURING_HAVE_DATA64) || !defined(LIB_URING_H)
#error missing macro
#endif

unsigned int use_ring(struct io_uring *ring, void *buf, int fd);

unsigned int use_ring(struct io_uring *ring, void *buf, int fd)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);
	struct io_uring_cqe *cqe;
	struct __kernel_timespec ts;
	unsigned int head, seen = 0, flags;

	ts.tv_sec = 1;
	ts.tv_nsec = 0;
	if (uring_unlikely(!sqe))
		return 0;
	io_uring_prep_read(sqe, fd, buf, 16, 0);
	io_uring_sqe_set_data64(sqe, LIBURING_UDATA_TIMEOUT);
	io_uring_sqe_set_flags(sqe, IOSQE_ASYNC | IOSQE_IO_LINK);
	sqe = io_uring_get_sqe(ring);
	if (!uring_likely(sqe != 0))
		return 0;
	io_uring_prep_timeout(sqe, &ts, 1, IORING_TIMEOUT_BOOTTIME);
	io_uring_prep_poll_add(sqe, fd, 1);
	io_uring_prep_send_zc(sqe, fd, buf, 16, 0, IORING_RECVSEND_POLL_FIRST);
	io_uring_prep_msg_ring(sqe, fd, 1, 2, IORING_MSG_RING_CQE_SKIP);
	if (io_uring_submit_and_wait(ring, 1) < 0)
		return 0;
	if (io_uring_peek_cqe(ring, &cqe) == 0 && cqe->res >= 0)
		io_uring_cqe_seen(ring, cqe);
	io_uring_for_each_cqe(ring, head, cqe) {
		if (io_uring_cqe_get_data(cqe) == buf)
			break;
		seen += io_uring_cqe_nr(cqe);
	}
	io_uring_cq_advance(ring, seen);
	flags = IO_URING_READ_ONCE(*ring->sq.kflags);
	IO_URING_WRITE_ONCE(*ring->cq.khead, head);
	io_uring_smp_store_release(ring->cq.khead, head);
	io_uring_smp_mb();
	flags |= io_uring_smp_load_acquire(ring->sq.khead);
	return flags + io_uring_cq_ready(ring) + io_uring_sq_space_left(ring);
}
"#;

/// The end of liburing.h's complaint about a kernel header that came first.
const ORDER_ADVICE: &str = "include <liburing.h> before it";

const HEADERS: &[&str] = &[
    "liburing.h",
    "liburing/io_uring.h",
    "liburing/compat.h",
    "liburing/barrier.h",
    "liburing/io_uring_version.h",
    "liburing/io_uring/query.h",
    "liburing/io_uring/bpf_filter.h",
    "liburing/aio.h",
    "libaio.h",
];

/// The same for the AIO engine, whose header liburing.h leaves to those who ask
/// for it.
const AIO_PROGRAM: &str = r#"#include <liburing.h>
#ifdef LIBURING_AIO_H
#error liburing.h includes liburing/aio.h
#endif
#include <liburing/aio.h>

int use_aio(struct io_uring_aio *ctx, struct io_uring_aio_req *req, void *buf, int fd);

/* With -Wpedantic, g++ minds the array at the end of struct io_uring_sqe. */
__extension__ struct embedding {
	int before;
	struct io_uring_aio_req req;
	int after;
};

static int cancel(struct io_uring_aio_req *req)
{
	return ((struct embedding *)(void *)req)->after;
}

static void complete(struct io_uring_aio *ctx, struct io_uring_aio_req *req, __s32 res)
{
	io_uring_aio_complete(ctx, req, res);
}

int use_aio(struct io_uring_aio *ctx, struct io_uring_aio_req *req, void *buf, int fd)
{
	struct io_uring_aio_event event;
	struct io_uring_aio_req *reqs[1];

	reqs[0] = req;
	io_uring_prep_write(&req->sqe, fd, buf, 16, 0);
	io_uring_sqe_set_data(&req->sqe, buf);
	if (io_uring_aio_req_sync(req, IO_URING_AIO_DSYNC | IO_URING_AIO_SYNC) ||
	    io_uring_aio_req_defer(req, complete) ||
	    io_uring_aio_submit(ctx, 1, reqs) != 1)
		return 1;
	if (io_uring_aio_req_set_cancel_fn(ctx, req, cancel) == 0)
		return 2;
	if (io_uring_aio_cancel(ctx, req, &event, 0) == 0)
		return event.res;
	return io_uring_aio_getevents(ctx, 1, 1, &event, 0);
}
"#;

/// The same for libaio's.
const LIBAIO_PROGRAM: &str = r#"#include <libaio.h>
#include <sys/uio.h>

int use_libaio(io_context_t ctx, struct iocb *req, void *buf, int fd, struct timespec *ts);

static void done(io_context_t ctx, struct iocb *req, long res, long res2)
{
	if (res > 0 && !res2)
		io_prep_fdsync(req, req->aio_fildes);
	(void)ctx;
}

int use_libaio(io_context_t ctx, struct iocb *req, void *buf, int fd, struct timespec *ts)
{
	struct iocb *reqs[1];
	struct io_event event;
	struct iovec iov;

	iov.iov_base = buf;
	iov.iov_len = 16;
	reqs[0] = req;
	io_prep_pwritev2(req, fd, &iov, 1, 0, 0);
	io_set_callback(req, done);
	io_set_eventfd(req, fd);
	if (io_submit(ctx, 1, reqs) != 1 || io_getevents(ctx, 0, 0, &event, ts) || io_queue_run(ctx))
		return 1;
	io_prep_pread(req, fd, buf, 16, 0);
	req->data = buf;
	if (io_poll(ctx, req, done, fd, 1) != 1 || io_cancel(ctx, req, &event) == 0)
		return 2;
	if (io_pgetevents(ctx, 1, 1, &event, ts, 0) == 1 && event.obj == req && event.data == buf)
		return (int)event.res;
	return io_fsync(ctx, req, done, fd);
}
"#;

/// One compilation, perhaps with a second step.
struct Case {
    name: String,
    /// The compiler that must be installed.
    needs: &'static str,
    work: Work,
}

enum Work {
    /// The command must succeed without a word.
    Silent(Command),
    /// The same, or refusal because of an old kernel header.
    SilentOrRefused(Command),
    /// Both sources compile, link together with the library, and run.
    LinkTwo { mode: Mode, program: PathBuf, sources: [PathBuf; 2] },
}

pub(crate) fn run(context: &Context, report: &mut Report) -> Result<()> {
    let dir = context.fresh_dir("header-matrix")?;
    let mut cases = Vec::new();
    every_mode(context, &dir, &mut cases)?;
    each_header_alone(context, &dir, &mut cases)?;
    kernel_header_too(context, &dir, &mut cases)?;
    predefined_macros(context, &dir, &mut cases)?;
    two_sources(&dir, &mut cases)?;

    let outcomes =
        exec::parallel(context.jobs, &cases, |case| Outcome::new(case.name.as_str(), try_case(context, case)));
    report.extend(outcomes);
    inlines_have_linkage(context, &dir, report)
}

fn try_case(context: &Context, case: &Case) -> Verdict {
    if !exec::find(case.needs) {
        return Verdict::Skip(format!("{} is not installed", case.needs));
    }
    match &case.work {
        Work::Silent(command) => silent(&mut copy(command)),
        Work::SilentOrRefused(command) => match silent(&mut copy(command)) {
            Verdict::Fail(text) if text.contains(ORDER_ADVICE) => Verdict::Pass,
            verdict => verdict,
        },
        Work::LinkTwo { mode, program, sources } => {
            let mut command = mode.command(context);
            command.args(sources).arg("-o").arg(program).args(context.link_shared(Library::Base));
            match silent(&mut command) {
                Verdict::Pass => exec::succeed(&mut context.command(&program.to_string_lossy())).map(drop).into(),
                verdict => verdict,
            }
        }
    }
}

fn copy(command: &Command) -> Command {
    let mut copy = Command::new(command.get_program());
    copy.args(command.get_args());
    if let Some(dir) = command.get_current_dir() {
        copy.current_dir(dir);
    }
    copy
}

fn silent(command: &mut Command) -> Verdict {
    match exec::succeed(command) {
        Ok(ran) if ran.text().is_empty() => Verdict::Pass,
        Ok(ran) => Verdict::Fail(ran.text()),
        Err(details) => Verdict::Fail(details),
    }
}

/// The whole program with optimisation, because some warnings need it.
fn every_mode(context: &Context, dir: &Path, cases: &mut Vec<Case>) -> Result<()> {
    for (name, text) in [("program", PROGRAM), ("aio-program", AIO_PROGRAM), ("libaio-program", LIBAIO_PROGRAM)] {
        for language in [Language::C, Language::Cxx] {
            fs::write(dir.join(name).with_extension(language.ending()), text)?;
        }
        for mode in modes() {
            let source = dir.join(name).with_extension(mode.language.ending());
            let mut command = mode.command(context);
            command.args(["-O2", "-S", "-o", "/dev/null"]).arg(source);
            cases.push(Case {
                name: format!("{name}, {}", mode.name()),
                needs: mode.compiler,
                work: Work::Silent(command),
            });
        }
    }
    Ok(())
}

fn each_header_alone(context: &Context, dir: &Path, cases: &mut Vec<Case>) -> Result<()> {
    for header in HEADERS {
        for mode in modes() {
            let file = header.replace(['/', '.'], "-");
            let source = dir.join(file).with_extension(mode.language.ending());
            // ISO C wants at least one declaration, and a header may have none.
            let text = format!("#include <{header}>\n#include <{header}>\nextern int declared;\n");
            fs::write(&source, text)?;
            let mut command = mode.command(context);
            command.arg("-fsyntax-only").arg(source);
            cases.push(Case {
                name: format!("{header} alone, {}", mode.name()),
                needs: mode.compiler,
                work: Work::Silent(command),
            });
        }
    }
    Ok(())
}

/// The modes of most programs.
fn usual_modes() -> impl Iterator<Item = Mode> {
    modes().into_iter().filter(|mode| mode.gnu_source && ["gnu11", "c++17"].contains(&mode.standard))
}

/// The kernel's own header has the include guard of liburing/io_uring.h, so
/// the first of the two decides. One that is too old must be refused in words
/// that say what to do.
fn kernel_header_too(context: &Context, dir: &Path, cases: &mut Vec<Case>) -> Result<()> {
    let kernel = "#include <linux/io_uring.h>\n";
    for (order, text) in
        [("after", PROGRAM.replacen('\n', &format!("\n{kernel}"), 1)), ("before", format!("{kernel}{PROGRAM}"))]
    {
        for mode in usual_modes() {
            let source = dir.join(format!("kernel-header-{order}")).with_extension(mode.language.ending());
            fs::write(&source, &text)?;
            let mut command = mode.command(context);
            command.arg("-fsyntax-only").arg(source);
            cases.push(Case {
                name: format!("<linux/io_uring.h> {order}, {}", mode.name()),
                needs: mode.compiler,
                work: if order == "before" { Work::SilentOrRefused(command) } else { Work::Silent(command) },
            });
        }
    }
    Ok(())
}

/// What programs define before they include liburing.h.
fn predefined_macros(context: &Context, dir: &Path, cases: &mut Vec<Case>) -> Result<()> {
    let c_or_cxx = ["-DIOURINGINLINE=static inline", "-D_LOCAL_INLINE=static inline", "-During_likely(x)=(x)"];
    for mode in usual_modes() {
        let inline = (mode.language == Language::Cxx).then_some("-DIOURINGINLINE=inline");
        for define in c_or_cxx.into_iter().chain(inline) {
            let mut command = mode.command(context);
            command.arg(define).arg("-fsyntax-only").arg(dir.join("program").with_extension(mode.language.ending()));
            cases.push(Case {
                name: format!("{define}, {}", mode.name()),
                needs: mode.compiler,
                work: Work::Silent(command),
            });
        }
    }
    Ok(())
}

/// Two translation units of one program include the header.
fn two_sources(dir: &Path, cases: &mut Vec<Case>) -> Result<()> {
    for language in [Language::C, Language::Cxx] {
        let main = format!(
            "{}\nunsigned int use_ring(struct io_uring *ring, void *buf, int fd);\n\n\
             static unsigned int (*volatile both[2])(struct io_uring *, void *, int) = {{\n\
             \tuse_ring, use_other_ring\n}};\n\n\
             int main(void)\n{{\n\treturn both[0] == both[1];\n}}\n",
            PROGRAM.replace("use_ring", "use_other_ring")
        );
        fs::write(dir.join("main").with_extension(language.ending()), main)?;
    }
    for mode in modes() {
        if !mode.gnu_source {
            continue;
        }
        let file = |stem: &str| dir.join(stem).with_extension(mode.language.ending());
        cases.push(Case {
            name: format!("two sources, {}", mode.name()),
            needs: mode.compiler,
            work: Work::LinkTwo {
                program: dir.join(format!("two-{}-{}", mode.compiler, mode.standard)),
                sources: [file("program"), file("main")],
                mode,
            },
        });
    }
    Ok(())
}

/// Since C++20 the helpers are plain inline, because a module must not export
/// what refers to something local to its translation unit; a program that
/// empties IOURINGINLINE gets all of them as functions of its own.
fn inlines_have_linkage(context: &Context, dir: &Path, report: &mut Report) -> Result<()> {
    let taken = dir.join("address.cpp");
    fs::write(&taken, "#include <liburing.h>\nvoid (*taken)(io_uring_sqe *) = io_uring_prep_nop;\n")?;
    for (compiler, standard, kind) in [("g++", "c++17", 't'), ("g++", "c++20", 'W'), ("clang++", "c++20", 'W')] {
        let name = format!("linkage of inlines, {compiler} -std={standard}");
        if !exec::find(compiler) {
            report.skip(name, format!("{compiler} is not installed"));
            continue;
        }
        let object = dir.join(format!("address-{compiler}-{standard}.o"));
        let mut command = context.compiler(compiler);
        command.arg(format!("-std={standard}")).arg("-c").arg(&taken).arg("-o").arg(&object);
        let verdict = symbols(context, &mut command, &object).and_then(|symbols| {
            if symbols.contains(&format!("{kind} io_uring_prep_nop")) {
                Ok(())
            } else {
                Err(format!("not \"{kind} io_uring_prep_nop\":\n{symbols}"))
            }
        });
        report.check(name, verdict);
    }

    if exec::find("g++") {
        report.check("in a C++20 module", in_a_module(context, dir)?);
    } else {
        report.skip("in a C++20 module", "g++ is not installed");
    }

    let object = dir.join("emptied.o");
    let mut command = context.cc();
    command
        .args(["-std=gnu11", "-D_GNU_SOURCE", "-DIOURINGINLINE=", "-c"])
        .arg(dir.join("program.c"))
        .arg("-o")
        .arg(&object);
    let verdict = symbols(context, &mut command, &object).and_then(|symbols| {
        let missing: Vec<&str> = context
            .tables
            .functions
            .iter()
            .filter(|function| function.inline && function.ffi.is_some())
            .map(|function| function.name.as_str())
            .filter(|name| !symbols.lines().any(|line| line.ends_with(&format!("T {name}"))))
            .collect();
        if missing.is_empty() {
            Ok(())
        } else {
            Err(format!("no global functions: {}", missing.join(" ")))
        }
    });
    report.check("IOURINGINLINE emptied, gcc -std=gnu11", verdict);
    Ok(())
}

/// Compiles, and lists the symbols of the object.
fn symbols(context: &Context, compile: &mut Command, object: &Path) -> Result<String, String> {
    exec::succeed(compile)?;
    let listed = exec::succeed(context.command("nm").arg(object))?;
    Ok(listed.stdout)
}

fn in_a_module(context: &Context, dir: &Path) -> Result<Verdict> {
    let source = dir.join("module.cpp");
    fs::write(
        &source,
        "module;\n#include <liburing.h>\nexport module ring;\n\
         export inline void nop(io_uring_sqe *sqe) { io_uring_prep_nop(sqe); }\n",
    )?;
    let mut command = context.compiler("g++");
    // g++ leaves the compiled module in the directory it starts in.
    command.current_dir(dir).args(["-std=c++20", "-fmodules-ts", "-c"]).arg(&source).args(["-o", "module.o"]);
    Ok(silent(&mut command))
}
