//! Functions of two arguments, at a large sample of pairs.

use crate::documented::{Table, documented};
use crate::exact;
use loss_accuracy::{Worst, error};
use loss_dsl::__rt::isa::{Level, dispatch_at};
use loss_dsl::__rt::{Float, Isa, Kernel};
use std::marker::PhantomData;

/// A function of two arguments under test.
trait Function {
    const NAME: &'static str;
    fn apply<S: Isa>(isa: S, x: f32, y: f32) -> f32;
    /// The value to nearly all digits of an `f64`.
    fn exact(x: f64, y: f64) -> f64;
}

struct Powf;
impl Function for Powf {
    const NAME: &'static str = "powf";
    #[inline(always)]
    fn apply<S: Isa>(isa: S, x: f32, y: f32) -> f32 {
        Float::powf(x, isa, y)
    }
    fn exact(x: f64, y: f64) -> f64 {
        x.powf(y)
    }
}

struct Xlogy;
impl Function for Xlogy {
    const NAME: &'static str = "xlogy";
    #[inline(always)]
    fn apply<S: Isa>(isa: S, x: f32, y: f32) -> f32 {
        x.xlogy(isa, y)
    }
    fn exact(x: f64, y: f64) -> f64 {
        exact::xlogy(x, y)
    }
}

struct Map<'a, Fun>(
    &'a [f32],
    &'a [f32],
    &'a mut [f32],
    std::marker::PhantomData<Fun>,
);

impl<Fun: Function> Kernel for Map<'_, Fun> {
    type Out = ();
    #[inline(always)]
    fn run<S: Isa>(self, isa: S) {
        for ((&x, &y), z) in self.0.iter().zip(self.1).zip(self.2) {
            *z = Fun::apply(isa, x, y);
        }
    }
}

/// Measures all pairs of an x and the ys that belong to it, with every instruction set.
fn sweep<Fun: Function>(xs: impl Iterator<Item = f32>, ys: impl Fn(f32) -> Vec<f32>) {
    let levels: Vec<_> = Level::available().collect();
    let mut worst = vec![(Worst::NONE, 0.0); levels.len()];
    for x in xs {
        let ys = ys(x);
        let same_x = vec![x; ys.len()];
        let mut found = vec![0.0; ys.len()];
        let exact: Vec<_> = ys.iter().map(|&y| Fun::exact(x.into(), y.into())).collect();
        for (&level, (worst, at)) in levels.iter().zip(&mut worst) {
            let map = Map::<Fun>(&same_x, &ys, &mut found, PhantomData);
            dispatch_at(level, map);
            for ((&y, &z), &exact) in ys.iter().zip(&found).zip(&exact) {
                let rounded = exact as f32;
                if z.to_bits() == rounded.to_bits() || (z.is_nan() && rounded.is_nan()) {
                    continue;
                }
                // Zeros of different signs are wrong altogether.
                let wrong_sign = z == rounded;
                let ulp = if wrong_sign {
                    f64::INFINITY
                } else {
                    error(z, exact)
                };
                if ulp > worst.ulp {
                    *worst = Worst { ulp, at: x };
                    *at = y;
                }
            }
        }
    }
    let errors: Vec<_> = worst.iter().map(|w| w.0).collect();
    println!("{} {worst:?}", Fun::NAME);
    documented(Fun::NAME, &levels, &errors, Table::Bound);
}

/// `count` bit patterns, spread over all.
fn patterns(count: u32) -> impl Iterator<Item = f32> {
    // An odd step, so that the low bits vary.
    let step = (u32::MAX / count) | 1;
    (0..count).map(move |i| f32::from_bits(i.wrapping_mul(step)))
}

/// Arguments at which functions like to be wrong.
fn special() -> Vec<f32> {
    let mut values: Vec<f32> = (0..=40).map(|i| i as f32 / 2.0).collect();
    for bits in [
        0x3f80_0000,
        0x7f80_0000,
        0x0080_0000,
        0x4b00_0000,
        0x4b80_0000,
        0x5f00_0000,
    ] {
        values.extend((bits - 3..=bits + 3).map(f32::from_bits));
    }
    values.extend([1e-45, 3e-45, 1e-40, 1e-30, 1e30, f32::NAN]);
    let negative: Vec<_> = values.iter().map(|x| -x).collect();
    values.extend(negative);
    values
}

mod detected {
    use super::*;

    #[test]
    #[ignore = "seconds each"]
    fn powf() {
        sweep::<Powf>(patterns(4096), |_| patterns(2048).collect());
        sweep::<Powf>(special().into_iter(), |_| {
            special().into_iter().chain(patterns(4096)).collect()
        });
        sweep::<Powf>(patterns(4096), |_| special());
        // Results over the whole range, for x of every magnitude and beside 1: y is its logarithm over that of x.
        let beside_one = (0x3f7f_f000..0x3f80_1000).map(f32::from_bits);
        let positive = patterns(8192).filter(|&x| x > 0.0);
        sweep::<Powf>(positive.chain(beside_one), |x| {
            let slope = f64::from(x).ln().recip();
            let logarithms = (-1050..900).map(|i| f64::from(i) / 10.0);
            logarithms.map(|l| (l * slope) as f32).collect()
        });
    }

    #[test]
    #[ignore = "seconds each"]
    fn xlogy() {
        sweep::<Xlogy>(patterns(4096), |_| patterns(4096).collect());
        sweep::<Xlogy>(special().into_iter(), |_| {
            special().into_iter().chain(patterns(4096)).collect()
        });
        let beside_one: Vec<_> = (0x3f70_0000..0x3f90_0000)
            .step_by(61)
            .map(f32::from_bits)
            .collect();
        sweep::<Xlogy>([1.0, 1.3, 1.99, -0.7].into_iter(), |_| beside_one.clone());
    }
}
