//! The list of what is meant to differ, and the comparison that reads it.
//!
//! An entry begins with a line `== LIST PROGRAM / PART / STREAM`, where LIST may
//! be several with commas between them. Lines after it that begin with `-` and
//! `+` are all the difference between the original and ours in that part. Where
//! one cause touches many parts, a line with `<` and one with `>` say instead
//! how a line of the original becomes ours: `{a}` is text that both have, `{*}`
//! is text that is not compared, and PROGRAM and PART may end with `*`. Text
//! before an entry is its reason, and that of the entries after it until there
//! is other text. Lines with `#` are comments.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{bail, Context as _, Result};

use super::section::{Sections, Stream};
use super::Comparison;

/// What an entry is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum List {
    /// Our library instead of 2.3's.
    V2_3,
    /// Our library instead of 2.15's.
    V2_15,
    /// Our header instead of 2.3's, on 2.3's library.
    Header2_3,
    /// Our header instead of 2.15's, on 2.15's library.
    Header2_15,
}

impl List {
    const ALL: [Self; 4] = [Self::V2_3, Self::V2_15, Self::Header2_3, Self::Header2_15];

    fn name(self) -> &'static str {
        match self {
            Self::V2_3 => "2.3",
            Self::V2_15 => "2.15",
            Self::Header2_3 => "2.3-header",
            Self::Header2_15 => "2.15-header",
        }
    }
}

/// What stands above the entry that is being read.
#[derive(PartialEq, Eq)]
enum Reason {
    Missing,
    New,
    Used,
}

struct Rewrite {
    from: Option<Pattern>,
    to: Option<Pattern>,
    seen: AtomicBool,
}

struct Entry {
    list: List,
    program: String,
    part: String,
    stream: Stream,
    difference: Vec<String>,
    rewrites: Vec<Rewrite>,
    seen: AtomicBool,
}

impl Entry {
    fn title(&self) -> String {
        format!("== {} {} / {} / {}", self.list.name(), self.program, self.part, self.stream.name())
    }

    fn add_line(&mut self, line: &str) {
        match line.chars().next() {
            Some('-' | '+') => self.difference.push(line.to_owned()),
            Some('<') => {
                let from = Some(Pattern::parse(&line[1..]));
                self.rewrites.push(Rewrite { from, to: None, seen: AtomicBool::new(false) });
            }
            Some('>') => {
                let to = Some(Pattern::parse(&line[1..]));
                match self.rewrites.last_mut() {
                    Some(last) if last.to.is_none() => last.to = to,
                    _ => self.rewrites.push(Rewrite { from: None, to, seen: AtomicBool::new(false) }),
                }
            }
            _ => {}
        }
    }

    fn is_for(&self, list: List, program: &str, part: &str, stream: Stream) -> bool {
        self.list == list
            && self.stream == stream
            && name_matches(&self.program, program)
            && name_matches(&self.part, part)
    }
}

fn name_matches(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |start| name.starts_with(start))
}

pub(super) struct Deviations(Vec<Entry>);

impl Deviations {
    pub(super) fn parse(text: &str) -> Result<Self> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut open = 0;
        let mut reason = Reason::Missing;
        for (number, line) in text.lines().enumerate() {
            let at = || format!("deviations.txt:{}: {line:?}", number + 1);
            if let Some(title) = line.strip_prefix("== ") {
                if reason == Reason::Missing {
                    bail!("{}: no reason", at());
                }
                reason = Reason::Used;
                open = entries.len();
                entries.extend(parse_title(title).with_context(at)?);
            } else if line.starts_with(['-', '+', '<', '>']) {
                if reason != Reason::Used {
                    bail!("{}: belongs to no entry", at());
                }
                // A title that names two versions made two entries.
                entries[open..].iter_mut().for_each(|entry| entry.add_line(line));
            } else if !line.is_empty() && !line.starts_with('#') {
                reason = Reason::New;
            }
        }
        for entry in &entries {
            if entry.difference.is_empty() == entry.rewrites.is_empty() {
                bail!("deviations.txt: either - and + lines, or < and > lines: {}", entry.title());
            }
        }
        Ok(Self(entries))
    }

    /// `Err` with the differences that are not listed, as they would stand in
    /// the list.
    pub(super) fn compare(
        &self,
        comparison: &Comparison,
        program: &str,
        original: &Sections,
        ours: &Sections,
    ) -> Result<(), String> {
        let list = comparison.list;
        let mut unlisted = String::new();
        for (part, stream) in parts_of_both(original, ours) {
            let mut before = original.lines(stream, part).to_vec();
            let mut after = ours.lines(stream, part).to_vec();
            let entries: Vec<&Entry> =
                self.0.iter().filter(|entry| entry.is_for(list, program, part, stream)).collect();
            if before != after {
                for rewrite in entries.iter().flat_map(|entry| &entry.rewrites) {
                    rewrite.apply(&mut before, &mut after, comparison.all_of_list);
                }
            }
            let difference = difference(&before, &after);
            if difference.is_empty() {
                continue;
            }
            match entries.iter().find(|entry| entry.difference == difference) {
                Some(entry) if comparison.all_of_list => entry.seen.store(true, Ordering::Relaxed),
                Some(_) => {}
                None => {
                    let title = format!("== {} {program} / {part} / {}", list.name(), stream.name());
                    unlisted.push_str(&format!("{title}\n{}\n", difference.join("\n")));
                }
            }
        }
        if unlisted.is_empty() {
            Ok(())
        } else {
            Err(unlisted)
        }
    }

    /// `Err` with the entries that described nothing.
    pub(super) fn all_seen(&self) -> Result<(), String> {
        let mut unseen = Vec::new();
        for entry in &self.0 {
            if !entry.difference.is_empty() && !entry.seen.load(Ordering::Relaxed) {
                unseen.push(format!("no longer differs: {}", entry.title()));
            }
            for rewrite in &entry.rewrites {
                if !rewrite.seen.load(Ordering::Relaxed) {
                    let side = rewrite.from.as_ref().or(rewrite.to.as_ref());
                    let line = side.map(|pattern| pattern.source.as_str()).unwrap_or_default();
                    unseen.push(format!("no longer differs: {}: {line}", entry.title()));
                }
            }
        }
        if unseen.is_empty() {
            Ok(())
        } else {
            Err(unseen.join("\n"))
        }
    }
}

fn parse_title(title: &str) -> Result<Vec<Entry>> {
    let fields: Vec<&str> = title.split(" / ").collect();
    let [first, part, stream] = fields[..] else {
        bail!("not \"== LIST PROGRAM / PART / STREAM\"");
    };
    let (lists, program) = first.split_once(' ').context("no program")?;
    let stream = [Stream::Output, Stream::Trace].into_iter().find(|known| known.name() == stream);
    let stream = stream.context("neither output nor trace")?;
    let entry = |name: &str| {
        let list = List::ALL.into_iter().find(|known| known.name() == name).context("unknown list")?;
        Ok(Entry {
            list,
            program: program.to_owned(),
            part: part.to_owned(),
            stream,
            difference: Vec::new(),
            rewrites: Vec::new(),
            seen: AtomicBool::new(false),
        })
    };
    lists.split(',').map(entry).collect()
}

fn parts_of_both<'a>(original: &'a Sections, ours: &'a Sections) -> Vec<(&'a str, Stream)> {
    let mut parts: Vec<(&str, Stream)> = Vec::new();
    for section in original.0.iter().chain(&ours.0) {
        let key = (section.part.as_str(), section.stream);
        if !parts.contains(&key) {
            parts.push(key);
        }
    }
    parts
}

impl Rewrite {
    /// Brings both sides to one form.
    fn apply(&self, original: &mut Vec<String>, ours: &mut Vec<String>, note: bool) {
        let mut changed = false;
        match (&self.from, &self.to) {
            (Some(from), Some(to)) => {
                for line in original.iter_mut() {
                    if let Some(found) = from.find(line) {
                        *line = to.render(&found);
                        changed = true;
                    }
                }
                for line in ours.iter_mut() {
                    if let Some(found) = to.find(line) {
                        *line = to.render(&found);
                    }
                }
            }
            (Some(only), None) => changed = remove(original, only),
            (None, Some(only)) => changed = remove(ours, only),
            (None, None) => {}
        }
        if changed && note {
            self.seen.store(true, Ordering::Relaxed);
        }
    }
}

fn remove(lines: &mut Vec<String>, pattern: &Pattern) -> bool {
    let before = lines.len();
    lines.retain(|line| pattern.find(line).is_none());
    lines.len() != before
}

enum Piece {
    Text(String),
    Name(String),
}

/// A line with places for other text.
struct Pattern {
    source: String,
    pieces: Vec<Piece>,
}

/// What stood in the places.
type Found = Vec<(String, String)>;

const NOT_COMPARED: &str = "*";

impl Pattern {
    fn parse(source: &str) -> Self {
        let mut pieces = Vec::new();
        let mut rest = source;
        // Traces have braces of their own: a place is one word in braces.
        while let Some((at, name)) = next_place(rest) {
            pieces.push(Piece::Text(rest[..at].to_owned()));
            pieces.push(Piece::Name(name.to_owned()));
            rest = &rest[at + name.len() + 2..];
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Self { source: source.to_owned(), pieces }
    }

    fn find(&self, line: &str) -> Option<Found> {
        let mut found = Found::new();
        find(&self.pieces, line, &mut found).then_some(found)
    }

    fn render(&self, found: &Found) -> String {
        let mut line = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => line.push_str(text),
                Piece::Name(name) if name == NOT_COMPARED => line.push_str(NOT_COMPARED),
                Piece::Name(name) => {
                    let value = found.iter().find(|(known, _)| known == name);
                    line.push_str(value.map_or("", |(_, value)| value));
                }
            }
        }
        line
    }
}

fn next_place(text: &str) -> Option<(usize, &str)> {
    text.match_indices('{').find_map(|(at, _)| {
        let (name, _) = text[at + 1..].split_once('}')?;
        let is_name = name == NOT_COMPARED || (name.len() == 1 && name.as_bytes()[0].is_ascii_lowercase());
        is_name.then_some((at, name))
    })
}

fn find(pieces: &[Piece], line: &str, found: &mut Found) -> bool {
    match pieces {
        [] => line.is_empty(),
        [Piece::Text(text), rest @ ..] => line.strip_prefix(text.as_str()).is_some_and(|line| find(rest, line, found)),
        [Piece::Name(name), rest @ ..] => {
            let ends = line.char_indices().map(|(at, _)| at).chain([line.len()]);
            for end in ends {
                found.push((name.clone(), line[..end].to_owned()));
                if find(rest, &line[end..], found) {
                    return true;
                }
                found.pop();
            }
            false
        }
    }
}

/// The shortest list of removed and added lines, in their order.
fn difference(before: &[String], after: &[String]) -> Vec<String> {
    // common[i][j]: how many lines before[i..] and after[j..] share in order.
    let mut common = vec![vec![0_usize; after.len() + 1]; before.len() + 1];
    for i in (0..before.len()).rev() {
        for j in (0..after.len()).rev() {
            common[i][j] =
                if before[i] == after[j] { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut lines = Vec::new();
    while i < before.len() || j < after.len() {
        if i < before.len() && j < after.len() && before[i] == after[j] {
            i += 1;
            j += 1;
        } else if j == after.len() || (i < before.len() && common[i + 1][j] >= common[i][j + 1]) {
            lines.push(format!("-{}", before[i]));
            i += 1;
        } else {
            lines.push(format!("+{}", after[j]));
            j += 1;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTED: Comparison = Comparison {
        original: (super::super::Headers::V2_15, super::super::Library::V2_15),
        other: (super::super::Headers::V2_15, super::super::Library::Ours),
        list: List::V2_15,
        all_of_list: true,
    };

    fn output(text: &str) -> Sections {
        let mut sections = Sections::default();
        sections.add_output(text);
        sections
    }

    #[test]
    fn an_unlisted_difference_is_told() {
        let none = Deviations::parse("").unwrap();
        assert_eq!(none.compare(&LISTED, "x", &output("== a\n1\n2"), &output("== a\n1\n2")), Ok(()));
        let told = none.compare(&LISTED, "x", &output("== a\n1\n2"), &output("== a\n1\n3"));
        assert_eq!(told, Err("== 2.15 x / a / output\n-2\n+3\n".into()));
        assert!(none.compare(&LISTED, "x", &output("== a\n1"), &output("")).is_err());
    }

    #[test]
    fn a_listed_difference_must_be_exact_and_occur() {
        let list = Deviations::parse("because\n\n== 2.15 x / a / output\n-2\n+3\n").unwrap();
        assert!(list.all_seen().is_err());
        assert!(list.compare(&LISTED, "x", &output("== a\n2\n4"), &output("== a\n3\n5")).is_err());
        assert!(list.compare(&LISTED, "y", &output("== a\n2"), &output("== a\n3")).is_err());
        assert!(list.all_seen().is_err());
        assert!(list.compare(&LISTED, "x", &output("== a\n2"), &output("== a\n3")).is_ok());
        assert!(list.all_seen().is_ok());
    }

    #[test]
    fn a_reason_is_needed() {
        assert!(Deviations::parse("== 2.15 x / a / output\n-2\n+3\n").is_err());
        assert!(Deviations::parse("because\n== 2.15 x / a / output\n").is_err());
        assert!(Deviations::parse("because\n-2\n+3\n").is_err());
        assert!(Deviations::parse("because\n== 2.3,2.15 x / a / output\n-2\n+3\n").is_ok());
        assert!(Deviations::parse("because\n== 2.4 x / a / output\n-2\n+3\n").is_err());
    }

    #[test]
    fn rewritten_lines_keep_what_is_named() {
        let list = Deviations::parse("why\n== 2.15 * / * / output\n<size {*} of {a}\n>bytes {*} of {a}\n").unwrap();
        let ours = output("== a\nbytes 9 of x\nend");
        assert!(list.compare(&LISTED, "x", &output("== a\nsize 7 of y\nend"), &ours).is_err());
        assert!(list.compare(&LISTED, "x", &output("== a\nsize 7 of x\nfin"), &ours).is_err());
        assert!(list.compare(&LISTED, "x", &output("== a\nsize 7 of x\nend"), &ours).is_ok());
        assert!(list.all_seen().is_ok());
    }
}
