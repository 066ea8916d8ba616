//! Rationals against arithmetic by hand and against the standard library's conversions.

use std::cmp::Ordering;

use super::*;

fn q(numerator: i128, denominator: i128) -> Rational {
    Rational::new(numerator, denominator).unwrap()
}

#[test]
fn lowest_terms_with_positive_denominator() {
    assert_eq!(q(6, -4), q(-3, 2));
    assert_eq!((q(6, -4).numerator(), q(6, -4).denominator()), (-3, 2));
    assert_eq!(q(0, -7), Rational::ZERO);
    assert_eq!(Rational::new(1, 0), None);
    assert_eq!(Rational::new(i128::MIN, 1), None);
}

#[test]
fn decimal_literals_are_exact() {
    let cases = [
        ("0", q(0, 1)),
        ("12", q(12, 1)),
        ("2.5", q(5, 2)),
        ("-0.25", q(-1, 4)),
        ("1e-6", q(1, 1_000_000)),
        ("1.50E+2", q(150, 1)),
        ("1_000.000_1", q(10_000_001, 10_000)),
        ("64.", q(64, 1)),
        (
            "0.10000000000000000000000000000000000000000000000",
            q(1, 10),
        ),
        ("0e999", q(0, 1)),
    ];
    for (text, value) in cases {
        assert_eq!(Rational::from_decimal(text), Some(value), "{text}");
    }
    for text in [
        "", ".", "_1", "1f32", "e5", "1e", "1e400", "1e-39", "--1", "1.x",
    ] {
        assert_eq!(Rational::from_decimal(text), None, "{text}");
    }
}

#[test]
fn arithmetic() {
    assert_eq!(q(1, 6).checked_add(q(1, 10)), Some(q(4, 15)));
    assert_eq!(q(1, 6).checked_sub(q(1, 6)), Some(Rational::ZERO));
    assert_eq!(q(2, 3).checked_mul(q(-9, 4)), Some(q(-3, 2)));
    assert_eq!(q(2, 3).checked_div(q(4, 9)), Some(q(3, 2)));
    assert_eq!(q(2, 3).checked_div(Rational::ZERO), None);
    assert_eq!(q(2, 3).checked_pow(-3), Some(q(27, 8)));
    assert_eq!(Rational::ZERO.checked_pow(0), Some(Rational::ONE));
    assert_eq!(q(9, 4).exact_sqrt(), Some(q(3, 2)));
    assert_eq!(q(2, 1).exact_sqrt(), None);
    assert_eq!(q(-7, 2).floor(), q(-4, 1));
    assert_eq!(q(-7, 2).ceil(), q(-3, 1));
}

#[test]
fn overflow_gives_none() {
    let large = q(i128::MAX, 1);
    assert_eq!(large.checked_add(Rational::ONE), None);
    assert_eq!(large.checked_mul(Rational::TWO), None);
    assert_eq!(q(1, i128::MAX).checked_mul(large), Some(Rational::ONE));
    assert_eq!(Rational::TWO.checked_pow(127), None);
}

#[test]
fn order_is_exact_where_products_overflow() {
    let almost = q(i128::MAX - 1, i128::MAX);
    assert!(almost < Rational::ONE);
    assert!(almost > q(i128::MAX - 2, i128::MAX - 1));
    assert!(q(-1, 2) < q(-1, 3) && q(1, 3) < q(1, 2) && q(-5, 2) < Rational::MINUS_ONE);
    assert_eq!(q(22, 7).cmp(&q(22, 7)), Ordering::Equal);
}

#[test]
fn order_agrees_with_cross_products() {
    for a in -12..=12 {
        for b in 1..=9 {
            for c in -12..=12 {
                for d in 1..=9 {
                    assert_eq!(q(a, b).cmp(&q(c, d)), (a * d).cmp(&(c * b)));
                }
            }
        }
    }
}

#[test]
fn conversion_to_f64_rounds_once() {
    for text in [
        "0.1",
        "0.3",
        "1e-6",
        "2.5",
        "64.0",
        "-0.35",
        "3.14159265358979323846",
        "9007199254740993",
        "0.99999999999999999999",
        "123456789012345678901234567890",
    ] {
        let exact = Rational::from_decimal(text).unwrap();
        assert_eq!(exact.to_f64(), text.parse::<f64>().unwrap(), "{text}");
    }
    assert_eq!(q(1, 3).to_f64(), 1.0 / 3.0);
}

#[test]
fn decimal_text_comes_back() {
    for text in ["0", "-0.25", "0.000001", "12", "1000.0001"] {
        let value = Rational::from_decimal(text).unwrap();
        assert_eq!(value.to_decimal().as_deref(), Some(text));
    }
    assert_eq!(q(1, 3).to_decimal(), None);
    assert_eq!(q(-3, 4).to_string(), "-3/4");
}
