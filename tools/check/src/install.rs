//! What `make install` installs, found through pkg-config, and its removal.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{bail, Result};

use crate::context::{Context, Library};
use crate::exec;
use crate::report::{Report, Verdict};

/// A program in the common subset of C and C++.
const PROGRAM: &str = r#"#include <liburing.h>
#include <stdio.h>

int main(void)
{
	struct io_uring ring;
	struct io_uring_cqe *cqe;
	struct io_uring_sqe *sqe;
	int ret = io_uring_queue_init(8, &ring, 0);

	if (ret) {
		printf("io_uring_queue_init: %d\n", ret);
		return 1;
	}
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_nop(sqe);
	io_uring_sqe_set_data64(sqe, 7);
	if (io_uring_submit_and_wait(&ring, 1) != 1)
		return 2;
	if (io_uring_peek_cqe(&ring, &cqe) || io_uring_cqe_get_data64(cqe) != 7)
		return 3;
	io_uring_cqe_seen(&ring, cqe);
	io_uring_queue_exit(&ring);
	if (io_uring_major_version() != IO_URING_VERSION_MAJOR ||
	    io_uring_minor_version() != IO_URING_VERSION_MINOR)
		return 4;
	return 0;
}
"#;

/// The same for the AIO engine.
const AIO_PROGRAM: &str = r#"#include <liburing/aio.h>
#include <stdio.h>

int main(void)
{
	struct io_uring_aio *ctx;
	struct io_uring_aio_req req, *reqs[1];
	struct io_uring_aio_event event;
	int ret = io_uring_aio_queue_init(8, &ctx, 0);

	if (ret) {
		printf("io_uring_aio_queue_init: %d\n", ret);
		return 1;
	}
	if (io_uring_aio_req_init(&req))
		return 2;
	io_uring_prep_nop(&req.sqe);
	io_uring_sqe_set_data64(&req.sqe, 7);
	reqs[0] = &req;
	if (io_uring_aio_submit(ctx, 1, reqs) != 1)
		return 3;
	if (io_uring_aio_getevents(ctx, 1, 1, &event, NULL) != 1 || event.user_data != 7)
		return 4;
	return io_uring_aio_queue_exit(ctx);
}
"#;

/// The same for libaio's.
const LIBAIO_PROGRAM: &str = r#"#include <libaio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
	io_context_t ctx = NULL;
	struct iocb req, *reqs[1] = { &req };
	struct io_event event;
	int fds[2], ret = io_setup(8, &ctx);

	if (ret) {
		printf("io_setup: %d\n", ret);
		return 1;
	}
	if (pipe(fds))
		return 2;
	io_prep_poll(&req, fds[1], 4);
	req.data = fds;
	if (io_submit(ctx, 1, reqs) != 1)
		return 3;
	if (io_getevents(ctx, 1, 1, &event, NULL) != 1 || event.data != fds || !(event.res & 4))
		return 4;
	return io_destroy(ctx);
}
"#;

/// Installs, and uninstalls, what takes the place of another library as well.
const WITH_LIBAIO: &str = "LIBAIO=yes";

/// Where the headers, the libraries and the .pc files of one install are.
struct Tree {
    dir: PathBuf,
    lib: PathBuf,
}

pub(crate) fn run(context: &Context, report: &mut Report) -> Result<()> {
    let dir = context.fresh_dir("install")?;
    packaged(context, &dir, report)?;
    if !exec::find("pkg-config") {
        report.skip("pkg-config", "pkg-config is not installed");
        return Ok(());
    }
    used(context, &dir, report)
}

/// Runs another target of the makefile.
pub(crate) fn make(context: &Context, target: &str, variables: &[String]) -> Result<(), String> {
    let program = std::env::var("MAKE").unwrap_or_else(|_| "make".into());
    let mut command = context.command(&program);
    // The jobserver of the make that started the checks is not ours.
    command
        .env_remove("MAKEFLAGS")
        .env_remove("MFLAGS")
        .env_remove("MAKELEVEL")
        .args(["--no-print-directory", target])
        .args(variables);
    exec::succeed(&mut command).map(drop)
}

/// As a distribution does it: DESTDIR, and directories of its own choice.
fn packaged(context: &Context, dir: &Path, report: &mut Report) -> Result<()> {
    let root = dir.join("package");
    let mut variables = vec![
        format!("DESTDIR={}", root.display()),
        "PREFIX=/usr".into(),
        "LIBDIR=/usr/lib/some-arch".into(),
        "INCLUDEDIR=/usr/include/deep".into(),
    ];
    // A neighbour that an uninstall must leave alone.
    let neighbour = root.join("usr/include/deep/liburing/other.h");
    fs::create_dir_all(neighbour.parent().unwrap_or(&root))?;
    fs::write(&neighbour, "")?;

    let left = BTreeSet::from(["usr/include/deep/liburing/other.h".to_owned()]);
    for (libraries, variable, what) in [
        (&Library::ARCHIVED[..], None, ""),
        (&Library::ARCHIVED, Some("LIBAIO=no"), ", LIBAIO=no"),
        (&Library::ALL, Some(WITH_LIBAIO), ", with libaio"),
    ] {
        // The last of a name counts.
        variables.extend(variable.map(str::to_owned));
        if let Err(details) = make(context, "install", &variables) {
            report.fail(format!("make install DESTDIR=...{what}"), details);
            return Ok(());
        }
        let mut expected = left.clone();
        for header in files_below(&context.include)? {
            if header != Library::Libaio.header() || libraries.contains(&Library::Libaio) {
                expected.insert(format!("usr/include/deep/{header}"));
            }
        }
        for &library in libraries {
            let stem = library.stem();
            let archive = Library::ARCHIVED.contains(&library).then(|| format!("{stem}.a"));
            let shared = [format!("{stem}.so"), library.soname(), format!("{stem}.so.{}", library.version())];
            let pc = format!("pkgconfig/{stem}.pc");
            expected.extend(shared.into_iter().chain(archive).chain([pc]).map(|it| format!("usr/lib/some-arch/{it}")));
        }
        report.check(format!("installed files{what}"), same_files(&files_below(&root)?, &expected));
        report.check(format!("paths of the build machine{what}"), no_build_paths(context, &root)?);

        if let Err(details) = make(context, "uninstall", &variables) {
            report.fail(format!("make uninstall DESTDIR=...{what}"), details);
            return Ok(());
        }
        let name = format!("files after uninstall, beside another package{what}");
        report.check(name, same_files(&files_below(&root)?, &left));
    }
    Ok(())
}

/// As somebody does it who wants to build a program against it.
fn used(context: &Context, dir: &Path, report: &mut Report) -> Result<()> {
    let tree = Tree { dir: dir.join("prefix"), lib: dir.join("prefix/lib") };
    let variables = [format!("PREFIX={}", tree.dir.display()), "DESTDIR=".into(), WITH_LIBAIO.into()];
    if let Err(details) = make(context, "install", &variables) {
        report.fail("make install PREFIX=...", details);
        return Ok(());
    }
    for library in Library::ALL {
        let name = library.stem();
        report.check(format!("pkg-config --cflags --libs {name}"), flags_are(context, &tree, library, &tree.dir, &[]));
        report.check(
            format!("pkg-config --static --cflags --libs {name}"),
            flags_are(context, &tree, library, &tree.dir, &["--static"]),
        );
        report.check(
            format!("pkg-config {name}, moved prefix"),
            flags_are(context, &tree, library, Path::new("/else/where"), &["--define-variable=prefix=/else/where"]),
        );
        report.check(
            format!("pkg-config --modversion {name}"),
            pkg_config(context, &tree, &["--modversion", name]).and_then(|version| {
                if version == library.release() {
                    Ok(())
                } else {
                    Err(format!("{version}, not {}", library.release()))
                }
            }),
        );
        for cxx in [false, true] {
            for fully_static in [false, true] {
                if fully_static && !Library::ARCHIVED.contains(&library) {
                    continue;
                }
                let name = format!(
                    "{name}, {}, {}",
                    if cxx { "C++" } else { "C" },
                    if fully_static { "static" } else { "shared" }
                );
                if cxx && !context.has_cxx() {
                    report.skip(name, "there is no C++ compiler");
                    continue;
                }
                let result = build_and_run(context, &tree, library, cxx, fully_static);
                report.check(name, result);
            }
        }
    }

    if let Err(details) = make(context, "uninstall", &variables) {
        report.fail("make uninstall PREFIX=...", details);
        return Ok(());
    }
    report.check("files after uninstall", same_files(&files_below(&tree.dir)?, &BTreeSet::new()));
    report.check("directories after uninstall", own_directories_gone(&tree));
    Ok(())
}

fn pkg_config(context: &Context, tree: &Tree, arguments: &[&str]) -> Result<String, String> {
    let mut command = context.command("pkg-config");
    command.args(arguments).env("PKG_CONFIG_PATH", "").env("PKG_CONFIG_LIBDIR", tree.lib.join("pkgconfig"));
    Ok(exec::succeed(&mut command)?.stdout.trim().to_owned())
}

/// Nothing but the two directories and the library, whatever pkg-config puts
/// between them.
fn flags_are(context: &Context, tree: &Tree, library: Library, prefix: &Path, options: &[&str]) -> Result<(), String> {
    let mut arguments = options.to_vec();
    arguments.extend(["--cflags", "--libs", library.stem()]);
    let seen = pkg_config(context, tree, &arguments)?;
    let prefix = prefix.display();
    // What libc had apart, before glibc 2.34.
    let private = if library == Library::Aio && options.contains(&"--static") { "-lpthread -ldl" } else { "" };
    let expected = format!("-I{prefix}/include -L{prefix}/lib {} {private}", library.option());
    if seen.split_whitespace().eq(expected.split_whitespace()) {
        Ok(())
    } else {
        Err(format!("seen:     {seen}\nexpected: {expected}"))
    }
}

fn build_and_run(
    context: &Context,
    tree: &Tree,
    library: Library,
    cxx: bool,
    fully_static: bool,
) -> Result<(), String> {
    let (ending, compiler) = if cxx {
        ("cpp", std::env::var("CXX").unwrap_or_else(|_| "c++".into()))
    } else {
        ("c", std::env::var("CC").unwrap_or_else(|_| "cc".into()))
    };
    let kind = if fully_static { "static" } else { "shared" };
    let place = tree.dir.with_file_name("programs");
    let source = place.join(format!("{}.{ending}", library.stem()));
    let text = match library {
        Library::Base | Library::Ffi => PROGRAM,
        Library::Aio => AIO_PROGRAM,
        Library::Libaio => LIBAIO_PROGRAM,
    };
    let program = place.join(format!("{}-{ending}-{kind}", library.stem()));
    fs::create_dir_all(&place).and_then(|()| fs::write(&source, text)).map_err(|error| error.to_string())?;

    let mut arguments = vec!["--cflags", "--libs", library.stem()];
    if fully_static {
        arguments.insert(0, "--static");
    }
    let flags = pkg_config(context, tree, &arguments)?;
    // Without the headers in the source tree: the installed ones must do.
    let mut command = context.command(&compiler);
    command.args(["-Wall", "-Werror", "-o"]).arg(&program).arg(&source);
    if fully_static {
        command.arg("-static");
    }
    if library == Library::Ffi {
        command.arg("-DLIBURING_FFI_PROTOTYPES");
    }
    exec::succeed(command.args(flags.split_whitespace()))?;
    let mut started = context.command(&program.to_string_lossy());
    exec::succeed(started.env("LD_LIBRARY_PATH", &tree.lib)).map(drop)
}

/// All files and links below a directory, relative to it.
fn files_below(dir: &Path) -> Result<BTreeSet<String>> {
    let mut files = BTreeSet::new();
    let mut open = vec![dir.to_owned()];
    while let Some(place) = open.pop() {
        for entry in fs::read_dir(&place)? {
            let path = entry?.path();
            if path.is_dir() && !path.is_symlink() {
                open.push(path);
            } else {
                let relative = path.strip_prefix(dir)?;
                files.insert(relative.to_string_lossy().into_owned());
            }
        }
    }
    Ok(files)
}

fn same_files(seen: &BTreeSet<String>, expected: &BTreeSet<String>) -> Verdict {
    if seen == expected {
        return Verdict::Pass;
    }
    let mut details = String::new();
    for path in expected.difference(seen) {
        details.push_str(&format!("missing: {path}\n"));
    }
    for path in seen.difference(expected) {
        details.push_str(&format!("not expected: {path}\n"));
    }
    Verdict::Fail(details)
}

/// Shared directories such as lib/pkgconfig stay; ours do not.
fn own_directories_gone(tree: &Tree) -> Verdict {
    let own = tree.dir.join("include/liburing");
    if own.exists() {
        Verdict::Fail(format!("{} is still there", own.display()))
    } else {
        Verdict::Pass
    }
}

/// An installed file must not tell where it was built.
fn no_build_paths(context: &Context, root: &Path) -> Result<Verdict> {
    let needle = context.root.display().to_string();
    if needle.len() < 4 {
        bail!("the project lies in {needle}, which is no path to search for");
    }
    // Where cargo keeps the sources of dependencies.
    let needles = [needle.as_str(), ".cargo/registry"];
    let mut found = Vec::new();
    for file in files_below(root)? {
        let path = root.join(&file);
        if path.is_symlink() {
            continue;
        }
        let data = fs::read(path)?;
        for needle in needles {
            let mut parts = data.windows(needle.len());
            if parts.any(|part| part == needle.as_bytes()) {
                found.push(format!("{file}: {needle}"));
            }
        }
    }
    Ok(if found.is_empty() { Verdict::Pass } else { Verdict::Fail(found.join("\n")) })
}
