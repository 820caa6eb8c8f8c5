//! What a step found, and how it is printed.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

/// The result of one check.
pub(crate) enum Verdict {
    Pass,
    Fail(String),
    Skip(String),
}

impl<E: fmt::Display> From<Result<(), E>> for Verdict {
    fn from(result: Result<(), E>) -> Self {
        match result {
            Ok(()) => Self::Pass,
            Err(details) => Self::Fail(format!("{details:#}")),
        }
    }
}

/// One check with its name.
pub(crate) struct Outcome {
    pub(crate) name: String,
    pub(crate) verdict: Verdict,
}

impl Outcome {
    pub(crate) fn new(name: impl Into<String>, verdict: impl Into<Verdict>) -> Self {
        Self { name: name.into(), verdict: verdict.into() }
    }
}

/// Everything one step found.
#[derive(Default)]
pub(crate) struct Report {
    passed: usize,
    failures: Vec<(String, String)>,
    skips: Vec<(String, String)>,
    notes: Vec<String>,
}

impl Report {
    /// How many checks failed so far.
    pub(crate) fn failed(&self) -> usize {
        self.failures.len()
    }

    pub(crate) fn pass(&mut self, count: usize) {
        self.passed += count;
    }

    pub(crate) fn fail(&mut self, name: impl Into<String>, details: impl Into<String>) {
        self.failures.push((name.into(), details.into()));
    }

    pub(crate) fn skip(&mut self, name: impl Into<String>, reason: impl Into<String>) {
        self.skips.push((name.into(), reason.into()));
    }

    /// Whether nothing was checked so far.
    pub(crate) fn is_empty(&self) -> bool {
        self.passed == 0 && self.failures.is_empty() && self.skips.is_empty()
    }

    /// A measurement that belongs on the line of the step.
    pub(crate) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    pub(crate) fn check(&mut self, name: impl Into<String>, verdict: impl Into<Verdict>) {
        self.add(Outcome::new(name, verdict));
    }

    pub(crate) fn add(&mut self, outcome: Outcome) {
        match outcome.verdict {
            Verdict::Pass => self.pass(1),
            Verdict::Fail(details) => self.fail(outcome.name, details),
            Verdict::Skip(reason) => self.skip(outcome.name, reason),
        }
    }

    pub(crate) fn extend(&mut self, outcomes: impl IntoIterator<Item = Outcome>) {
        for outcome in outcomes {
            self.add(outcome);
        }
    }

    /// Everything about the failures, for reading beside the terminal.
    pub(crate) fn write_log(&self, log: &Path) -> io::Result<()> {
        let mut text = String::new();
        for (name, details) in &self.failures {
            text.push_str(&format!("FAILED {name}\n{}\n\n", details.trim_end()));
        }
        for (name, reason) in &self.skips {
            text.push_str(&format!("skipped {name}: {reason}\n"));
        }
        fs::write(log, text)
    }

    pub(crate) fn print(&self, step: &str, took: Duration, log: &Path) {
        let mut line = format!(
            "{step:<20} {:>5} passed {:>3} failed {:>3} skipped  {:>6.1} s",
            self.passed,
            self.failures.len(),
            self.skips.len(),
            took.as_secs_f64(),
        );
        for note in &self.notes {
            line.push_str("  ");
            line.push_str(note);
        }
        println!("{line}");
        for (index, (name, details)) in self.failures.iter().enumerate() {
            println!("  FAILED {name}");
            if index < MAX_DETAILED {
                print_indented(details);
            }
        }
        if self.failures.len() > MAX_DETAILED {
            println!("  all details: {}", log.display());
        }
        for (reason, names) in self.skips_by_reason() {
            println!("  skip: {reason} ({})", shortened(&names));
        }
    }

    fn skips_by_reason(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, reason) in &self.skips {
            by_reason.entry(reason).or_default().push(name);
        }
        by_reason
    }
}

/// Enough of a long compiler output to see what is wrong; all of it is in the
/// step's log.
const MAX_LINES: usize = 30;

/// One mistake in a header is a failure in every mode.
const MAX_DETAILED: usize = 8;

fn print_indented(details: &str) {
    let lines: Vec<&str> = details.lines().collect();
    for line in lines.iter().take(MAX_LINES) {
        println!("    {line}");
    }
    if lines.len() > MAX_LINES {
        println!("    ... and {} more lines", lines.len() - MAX_LINES);
    }
}

fn shortened(names: &[&str]) -> String {
    const SHOWN: usize = 6;
    let mut text = names[..names.len().min(SHOWN)].join(", ");
    if names.len() > SHOWN {
        text.push_str(&format!(" and {} more", names.len() - SHOWN));
    }
    text
}

/// The sum over all steps.
#[derive(Default)]
pub(crate) struct Total {
    passed: usize,
    pub(crate) failed: usize,
    skipped: usize,
}

impl Total {
    pub(crate) fn add(&mut self, report: &Report) {
        self.passed += report.passed;
        self.failed += report.failures.len();
        self.skipped += report.skips.len();
    }
}

impl fmt::Display for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}
