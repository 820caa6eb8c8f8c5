//! What one run showed, cut into the parts of its program.

/// The two things that are compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stream {
    Output,
    Trace,
}

impl Stream {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Output => "output",
            Self::Trace => "trace",
        }
    }
}

/// The lines of one part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Section {
    pub(super) part: String,
    pub(super) stream: Stream,
    pub(super) lines: Vec<String>,
}

/// All parts of a run, in the order in which they were first seen.
#[derive(Default, Debug)]
pub(super) struct Sections(pub(super) Vec<Section>);

impl Sections {
    pub(super) fn push(&mut self, stream: Stream, part: &str, line: Option<String>) {
        let index = self.0.iter().position(|section| section.stream == stream && section.part == part);
        let index = index.unwrap_or_else(|| {
            self.0.push(Section { part: part.to_owned(), stream, lines: Vec::new() });
            self.0.len() - 1
        });
        self.0[index].lines.extend(line);
    }

    pub(super) fn lines(&self, stream: Stream, part: &str) -> &[String] {
        let found = self.0.iter().find(|section| section.stream == stream && section.part == part);
        found.map_or(&[], |section| &section.lines)
    }

    /// Lines after "== name" belong to that part.
    pub(super) fn add_output(&mut self, text: &str) {
        let mut part = "";
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("== ") {
                part = name;
                self.push(Stream::Output, part, None);
            } else {
                self.push(Stream::Output, part, Some(line.to_owned()));
            }
        }
    }
}
