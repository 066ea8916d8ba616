//! Arbitrary precision against f64, against itself with more bits, and at the points with a convention.

use crate::ir::UnaryOp;
use crate::ir::eval::exact::at_precision;
use crate::ir::eval::{Exact, Number};

/// Points of a function's domain, from subnormal to the end of f32, either sign.
fn domain(op: UnaryOp) -> Vec<f64> {
    let sizes = [
        1e-300, 1e-45, 1e-20, 3e-9, 1e-4, 0.1, 0.5, 0.75, 0.999999, 1.0, 1.5, 2.5, 3.0, 19.0, 30.5,
        87.0, 400.0, 1e4,
    ];
    let signed = sizes.iter().flat_map(|&x| [x, -x]).chain([0.0]);
    let inside = |x: &f64| match op {
        UnaryOp::Ln | UnaryOp::Sqrt => *x >= 0.0,
        UnaryOp::Log1p => *x >= -1.0,
        UnaryOp::Asin | UnaryOp::Acos => x.abs() <= 1.0,
        UnaryOp::Log1mExp => *x <= 0.0,
        UnaryOp::Sinh | UnaryOp::Cosh | UnaryOp::Exp | UnaryOp::Expm1 => x.abs() < 500.0,
        _ => true,
    };
    signed.filter(inside).collect()
}

#[test]
fn every_function_is_that_of_f64_to_its_last_bits() {
    for op in UnaryOp::ALL {
        for x in domain(op) {
            let want = x.unary(op);
            let got = Exact::from_f64(x).unary(op).to_f64();
            // The series of f64's erf rounds once a term.
            let ulps = if op == UnaryOp::Erf { 16.0 } else { 4.0 };
            let close = (got - want).abs() <= ulps * f64::EPSILON * want.abs() + 1e-320;
            assert!(close || got == want, "{op:?}({x}): {got} is not {want}");
        }
    }
}

#[test]
fn more_bits_change_nothing_but_the_last() {
    for op in UnaryOp::ALL {
        for x in domain(op) {
            let few = Exact::from_f64(x).unary(op);
            let many = at_precision(512, || Exact::from_f64(x).unary(op));
            assert!(
                few.agrees(&many, 180),
                "{op:?}({x}): {few:?} is not {many:?}"
            );
        }
    }
}

#[test]
fn floats_survive_the_round_trip() {
    for x in [
        0.0,
        1.0,
        -1.5,
        5e-324,
        -1e-310,
        f64::MIN_POSITIVE,
        f64::MAX,
        0.1,
        1e-300,
    ] {
        assert_eq!(Exact::from_f64(x).to_f64(), x);
    }
    assert_eq!(Exact::neg_infinity().to_f64(), f64::NEG_INFINITY);
    assert!(Exact::from_f64(f64::NAN).to_f64().is_nan());
    // Rounded once, to even: half an ulp above 1 is 1, half an ulp above its successor is two above.
    let half = Exact::power_of_two(-53);
    assert_eq!(Exact::one().add(&half).to_f64(), 1.0);
    let next = Exact::from_f64(1.0 + f64::EPSILON);
    assert_eq!(next.add(&half).to_f64(), 1.0 + 2.0 * f64::EPSILON);
    let above = half.add(&Exact::power_of_two(-120));
    assert_eq!(Exact::one().add(&above).to_f64(), 1.0 + f64::EPSILON);
    // Below the normal numbers, and beyond the largest.
    assert_eq!(Exact::power_of_two(-1075).to_f64(), 0.0);
    assert_eq!(Exact::power_of_two(-1074).to_f64(), 5e-324);
    assert_eq!(Exact::power_of_two(1024).to_f64(), f64::INFINITY);
}

#[test]
fn ends_are_those_of_floats() {
    let values = [
        f64::NEG_INFINITY,
        -2.0,
        -1.0,
        0.0,
        0.5,
        1.0,
        3.0,
        f64::INFINITY,
    ];
    let same = |what: &str, got: Exact, want: f64| {
        let got = got.to_f64();
        let near = (got - want).abs() <= 1e-14 * want.abs();
        assert!(
            got == want || near || (got.is_nan() && want.is_nan()),
            "{what}: {got} is not {want}"
        );
    };
    for a in values {
        for b in values {
            let (x, y) = (Exact::from_f64(a), Exact::from_f64(b));
            same(&format!("{a} + {b}"), x.add(&y), a + b);
            same(&format!("{a} - {b}"), x.sub(&y), a - b);
            same(&format!("{a} · {b}"), x.mul(&y), a * b);
            same(&format!("{a} / {b}"), x.div(&y), a / b);
            // A negative base is for integer exponents, and finite.
            if a > f64::NEG_INFINITY {
                same(&format!("{a} ^ {b}"), x.powf(&y), a.powf(b));
            }
            if a.is_finite() && b.is_finite() {
                same(&format!("atan2({a}, {b})"), x.atan2(&y), a.atan2(b));
            }
            assert_eq!(x.partial_cmp(&y), a.partial_cmp(&b));
        }
        for op in UnaryOp::ALL {
            let want = a.unary(op);
            // What has no limit at an infinity is not asked for there.
            if a.is_finite() || !want.is_nan() {
                same(&format!("{op:?}({a})"), Exact::from_f64(a).unary(op), want);
            }
        }
    }
}

#[test]
fn powers_of_few_bits_end() {
    let exact = Exact::from_f64;
    for (base, exponent, power) in [
        (0.7, 1.0, 0.7),
        (9.0, 0.5, 3.0),
        (0.0625, 0.25, 0.5),
        (4.0, -1.5, 0.125),
    ] {
        let found = exact(base).powf(&exact(exponent));
        assert!(found == exact(power), "{base}^{exponent} is {found:?}");
    }
}
