//! Losses over logits: settings that make one the other.

mod formulas;

use loss_dsl::losses::{
    Asymmetric, BalancedSoftmax, BinaryFocal, Focal, GeneralizedCrossEntropy, LabelSmoothing, Ldam,
    LogitAdjusted, MultiLabelSoftMargin, Poly1, Poly1Focal, SigmoidCrossEntropy,
    SoftCappedCrossEntropy, SoftTargetCrossEntropy, SoftmaxCrossEntropy, SymmetricCrossEntropy,
    WeightedFocal, WeightedLabelSmoothing, WeightedSigmoid, WeightedSoftmax, ZLossCrossEntropy,
};
use loss_dsl::{Inputs, Loss, Reduction};
use ndarray::{Array1, Array2, ArrayD, array};

use loss_tests::support::random::Random;

const CLASSES: usize = 6;

fn logits() -> (Array2<f64>, Array1<i64>) {
    let mut random = Random::new(41);
    let z = Array2::from_shape_simple_fn((9, CLASSES), || 3.0 * random.normal());
    let y = Array1::from_shape_simple_fn(9, || random.below(CLASSES) as i64);
    (z, y)
}

/// Losses per sample and the gradient of the logits, for a cotangent of ones.
fn evaluated<L: Loss>(loss: &L, inputs: &Inputs<'_, f64>) -> (ArrayD<f64>, ArrayD<f64>) {
    let value = loss.clone().with_reduction(Reduction::None);
    let value = value.evaluate(inputs).expect("a correct call");
    let total = loss.clone().with_reduction(Reduction::Sum);
    let (_, gradients) = total.differentiate(inputs).expect("a correct call");
    let value = value.per_sample().expect("a value per sample").clone();
    (value, gradients.tensors[0].clone())
}

/// Whether two losses are one, in value and gradient.
fn assert_same<A: Loss, B: Loss>(a: (&A, Inputs<'_, f64>), b: (&B, Inputs<'_, f64>)) {
    let (of_a, of_b) = (evaluated(a.0, &a.1), evaluated(b.0, &b.1));
    for (a, b) in [(of_a.0, of_b.0), (of_a.1, of_b.1)] {
        assert_eq!(a.shape(), b.shape());
        let off = (&a - &b).fold(0.0_f64, |m, e| m.max(e.abs()));
        assert!(off <= 1e-13, "{} and {}: {off:e}", A::NAME, B::NAME);
    }
}

/// A loss with some settings, the others as they are by default.
macro_rules! set {
    ($loss:ident { $($field:ident: $value:expr),* }) => {
        $loss { $($field: $value,)* ..$loss::default() }
    };
}
use set;

#[test]
fn settings_that_are_cross_entropy() {
    let (z, y) = logits();
    let plain = || (SoftmaxCrossEntropy::default(), Inputs::from((&z, &y)));
    let ones = Array1::<f64>::ones(CLASSES);
    let of_labels = Array2::from_shape_fn(z.dim(), |(n, c)| f64::from(u8::from(y[n] == c as i64)));
    macro_rules! same {
        ($loss:expr $(, $more:expr)*) => {{
            let (loss, inputs) = plain();
            assert_same((&$loss, Inputs::from((&z, $($more,)* &y))), (&loss, inputs));
        }};
    }
    same!(set!(Focal { gamma: 0.0 }));
    same!(set!(WeightedFocal { gamma: 0.0 }), &ones);
    same!(set!(Poly1 { epsilon: 0.0 }));
    same!(set!(Poly1Focal {
        gamma: 0.0,
        epsilon: 0.0
    }));
    same!(set!(LabelSmoothing { epsilon: 0.0 }));
    same!(set!(WeightedLabelSmoothing { epsilon: 0.0 }), &ones);
    same!(set!(ZLossCrossEntropy { lambda: 0.0 }));
    same!(set!(SymmetricCrossEntropy {
        alpha: 1.0,
        beta: 0.0
    }));
    same!(WeightedSoftmax::default(), &ones);
    let (loss, inputs) = plain();
    let soft = Inputs::from((&z, &of_labels));
    assert_same((&SoftTargetCrossEntropy::default(), soft), (&loss, inputs));
    let prior = Inputs::from((&z, &y, &ones));
    let (_, inputs) = plain();
    assert_same(
        (&set!(LogitAdjusted { tau: 0.0 }), prior.clone()),
        (&loss, inputs),
    );
    let (_, inputs) = plain();
    assert_same(
        (&BalancedSoftmax::default(), prior.clone()),
        (&loss, inputs),
    );
    let (_, inputs) = plain();
    assert_same(
        (
            &set!(Ldam {
                s: 1.0,
                max_margin: 0.0
            }),
            prior,
        ),
        (&loss, inputs),
    );
}

#[test]
fn settings_that_are_one_another() {
    let (z, y) = logits();
    let counts = array![50.0, 3.0, 1.0, 700.0, 12.0, 8.0];
    let balanced = (&BalancedSoftmax::default(), Inputs::from((&z, &y, &counts)));
    // A prior need not add up to 1.
    for prior in [counts.clone(), &counts / counts.sum()] {
        let adjusted = (&LogitAdjusted::default(), Inputs::from((&z, &y, &prior)));
        assert_same(adjusted, balanced.clone());
    }
    // Smoothed labels as a distribution.
    let epsilon = 0.3;
    let target = Array2::from_shape_fn(z.dim(), |(n, c)| {
        epsilon / CLASSES as f64 + if y[n] == c as i64 { 1.0 - epsilon } else { 0.0 }
    });
    assert_same(
        (
            &set!(LabelSmoothing { epsilon: epsilon }),
            Inputs::from((&z, &y)),
        ),
        (
            &SoftTargetCrossEntropy::default(),
            Inputs::from((&z, &target)),
        ),
    );
    let poly = set!(Poly1Focal {
        gamma: 0.0,
        epsilon: 1.5
    });
    let poly = (&poly, Inputs::from((&z, &y)));
    assert_same(
        poly,
        (&set!(Poly1 { epsilon: 1.5 }), Inputs::from((&z, &y))),
    );
    // The mean absolute error, 1 − p, is both.
    let mae = set!(GeneralizedCrossEntropy { q: 1.0 });
    let reverse = set!(SymmetricCrossEntropy {
        alpha: 0.0,
        beta: 1.0,
        log_zero: -1.0
    });
    assert_same(
        (&mae, Inputs::from((&z, &y))),
        (&reverse, Inputs::from((&z, &y))),
    );
}

#[test]
fn settings_that_are_sigmoid_cross_entropy() {
    let (z, _) = logits();
    let mut random = Random::new(43);
    let target = Array2::from_shape_simple_fn(z.dim(), || random.uniform());
    let hard = target.mapv(|t| t.round());
    let mask = hard.mapv(|t| t > 0.5);
    let plain = SigmoidCrossEntropy::default();
    let ones = Array1::<f64>::ones(CLASSES);
    let weighted = Inputs::from((&z, &target, &ones));
    assert_same(
        (&WeightedSigmoid::default(), weighted),
        (&plain, Inputs::from((&z, &target))),
    );
    let none = set!(Asymmetric {
        gamma_pos: 0.0,
        gamma_neg: 0.0,
        clip: 0.0
    });
    assert_same(
        (&none, Inputs::from((&z, &mask))),
        (&plain, Inputs::from((&z, &hard))),
    );
    // Equal exponents and no clip are twice the focal loss that weighs both kinds alike.
    let equal = set!(Asymmetric {
        gamma_pos: 2.0,
        gamma_neg: 2.0,
        clip: 0.0
    });
    let focal = set!(BinaryFocal {
        alpha: 0.5,
        gamma: 2.0
    });
    let (value, slope) = evaluated(&equal, &Inputs::from((&z, &mask)));
    let (half, half_slope) = evaluated(&focal, &Inputs::from((&z, &mask)));
    assert!((value - 2.0 * half).iter().all(|e| e.abs() < 1e-14));
    assert!((slope - 2.0 * half_slope).iter().all(|e| e.abs() < 1e-14));
    // The same total, one value a sample.
    let mean = plain.forward(&z, &target).unwrap().total();
    let by_sample = MultiLabelSoftMargin::default()
        .forward(&z, &target)
        .unwrap()
        .total();
    assert!((mean - by_sample).abs() < 1e-14);
}

/// A shift that all logits share changes nothing, so gradient rows add up to 0; not so for the z-loss and capped logits.
#[test]
fn gradient_rows_add_up_to_zero() {
    let (z, y) = logits();
    let shifted = &z + 7.0;
    let per_class = array![5.0, 1.0, 2.0, 9.0, 1.0, 3.0];
    fn check<L: Loss>(
        loss: &L,
        inputs: &Inputs<'_, f64>,
        shifted: &Inputs<'_, f64>,
        invariant: bool,
    ) {
        let (value, slopes) = evaluated(loss, inputs);
        let total = slopes.sum_axis(ndarray::Axis(1));
        let zero = total.iter().all(|e| e.abs() < 1e-13);
        let (there, _) = evaluated(loss, shifted);
        let same = value.iter().zip(&there).all(|(a, b)| (a - b).abs() < 1e-12);
        assert_eq!((zero, same), (invariant, invariant), "{}", L::NAME);
    }
    macro_rules! check {
        ($loss:ident, $invariant:expr $(, $more:expr)*) => {
            check(&$loss::default(), &Inputs::from((&z, &y $(, $more)*)), &Inputs::from((&shifted, &y $(, $more)*)), $invariant);
        };
    }
    check!(LabelSmoothing, true);
    check!(Poly1, true);
    check!(GeneralizedCrossEntropy, true);
    check!(SymmetricCrossEntropy, true);
    check!(LogitAdjusted, true, &per_class);
    check!(BalancedSoftmax, true, &per_class);
    check!(Ldam, true, &per_class);
    check!(ZLossCrossEntropy, false);
    check!(SoftCappedCrossEntropy, false);
}
