//! Tables as files, with what one has to know to read the numbers.

use std::env;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use oxiring_bench::line::{Library, Line};
use oxiring_bench::peers::succeed;

/// The kernel, the processor and the tools, one in a line. Not the machine's
/// name.
pub(crate) fn surroundings() -> Vec<String> {
    let cc = env::var("CC").unwrap_or_else(|_| "cc".into());
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let processors = std::thread::available_parallelism().map_or(1, |count| count.get());
    vec![
        format!("kernel: {} {}", kernel.trim(), env::consts::ARCH),
        format!("processor: {} ({processors} usable)", model.map_or("unknown", |(_, name)| name.trim())),
        format!("C compiler: {}, -O2", first_line(&cc)),
        format!("Rust compiler: {}", first_line("rustc")),
        format!("instructions: {}", first_line("valgrind")),
        format!("libaio's programs: {}, {}", first_line("fio"), first_line("qemu-img")),
    ]
}

fn first_line(program: &str) -> String {
    let printed = succeed(Command::new(program).arg("--version"));
    printed.ok().and_then(|(stdout, _)| stdout.lines().next().map(str::to_owned)).unwrap_or_else(|| "none".into())
}

pub(crate) fn write(path: &Path, about: &str, surroundings: &[String], lines: &[Line]) -> Result<()> {
    let text = text(about, surroundings, lines)?;
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir)?;
    }
    fs::write(path, text).with_context(|| format!("{}", path.display()))
}

fn text(about: &str, surroundings: &[String], lines: &[Line]) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    writeln!(text, "# {about}")?;
    for line in surroundings {
        writeln!(text, "# {line}")?;
    }
    let mut writer = csv::Writer::from_writer(text);
    let columns = Library::columns(lines);
    let names: Vec<&str> = columns.iter().map(|library| library.name()).collect();
    let after = ["ratio against", "ratio min", "ratio median", "ratio max", "bound", "met"];
    writer.write_record(["case", "unit"].iter().chain(&names).chain(&after))?;
    for line in lines {
        let mut record = vec![line.case.clone(), line.unit.to_owned()];
        record.extend(columns.iter().map(|library| number(line.value(*library))));
        record.push(line.against.map_or(String::new(), |library| library.name().to_owned()));
        record.extend([
            number(line.ratio.map(|ratio| ratio.min)),
            number(line.ratio.map(|ratio| ratio.median)),
            number(line.ratio.map(|ratio| ratio.max)),
            number(line.bound),
            line.met().map_or("", |met| if met { "yes" } else { "no" }).to_owned(),
        ]);
        writer.write_record(&record)?;
    }
    writer.into_inner().context("csv")
}

fn number(value: Option<f64>) -> String {
    value.map_or(String::new(), |value| {
        let text = format!("{value:.3}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_comments_and_a_head() {
        let line = Line::exact("a, b", "ns", &[(Library::Ours, 10.0), (Library::V2_3, 20.5)]).bound(1.0);
        let text = String::from_utf8(text("about", &["kernel: x".into()], &[line]).unwrap()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[..2], ["# about", "# kernel: x"]);
        assert!(lines[2].starts_with("case,unit,oxiring,liburing 2.3,"));
        assert_eq!(lines[3], "\"a, b\",ns,10,20.5,,,liburing 2.3,0.488,0.488,0.488,1,yes");
    }
}
