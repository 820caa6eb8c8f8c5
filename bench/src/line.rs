//! One measurement, set against the same one on other libraries.

use std::fmt;

/// What was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Library {
    /// This one.
    Ours,
    /// The original, of Debian 12.
    V2_3,
    /// The original that this library stands in for.
    V2_15,
    /// The crate `io-uring`, which does the same in Rust without liburing.
    Crate,
    /// No ring at all: epoll(7).
    Epoll,
    /// No ring at all: `io_submit(2)` and its relatives, which libaio calls.
    KernelAio,
    /// No ring at all: aio(7), the threads of the C library.
    PosixAio,
}

impl Library {
    /// Those that every table has, in its order.
    pub const ALL: [Self; 4] = [Self::Ours, Self::V2_3, Self::V2_15, Self::Crate];

    /// Those without a ring, which a table has when one of its lines does.
    const RINGLESS: [Self; 3] = [Self::Epoll, Self::KernelAio, Self::PosixAio];

    /// How tables and the chart call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ours => "oxiring",
            Self::V2_3 => "liburing 2.3",
            Self::V2_15 => "liburing 2.15",
            Self::Crate => "io-uring crate",
            Self::Epoll => "epoll",
            Self::KernelAio => "kernel AIO",
            Self::PosixAio => "glibc AIO",
        }
    }

    /// The columns of a table with these lines.
    pub fn columns(lines: &[Line]) -> Vec<Self> {
        let measured = |library: &Self| lines.iter().any(|line| line.value(*library).is_some());
        Self::ALL.into_iter().chain(Self::RINGLESS.into_iter().filter(measured)).collect()
    }

    /// Not the crate, which has another interface.
    fn sets_bounds(self) -> bool {
        !matches!(self, Self::Ours | Self::Crate)
    }
}

/// Smallest, middle and largest of several values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The smallest.
    pub min: f64,
    /// The middle one.
    pub median: f64,
    /// The largest.
    pub max: f64,
}

impl Spread {
    /// `None` for no values.
    pub fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        Some(Self {
            min: *sorted.first()?,
            median: if sorted.len() % 2 == 1 { sorted[middle] } else { (sorted[middle - 1] + sorted[middle]) / 2.0 },
            max: *sorted.last()?,
        })
    }
}

/// A row of a table.
#[derive(Clone, Debug)]
pub struct Line {
    /// What was done.
    pub case: String,
    /// What the values count.
    pub unit: &'static str,
    /// The value for each library; the smallest where there were rounds, for
    /// what else the machine does can only make it larger.
    pub values: Vec<(Library, f64)>,
    /// The best of the peers, which the ratio is against.
    pub against: Option<Library>,
    /// Ours divided by theirs, round by round.
    pub ratio: Option<Spread>,
    /// What the median of the ratio may be.
    pub bound: Option<f64>,
}

impl Line {
    /// From the values of rounds in which every library had its turn.
    pub fn from_rounds(case: impl Into<String>, unit: &'static str, rounds: &[(Library, Vec<f64>)]) -> Self {
        let values: Vec<(Library, f64)> =
            rounds.iter().filter_map(|(library, values)| Some((*library, Spread::of(values)?.min))).collect();
        let against = values
            .iter()
            .filter(|(library, _)| library.sets_bounds())
            .min_by(|(_, a), (_, b)| a.total_cmp(b))
            .map(|(library, _)| *library);
        let of = |wanted: Library| rounds.iter().find(|(library, _)| *library == wanted).map(|(_, values)| values);
        let ratio = match (of(Library::Ours), against.and_then(of)) {
            (Some(ours), Some(theirs)) => {
                let ratios: Vec<f64> = ours.iter().zip(theirs).map(|(ours, theirs)| quotient(*ours, *theirs)).collect();
                Spread::of(&ratios)
            }
            _ => None,
        };
        Self { case: case.into(), unit, values, against, ratio, bound: None }
    }

    /// From values that are the same in every round.
    pub fn exact(case: impl Into<String>, unit: &'static str, values: &[(Library, f64)]) -> Self {
        let rounds: Vec<(Library, Vec<f64>)> = values.iter().map(|(library, value)| (*library, vec![*value])).collect();
        Self::from_rounds(case, unit, &rounds)
    }

    /// With a bound for the ratio.
    #[must_use]
    pub fn bound(mut self, bound: f64) -> Self {
        self.bound = Some(bound);
        self
    }

    /// The value for one library.
    pub fn value(&self, wanted: Library) -> Option<f64> {
        self.values.iter().find(|(library, _)| *library == wanted).map(|(_, value)| *value)
    }

    /// Whether the ratio is within its bound; `None` where there is nothing to
    /// compare or no bound.
    pub fn met(&self) -> Option<bool> {
        // Sums of instructions divided by numbers of operations are not exact
        // in binary.
        Some(self.ratio?.median <= self.bound? + 1e-9)
    }
}

/// Nothing against nothing is equal: a library without relocations cannot have
/// fewer.
fn quotient(ours: f64, theirs: f64) -> f64 {
    if ours == theirs {
        1.0
    } else {
        ours / theirs
    }
}

/// A line, with these columns.
pub struct Row<'a>(pub &'a Line, pub &'a [Library]);

impl fmt::Display for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(line, columns) = self;
        write!(f, "{:<48}", line.case)?;
        for library in *columns {
            match line.value(*library) {
                Some(value) => write!(f, " {value:>14.2}")?,
                None => write!(f, " {:>14}", "-")?,
            }
        }
        if let (Some(ratio), Some(against)) = (line.ratio, line.against) {
            write!(f, "   {:.3} {:.3} {:.3}", ratio.min, ratio.median, ratio.max)?;
            write!(f, " of {:<13}", against.name().trim_start_matches("liburing "))?;
        }
        match (line.bound, line.met()) {
            (Some(bound), Some(true)) => write!(f, " <= {bound:.2}"),
            (Some(bound), Some(false)) => write!(f, " <= {bound:.2} MISSED"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_original_is_what_counts() {
        let values = [(Library::Ours, 50.0), (Library::V2_3, 60.0), (Library::V2_15, 40.0), (Library::Crate, 10.0)];
        let line = Line::exact("x", "instructions", &values).bound(1.0);
        assert_eq!(line.against, Some(Library::V2_15));
        assert_eq!(line.met(), Some(false));
        let line = Line::exact("x", "instructions", &values[..2]).bound(1.0);
        assert_eq!(line.met(), Some(true));
        let line = Line::exact("x", "instructions", &values[..1]).bound(1.0);
        assert_eq!(line.met(), None);
    }

    #[test]
    fn ratios_are_taken_round_by_round() {
        // The machine was twice as slow in the second round.
        let rounds = [(Library::Ours, vec![10.0, 20.0, 11.0]), (Library::V2_3, vec![10.0, 20.0, 10.0])];
        let ratio = Line::from_rounds("x", "ns", &rounds).ratio.unwrap();
        assert_eq!((ratio.min, ratio.median), (1.0, 1.0));
        assert!((ratio.max - 1.1).abs() < 1e-9);
    }

    #[test]
    fn what_has_no_ring_has_a_column_where_it_was_measured() {
        let line = Line::exact("x", "ns", &[(Library::Ours, 10.0), (Library::V2_15, 20.0)]);
        assert_eq!(Library::columns(std::slice::from_ref(&line)), Library::ALL);
        let beside = Line::exact("x", "ns", &[(Library::Ours, 10.0), (Library::Epoll, 20.0)]);
        assert_eq!(beside.against, Some(Library::Epoll));
        assert_eq!(Library::columns(&[line, beside]).last(), Some(&Library::Epoll));
        let beside = Line::exact("x", "ns", &[(Library::Ours, 10.0), (Library::KernelAio, 20.0)]);
        assert_eq!(beside.against, Some(Library::KernelAio));
        assert_eq!(Library::columns(&[beside])[4..], [Library::KernelAio]);
    }

    #[test]
    fn none_is_as_good_as_none() {
        let values = [(Library::Ours, 0.0), (Library::V2_15, 0.0)];
        assert_eq!(Line::exact("NEEDED", "entries", &values).bound(1.0).met(), Some(true));
        let values = [(Library::Ours, 1.0), (Library::V2_15, 0.0)];
        assert_eq!(Line::exact("NEEDED", "entries", &values).bound(1.0).met(), Some(false));
    }
}
