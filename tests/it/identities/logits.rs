//! Losses of logits: exponents, smoothing, temperatures and priors at which one is another.

use loss_tests::support::arrays::Array;
use loss_tests::support::call::{Call, call};
use ndarray::{ArrayD, Axis, IxDyn};
use proptest::prelude::*;

use super::{cases, equal, equal_times, identical, labels, mapped, mask, normal, one_hot, real};

const SAMPLES: usize = 4;
const CLASSES: usize = 5;

/// Logits and labels.
struct Inputs {
    z: Array,
    y: Array,
}

fn inputs(seed: u64) -> Inputs {
    Inputs {
        z: mapped(&normal(&[SAMPLES, CLASSES], seed), |z| 3.0 * z),
        y: labels(&[SAMPLES], CLASSES, seed ^ 1),
    }
}

impl Inputs {
    fn call(&self, name: &str, scalars: &[(&str, f64)]) -> Call {
        call(name, scalars, &[("z", &self.z), ("y", &self.y)])
    }

    fn with(&self, name: &str, scalars: &[(&str, f64)], further: (&str, &Array)) -> Call {
        call(name, scalars, &[("z", &self.z), ("y", &self.y), further])
    }

    fn softmax(&self) -> Call {
        self.call("SoftmaxCrossEntropy", &[])
    }
}

fn constant(x: f64) -> Array {
    Array::Real(ArrayD::from_elem(IxDyn(&[CLASSES]), x))
}

fn positive(shape: &[usize], seed: u64) -> Array {
    mapped(&normal(shape, seed), f64::exp)
}

proptest! {
    #![proptest_config(cases(42))]

    /// To the last bit: nothing is left of the factor 1, the divisor 1 or the weight 0.
    #[test]
    fn cross_entropy_to_the_last_bit(seed: u64) {
        let inputs = inputs(seed);
        identical(&inputs.call("TemperatureSoftmax", &[("temperature", 1.0)]), &inputs.softmax());
        identical(&inputs.call("ZLossCrossEntropy", &[("lambda", 0.0)]), &inputs.softmax());
        identical(&inputs.call("Poly1", &[("epsilon", 0.0)]), &inputs.softmax());
        identical(&inputs.call("Focal", &[("gamma", 0.0)]), &inputs.softmax());
    }

    #[test]
    fn cross_entropy_up_to_rounding(seed: u64, teacher: u64) {
        let inputs = inputs(seed);
        equal(&inputs.call("LabelSmoothing", &[("epsilon", 0.0)]), &inputs.softmax());
        equal(&inputs.call("SymmetricCrossEntropy", &[("alpha", 1.0), ("beta", 0.0)]), &inputs.softmax());
        equal(&inputs.call("SoftCappedCrossEntropy", &[("cap", 1e7)]), &inputs.softmax());
        let teacher = normal(&[SAMPLES, CLASSES], teacher);
        equal(&inputs.with("Distillation", &[("alpha", 0.0)], ("teacher", &teacher)), &inputs.softmax());
        let counts = constant(7.0);
        equal(&inputs.with("Ldam", &[("s", 1.0), ("max_margin", 0.0)], ("counts", &counts)), &inputs.softmax());
    }

    /// Weights of 1, and the unweighted loss of each.
    #[test]
    fn weights_of_one(seed: u64, gamma in 0.0..4.0, epsilon in 0.0..1.0) {
        let inputs = inputs(seed);
        let ones = constant(1.0);
        equal(&inputs.with("WeightedSoftmax", &[], ("weight", &ones)), &inputs.softmax());
        equal(&inputs.with("WeightedFocal", &[("gamma", gamma)], ("weight", &ones)), &inputs.call("Focal", &[("gamma", gamma)]));
        equal(&inputs.with("WeightedLabelSmoothing", &[("epsilon", epsilon)], ("weight", &ones)), &inputs.call("LabelSmoothing", &[("epsilon", epsilon)]));
    }

    #[test]
    fn weighted_losses_contain_weighted_softmax(seed: u64) {
        let inputs = inputs(seed);
        let weight = positive(&[CLASSES], seed ^ 5);
        let softmax = inputs.with("WeightedSoftmax", &[], ("weight", &weight));
        equal(&inputs.with("WeightedFocal", &[("gamma", 0.0)], ("weight", &weight)), &softmax);
        equal(&inputs.with("WeightedLabelSmoothing", &[("epsilon", 0.0)], ("weight", &weight)), &softmax);
    }

    #[test]
    fn poly_focal_contains_both(seed: u64, gamma in 0.0..4.0, epsilon in -1.0..3.0) {
        let inputs = inputs(seed);
        equal(&inputs.call("Poly1Focal", &[("gamma", gamma), ("epsilon", 0.0)]), &inputs.call("Focal", &[("gamma", gamma)]));
        equal(&inputs.call("Poly1Focal", &[("gamma", 0.0), ("epsilon", epsilon)]), &inputs.call("Poly1", &[("epsilon", epsilon)]));
    }

    #[test]
    fn soft_targets_contain_hard_and_smooth_ones(seed: u64, epsilon in 0.0..1.0) {
        let inputs = inputs(seed);
        let soft = |target: ArrayD<f64>| {
            call("SoftTargetCrossEntropy", &[], &[("z", &inputs.z), ("target", &Array::Real(target))])
        };
        let hot = one_hot(&inputs.y, CLASSES);
        equal(&soft(hot.clone()), &inputs.softmax());
        let smooth = hot.mapv(|t| (1.0 - epsilon) * t + epsilon / CLASSES as f64);
        equal(&soft(smooth), &inputs.call("LabelSmoothing", &[("epsilon", epsilon)]));
    }

    #[test]
    fn priors(seed: u64, tau in -2.0..2.0) {
        let inputs = inputs(seed);
        let prior = positive(&[CLASSES], seed ^ 6);
        let adjusted = |tau: f64, prior: &Array| inputs.with("LogitAdjusted", &[("tau", tau)], ("prior", prior));
        equal(&adjusted(0.0, &prior), &inputs.softmax());
        equal(&adjusted(tau, &constant(0.2)), &inputs.softmax());
        let balanced = inputs.with("BalancedSoftmax", &[], ("counts", &prior));
        equal(&adjusted(1.0, &prior), &balanced);
        // A prior is logits that were added.
        let mut shifted = self::inputs(seed);
        shifted.z = Array::Real(real(&inputs.z) + &(real(&prior).mapv(f64::ln) * tau));
        equal(&adjusted(tau, &prior), &shifted.softmax());
    }

    /// From mean absolute error (q = 1) to cross-entropy (q → 0).
    #[test]
    fn generalised_cross_entropy_at_its_ends(seed: u64) {
        let inputs = inputs(seed);
        let absolute = inputs.call("SymmetricCrossEntropy", &[("alpha", 0.0), ("beta", 1.0), ("log_zero", -1.0)]);
        equal(&inputs.call("GeneralizedCrossEntropy", &[("q", 1.0)]), &absolute);
        let p = inputs.softmax().value().mapv(|loss| (-loss).exp());
        let q = 1e-3;
        let expected = p.mapv(|p| (1.0 - p.powf(q)) / q);
        let found = inputs.call("GeneralizedCrossEntropy", &[("q", q)]).value();
        assert!((found - expected).iter().all(|off| off.abs() < 1e-10));
    }

    /// A student that is the teacher has nothing to learn.
    #[test]
    fn distilling_oneself(seed: u64, temperature in 0.5..8.0) {
        let inputs = inputs(seed);
        let settings = [("alpha", 1.0), ("temperature", temperature)];
        let own = inputs.with("Distillation", &settings, ("teacher", &inputs.z));
        let nothing = |array: ArrayD<f64>| array.iter().all(|e| e.abs() < 1e-12);
        assert!(nothing(own.value()) && nothing(own.gradient("z")));
    }

    #[test]
    fn sigmoid_losses(seed: u64, gamma in 0.0..4.0) {
        let x = mapped(&normal(&[SAMPLES], seed), |x| 3.0 * x);
        let t = mask(&[SAMPLES], seed ^ 3);
        let Array::Mask(bits) = &t else { unreachable!() };
        let target = Array::Real(bits.mapv(|bit| f64::from(u8::from(bit))));
        let sigmoid = call("SigmoidCrossEntropy", &[], &[("x", &x), ("target", &target)]);
        let of_mask = |name: &str, scalars: &[(&str, f64)]| call(name, scalars, &[("x", &x), ("t", &t)]);
        let focal = |alpha: f64, gamma: f64| of_mask("BinaryFocal", &[("alpha", alpha), ("gamma", gamma)]);
        let asymmetric = |gamma: f64| of_mask("Asymmetric", &[("gamma_pos", gamma), ("gamma_neg", gamma), ("clip", 0.0)]);
        equal_times(&focal(0.5, 0.0), 0.5, &sigmoid);
        equal(&asymmetric(0.0), &sigmoid);
        equal_times(&asymmetric(gamma), 2.0, &focal(0.5, gamma));
        // Softmax of two logits, one of them 0: label 0 is the positive.
        let z = ndarray::stack![Axis(1), real(&x).clone(), real(&x).mapv(|_| 0.0)];
        let y = Array::Labels(bits.mapv(|bit| i64::from(!bit)));
        let softmax = call("SoftmaxCrossEntropy", &[], &[("z", &Array::Real(z)), ("y", &y)]);
        equal(&sigmoid, &softmax);
        let slopes = softmax.gradient("z").index_axis_move(Axis(1), 0);
        assert!((slopes - sigmoid.gradient("x")).iter().all(|off| off.abs() < 1e-14));
    }

    #[test]
    fn many_labels(seed: u64) {
        let z = normal(&[SAMPLES, CLASSES], seed);
        let target = mapped(&normal(&[SAMPLES, CLASSES], seed ^ 1), |t| 1.0 / (1.0 + t.exp()));
        let weighted = call("WeightedSigmoid", &[], &[("z", &z), ("target", &target), ("positive", &constant(1.0))]);
        let margin = call("MultiLabelSoftMargin", &[], &[("z", &z), ("target", &target)]);
        let single = call("SigmoidCrossEntropy", &[], &[("x", &z), ("target", &target)]);
        let near = |a: ArrayD<f64>, b: ArrayD<f64>| (a - b).iter().all(|off| off.abs() < 1e-14);
        assert!(near(weighted.value(), single.value()));
        assert!(near(weighted.gradient("z"), single.gradient("x")));
        assert!(near(margin.value(), single.value().mean_axis(Axis(1)).expect("classes")));
        assert!(near(margin.gradient("z") * CLASSES as f64, single.gradient("x")));
    }
}
