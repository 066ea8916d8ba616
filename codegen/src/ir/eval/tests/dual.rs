//! Slopes in forward mode against differences that arbitrary precision makes exact, and at kinks.

use crate::ir::eval::exact::at_precision;
use crate::ir::eval::{Dual, Exact, Number, Slopes};
use crate::ir::{BinaryOp, UnaryOp};

/// `(f(x + h) − f(x − h)) / 2h` with h = 2⁻⁷⁰: off by h², beyond 40 digits.
fn difference(f: impl Fn(&Exact) -> Exact, x: f64) -> Exact {
    at_precision(512, || {
        let (x, h) = (Exact::from_f64(x), Exact::power_of_two(-70));
        let rise = f(&x.add(&h)).sub(&f(&x.sub(&h)));
        rise.div(&h.add(&h))
    })
}

#[test]
fn every_function_has_the_slope_of_its_differences() {
    for op in UnaryOp::ALL {
        for x in [-7.3_f64, -1.2, -0.6, -1e-3, 1e-3, 0.3, 0.9, 2.2, 31.7] {
            let defined = match op {
                UnaryOp::Ln | UnaryOp::Sqrt => x > 0.0,
                UnaryOp::Log1p => x > -1.0,
                UnaryOp::Asin | UnaryOp::Acos => x.abs() < 1.0,
                UnaryOp::Log1mExp => x < 0.0,
                _ => true,
            };
            if defined {
                let moving = Dual::moving(Exact::from_f64(x), Exact::from_f64(3.0));
                let slope = moving.unary(op).slope;
                let want = difference(|x| x.unary(op), x).mul(&Exact::from_f64(3.0));
                assert!(
                    slope.agrees(&want, 80),
                    "{op:?}({x}): {slope:?} is not {want:?}"
                );
            }
        }
    }
}

#[test]
fn functions_of_two_have_both_slopes() {
    let fixed = |x: f64| Dual::constant(Exact::from_f64(x));
    let moving = |x: f64| Dual::moving(Exact::from_f64(x), Exact::one());
    for op in BinaryOp::ALL {
        for (a, b) in [(0.3, 2.5), (1.7, -0.4), (2.0, 5.5)] {
            if op == BinaryOp::Xlogy && b < 0.0 {
                continue;
            }
            let of_first = moving(a).binary(op, &fixed(b)).slope;
            let want = difference(|a| a.binary(op, &Exact::from_f64(b)), a);
            assert!(of_first.agrees(&want, 80), "{op:?}({a}, {b})");
            let of_second = fixed(a).binary(op, &moving(b)).slope;
            let want = difference(|b| Exact::from_f64(a).binary(op, b), b);
            assert!(of_second.agrees(&want, 80), "{op:?}({a}, {b})");
        }
    }
    let turn = moving(0.4).atan2(&fixed(-1.3)).slope;
    let want = difference(|y| y.atan2(&Exact::from_f64(-1.3)), 0.4);
    assert!(turn.agrees(&want, 80));
}

#[test]
fn kinks_have_the_slopes_of_the_language() {
    let at = |x: f64| Dual::<f64>::moving(x, 1.0);
    assert_eq!(at(0.0).unary(UnaryOp::Abs).slope, 0.0);
    assert_eq!(at(0.0).unary(UnaryOp::Sqrt).slope, 0.0);
    assert_eq!(at(2.0).unary(UnaryOp::Floor).slope, 0.0);
    assert_eq!(
        at(1.0).binary(BinaryOp::Max, &Dual::constant(1.0)).slope,
        0.5
    );
    assert_eq!(
        at(1.0).binary(BinaryOp::Min, &Dual::constant(1.0)).slope,
        0.5
    );
    let three = [at(1.0), Dual::constant(1.0), Dual::constant(1.0), at(0.0)];
    assert_eq!(Dual::<f64>::largest(&three).slope, 1.0 / 3.0);
}

#[test]
fn what_does_not_move_has_no_slope_even_at_a_pole() {
    let fixed = Dual::<f64>::constant(0.0);
    assert_eq!(fixed.unary(UnaryOp::Ln).slope, 0.0);
    assert_eq!(Dual::<f64>::constant(1.0).unary(UnaryOp::Acos).slope, 0.0);
    assert_eq!(Dual::<f64>::constant(1.0).div(&fixed).slope, 0.0);
}

#[test]
fn several_directions_at_once_are_each_alone() {
    let f = |a: &dyn Fn(f64, usize) -> Dual<f64, Slopes<f64>>| {
        let (x, y) = (a(0.7, 0), a(-1.3, 2));
        let sum = x.mul(&y).unary(UnaryOp::Exp).add(&x.div(&y));
        sum.binary(BinaryOp::Max, &y.unary(UnaryOp::Tanh))
    };
    let together = f(&|x, i| Dual::moving(x, Slopes(vec![(i, 1.0)])));
    for direction in [0, 1, 2] {
        let alone = f(&|x, i| {
            let moves = i == direction;
            Dual::moving(x, Slopes(if moves { vec![(0, 1.0)] } else { vec![] }))
        });
        let of = |slopes: &Slopes<f64>, i| slopes.0.iter().find(|s| s.0 == i).map_or(0.0, |s| s.1);
        assert_eq!(of(&together.slope, direction), of(&alone.slope, 0));
    }
}
