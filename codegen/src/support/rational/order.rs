//! The exact order of rationals, without products that could overflow.

use super::Rational;
use std::cmp::Ordering;

impl Ord for Rational {
    /// Exact: compares the continued fractions, so that no product can overflow.
    fn cmp(&self, other: &Rational) -> Ordering {
        let (mut a, mut b) = (*self, *other);
        let mut order_of_parts = true;
        loop {
            let (floor_a, floor_b) = (a.floor(), b.floor());
            let parts = floor_a.numerator.cmp(&floor_b.numerator);
            let rest_a = a.numerator.rem_euclid(a.denominator);
            let rest_b = b.numerator.rem_euclid(b.denominator);
            let order = match (parts, rest_a == 0, rest_b == 0) {
                (Ordering::Equal, false, false) => None,
                (Ordering::Equal, true, true) => Some(Ordering::Equal),
                (Ordering::Equal, true, false) => Some(Ordering::Less),
                (Ordering::Equal, false, true) => Some(Ordering::Greater),
                (unequal, _, _) => Some(unequal),
            };
            if let Some(order) = order {
                return if order_of_parts {
                    order
                } else {
                    order.reverse()
                };
            }
            // Fractional parts r/d compare opposite to their reciprocals d/r.
            a = Rational {
                numerator: a.denominator,
                denominator: rest_a,
            };
            b = Rational {
                numerator: b.denominator,
                denominator: rest_b,
            };
            order_of_parts = !order_of_parts;
        }
    }
}

impl PartialOrd for Rational {
    fn partial_cmp(&self, other: &Rational) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
