//! The ways to call a sharded loss: options, reductions, steps, trailing axes, 16 bits, a part of the classes.

use std::sync::Arc;

use loss_dsl::half::f16;
use loss_dsl::losses::{ArcFace, CurricularFace, SoftmaxCrossEntropy, WeightedSoftmax};
use loss_dsl::sharding::{Alone, Communicator, Sharded, ShardedLoss, Shards, Traffic, threads};
use loss_dsl::{Error, Inputs, Loss, Normalizer, Reduction, Value};
use ndarray::{Array1, Array2, ArrayD, ArrayView2, Axis, array};

use loss_tests::support::arrays::Arrays;
use loss_tests::support::random::Random;
use loss_tests::support::sharded::part;

/// What a value with its gradients sends, from rank 0.
pub(crate) fn traffic_of_gradients<L: ShardedLoss>(
    loss: &L,
    arrays: &Arrays,
    ranks: usize,
) -> Traffic {
    let dim = L::SHARDED.expect("an axis that may be sharded");
    let spec = L::spec();
    let at = spec.arrays().find_map(|p| {
        let axis = p.axes.iter().position(|&own| own == dim);
        axis.map(|axis| (spec.arrays().position(|q| q.name == p.name), axis))
    });
    let Some((Some(array), axis)) = at else {
        unreachable!("an array has the axis")
    };
    let shards = Shards::even(arrays.list[array].shape()[axis], ranks);
    let traffic = threads(ranks, |communicator| {
        let range = shards.range(communicator.rank());
        let part = part(spec, dim, arrays, range.start, range.len());
        let loss = loss.clone().sharded(spec.dims[dim].name, communicator);
        let loss = loss.expect("that axis");
        let gradients = loss.differentiate(&part.inputs::<f32>());
        gradients.expect("a correct call");
        loss.traffic()
    });
    traffic[0]
}

fn matrix(seed: u64, rows: usize, columns: usize) -> Array2<f64> {
    let mut random = Random::new(seed);
    Array2::from_shape_simple_fn((rows, columns), || random.normal())
}

/// Calls with the rows of a matrix spread over ranks; all ranks must return the same.
fn on_ranks<L: ShardedLoss, T: Send + PartialEq + std::fmt::Debug>(
    ranks: usize,
    classes: usize,
    loss: &L,
    body: impl Fn(Sharded<L>, std::ops::Range<usize>) -> T + Sync,
) -> T {
    let shards = Shards::even(classes, ranks);
    let mut results = threads(ranks, |communicator| {
        let range = shards.range(communicator.rank());
        let loss = loss.clone().sharded("C", communicator);
        body(loss.expect("the axis that may be sharded"), range)
    });
    let first = results.remove(0);
    for other in results {
        assert_eq!(other, first);
    }
    first
}

fn near(a: f64, b: f64) {
    assert!(
        (a - b).abs() < 1e-12 * b.abs().max(1.0),
        "{a} instead of {b}"
    );
}

/// Reductions, normalisers, sample weights, ignored labels; a declared weight, which the owner of a class knows.
#[test]
fn options_are_those_of_the_whole() {
    let (z, class_weights) = (matrix(1, 6, 7), Array1::from_iter((1..8).map(f64::from)));
    let y = array![3, -1, 0, 6, 6, 2];
    let weights = array![1.0, 2.0, 0.5, 0.0, 3.0, 1.5].into_dyn();
    for normalizer in Normalizer::ALL {
        for reduction in [Reduction::Mean, Reduction::Sum, Reduction::None] {
            for weights in [None, Some(weights.clone())] {
                let mut loss = WeightedSoftmax::default()
                    .with_reduction(reduction)
                    .with_normalizer(normalizer)
                    .with_ignore_index(-1);
                loss.options_mut().sample_weights = weights;
                let whole = loss.differentiate(&Inputs::from((&z, &class_weights, &y)));
                let (whole, slopes) = whole.expect("a correct call");
                let value = on_ranks(3, 7, &loss, |loss, range| {
                    let part = z.slice_axis(Axis(1), range.clone().into());
                    let weights = class_weights.slice_axis(Axis(0), range.clone().into());
                    let inputs = Inputs::from((&part, &weights, &y));
                    let (value, gradients) = loss.differentiate(&inputs).expect("a correct call");
                    let expected = slopes["z"].slice_axis(Axis(1), range.into());
                    for (found, expected) in gradients["z"].iter().zip(expected) {
                        near(*found, *expected);
                    }
                    value
                });
                match (&value, &whole) {
                    (Value::Total(value), Value::Total(whole)) => near(*value, *whole),
                    (Value::PerSample(values), Value::PerSample(whole)) => {
                        for (value, whole) in values.iter().zip(whole) {
                            near(*value, *whole);
                        }
                    }
                    _ => panic!("{value:?} instead of {whole:?}"),
                }
            }
        }
    }
}

/// A state that depends on the cosines of the labels' classes becomes the same on all ranks.
#[test]
fn steps_are_those_of_the_whole() {
    let (x, w, y) = (matrix(2, 5, 3), matrix(3, 8, 3), array![7, 0, 3, 3, 5]);
    let mut whole = CurricularFace::default();
    whole
        .step(&Inputs::from((&x, &w, &y)))
        .expect("a correct call");
    assert_ne!(
        whole.scalar_values(),
        CurricularFace::default().scalar_values()
    );
    let scalars = on_ranks(4, 8, &CurricularFace::default(), |mut loss, range| {
        let part = w.slice_axis(Axis(0), range.into());
        loss.step(&Inputs::from((&x, &part, &y)))
            .expect("a correct call");
        loss.scalar_values()
    });
    for (found, expected) in scalars.iter().zip(whole.scalar_values()) {
        near(*found, expected);
    }
}

#[test]
fn trailing_axes_extend_the_batch() {
    let mut random = Random::new(4);
    let z = ArrayD::from_shape_simple_fn(vec![2, 5, 3, 2], || random.normal());
    let y = ArrayD::from_shape_simple_fn(vec![2, 3, 2], || random.below(5) as i64);
    let loss = SoftmaxCrossEntropy::default();
    let (whole, slopes) = loss
        .differentiate(&Inputs::from((&z, &y)))
        .expect("a correct call");
    let value = on_ranks(2, 5, &loss, |loss, range| {
        let part = z.slice_axis(Axis(1), range.clone().into());
        let inputs = Inputs::from((&part, &y));
        let (value, gradients) = loss.differentiate(&inputs).expect("a correct call");
        for (found, expected) in gradients["z"]
            .iter()
            .zip(slopes["z"].slice_axis(Axis(1), range.into()))
        {
            near(*found, *expected);
        }
        value.total()
    });
    near(value, whole.total());
}

/// Each part may be stored as it likes.
#[test]
fn parts_of_16_bits_and_of_any_layout() {
    let (x, w, y) = (matrix(5, 4, 6), matrix(6, 9, 6), array![8usize, 0, 4, 4]);
    let half = |array: ArrayView2<'_, f64>| array.mapv(f16::from_f64);
    let (x_half, w_half) = (half(x.view()), half(w.view()));
    let whole = ArcFace::default().differentiate(&Inputs::<f32>::from((&x_half, &w_half, &y)));
    let (whole, slopes) = whole.expect("a correct call");
    let value = on_ranks(2, 9, &ArcFace::default(), |loss, range| {
        let part = w_half.slice_axis(Axis(0), range.clone().into());
        let columns = part.t().as_standard_layout().into_owned();
        let columns = columns.t();
        let inputs = Inputs::<f32>::from((&x_half, &columns, &y));
        let (value, gradients) = loss.differentiate(&inputs).expect("a correct call");
        for (found, expected) in gradients["w"]
            .iter()
            .zip(slopes["w"].slice_axis(Axis(0), range.into()))
        {
            assert!(
                (found - expected).abs() < 1e-5,
                "{found} instead of {expected}"
            );
        }
        value.total()
    });
    assert!((value - whole.total()).abs() < 1e-5);
}

/// A batch without samples, or with ignored ones alone, has the value 0 on all ranks.
#[test]
fn nothing_to_compute_is_nothing_to_exchange() {
    let loss = SoftmaxCrossEntropy::default().with_ignore_index(9);
    for (z, y) in [
        (Array2::zeros((0, 4)), Array1::from_vec(vec![])),
        (matrix(7, 2, 4), array![9i64, 9]),
    ] {
        let value = on_ranks(2, 4, &loss, |loss, range| {
            let part = z.slice_axis(Axis(1), range.into());
            let (value, gradients) = loss
                .differentiate(&Inputs::from((&part, &y)))
                .expect("a correct call");
            assert!(gradients["z"].iter().all(|&slope| slope == 0.0));
            value.total()
        });
        assert_eq!(value, 0.0);
    }
}

/// One rank alone is the loss as it is, bit for bit, but for what its kernels do in another order.
#[test]
fn one_rank_alone() {
    let (x, w, y) = (matrix(8, 4, 3), matrix(9, 5, 3), array![4, 0, 2, 2]);
    let inputs = Inputs::from((&x, &w, &y));
    let whole = ArcFace::default()
        .differentiate(&inputs)
        .expect("a correct call");
    let communicator: Arc<dyn Communicator> = Arc::new(Alone);
    let loss = ArcFace::default()
        .sharded("C", communicator)
        .expect("the axis that may be");
    let alone = loss.differentiate(&inputs).expect("a correct call");
    near(alone.0.total(), whole.0.total());
    assert_eq!(loss.traffic().bytes_sent, 0);
}

/// A step with a part of the classes is a step of the loss of those classes.
#[test]
fn sampled_negatives() {
    let (x, w) = (matrix(10, 6, 4), matrix(11, 40, 4));
    let y = [3i64, 39, 20, 20, 3, 11];
    let shards = Shards::even(40, 3);
    let samples: Vec<_> = (0..3).map(|rank| shards.sample(rank, &y, 0.3, 5)).collect();
    let classes: Vec<usize> = (0..3)
        .flat_map(|rank| {
            let first = shards.range(rank).start;
            samples[rank].rows.iter().map(move |row| first + row)
        })
        .collect();
    assert!(classes.len() < 20, "{} of 40", classes.len());
    let sampled = w.select(Axis(0), &classes);
    let labels = Array1::from_vec(samples[0].labels.clone());
    let whole = ArcFace::default().differentiate(&Inputs::from((&x, &sampled, &labels)));
    let (whole, slopes) = whole.expect("a correct call");
    let values = threads(3, |communicator| {
        let rank = communicator.rank();
        let sample = shards.sample(rank, &y, 0.3, 5);
        let own = w.slice_axis(Axis(0), shards.range(rank).into());
        let own = own.select(Axis(0), &sample.rows);
        let labels = Array1::from_vec(sample.labels);
        let loss = ArcFace::default().sharded("C", communicator)?;
        let (value, gradients) = loss.differentiate(&Inputs::from((&x, &own, &labels)))?;
        for (found, expected) in gradients["x"].iter().zip(&slopes["x"]) {
            near(*found, *expected);
        }
        Ok::<_, Error>(value.total())
    });
    for value in values {
        near(value.expect("a correct call"), whole.total());
    }
}

/// Every rank brings samples of its own: their features are gathered, and each takes the rows of the gradient that are its.
#[test]
fn samples_of_all_ranks() {
    let (x, w) = (matrix(12, 7, 4), matrix(13, 9, 4));
    let y = array![8i64, 0, 3, 3, 5, 1, 8];
    let (whole, slopes) = ArcFace::default()
        .differentiate(&Inputs::from((&x, &w, &y)))
        .expect("a correct call");
    let samples = Shards::new([3, 0, 4]);
    let own = on_ranks(3, 9, &ArcFace::default(), |loss, range| {
        let mine = samples.range(loss.ranks().rank());
        let (own_x, own_y) = (
            x.slice_axis(Axis(0), mine.clone().into()),
            y.slice_axis(Axis(0), mine.clone().into()),
        );
        let (all_x, rows) = loss.ranks().gather_rows(&own_x);
        let (all_y, _) = loss.ranks().gather_rows(&own_y);
        assert_eq!((&all_x, &all_y, &rows), (&x, &y, &mine));
        let (halves, _) = loss.ranks().gather_rows(&own_x.mapv(f16::from_f64));
        assert_eq!(halves, x.mapv(f16::from_f64));
        let part = w.slice_axis(Axis(0), range.into());
        let inputs = Inputs::from((&all_x, &part, &all_y));
        let (value, gradients) = loss.differentiate(&inputs).expect("a correct call");
        let found = gradients["x"].slice_axis(Axis(0), rows.into());
        for (found, expected) in found
            .iter()
            .zip(slopes["x"].slice_axis(Axis(0), mine.into()))
        {
            near(*found, *expected);
        }
        value.total()
    });
    near(own, whole.total());
}
