//! Reductions of a list of numbers.
//!
//! Over nothing: sum and norm are 0, max and lse are −∞. lse is shifted by the maximum,
//! `m + ln Σ e^(x−m)`, and norm is scaled by the largest element, so neither overflows before its value does.

use super::Number;
use crate::ir::{Reducer, UnaryOp};

pub(crate) fn reduce<T: Number>(reducer: Reducer, elements: &[T]) -> T {
    match reducer {
        Reducer::Sum => elements.iter().fold(T::zero(), |sum, x| sum.add(x)),
        Reducer::Max => T::largest(elements),
        Reducer::Lse => {
            let max = reduce(Reducer::Max, elements);
            if max == T::neg_infinity() || max == T::neg_infinity().neg() {
                return max;
            }
            let shares: Vec<_> = elements
                .iter()
                .map(|x| x.sub(&max).unary(UnaryOp::Exp))
                .collect();
            max.add(&reduce(Reducer::Sum, &shares).unary(UnaryOp::Ln))
        }
        Reducer::Norm => norm(elements),
    }
}

/// Scaled by the largest element, so that no square overflows.
pub(super) fn norm<T: Number>(elements: &[T]) -> T {
    let largest = elements
        .iter()
        .fold(T::zero(), |max, x| max.larger(&x.unary(UnaryOp::Abs)));
    if largest.is_zero() || largest == T::neg_infinity().neg() {
        return largest;
    }
    let sum = elements.iter().fold(T::zero(), |sum, x| {
        let scaled = x.div(&largest);
        sum.add(&scaled.mul(&scaled))
    });
    largest.mul(&sum.unary(UnaryOp::Sqrt))
}

/// `2·atan2(‖â − b̂‖, ‖â + b̂‖)` (Kahan): accurate near 0 and π, where acos is not.
pub(super) fn angle<T: Number>(a: &[T], b: &[T]) -> T {
    let (na, nb) = (norm(a), norm(b));
    let two = T::from_f64(2.0);
    if na.is_zero() || nb.is_zero() {
        return T::pi().div(&two);
    }
    let (mut apart, mut together) = (Vec::new(), Vec::new());
    for (x, y) in a.iter().zip(b) {
        let (x, y) = (x.div(&na), y.div(&nb));
        apart.push(x.sub(&y));
        together.push(x.add(&y));
    }
    two.mul(&norm(&apart).atan2(&norm(&together)))
}
