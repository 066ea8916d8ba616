//! Losses of differences and of overlaps: parameters at which one is another.

use loss_tests::support::arrays::Array;
use loss_tests::support::call::{Call, call};
use ndarray::{ArrayD, Axis};
use proptest::prelude::*;

use super::{cases, equal, equal_times, mapped, mask, normal};

const SAMPLES: usize = 6;

struct Inputs {
    x: Array,
    t: Array,
}

fn inputs(seed: u64) -> Inputs {
    Inputs {
        x: normal(&[SAMPLES], seed),
        t: normal(&[SAMPLES], seed ^ 1),
    }
}

impl Inputs {
    fn call(&self, name: &str, scalars: &[(&str, f64)]) -> Call {
        call(name, scalars, &[("x", &self.x), ("t", &self.t)])
    }
}

/// Two images of three classes, four by five pixels.
fn image(seed: u64) -> (Array, Array) {
    let shape = [2, 3, 4, 5];
    (normal(&shape, seed), mask(&shape, seed ^ 1))
}

proptest! {
    #![proptest_config(cases(43))]

    #[test]
    fn squared_and_absolute_errors(seed: u64, delta in 0.1..3.0) {
        let inputs = inputs(seed);
        let (squared, absolute) = (inputs.call("MeanSquaredError", &[]), inputs.call("MeanAbsoluteError", &[]));
        equal_times(&inputs.call("Huber", &[("delta", 1e3)]), 0.5, &squared);
        equal_times(&inputs.call("Huber", &[("delta", delta)]), delta, &inputs.call("SmoothL1", &[("beta", delta)]));
        equal(&inputs.call("SmoothL1", &[("beta", 0.0)]), &absolute);
        equal_times(&inputs.call("Quantile", &[("tau", 0.5)]), 0.5, &absolute);
        equal_times(&inputs.call("Expectile", &[("tau", 0.5)]), 0.5, &squared);
    }

    /// Under-prediction costs τ, over-prediction 1 − τ: exchanged with the sign.
    #[test]
    fn quantiles_are_mirrored(seed: u64, tau in 0.05..0.95) {
        let there = inputs(seed);
        let mirrored = Inputs { x: mapped(&there.x, |x| -x), t: mapped(&there.t, |t| -t) };
        for name in ["Quantile", "Expectile"] {
            let (there, back) = (there.call(name, &[("tau", tau)]), mirrored.call(name, &[("tau", 1.0 - tau)]));
            let near = |a: ArrayD<f64>, b: ArrayD<f64>| (a - b).iter().all(|off| off.abs() < 1e-14);
            assert!(near(there.value(), back.value()));
            assert!(near(there.gradient("x"), -back.gradient("x")));
        }
    }

    #[test]
    fn variance_and_its_logarithm(seed: u64) {
        let inputs = inputs(seed);
        let log_var = normal(&[SAMPLES], seed ^ 2);
        let var = mapped(&log_var, f64::exp);
        let plain = call("GaussianNll", &[], &[("x", &inputs.x), ("t", &inputs.t), ("var", &var)]);
        let logarithmic = call("GaussianNllLogVar", &[], &[("x", &inputs.x), ("t", &inputs.t), ("log_var", &log_var)]);
        equal(&plain, &logarithmic);
    }

    #[test]
    fn rate_and_its_logarithm(seed: u64) {
        let inputs = inputs(seed);
        let t = mapped(&inputs.t, |t| t.abs().round());
        let rate = mapped(&inputs.x, f64::exp);
        let of = |x: &Array, logarithmic| {
            let call = call("PoissonNll", &[("eps", 0.0)], &[("x", x), ("t", &t)]);
            call.flag("log_input", logarithmic).value()
        };
        let off = of(&inputs.x, true) - of(&rate, false);
        assert!(off.iter().all(|off| off.abs() < 1e-13));
    }

    #[test]
    fn targets_and_their_logarithms(seed: u64) {
        let x = normal(&[4, 5], seed);
        let log_t = normal(&[4, 5], seed ^ 1);
        let t = mapped(&log_t, f64::exp);
        let plain = call("KlDivergence", &[], &[("x", &x), ("t", &t)]);
        let logarithmic = call("KlDivergence", &[], &[("x", &x), ("t", &log_t)]);
        equal(&plain, &logarithmic.flag("log_target", true));
    }

    #[test]
    fn tversky_contains_dice_and_jaccard(seed: u64, smooth in 0.0..2.0, weights in (0.0..1.0, 0.0..1.0)) {
        let (x, t) = image(seed);
        let arrays = [("x", &x), ("t", &t)];
        let tversky = |alpha, beta, smooth| call("Tversky", &[("alpha", alpha), ("beta", beta), ("smooth", smooth)], &arrays);
        let dice = call("Dice", &[("smooth", 2.0 * smooth)], &arrays);
        equal(&tversky(0.5, 0.5, smooth), &dice);
        equal(&tversky(1.0, 1.0, smooth), &call("Jaccard", &[("smooth", smooth)], &arrays));
        let (alpha, beta) = weights;
        let focal = [("alpha", alpha), ("beta", beta), ("smooth", smooth), ("gamma", 1.0)];
        equal(&call("FocalTversky", &focal, &arrays), &tversky(alpha, beta, smooth));
    }

    /// Overlaps of one image alone.
    #[test]
    fn a_batch_of_one_image(seed: u64) {
        let (x, t) = image(seed);
        let (Array::Real(x), Array::Mask(t)) = (x, t) else { unreachable!() };
        let x = Array::Real(x.slice_axis(Axis(0), (0..1).into()).to_owned());
        let t = Array::Mask(t.slice_axis(Axis(0), (0..1).into()).to_owned());
        let of = |name: &str| call(name, &[], &[("x", &x), ("t", &t)]);
        let (batch, single) = (of("BatchDice"), of("Dice"));
        let off = batch.gradient("x") - single.gradient("x");
        assert!(off.iter().all(|off| off.abs() < 1e-14));
        assert!((batch.value().sum() - single.value().sum()).abs() < 1e-13);
    }

    /// One is the square of the other.
    #[test]
    fn hinges(seed: u64) {
        let x = mapped(&normal(&[SAMPLES], seed), |x| 2.0 * x);
        let positive = mask(&[SAMPLES], seed ^ 1);
        let of = |name: &str| call(name, &[], &[("x", &x), ("positive", &positive)]);
        let squares = of("Hinge").value().mapv(|e| e * e);
        assert!((of("SquaredHinge").value() - squares).iter().all(|off| off.abs() < 1e-14));
    }
}
