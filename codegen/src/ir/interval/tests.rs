//! Every interval encloses: points of the arguments are mapped in arbitrary precision, and must land inside.

use super::{Range, binary, reduce, unary};
use crate::ir::eval::exact::at_precision;
use crate::ir::eval::{self, Exact, Number};
use crate::ir::{BinaryOp, Reducer, UnaryOp};
use crate::support::rational::Rational;

const TINY: f64 = 1e-300;

/// Ends of intervals: infinities, the points where functions change sign or domain, and the edges of floats.
const ENDS: [f64; 14] = [
    f64::NEG_INFINITY,
    -f64::MAX,
    -2.5,
    -1.0,
    -0.1,
    -TINY,
    0.0,
    TINY,
    0.1,
    1.0,
    3.0,
    std::f64::consts::PI,
    f64::MAX,
    f64::INFINITY,
];

/// Intervals of all shapes: every third of them if `few`.
fn ranges(few: bool) -> Vec<Range> {
    let mut found = vec![];
    for (i, &lo) in ENDS.iter().enumerate() {
        for &hi in &ENDS[i..] {
            for (lo_open, hi_open) in [(false, false), (true, true), (true, false), (false, true)] {
                let range = Range {
                    lo,
                    hi,
                    lo_open,
                    hi_open,
                };
                found.push(range);
            }
        }
    }
    found.retain(|range| !range.is_empty());
    found.into_iter().step_by(if few { 7 } else { 1 }).collect()
}

/// Points of an interval: its ends or what is next to them, and what lies between.
fn points(range: Range) -> Vec<f64> {
    let (lo, hi) = (range.lo, range.hi);
    let inner = (lo.max(-10.0) + hi.min(10.0)) / 2.0;
    let mut points = vec![lo, lo.next_up(), inner, hi.next_down(), hi];
    points.extend(ENDS);
    points.extend([0.5, -0.5, 2.0, 700.0]);
    points.retain(|&x| range.contains(x));
    points.sort_by(f64::total_cmp);
    points.dedup();
    points
}

/// Whether the interval has room for the value; what is not defined needs none.
fn encloses(range: Range, value: &Exact) -> bool {
    let (lo, hi) = (Exact::from_f64(range.lo), Exact::from_f64(range.hi));
    let above = *value > lo || (*value == lo && !range.lo_open);
    let below = *value < hi || (*value == hi && !range.hi_open);
    value.is_nan() || (above && below)
}

#[track_caller]
fn check(range: Range, value: &Exact, what: &dyn std::fmt::Debug) {
    assert!(
        encloses(range, value),
        "{what:?}: {value:?} ({:e}) is not in {range:?}",
        value.to_f64()
    );
}

/// Whether the result, and its distance from a limit, has no more digits than an `Exact` has.
fn is_representable(op: UnaryOp, x: f64) -> bool {
    let exact = [
        UnaryOp::Abs,
        UnaryOp::Sign,
        UnaryOp::Sqrt,
        UnaryOp::RecipOrZero,
        UnaryOp::Floor,
        UnaryOp::Ceil,
        UnaryOp::Round,
    ];
    let ordinary = x == 0.0 || x.is_infinite() || (1e-40..50.0).contains(&x.abs());
    ordinary || exact.contains(&op)
}

#[test]
fn elementary_functions_of_intervals_enclose() {
    for range in ranges(false) {
        for x in points(range) {
            let exact = Exact::from_f64(x);
            for op in UnaryOp::ALL {
                if is_representable(op, x) {
                    let image = unary(op, range);
                    check(image, &exact.unary(op), &(op, range, x));
                    check(image.coarse(), &exact.unary(op), &(op, range, x, "coarse"));
                }
            }
            for exponent in [-3, -2, -1, 1, 2, 3, 4, 7] {
                let power = exact.power(exponent);
                check(range.to_power(exponent), &power, &(range, x, exponent));
            }
        }
    }
}

#[test]
fn sums_and_products_of_intervals_enclose() {
    // As many bits as the sum of the largest and the smallest end has.
    at_precision(2560, sums_and_products);
}

fn sums_and_products() {
    let third = Rational::new(-1, 3).expect("a rational");
    for a in ranges(true) {
        for b in ranges(true) {
            let (sum, product) = (a.plus(b), a.times(b));
            let (low, high) = (binary(BinaryOp::Min, a, b), binary(BinaryOp::Max, a, b));
            for x in points(a).into_iter().step_by(2) {
                let scaled = Exact::from_f64(x).mul(&Exact::from_rational(third));
                check(a.scaled(third), &scaled, &(a, x));
                for y in points(b) {
                    let at = (a, b, x, y);
                    let (x, y) = (Exact::from_f64(x), Exact::from_f64(y));
                    check(sum, &x.add(&y), &at);
                    check(product, &x.mul(&y), &at);
                    check(low, &x.binary(BinaryOp::Min, &y), &at);
                    check(high, &x.binary(BinaryOp::Max, &y), &at);
                    check(a.hull(b), &x, &at);
                    check(a.hull(b), &y, &at);
                    let both = a.intersection(b);
                    assert_eq!(encloses(both, &x), encloses(b, &x), "{at:?}");
                }
            }
        }
    }
}

#[test]
fn powers_and_weighted_logarithms_of_intervals_enclose() {
    let ordinary = |x: &f64| *x == 0.0 || x.is_infinite() || (0.05..50.0).contains(&x.abs());
    let all: Vec<f64> = points(Range::EXTENDED)
        .into_iter()
        .filter(ordinary)
        .collect();
    for &x in &all {
        for &y in &all {
            let (exact_x, exact_y) = (Exact::from_f64(x), Exact::from_f64(y));
            let power = exact_x.binary(BinaryOp::Pow, &exact_y);
            let weighted = exact_x.binary(BinaryOp::Xlogy, &exact_y);
            for a in ranges(true).into_iter().filter(|a| a.contains(x)) {
                for b in ranges(true).into_iter().filter(|b| b.contains(y)) {
                    let at = (a, b, x, y);
                    check(binary(BinaryOp::Xlogy, a, b), &weighted, &at);
                    if x >= 0.0 || (a.hi < 0.0 && y.fract() == 0.0) {
                        check(binary(BinaryOp::Pow, a, b), &power, &at);
                    }
                }
            }
        }
    }
}

#[test]
fn reductions_of_intervals_enclose() {
    let reducers = [Reducer::Sum, Reducer::Max, Reducer::Lse, Reducer::Norm];
    let ordinary = |x: &f64| x.is_infinite() || x.abs() < 50.0;
    for range in ranges(true) {
        let all: Vec<f64> = points(range).into_iter().filter(ordinary).collect();
        for (i, &x) in all.iter().enumerate() {
            for row in [
                vec![x],
                vec![x, all[0]],
                vec![x, all[i / 2], all[all.len() - 1]],
            ] {
                for reducer in reducers {
                    let elements: Vec<Exact> = row.iter().map(|&x| Exact::from_f64(x)).collect();
                    let value = eval::reduce(reducer, &elements);
                    check(reduce(reducer, range), &value, &(reducer, range, &row));
                }
            }
        }
    }
}

#[test]
fn signs_come_from_squares_exponentials_and_norms() {
    let signs = |range: Range| (range.is_positive(), range.is_nonnegative());
    let any = Range::REAL;
    let square = any.to_power(2);
    assert_eq!(signs(square), (false, true));
    assert!(Range::of(Rational::ONE).plus(square).is_positive());
    assert_eq!(signs(reduce(Reducer::Sum, square)), (false, true));
    assert!(reduce(Reducer::Sum, unary(UnaryOp::Exp, any)).is_positive());
    assert_eq!(signs(reduce(Reducer::Norm, any)), (false, true));
    // Where a filter leaves a logit out, its exponential is 0.
    let filtered = any.hull(Range::closed(f64::NEG_INFINITY, f64::NEG_INFINITY));
    assert_eq!(signs(unary(UnaryOp::Exp, filtered)), (false, true));
    let shifted = unary(UnaryOp::Softplus, any).plus(Range::SIZE);
    assert!(unary(UnaryOp::Ln, shifted).is_positive());
}

#[test]
fn ends_keep_what_they_say() {
    let third = Range::of(Rational::new(1, 3).expect("a rational"));
    assert!(third.is_positive() && third.lo < third.hi);
    // Of what underflows the sign is kept.
    let tiny = Range::closed(TINY, 1.0);
    assert!(tiny.times(tiny).is_positive());
    // Nothing finite becomes infinite by rounding.
    let large = Range::closed(f64::MAX, f64::MAX);
    assert!(large.plus(large).is_finite() && large.times(large).is_finite());
    let half = Range::of(Rational::HALF);
    assert_eq!(half.coarse(), half);
    assert_eq!(Range::closed(-1.0, 1.0).coarse(), Range::closed(-1.0, 1.0));
    assert!(Range::closed(-1.1, 1.1).coarse().contains(1.1));
}
