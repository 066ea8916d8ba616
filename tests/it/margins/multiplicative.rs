//! L-Softmax and A-Softmax: ψ of every margin, and how λ blends it in.

use std::f64::consts::PI;

use loss_dsl::losses::{ASoftmax, LSoftmax, LSoftmax1, LambdaAnnealing, SoftmaxCrossEntropy};
use loss_dsl::{Inputs, Loss, Reduction, check_gradients, loss};
use ndarray::Array2;

use super::{Batch, farthest, with};

loss! {
    /// As the documentation of L-Softmax has it.
    pub LSoftmax5(x: [N, D], w: [C, D], y: [N] in C, lambda: scalar = 0 where lambda >= 0) {
        LSoftmax(x, w, y; lambda = lambda, m = 5)
    }
}

loss! {
    /// Another margin.
    pub ASoftmax6(x: [N, D], w: [C, D], y: [N] in C, lambda: scalar = 0 where lambda >= 0) {
        ASoftmax(x, w, y; lambda = lambda, m = 6)
    }
}

/// (−1)^k cos mθ − 2k, by the book.
fn psi(m: f64, theta: f64) -> f64 {
    let k = (m * theta / PI).floor();
    let sign = if k % 2.0 == 0.0 { 1.0 } else { -1.0 };
    sign * (m * theta).cos() - 2.0 * k
}

#[test]
fn a_margin_of_one_is_a_linear_layer() {
    let mut batch = Batch::new(7);
    batch.x.row_mut(2).fill(0.0);
    let (value, slopes) = batch.of(&LSoftmax1::default());
    let softmax = SoftmaxCrossEntropy::default().with_reduction(Reduction::None);
    let z = batch.x.dot(&batch.w.t());
    let inputs = Inputs::new().real(&z).labels(&batch.y);
    let (expected, through) = softmax.differentiate(&inputs).expect("a correct call");
    assert!(farthest(&value, expected.per_sample().unwrap()) < 1e-12);
    let dz: Array2<f64> = through.tensors[0].clone().into_dimensionality().unwrap();
    // At the zero feature too.
    assert!(farthest(&slopes.tensors[0], &dz.dot(&batch.w).into_dyn()) < 1e-12);
    assert!(farthest(&slopes.tensors[1], &dz.t().dot(&batch.x).into_dyn()) < 1e-12);
}

/// ψ of any margin, on its intervals and at their ends, where both neighbours agree.
#[test]
fn psi_of_any_margin() {
    let mut last = f64::INFINITY;
    for step in 0..=600 {
        let theta = PI * f64::from(step) / 600.0;
        let of_five = Batch::logit(&LSoftmax5::default(), theta);
        assert!(
            (of_five - psi(5.0, theta)).abs() < 1e-10,
            "{theta}: {of_five}"
        );
        let of_six = Batch::logit(&ASoftmax6::default(), theta);
        assert!(
            (of_six - psi(6.0, theta)).abs() < 1e-10,
            "{theta}: {of_six}"
        );
        assert!(of_six <= last, "rises at {theta}");
        last = of_six;
    }
    for seed in 1..=3 {
        let batch = Batch::new(seed);
        let inputs = || (&batch.x, &batch.w, &batch.y);
        for lambda in [0.0, 2.0] {
            let report = check_gradients(&with::<LSoftmax5>(&[("lambda", lambda)]), inputs());
            assert!(report.unwrap().max_error() < 1e-7);
            let report = check_gradients(&with::<ASoftmax6>(&[("lambda", lambda)]), inputs());
            assert!(report.unwrap().max_error() < 1e-7);
        }
    }
}

/// (λ cos θ + ψ) / (1 + λ) for the label; other logits are as they were.
#[test]
fn lambda_blends_the_target_only() {
    for lambda in [0.0, 0.5, 5.0, 1000.0] {
        let loss = with::<LSoftmax>(&[("lambda", lambda)]);
        for theta in [0.3, 1.0, 2.0, 3.0_f64] {
            let blended = (lambda * theta.cos() + psi(4.0, theta)) / (1.0 + lambda);
            let batch = Batch::in_the_plane(theta, &[1.0, 2.5]);
            let others: f64 = [1.0_f64, 2.5]
                .iter()
                .map(|t| (t.cos() - blended).exp())
                .sum();
            let value = batch.of(&loss).0[[0]];
            assert!((value - others.ln_1p()).abs() < 1e-12, "{lambda} {theta}");
        }
    }
}

#[test]
fn lambda_decays_as_in_the_releases() {
    let sphere_face = LambdaAnnealing::SPHERE_FACE;
    assert_eq!(sphere_face.at(1), 1000.0 / 1.12);
    assert!((sphere_face.at(1000) - 1000.0 / 121.0).abs() < 1e-12);
    assert_eq!(sphere_face.at(20_000), 5.0);
    let l_softmax = LambdaAnnealing::L_SOFTMAX;
    assert!((l_softmax.at(20_000) - 1000.0 * 1.5_f64.powi(-35)).abs() < 1e-12);
    assert_eq!(LambdaAnnealing::default().at(1_000_000), 1.0);
    let none = LambdaAnnealing {
        base: 0.0,
        ..LambdaAnnealing::default()
    };
    assert_eq!(none.at(0), 0.0);
}
