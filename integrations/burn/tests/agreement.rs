//! Value and gradients are burn's own, for every loss that both have.

mod support;

use burn::nn::loss as theirs;
use burn::tensor::{DType, Tensor};
use loss_burn::{BurnLoss, Error};
use loss_dsl::losses::{
    CosineEmbedding, GaussianNll, Huber, KlDivergence, LabelSmoothing, MeanAbsoluteError,
    MeanSquaredError, PoissonNll, SigmoidCrossEntropy, SmoothL1, SoftmaxCrossEntropy,
    TripletMargin, WeightedSoftmax,
};
use loss_dsl::{Loss, Reduction};
use support::{assert_close, device, labels, tensor, variable};
use theirs::Reduction::Mean;

/// In f64 what differs is the order of operations, and constants that burn keeps in f32. (Some of its losses
/// compute in f32 alone.)
const TYPES: [(DType, f64); 2] = [(DType::F64, 2e-7), (DType::F32, 4e-6)];

/// The value is the same, and so are the gradients of three times its square: their upstream gradient is not 1.
#[track_caller]
fn compare<const D: usize>(
    inputs: &[&Tensor<D>],
    tolerance: f64,
    ours: Result<Tensor<1>, Error>,
    theirs: Tensor<1>,
) {
    let ours = ours.expect("inputs that fit");
    assert_close(&ours, &theirs, tolerance);
    let square = |value: Tensor<1>| (value.clone() * value * 3.0).backward();
    let (ours, theirs) = (square(ours), square(theirs));
    for input in inputs {
        let gradient = |of| input.grad(of).expect("a gradient arrives");
        assert_close(&gradient(&ours), &gradient(&theirs), tolerance);
    }
}

#[test]
fn cross_entropy() {
    for (dtype, tolerance) in TYPES {
        let (z, y) = (variable(1, [7, 5], dtype), labels(7, 5));
        let config = theirs::CrossEntropyLossConfig::new();
        let expected = config.init(&device()).forward(z.clone(), y.clone());
        compare(
            &[&z],
            tolerance,
            SoftmaxCrossEntropy::default().apply((&z, &y)),
            expected,
        );
    }
}

#[test]
fn smoothed_labels() {
    let (z, y) = (variable(1, [7, 5], DType::F32), labels(7, 5));
    let config = theirs::CrossEntropyLossConfig::new().with_smoothing(Some(0.125));
    let expected = config.init(&device()).forward(z.clone(), y.clone());
    let loss = LabelSmoothing {
        epsilon: 0.125,
        ..LabelSmoothing::default()
    };
    compare(&[&z], 4e-6, loss.apply((&z, &y)), expected);
}

#[test]
fn weighted_cross_entropy() {
    let (z, y) = (variable(1, [7, 4], DType::F32), labels(7, 4));
    let weights = [1.0, 0.5, 2.0, 3.0];
    let config = theirs::CrossEntropyLossConfig::new().with_weights(Some(weights.to_vec()));
    let expected = config.init(&device()).forward(z.clone(), y.clone());
    let w = Tensor::<1>::from_data(weights, &device());
    let loss = WeightedSoftmax::default().with_normalizer(loss_dsl::Normalizer::WeightedMean);
    compare(&[&z], 4e-6, loss.apply((&z, &w, &y)), expected);
}

/// Padding has no loss, and does not count in the mean.
#[test]
fn padded_labels() {
    let (z, y) = (variable(1, [7, 5], DType::F32), labels(7, 5));
    let config = theirs::CrossEntropyLossConfig::new().with_pad_tokens(Some(vec![3]));
    let expected = config.init(&device()).forward(z.clone(), y.clone());
    let loss = SoftmaxCrossEntropy::default().with_ignore_index(3);
    compare(&[&z], 4e-6, loss.apply((&z, &y)), expected);
}

#[test]
fn cross_entropy_of_a_linear_layer() {
    for (dtype, tolerance) in TYPES {
        let (x, w, y) = (
            variable(1, [7, 3], dtype),
            variable(2, [5, 3], dtype),
            labels(7, 5),
        );
        // A graph is gone after its backward pass.
        let z = || x.clone().matmul(w.clone().transpose());
        let own = theirs::CrossEntropyLossConfig::new().init(&device());
        let expected = own.forward(z(), y.clone());
        let ours = SoftmaxCrossEntropy::default().apply((&z(), &y));
        compare(&[&x, &w], tolerance, ours, expected);
    }
}

#[test]
fn distances() {
    for (dtype, tolerance) in TYPES {
        let (x, t) = (variable(3, [4, 6], dtype), tensor(4, [4, 6], dtype));
        let own = || (x.clone(), t.clone());
        let (a, b) = own();
        compare(
            &[&x],
            tolerance,
            MeanSquaredError::default().apply((&x, &t)),
            theirs::MseLoss::new().forward(a, b, Mean),
        );
        let (a, b) = own();
        let expected = theirs::LpLossConfig::l1().forward(a, b, Mean);
        compare(
            &[&x],
            tolerance,
            MeanAbsoluteError::default().apply((&x, &t)),
            expected,
        );
        let (a, b) = own();
        let expected = theirs::HuberLossConfig::new(0.75)
            .init()
            .forward(a, b, Mean);
        let huber = Huber {
            delta: 0.75,
            ..Huber::default()
        };
        compare(&[&x], tolerance, huber.apply((&x, &t)), expected);
        let (a, b) = own();
        let config = theirs::SmoothL1LossConfig::new().with_beta(0.5);
        let expected = config.init().forward_with_reduction(a, b, Mean);
        let smooth = SmoothL1 {
            beta: 0.5,
            ..SmoothL1::default()
        };
        compare(&[&x], tolerance, smooth.apply((&x, &t)), expected);
    }
}

loss_dsl::loss! {
    /// The logistic loss of a score and a sign.
    SoftMargin(x: [N], sign: const [N]) { ln(1 + exp(-sign * x)) }
}

loss_dsl::loss! {
    /// How far the first score is from being above the second one by a margin, or below for a sign of -1.
    MarginRanking(a: [N], b: [N], sign: const [N], margin: scalar = 0) { relu(-sign * (a - b) + margin) }
}

/// What burn has and the library has not is a line.
#[test]
fn losses_of_scores_and_signs() {
    for (dtype, tolerance) in TYPES {
        let (a, b) = (variable(3, [4, 6], dtype), variable(4, [4, 6], dtype));
        let signs = tensor(5, [4, 6], dtype).sign();
        let expected = theirs::SoftMarginLoss::new().forward(a.clone(), signs.clone(), Mean);
        let ours = SoftMargin::default().apply((&a, &signs));
        compare(&[&a], tolerance, ours, expected);
        let own = theirs::MarginRankingLossConfig::new()
            .with_margin(0.5)
            .init();
        let expected = own.forward(a.clone(), b.clone(), signs.clone(), Mean);
        let loss = MarginRanking {
            margin: 0.5,
            ..MarginRanking::default()
        };
        compare(&[&a, &b], tolerance, loss.apply((&a, &b, &signs)), expected);
    }
}

#[test]
fn sigmoid_cross_entropy() {
    let x = variable(7, [5, 4], DType::F32);
    let positive = tensor(8, [5, 4], DType::F32).greater_elem(0.0);
    let config = theirs::BinaryCrossEntropyLossConfig::new().with_logits(true);
    let own = config.init(&device());
    let expected = own.forward(x.clone(), positive.clone().int());
    let ours = SigmoidCrossEntropy::default().apply((&x, &positive.float()));
    compare(&[&x], 4e-6, ours, expected);
}

#[test]
fn likelihoods() {
    for (dtype, tolerance) in TYPES {
        let (x, t) = (variable(3, [30], dtype), tensor(4, [30], dtype).abs());
        let expected =
            theirs::PoissonNllLossConfig::new()
                .init()
                .forward(x.clone(), t.clone(), Mean);
        compare(
            &[&x],
            tolerance,
            PoissonNll::default().apply((&x, &t)),
            expected,
        );
        let variance = (tensor(5, [30], dtype).abs() + 0.1).detach().require_grad();
        let config = theirs::GaussianNLLLossConfig::new();
        let expected = config
            .init()
            .forward(x.clone(), t.clone(), variance.clone(), Mean);
        compare(
            &[&x, &variance],
            tolerance,
            GaussianNll::default().apply((&x, &t, &variance)),
            expected,
        );
    }
}

#[test]
fn divergence() {
    for (dtype, tolerance) in TYPES {
        let x = variable(3, [6, 5], dtype);
        let log_p = || burn::tensor::activation::log_softmax(x.clone(), 1);
        let q = burn::tensor::activation::softmax(tensor(4, [6, 5], dtype), 1);
        let expected = theirs::KLDivLossConfig::new().init().forward(
            log_p(),
            q.clone(),
            theirs::Reduction::BatchMean,
        );
        compare(
            &[&x],
            tolerance,
            KlDivergence::default().apply((&log_p(), &q)),
            expected,
        );
    }
}

#[test]
fn pairs() {
    for (dtype, tolerance) in TYPES {
        let [a, b, c] = [1, 2, 3].map(|seed| variable(seed, [6, 5], dtype));
        let own = || (a.clone(), b.clone());
        let same = labels(6, 2).equal_elem(1);
        let signs = same.clone().int() * 2 - 1;
        let config = theirs::CosineEmbeddingLossConfig::new().with_margin(0.25);
        let (first, second) = own();
        let expected = config.init().forward(first, second, signs);
        let loss = CosineEmbedding {
            margin: 0.25,
            ..CosineEmbedding::default()
        };
        compare(&[&a, &b], tolerance, loss.apply((&a, &b, &same)), expected);
        let (first, second) = own();
        let expected =
            theirs::TripletMarginLossConfig::new()
                .init()
                .forward(first, second, c.clone(), Mean);
        // PyTorch's small addition to every coordinate is not in burn's.
        let loss = TripletMargin {
            eps: 0.0,
            ..TripletMargin::default()
        };
        compare(&[&a, &b, &c], tolerance, loss.apply((&a, &b, &c)), expected);
    }
}

#[test]
fn sums_and_values_of_samples() {
    let (x, t) = (
        variable(3, [4, 6], DType::F32),
        tensor(4, [4, 6], DType::F32),
    );
    let loss = MeanSquaredError::default();
    let sum = loss.clone().with_reduction(Reduction::Sum);
    let expected = theirs::MseLoss::new().forward(x.clone(), t.clone(), theirs::Reduction::Sum);
    compare(&[&x], 4e-6, sum.apply((&x, &t)), expected);
    let each = loss.with_reduction(Reduction::None);
    let expected = theirs::MseLoss::new().forward_no_reduction(x.clone(), t.clone());
    let found = each.apply_each::<2>((&x, &t)).expect("inputs that fit");
    assert_close(&found, &expected, 1e-6);
    let weights = tensor(9, [4, 6], DType::F32);
    let gradient = |value: Tensor<2>| {
        x.grad(&(value * weights.clone()).backward())
            .expect("a gradient")
    };
    assert_close(&gradient(found), &gradient(expected), 4e-6);
}
