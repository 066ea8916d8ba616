//! The axes of random programs.

/// An axis, by its place in [`AXES`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Axis(u8);

/// Names, and for second indices the axis that they are like.
const AXES: [(&str, Option<u8>); 6] = [
    ("N", None),
    ("C", None),
    ("D", None),
    ("T", None),
    ("M", Some(0)),
    ("B", Some(1)),
];

/// The axes of batches.
pub(super) const BATCH: [Axis; 2] = [Axis(0), Axis(3)];

impl Axis {
    pub(super) fn all() -> impl Iterator<Item = Axis> + Clone {
        (0..AXES.len() as u8).map(Axis)
    }

    pub(super) fn name(self) -> &'static str {
        AXES[usize::from(self.0)].0
    }

    /// The axis that arrays are declared over.
    pub(super) fn base(self) -> Axis {
        Axis(AXES[usize::from(self.0)].1.unwrap_or(self.0))
    }

    pub(super) fn is_second(self) -> bool {
        self.base() != self
    }

    /// Whether labels point into it.
    pub(super) fn is_classes(self) -> bool {
        matches!(self.base().name(), "C" | "D")
    }
}

/// A set of axes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Axes(u8);

impl Axes {
    pub(super) fn of(axis: Axis) -> Self {
        Axes(1 << axis.0)
    }

    pub(super) fn contains(self, axis: Axis) -> bool {
        self.0 >> axis.0 & 1 == 1
    }

    pub(super) fn union(self, other: Axes) -> Axes {
        Axes(self.0 | other.0)
    }

    pub(super) fn minus(self, other: Axes) -> Axes {
        Axes(self.0 & !other.0)
    }

    pub(super) fn is_subset(self, other: Axes) -> bool {
        self.0 & !other.0 == 0
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    pub(super) fn iter(self) -> impl Iterator<Item = Axis> + Clone {
        Axis::all().filter(move |&axis| self.contains(axis))
    }
}

impl FromIterator<Axis> for Axes {
    fn from_iter<I: IntoIterator<Item = Axis>>(axes: I) -> Self {
        axes.into_iter()
            .fold(Axes::default(), |set, axis| set.union(Axes::of(axis)))
    }
}
