//! Axes and dimensions.
//!
//! A *dimension* is something with an extent (the batch, the classes); an *axis*
//! is a name under which a dimension is indexed. `axis M like N` gives a second
//! axis over the dimension of `N`. A tensor's type is its set of axes, so sets
//! are the currency of the whole compiler: they are bit masks.

/// A dimension: what an extent belongs to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DimId(pub u8);

/// An axis: a name over a dimension. Ids follow the order of declaration.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AxisId(pub u8);

/// A named axis over a dimension.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Axis {
    /// The name in the definition; axes that the compiler made have a prime.
    pub name: String,
    /// The dimension that it runs over.
    pub dim: DimId,
}

/// The most axes that one definition may have, those made by the compiler included.
pub const MAX_AXES: usize = 64;

/// A set of axes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct AxisSet(u64);

impl AxisSet {
    /// No axes: the type of a scalar.
    pub const EMPTY: AxisSet = AxisSet(0);

    /// The set of one axis.
    pub fn of(axis: AxisId) -> Self {
        AxisSet(1 << axis.0)
    }

    /// Whether `axis` is a member.
    pub fn contains(self, axis: AxisId) -> bool {
        self.0 & (1 << axis.0) != 0
    }

    /// Members of either.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        AxisSet(self.0 | other.0)
    }

    /// Members of both.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        AxisSet(self.0 & other.0)
    }

    /// Members of `self` that are not in `other`.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        AxisSet(self.0 & !other.0)
    }

    /// Whether there is no member.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether every member is in `other`.
    pub fn is_subset(self, other: Self) -> bool {
        self.minus(other).is_empty()
    }

    /// Whether the two have no member in common.
    pub fn is_disjoint(self, other: Self) -> bool {
        self.intersection(other).is_empty()
    }

    /// How many members.
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// The members in order of declaration.
    pub fn iter(self) -> impl Iterator<Item = AxisId> {
        (0..MAX_AXES as u8)
            .map(AxisId)
            .filter(move |&axis| self.contains(axis))
    }
}

impl FromIterator<AxisId> for AxisSet {
    fn from_iter<T: IntoIterator<Item = AxisId>>(axes: T) -> Self {
        axes.into_iter()
            .fold(AxisSet::EMPTY, |set, axis| set.union(AxisSet::of(axis)))
    }
}
