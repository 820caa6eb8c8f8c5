//! `make check`: every test of the project behind one command.
//!
//! A step prints one line, and details only for what failed or was skipped.
//! The last line is `N passed, N failed, N skipped`; the exit status is 1 when
//! anything failed. Programs, generated sources and logs stay in
//! `build/check/`.

mod abi_tables;
mod archives;
mod c_tests;
mod cargo;
mod context;
mod csource;
mod demo;
mod differential;
mod elf;
mod exec;
mod fuzz;
mod header_matrix;
mod headers_fresh;
mod hygiene;
mod inline_differential;
mod install;
mod instructions;
mod kernel_log;
mod kernels;
mod libaio;
mod loom;
mod old_kernel_filter;
mod portable_tests;
mod report;
mod sanitizers;
mod setup;
mod tables;
mod untested;
mod valgrind;
mod vectors;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{bail, Result};
use clap::Parser;

use context::Context;
use report::{Report, Total};

#[derive(Parser)]
#[command(about = "Runs the checks of the project", version)]
struct Args {
    /// Directory with the built libraries, relative to the root of the project.
    #[arg(long, default_value = "build")]
    build: PathBuf,

    /// Run only this step (may be repeated).
    #[arg(long, value_name = "STEP")]
    only: Vec<String>,

    /// Leave out this step (may be repeated).
    #[arg(long, value_name = "STEP")]
    skip: Vec<String>,

    /// List the steps and exit.
    #[arg(long)]
    list: bool,

    /// Check an installed original instead, with its headers in DIR/include
    /// and its libraries in DIR/lib or below: proof that the tables and the C
    /// tests describe it.
    #[arg(long, value_name = "DIR")]
    original: Option<PathBuf>,

    /// Only C tests with this in their name.
    #[arg(long, value_name = "PART")]
    test: Option<String>,

    /// How long each fuzz target runs.
    #[arg(long, value_name = "N", default_value_t = 3)]
    fuzz_seconds: u64,

    /// Boot all kernels that there are tests on.
    #[arg(long)]
    all_kernels: bool,

    /// How many compilers and tests run at a time.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
}

struct Step {
    name: &'static str,
    about: &'static str,
    /// Whether the step means something for the original as well.
    original: bool,
    run: fn(&Context, &mut Report) -> Result<()>,
}

const STEPS: &[Step] = &[
    Step { name: "setup", about: "Debian packages that the other steps need", original: true, run: setup::run },
    Step { name: "cargo", about: "Rust tests, clippy, rustfmt, rustdoc", original: false, run: cargo::run },
    Step {
        name: "headers-fresh",
        about: "include/ and abi/*.map are what the Rust sources say",
        original: false,
        run: headers_fresh::run,
    },
    Step {
        name: "header-matrix",
        about: "the headers under every compiler, language and order of inclusion",
        original: false,
        run: header_matrix::run,
    },
    Step {
        name: "abi-tables",
        about: "constants, layouts and prototypes against the tables",
        original: true,
        run: abi_tables::run,
    },
    Step {
        name: "elf",
        about: "symbols, version nodes, dependencies and size of the shared libraries",
        original: false,
        run: elf::run,
    },
    Step {
        name: "archives",
        about: "the static libraries in other people's programs",
        original: false,
        run: archives::run,
    },
    Step {
        name: "vectors",
        about: "SQE bytes of every operation, inline and exported",
        original: true,
        run: vectors::run,
    },
    Step {
        name: "c-tests",
        about: "C programs for every way to link and every ring flavour",
        original: true,
        run: c_tests::run,
    },
    Step {
        name: "differential",
        about: "the same programs on the original's libraries and on ours",
        original: false,
        run: differential::run,
    },
    Step {
        name: "inline-differential",
        about: "the inline helpers of both headers on random rings and buffers",
        original: false,
        run: inline_differential::run,
    },
    Step {
        name: "sanitizers",
        about: "the C tests compiled with AddressSanitizer, UBSan and ThreadSanitizer",
        original: false,
        run: sanitizers::run,
    },
    Step { name: "valgrind", about: "the C tests under valgrind", original: false, run: valgrind::run },
    Step {
        name: "seccomp",
        about: "the C tests where parts of io_uring are hidden",
        original: false,
        run: old_kernel_filter::run,
    },
    Step { name: "kernels", about: "the C tests on old kernels in qemu", original: false, run: kernels::run },
    Step {
        name: "libaio-header",
        about: "libaio.h beside the original's, and on other architectures",
        original: false,
        run: libaio::header::run,
    },
    Step {
        name: "libaio-tests",
        about: "the C tests of libaio on the system's library and on ours",
        original: false,
        run: libaio::tests::run,
    },
    Step {
        name: "libaio-programs",
        about: "fio, qemu and sysbench on the system's libaio and on ours",
        original: false,
        run: libaio::programs::run,
    },
    Step { name: "loom", about: "models of what two threads do to a ring", original: false, run: loom::run },
    Step { name: "fuzz", about: "the fuzz targets, briefly", original: false, run: fuzz::run },
    Step { name: "untested-names", about: "functions that no C test calls", original: false, run: untested::run },
    Step {
        name: "install",
        about: "a staged install through pkg-config, and its removal",
        original: false,
        run: install::run,
    },
    Step {
        name: "instructions",
        about: "instructions of the hot path, beside the original's",
        original: false,
        run: instructions::run,
    },
    Step { name: "demo", about: "the examples, and make demo to its end", original: false, run: demo::run },
    Step { name: "hygiene", about: "scripts and tracked files", original: false, run: hygiene::run },
];

fn main() -> ExitCode {
    match run(Args::parse()) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("oxiring-check: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// How many checks failed.
fn run(args: Args) -> Result<usize> {
    if args.list {
        for step in STEPS {
            println!("{:<20} {}", step.name, step.about);
        }
        return Ok(0);
    }
    for name in args.only.iter().chain(&args.skip) {
        if !STEPS.iter().any(|step| step.name == name) {
            bail!("there is no step {name:?}; --list names them");
        }
    }

    let mut context = Context::new(&args.build, args.original.as_deref(), args.jobs)?;
    context.test_filter = args.test;
    context.all_kernels = args.all_kernels;
    context.fuzz_seconds = args.fuzz_seconds;
    let mut total = Total::default();
    for step in STEPS {
        let wanted = args.only.is_empty() || args.only.iter().any(|name| name == step.name);
        let left_out = args.skip.iter().any(|name| name == step.name);
        if !wanted || left_out || (context.original && !step.original) {
            continue;
        }
        let started = Instant::now();
        let mut report = Report::default();
        if let Err(error) = (step.run)(&context, &mut report) {
            report.fail("the step itself", format!("{error:#}"));
        }
        let log = context.log(step.name);
        report.write_log(&log)?;
        report.print(step.name, started.elapsed(), &log);
        total.add(&report);
    }
    println!("{total}");
    Ok(total.failed)
}
