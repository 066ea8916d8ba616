//! A choice of values, both computed.

/// `a` if the condition holds, `b` otherwise; both are computed, so that lanes need no branches. The
/// one that is not chosen has no effect, be it infinite or NaN.
#[inline(always)]
pub fn select<T>(condition: bool, a: T, b: T) -> T {
    if condition { a } else { b }
}
