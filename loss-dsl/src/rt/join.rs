//! Work in two halves, and totals of parts as one: what blocks of rows and pieces of a row have in common.

use super::Float;

#[cfg(feature = "parallel")]
pub(super) use rayon::join;

#[cfg(not(feature = "parallel"))]
pub(super) fn join<A, B>(first: impl FnOnce() -> A, second: impl FnOnce() -> B) -> (A, B) {
    (first(), second())
}

/// How totals of parts are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    /// They are added.
    Sum,
    /// The larger one; NaN if either is NaN.
    Max,
    /// The smaller one; NaN if either is NaN.
    Min,
}

impl Join {
    /// The total of nothing.
    pub(super) fn identity(self) -> f64 {
        match self {
            Self::Sum => 0.0,
            Self::Max => f64::NEG_INFINITY,
            Self::Min => f64::INFINITY,
        }
    }

    /// The total of two parts.
    pub(super) fn fold(self, a: f64, b: f64) -> f64 {
        match self {
            Self::Sum => a + b,
            Self::Max => a.larger(b),
            Self::Min => a.smaller(b),
        }
    }
}

/// Cuts each of `whole` in two.
pub(super) fn cut_each<T, A, B, const K: usize>(
    whole: [T; K],
    cut: impl Fn(T) -> (A, B),
) -> ([A; K], [B; K]) {
    let mut high = [const { None }; K];
    let mut slots = high.iter_mut();
    let low = whole.map(|one| {
        let (low, high) = cut(one);
        *slots.next().expect("a slot for each") = Some(high);
        low
    });
    (low, high.map(|high| high.expect("each was cut")))
}

/// Runs the work on a thread of the pool, and waits for it; here, if this is one already or there is no pool.
#[cfg(feature = "parallel")]
pub(crate) fn on_worker(work: impl FnOnce() + Send) {
    rayon::scope(|_| work());
}

/// Runs the work.
#[cfg(not(feature = "parallel"))]
pub(crate) fn on_worker(work: impl FnOnce() + Send) {
    work();
}
