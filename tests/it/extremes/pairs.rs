//! Pairs and batches at their singular points, against closed forms: nothing to compare with, equal samples, zero vectors, a
//! temperature of 0.01.

use loss_dsl::losses::{
    BatchAllTriplet, BatchContrastive, BatchHardTriplet, Clip, Contrastive, InfoNce,
    MultiSimilarity, NPairs, NtXent, PairCircle, ProxyAnchor, SigLip, SupCon, TripletMargin,
};
use loss_dsl::{Float, Inputs, Loss, Normalizer, Reduction};
use ndarray::{Array2, ArrayD, Axis, array};

/// The value per sample and the gradients of Σ value.
fn computed<L: Loss + Clone, F: Float>(
    loss: &L,
    inputs: &Inputs<'_, F>,
) -> (ArrayD<F>, Vec<ArrayD<F>>) {
    let loss = loss.clone().with_reduction(Reduction::None);
    let (value, gradients) = loss.differentiate(inputs).expect("a correct call");
    let value = value.per_sample().expect("a loss per sample").clone();
    (value, gradients.tensors)
}

fn is_zero<F: Float>(array: &ArrayD<F>) -> bool {
    array.iter().all(|&element| element == F::ZERO)
}

/// A batch of one has no others: value and gradient are 0, not ln 0.
#[test]
fn a_batch_of_one() {
    let (a, b, y) = (array![[1.0_f32, 2.0]], array![[-3.0_f32, 0.5]], array![-7]);
    let pair = Inputs::from((&a, &b));
    let labelled = Inputs::from((&a, &y));
    let found = [
        computed(&InfoNce::default(), &pair),
        computed(&Clip::default(), &pair),
        computed(&NPairs::default(), &pair),
        computed(&NtXent::default(), &labelled),
        computed(&SupCon::default(), &labelled),
        computed(&MultiSimilarity::default(), &labelled),
        computed(&PairCircle::default(), &labelled),
        computed(&BatchContrastive::default(), &labelled),
        computed(&BatchAllTriplet::default(), &labelled),
        computed(&BatchHardTriplet::default(), &labelled),
        computed(
            &BatchHardTriplet {
                soft: true,
                ..BatchHardTriplet::default()
            },
            &labelled,
        ),
    ];
    for (number, (value, gradients)) in found.iter().enumerate() {
        assert!(is_zero(value), "loss {number}: {value}");
        assert!(
            gradients.iter().all(is_zero),
            "loss {number}: {gradients:?}"
        );
    }
}

/// No partners, or no strangers: those parts are 0, and so are their gradients.
#[test]
fn sets_that_are_empty() {
    let x = array![[1.0_f64, 0.0], [0.0, 2.0], [-1.0, 0.0]];
    let alone = array![1, 2, 3];
    let together = array![4, 4, 4];
    for y in [&alone, &together] {
        let inputs = Inputs::from((&x, y));
        for soft in [false, true] {
            let loss = BatchHardTriplet {
                soft,
                ..BatchHardTriplet::default()
            };
            let (value, gradients) = computed(&loss, &inputs);
            assert!(is_zero(&value) && is_zero(&gradients[0]));
        }
        let (value, gradients) = computed(&PairCircle::default(), &inputs);
        assert!(is_zero(&value) && is_zero(&gradients[0]));
        let (value, gradients) = computed(&BatchAllTriplet::default(), &inputs);
        assert!(is_zero(&value) && is_zero(&gradients[0]));
    }
    let inputs = Inputs::from((&x, &alone));
    for (value, gradients) in [
        computed(&SupCon::default(), &inputs),
        computed(&NtXent::default(), &inputs),
    ] {
        assert!(is_zero(&value) && is_zero(&gradients[0]));
    }
    // Nobody counts, and the mean over nobody is 0.
    let weighted = SupCon::default().with_normalizer(Normalizer::WeightedMean);
    assert_eq!(weighted.evaluate(&inputs).unwrap().total(), 0.0);
    // Cosines with strangers only: 0, 0 and -1.
    let loss = MultiSimilarity::default();
    let (value, _) = computed(&loss, &inputs);
    let expected = ((-50.0_f64).exp() + (-100.0_f64).exp()).ln_1p() / 50.0;
    assert!((value[[0]] / expected - 1.0).abs() < 1e-12, "{value}");
}

/// pytorch-metric-learning returns 0 for a batch of one class; the formula has the partners as candidates.
#[test]
fn supervised_contrast_of_one_class() {
    let x = array![[1.0_f64, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 3.0]];
    let (value, gradients) = computed(&SupCon::default(), &Inputs::from((&x, &array![9_u8, 9, 9])));
    let error = |v: &f64| (v - 2.0_f64.ln()).abs();
    assert!(value.iter().all(|v| error(v) < 1e-15), "{value}");
    // Equal shares of equal partners.
    assert!(gradients[0].iter().all(|g| g.abs() < 1e-14));
}

/// Samples that coincide: the share of each is 1/N, the direction to each other undefined and the gradient 0.
#[test]
fn samples_that_coincide() {
    let x = Array2::from_shape_fn((4, 3), |(_, d)| [0.5_f32, -2.0, 1.0][d]);
    let y = array![0, 0, 1, 1];
    for temperature in [0.07, 0.01] {
        let loss = InfoNce {
            temperature,
            ..InfoNce::default()
        };
        let (value, gradients) = computed(&loss, &Inputs::from((&x, &x)));
        let error = |v: &f32| (v - 4.0_f32.ln()).abs();
        assert!(value.iter().all(|v| error(v) < 1e-5), "{value}");
        let largest = gradients.iter().flatten().map(|g| g.abs());
        assert!(largest.fold(0.0, f32::max) < 1e-4, "{gradients:?}");
        let loss = SupCon {
            temperature,
            ..SupCon::default()
        };
        let (value, _) = computed(&loss, &Inputs::from((&x, &y)));
        let error = |v: &f32| (v - 3.0_f32.ln()).abs();
        assert!(value.iter().all(|v| error(v) < 1e-5), "{value}");
    }
    let labelled = Inputs::from((&x, &y));
    let (value, gradients) = computed(&BatchHardTriplet::default(), &labelled);
    assert!(value.iter().all(|&v| v == 0.2) && is_zero(&gradients[0]));
    let (value, gradients) = computed(&BatchAllTriplet::default(), &labelled);
    assert!(value.iter().all(|v| (v - 0.2).abs() < 1e-6) && is_zero(&gradients[0]));
    // All pairs of strangers at distance 0, of partners without a loss.
    let (value, gradients) = computed(&BatchContrastive::default(), &labelled);
    assert!(value.iter().all(|&v| v == 1.0) && is_zero(&gradients[0]));
}

/// Distance 0 in the losses of given pairs.
#[test]
fn pairs_that_coincide() {
    let a = array![[1.0_f64, -2.0], [3.0, 0.5]];
    for same in [true, false] {
        let masks = array![same, same];
        let (value, gradients) = computed(&Contrastive::default(), &Inputs::from((&a, &a, &masks)));
        let expected = if same { 0.0 } else { 0.5 };
        assert!(value.iter().all(|&v| v == expected), "{value}");
        assert!(gradients.iter().all(is_zero));
    }
    for (swap, eps) in [(false, 0.0), (true, 0.0), (false, 1e-6), (true, 1e-6)] {
        let loss = TripletMargin {
            swap,
            eps,
            ..TripletMargin::default()
        };
        let (value, gradients) = computed(&loss, &Inputs::from((&a, &a, &a)));
        assert!(value.iter().all(|v| (v - 1.0).abs() < 1e-12), "{value}");
        assert!(gradients.iter().flatten().all(|g| g.is_finite()));
        assert!(eps > 0.0 || gradients.iter().all(is_zero));
    }
}

/// A zero vector has cosine 0 with all others, and gradient 0.
#[test]
fn zero_vectors() {
    let a = array![[0.0_f32, 0.0], [1.0, 1.0], [0.0, -2.0]];
    let b = array![[1.0_f32, 0.0], [0.0, 0.0], [3.0, 4.0]];
    let y = array![5, 5, 8];
    let of_pairs = [
        computed(&InfoNce::default(), &Inputs::from((&a, &b))),
        computed(&Clip::default(), &Inputs::from((&a, &b))),
        computed(&SigLip::default(), &Inputs::from((&a, &b))),
    ];
    let labelled = Inputs::from((&a, &y));
    let of_batches = [
        computed(&NtXent::default(), &labelled),
        computed(&SupCon::default(), &labelled),
        computed(&MultiSimilarity::default(), &labelled),
        computed(&PairCircle::default(), &labelled),
        computed(&BatchContrastive::default(), &labelled),
    ];
    for (value, gradients) in of_pairs.iter().chain(&of_batches) {
        assert!(value.iter().all(|v| v.is_finite()), "{value}");
        assert!(gradients.iter().flatten().all(|g| g.is_finite()));
        assert!(
            gradients[0]
                .index_axis(Axis(0), 0)
                .iter()
                .all(|&g| g == 0.0)
        );
    }
    let (value, _) = &of_pairs[0];
    assert!((value[[0]] - 3.0_f32.ln()).abs() < 1e-6, "{value}");
}

/// At a temperature of 0.01 logits reach 100, and every share but one is below what f32 can add to it.
#[test]
fn sharp_temperatures() {
    let a = array![[1.0_f32, 0.0], [0.0, 1.0]];
    let loss = InfoNce {
        temperature: 0.01,
        ..InfoNce::default()
    };
    let (value, gradients) = computed(&loss, &Inputs::from((&a, &a)));
    assert!(value.iter().all(|&v| v < 1e-30), "{value}");
    assert!(gradients.iter().flatten().all(|g| g.abs() < 1e-30));
    let crossed = array![[0.0_f32, 1.0], [1.0, 0.0]];
    let (value, gradients) = computed(&loss, &Inputs::from((&a, &crossed)));
    assert!(value.iter().all(|&v| v == 100.0), "{value}");
    let expected = array![[100.0_f32, -100.0], [-100.0, 100.0]].into_dyn();
    let error = |(g, e): (&f32, &f32)| (g - e).abs();
    // ∂/∂a is 1/T times the difference of the two candidates, less what is along a.
    let along_other = |n: usize| gradients[0][[n, 1 - n]];
    assert!(
        (0..2).all(|n| error((&along_other(n), &-100.0)) < 1e-3),
        "{expected}\n{gradients:?}"
    );
}

/// Identities are compared and nothing else: of any integer type, any size and sign.
#[test]
fn identities_are_names() {
    let x = Array2::from_shape_fn((5, 3), |(n, d)| (0.7 * n as f64 + 1.3 * d as f64).sin());
    let loss = SupCon::default();
    let expected = loss.value_and_grad(&x, &array![0, 1, 0, 2, 1]).unwrap();
    let same = |found: (loss_dsl::Value<f64>, _)| found.0.total() == expected.0.total();
    let (a, b, c) = (i64::MIN, i64::MAX, -1);
    assert!(same(
        loss.value_and_grad(&x, &array![a, b, a, c, b]).unwrap()
    ));
    let (a, b, c) = (u64::MAX, 0, 1 << 40);
    assert!(same(
        loss.value_and_grad(&x, &array![a, b, a, c, b]).unwrap()
    ));
    assert!(same(
        loss.value_and_grad(&x, &array![255_u8, 7, 255, 9, 7])
            .unwrap()
    ));
    // An ignored sample has no loss, but is among the others of the rest.
    let ignoring = loss
        .clone()
        .with_ignore_index(2)
        .with_reduction(Reduction::None);
    let y = array![0, 1, 0, 2, 1];
    let all = loss
        .with_reduction(Reduction::None)
        .evaluate(&Inputs::from((&x, &y)));
    let some = ignoring.evaluate(&Inputs::from((&x, &y)));
    let (all, some) = (all.unwrap(), some.unwrap());
    let (all, some) = (all.per_sample().unwrap(), some.per_sample().unwrap());
    assert!((0..5).all(|n| some[[n]] == if n == 3 { 0.0 } else { all[[n]] }));
}

/// Every class without samples, and a class with all of them.
#[test]
fn proxies_without_samples() {
    let x = array![[1.0_f64, 0.0], [1.0, 0.0]];
    let w = array![[2.0_f64, 0.0], [0.0, 1.0], [-3.0, 0.0]];
    let (value, gradients) = ProxyAnchor::default()
        .value_and_grad(&x, &w, &array![0, 0])
        .unwrap();
    let (pull, push) = (
        (2.0 * (-28.8_f64).exp()).ln_1p(),
        (2.0 * 3.2_f64.exp()).ln_1p() + (2.0 * (-28.8_f64).exp()).ln_1p(),
    );
    let expected = pull + push / 3.0;
    assert!((value.total() / expected - 1.0).abs() < 1e-13, "{value}");
    assert!(
        gradients
            .x
            .iter()
            .chain(&gradients.w)
            .all(|g| g.is_finite())
    );
    // A class of nobody is not pulled, but its proxy is pushed away.
    assert!(gradients.w[[0, 0]].abs() < 1e-12 && gradients.w[[1, 0]] > 0.0);
}
