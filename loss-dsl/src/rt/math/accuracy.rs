//! Errors of the elementwise functions, in units in the last place, for every instruction set.
//!
//! `f32` functions are compared with the `f64` ones of the standard library on bit patterns spread
//! over the whole range; `f64` functions with double-double references on pseudo-random arguments
//! of every magnitude that matters. The bounds here are the bounds in the functions' headers.

use super::double_double::DoubleDouble;
use crate::rt::isa::{Level, dispatch_at};
use crate::rt::{Float, Isa, Kernel};

/// An elementwise function under test.
trait Function {
    const NAME: &'static str;
    /// Stated error bounds in ulp, for `f32` and `f64`.
    const BOUNDS: (f64, f64);
    fn apply<S: Isa, F: Float>(isa: S, x: F) -> F;
    fn std(x: f64) -> f64;
    fn reference(x: DoubleDouble) -> DoubleDouble;
    /// Arguments whose results are neither 0, infinite nor subnormal in `f64`.
    const RANGE: (f64, f64);
}

struct Map<'a, Fun, F>(&'a mut [F], std::marker::PhantomData<Fun>);

impl<Fun: Function, F: Float> Kernel for Map<'_, Fun, F> {
    type Out = ();
    #[inline(always)]
    fn run<S: Isa>(self, isa: S) {
        for x in self.0 {
            *x = Fun::apply(isa, *x);
        }
    }
}

fn map<Fun: Function, F: Float>(level: Level, x: &[F]) -> Vec<F> {
    let mut out = x.to_vec();
    dispatch_at(level, Map::<Fun, F>(&mut out, std::marker::PhantomData));
    out
}

/// The distance of neighbouring numbers around `value`.
fn ulp(value: f64, mantissa_bits: i32, smallest: f64) -> f64 {
    let exponent = ((value.to_bits() >> 52) & 0x7ff) as i32 - 1023;
    2f64.powi((exponent - mantissa_bits).max(-1022))
        .max(smallest)
}

fn check_f32<Fun: Function>(first: u32, stride: usize) {
    let x: Vec<f32> = (first..=u32::MAX)
        .step_by(stride)
        .map(f32::from_bits)
        .collect();
    let reference: Vec<f64> = x.iter().map(|&x| Fun::std(f64::from(x))).collect();
    for level in Level::available() {
        let mut worst = (0.0, 0.0);
        for ((&x, y), &exact) in x.iter().zip(map::<Fun, f32>(level, &x)).zip(&reference) {
            let rounded = exact as f32;
            if rounded.is_nan() || rounded.is_infinite() || rounded == 0.0 || y.is_infinite() {
                // At the overflow threshold a result within the bound may fall on either side.
                let threshold = rounded.is_infinite() != y.is_infinite()
                    && exact.abs() > 0.999_999 * f64::from(f32::MAX);
                let same = y == rounded || (y.is_nan() && rounded.is_nan()) || threshold;
                assert!(
                    same,
                    "{} {level:?}: {x:e} → {y:e}, not {rounded:e}",
                    Fun::NAME
                );
            } else {
                let error = (f64::from(y) - exact).abs() / ulp(exact, 23, 2f64.powi(-149));
                assert!(!error.is_nan(), "{} {level:?}: {x:e} → {y:e}", Fun::NAME);
                if error > worst.0 {
                    worst = (error, x);
                }
            }
        }
        println!(
            "{:8} f32 {level:?}: {:.3} ulp at {:e}",
            Fun::NAME,
            worst.0,
            worst.1
        );
        assert!(
            worst.0 < Fun::BOUNDS.0,
            "{} {level:?}: {worst:?}",
            Fun::NAME
        );
    }
}

/// Arguments in the range: half spread evenly, half over all magnitudes from 2⁻⁶⁰ on.
fn sample((low, high): (f64, f64), count: usize) -> Vec<f64> {
    let mut state = 1u64;
    let mut unit = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let span = if high > 1e6 { (1e-3, 1e3) } else { (low, high) };
    (0..count)
        .map(|i| match i % 4 {
            0 => span.0 + (span.1 - span.0) * unit(),
            1 if low < 0.0 && high > 0.0 => 4.0 * unit() - 2.0,
            1 => span.0 / 100.0 + (span.1 - span.0) / 100.0 * unit(),
            2 => high.max(1.0).powf(unit()) * 2f64.powf(-60.0 * unit()),
            _ => -low.abs().max(1.0).powf(unit()) * 2f64.powf(-60.0 * unit()),
        })
        .filter(|&x| x > low && x < high && x != 0.0)
        .collect()
}

fn check_f64<Fun: Function>(count: usize) {
    let x = sample(Fun::RANGE, count);
    assert!(x.len() > count / 3);
    let reference: Vec<_> = x.iter().map(|&x| Fun::reference(x.into())).collect();
    for level in Level::available() {
        let mut worst = (0.0, 0.0);
        for ((&x, y), exact) in x.iter().zip(map::<Fun, f64>(level, &x)).zip(&reference) {
            let error = ((y - exact.0) - exact.1).abs() / ulp(exact.0, 52, f64::from_bits(1));
            assert!(!error.is_nan(), "{} {level:?}: {x:e} → {y:e}", Fun::NAME);
            if error > worst.0 {
                worst = (error, x);
            }
        }
        println!(
            "{:8} f64 {level:?}: {:.3} ulp at {:e}",
            Fun::NAME,
            worst.0,
            worst.1
        );
        assert!(
            worst.0 < Fun::BOUNDS.1,
            "{} {level:?}: {worst:?}",
            Fun::NAME
        );
    }
}

macro_rules! functions {
    ($($type:ident $name:ident in $range:expr, within $bounds:expr, std $std:expr;)*) => {$(
        struct $type;
        impl Function for $type {
            const NAME: &'static str = stringify!($name);
            const BOUNDS: (f64, f64) = $bounds;
            const RANGE: (f64, f64) = $range;
            #[inline(always)]
            fn apply<S: Isa, F: Float>(isa: S, x: F) -> F {
                x.$name(isa)
            }
            fn std(x: f64) -> f64 {
                $std(x)
            }
            fn reference(x: DoubleDouble) -> DoubleDouble {
                x.$name()
            }
        }

        #[test]
        fn $name() {
            check_f32::<$type>(0, 4999);
            check_f64::<$type>(40_000);
        }
    )*

        /// `cargo test --release -p loss-dsl --lib -- --ignored --nocapture speed`
        #[test]
        #[ignore = "a measurement"]
        fn speed() {
            $(measure::<$type, f32>("f32"); measure::<$type, f64>("f64");)*
        }

        /// Seventy million `f32`: `cargo test --release -p loss-dsl --lib -- --ignored dense`
        #[test]
        #[ignore = "long without optimisation"]
        fn dense() {
            for offset in 0..16 {
                $(check_f32::<$type>(61 * offset, 61 * 16);)*
            }
        }
    };
}

functions! {
    Exp exp in (-700.0, 709.7), within (1.02, 1.1), std f64::exp;
    Expm1 expm1 in (-700.0, 709.7), within (1.5, 1.5), std f64::exp_m1;
    Ln ln in (1e-300, 1e300), within (1.0, 1.0), std f64::ln;
    Log1p log1p in (-1.0, 1e300), within (1.0, 1.0), std f64::ln_1p;
    Sigmoid sigmoid in (-700.0, 40.0), within (2.5, 2.5), std std_sigmoid;
    Softplus softplus in (-700.0, 700.0), within (2.25, 2.25), std std_softplus;
    Tanh tanh in (-350.0, 350.0), within (1.25, 1.25), std f64::tanh;
    Log1mexp log1mexp in (-700.0, 0.0), within (2.5, 2.5), std std_log1mexp;
    Erf erf in (-2.0, 2.0), within (0.51, 2.0), std std_erf;
}

fn std_sigmoid(x: f64) -> f64 {
    if x < 0.0 {
        x.exp() / (1.0 + x.exp())
    } else {
        1.0 / (1.0 + (-x).exp())
    }
}

fn std_softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p() + if x.is_nan() { x } else { 0.0 }
}

fn std_log1mexp(x: f64) -> f64 {
    if x > -std::f64::consts::LN_2 {
        (-x.exp_m1()).ln()
    } else {
        (-x.exp()).ln_1p()
    }
}

/// The `f64` version, which has its own test; from 6 on the series of the reference fails.
fn std_erf(x: f64) -> f64 {
    Float::erf(x, crate::rt::isa::Baseline)
}

/// Prints nanoseconds an element on one thread, in cache.
fn measure<Fun: Function, F: Float>(float: &str) {
    let mut x: Vec<F> = (0..4096)
        .map(|i| F::from_f64(f64::from(i).sin() - 1.001))
        .collect();
    let y = x.clone();
    for level in Level::available() {
        let mut best = f64::INFINITY;
        for _ in 0..200 {
            x.copy_from_slice(&y);
            let start = std::time::Instant::now();
            dispatch_at(level, Map::<Fun, F>(&mut x, std::marker::PhantomData));
            best = best.min(start.elapsed().as_secs_f64());
        }
        println!(
            "{:8} {float} {level:?}: {:.3} ns",
            Fun::NAME,
            best * 1e9 / 4096.0
        );
    }
}

/// Results at the special arguments, the same for every instruction set and both types.
#[test]
fn special_cases() {
    fn check<F: Float>() {
        let inf = F::INFINITY;
        let f = F::from_f64;
        let tiny = F::MIN_POSITIVE * F::EPSILON;
        let half = f(0.5);
        #[rustfmt::skip]
        let cases: [(&str, Vec<(F, F)>); 9] = [
            ("exp", vec![(f(0.0), f(1.0)), (f(-0.0), f(1.0)), (inf, inf), (-inf, f(0.0)),
                         (f(1e30), inf), (f(-1e30), f(0.0)), (tiny, f(1.0)), (F::MAX, inf), (-F::MAX, f(0.0))]),
            ("expm1", vec![(f(0.0), f(0.0)), (f(-0.0), f(-0.0)), (inf, inf), (-inf, f(-1.0)),
                           (tiny, tiny), (-tiny, -tiny), (F::MAX, inf), (-F::MAX, f(-1.0))]),
            ("ln", vec![(f(0.0), -inf), (f(-0.0), -inf), (f(1.0), f(0.0)), (inf, inf), (f(-1.0), F::NAN),
                        (-tiny, F::NAN), (-inf, F::NAN)]),
            ("log1p", vec![(f(0.0), f(0.0)), (f(-0.0), f(-0.0)), (f(-1.0), -inf), (inf, inf),
                           (tiny, tiny), (-tiny, -tiny), (f(-1.5), F::NAN), (-inf, F::NAN)]),
            ("sigmoid", vec![(f(0.0), half), (f(-0.0), half), (inf, f(1.0)), (-inf, f(0.0)), (tiny, half),
                             (F::MAX, f(1.0)), (-F::MAX, f(0.0))]),
            ("softplus", vec![(inf, inf), (-inf, f(0.0)), (F::MAX, F::MAX), (-F::MAX, f(0.0))]),
            ("tanh", vec![(f(0.0), f(0.0)), (f(-0.0), f(-0.0)), (inf, f(1.0)), (-inf, f(-1.0)),
                          (tiny, tiny), (-tiny, -tiny), (F::MAX, f(1.0))]),
            ("log1mexp", vec![(f(0.0), -inf), (f(-0.0), -inf), (-inf, f(-0.0)), (f(1.0), F::NAN), (inf, F::NAN)]),
            ("erf", vec![(f(0.0), f(0.0)), (f(-0.0), f(-0.0)), (inf, f(1.0)), (-inf, f(-1.0)), (F::MAX, f(1.0))]),
        ];
        for level in Level::available() {
            for (name, cases) in &cases {
                let (mut x, exact): (Vec<F>, Vec<F>) = cases.iter().copied().unzip();
                x.push(F::NAN);
                let y = match *name {
                    "exp" => map::<Exp, F>(level, &x),
                    "expm1" => map::<Expm1, F>(level, &x),
                    "ln" => map::<Ln, F>(level, &x),
                    "log1p" => map::<Log1p, F>(level, &x),
                    "sigmoid" => map::<Sigmoid, F>(level, &x),
                    "softplus" => map::<Softplus, F>(level, &x),
                    "tanh" => map::<Tanh, F>(level, &x),
                    "log1mexp" => map::<Log1mexp, F>(level, &x),
                    _ => map::<Erf, F>(level, &x),
                };
                for ((x, y), exact) in x.iter().zip(&y).zip(&exact) {
                    // 1/x tells the zeros apart.
                    let same = (y == exact && F::ONE / *y == F::ONE / *exact)
                        || (y.is_nan() && exact.is_nan());
                    assert!(same, "{name} {level:?}: {x:e} → {y:e}, not {exact:e}");
                }
                assert!(y.last().is_some_and(|y| y.is_nan()), "{name}(NaN)");
            }
        }
    }
    check::<f32>();
    check::<f64>();
}

/// f64 results around the limits of the range: gradual underflow, and overflow where it belongs.
#[test]
fn exp_at_the_limits_of_f64() {
    for level in Level::available() {
        let x = [
            -708.5,
            -720.0,
            -740.0,
            -745.1,
            -745.2,
            709.782_712_893_384,
            709.782_712_893_385,
        ];
        for (&x, y) in x.iter().zip(map::<Exp, f64>(level, &x)) {
            let exact = x.exp();
            let error = (y - exact).abs() / ulp(exact, 52, f64::from_bits(1));
            assert!(
                y == exact || error <= 1.1,
                "{level:?}: {x} → {y:e}, not {exact:e}"
            );
        }
    }
}
