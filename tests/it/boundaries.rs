//! Binary decision boundaries: table 1 of the ArcFace paper (Deng et al. 2019, arXiv:1801.07698).
//!
//! | loss | boundary |
//! | --- | --- |
//! | softmax | (w₁ − w₂)·x + b₁ − b₂ = 0 |
//! | L-Softmax | ‖w₁‖ cos mθ₁ = ‖w₂‖ cos θ₂ |
//! | A-Softmax with m = 1 | cos θ₁ = cos θ₂ |
//! | A-Softmax | cos mθ₁ = cos θ₂ |
//! | NormFace | cos θ₁ = cos θ₂ |
//! | CosFace | cos θ₁ − m = cos θ₂ |
//! | ArcFace | cos(θ₁ + m) = cos θ₂ |
//! | combined | cos(m₁θ₁ + m₂) − m₃ = cos θ₂ |
//!
//! With two classes and the label 1, both logits are equal on the boundary, so that the loss is ln 2; it is less towards
//! w₁ and more towards w₂. The centres are an angle φ apart and the feature lies between them, at θ₁ from the
//! first and φ − θ₁ from the second.

use std::f64::consts::{LN_2, PI};

use loss_tests::support::any::Number;
use loss_tests::support::arrays::Array;
use loss_tests::support::call::{Call, call};
use ndarray::{ArrayD, array};

/// Angles between the centres.
const APART: [f64; 3] = [0.9, 1.7, 2.6];

/// Lengths of the feature and of the two centres.
const LENGTHS: [[f64; 3]; 3] = [[1.0, 1.0, 1.0], [7.5, 1.0, 1.0], [4.0, 0.5, 3.0]];

/// A loss of features and centres whose boundary is to be at the angle `theta` from the first centre.
struct Boundary<'a> {
    name: &'a str,
    scalars: &'a [(&'a str, f64)],
    apart: f64,
    lengths: [f64; 3],
    theta: f64,
}

fn at(length: f64, angle: f64) -> [f64; 2] {
    [length * angle.cos(), length * angle.sin()]
}

impl Boundary<'_> {
    /// The loss of a feature at an angle from the first centre, with the label 1.
    fn loss<F: Number>(&self, theta: f64) -> f64 {
        let [feature, first, second] = self.lengths;
        let x = array![at(feature, theta)].into_dyn();
        let w = array![at(first, 0.0), at(second, self.apart)].into_dyn();
        let y = Array::Labels(ArrayD::zeros(vec![1]));
        let (x, w, b) = (
            Array::Real(x),
            Array::Real(w),
            Array::Real(ArrayD::zeros(vec![2])),
        );
        let mut arrays = vec![("x", &x), ("w", &w), ("y", &y)];
        if self.name == "L2Softmax" {
            arrays.push(("b", &b));
        }
        let call: Call = call(self.name, self.scalars, &arrays);
        call.run::<F>().get("value")[0]
    }

    fn check(&self) {
        let Self {
            name,
            scalars,
            apart,
            theta,
            lengths,
        } = self;
        let context =
            format!("{name} {scalars:?}, {apart} apart, {lengths:?}: boundary at {theta}");
        assert!(0.0 < *theta && theta < apart, "{context}");
        // Cosines are rounded to an epsilon and multiplied by up to 64, or by the lengths.
        let (double, single) = (self.loss::<f64>(*theta), self.loss::<f32>(*theta));
        assert!((double - LN_2).abs() < 1e-13, "{context}: {double}");
        assert!((single - LN_2).abs() < 1e-5, "{context}: {single} in f32");
        let step = 1e-3;
        assert!(self.loss::<f64>(theta - step) < LN_2 - 1e-5, "{context}");
        assert!(self.loss::<f64>(theta + step) > LN_2 + 1e-5, "{context}");
        assert!(self.loss::<f32>(theta - step) < LN_2 - 1e-5, "{context}");
        assert!(self.loss::<f32>(theta + step) > LN_2 + 1e-5, "{context}");
    }
}

/// A loss at all angles and lengths, where `theta` of both says where the boundary is.
fn for_all(name: &str, scalars: &[(&str, f64)], theta: impl Fn(f64, [f64; 3]) -> Option<f64>) {
    let mut tried = 0;
    for apart in APART {
        for lengths in LENGTHS {
            let Some(theta) = theta(apart, lengths) else {
                continue;
            };
            tried += 1;
            Boundary {
                name,
                scalars,
                apart,
                lengths,
                theta,
            }
            .check();
        }
    }
    assert!(
        tried >= LENGTHS.len(),
        "{name} {scalars:?} has hardly a boundary"
    );
}

/// Where a falling function is 0 between `low` and `high`.
fn root(f: impl Fn(f64) -> f64, mut low: f64, mut high: f64) -> Option<f64> {
    if f(low) <= 0.0 || f(high) >= 0.0 {
        return None;
    }
    for _ in 0..200 {
        let middle = low + (high - low) / 2.0;
        if f(middle) > 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(low)
}

/// ψ(θ) = (−1)ᵏ cos mθ − 2k on [kπ/m, (k + 1)π/m].
fn psi(m: f64, theta: f64) -> f64 {
    let k = (m * theta / PI).floor().min(m - 1.0);
    let sign = if k % 2.0 == 0.0 { 1.0 } else { -1.0 };
    sign * (m * theta).cos() - 2.0 * k
}

/// Weights, biases and a feature on the line: the logits are equal, and the step is along w₁ − w₂.
#[test]
fn softmax() {
    let (w, b) = ([[0.3_f64, -1.2], [0.9, 0.4]], [0.25_f64, -0.5]);
    let across = [w[0][0] - w[1][0], w[0][1] - w[1][1]];
    let square = across[0] * across[0] + across[1] * across[1];
    for along in [-2.0, 0.0, 1.5] {
        // The foot of the line, and a stretch along it.
        let foot = (b[1] - b[0]) / square;
        let x = |step: f64| {
            [
                (foot + step) * across[0] - along * across[1],
                (foot + step) * across[1] + along * across[0],
            ]
        };
        let loss = |step: f64| {
            let x = x(step);
            let z: Vec<f64> = (0..2)
                .map(|c| w[c][0] * x[0] + w[c][1] * x[1] + b[c])
                .collect();
            let z = Array::Real(ArrayD::from_shape_vec(vec![1, 2], z).expect("two logits"));
            let y = Array::Labels(ArrayD::zeros(vec![1]));
            let call = call("SoftmaxCrossEntropy", &[], &[("z", &z), ("y", &y)]);
            [
                call.run::<f64>().get("value")[0],
                call.run::<f32>().get("value")[0],
            ]
        };
        let [double, single] = loss(0.0);
        assert!((double - LN_2).abs() < 1e-14 && (single - LN_2).abs() < 1e-6);
        assert!(loss(1e-3).iter().all(|&loss| loss < LN_2 - 1e-4));
        assert!(loss(-1e-3).iter().all(|&loss| loss > LN_2 + 1e-4));
    }
}

/// The plane that bisects the angle, wherever the feature is on it and however long it is.
#[test]
fn normalised_weights() {
    for_all("ASoftmax1", &[], |apart, _| Some(apart / 2.0));
}

#[test]
fn norm_face() {
    for s in [4.0, 30.0, 64.0] {
        for_all("NormFace", &[("s", s)], |apart, _| Some(apart / 2.0));
    }
}

/// Centres of one length.
#[test]
fn l2_softmax() {
    for_all(
        "L2Softmax",
        &[("alpha", 16.0)],
        |apart, [_, first, second]| (first == second).then_some(apart / 2.0),
    );
}

/// mθ₁ = θ₂, which is before the first turn of ψ.
#[test]
fn a_softmax() {
    for (m, name) in [(2.0, "ASoftmax2"), (3.0, "ASoftmax3"), (4.0, "ASoftmax")] {
        for_all(name, &[], |apart, _| Some(apart / (m + 1.0)));
    }
}

/// At λ the margin counts 1/(1 + λ), the plain cosine the rest.
#[test]
fn a_softmax_annealed() {
    for (m, name) in [(2.0, "ASoftmax2"), (3.0, "ASoftmax3"), (4.0, "ASoftmax")] {
        for lambda in [0.5, 5.0] {
            for_all(name, &[("lambda", lambda)], |apart, _| {
                let blend = |t: f64| (lambda * t.cos() + psi(m, t)) / (1.0 + lambda);
                root(|t| blend(t) - (apart - t).cos(), 0.0, apart)
            });
        }
    }
}

#[test]
fn l_softmax() {
    for (m, name) in [
        (1.0, "LSoftmax1"),
        (2.0, "LSoftmax2"),
        (3.0, "LSoftmax3"),
        (4.0, "LSoftmax"),
    ] {
        for_all(name, &[], |apart, [_, first, second]| {
            root(
                |t| first * psi(m, t) - second * (apart - t).cos(),
                0.0,
                apart,
            )
        });
    }
}

/// cos θ₁ − cos θ₂ = 2 sin(φ/2) sin(φ/2 − θ₁).
#[test]
fn cos_face() {
    for name in ["CosFace", "AmSoftmax"] {
        for m in [0.0, 0.2, 0.35] {
            for_all(name, &[("m", m)], |apart, _| {
                let half = apart / 2.0;
                let turn = (m / (2.0 * half.sin())).asin();
                Some(half - turn).filter(|theta| *theta > 0.0)
            });
        }
    }
}

/// θ₁ + m = θ₂.
#[test]
fn arc_face() {
    for name in [
        "ArcFace",
        "ArcFaceContinuous",
        "ArcFaceDetached",
        "ArcFacePlain",
    ] {
        for m in [0.0, 0.3, 0.5] {
            for_all(name, &[("m", m)], |apart, _| Some((apart - m) / 2.0));
        }
    }
}

#[test]
fn combined() {
    for (m1, m2, m3) in [
        (1.0, 0.3, 0.2),
        (1.35, 0.0, 0.0),
        (0.9, 0.4, 0.15),
        (2.0, 0.1, 0.05),
    ] {
        let margins = [("m1", m1), ("m2", m2), ("m3", m3)];
        for_all("CombinedMargin", &margins, |apart, _| {
            let target = |t: f64| (m1 * t + m2).cos() - m3;
            let before_the_turn = ((PI - m2) / m1).min(apart);
            root(|t| target(t) - (apart - t).cos(), 0.0, before_the_turn)
        });
    }
}

/// The margin: between the boundary of label 1 and that of label 2 both labels have a loss above ln 2.
#[test]
fn between_both_boundaries_neither_label_is_satisfied() {
    let apart = 1.7;
    for (name, m) in [("ArcFace", 0.5), ("CosFace", 0.35), ("ASoftmax", f64::NAN)] {
        let scalars = if m.is_nan() { vec![] } else { vec![("m", m)] };
        let boundary = |theta| Boundary {
            name,
            scalars: &scalars,
            apart,
            lengths: [2.0, 1.0, 1.0],
            theta,
        };
        let middle = boundary(apart / 2.0);
        // By symmetry the same loss for both labels.
        assert!(middle.loss::<f64>(apart / 2.0) > LN_2 + 0.01, "{name}");
    }
}
