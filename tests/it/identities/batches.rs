//! What a batch is: its samples in any order, each by its weight, and, unless samples see each other, no more than the
//! parts that it is made of.

use loss_dsl::{ParameterSpec, Reduction, Spec};
use loss_tests::support::any::AnyLoss;
use loss_tests::support::arrays::{Array, Arrays};
use loss_tests::support::outcome::{Outcome, generated};
use loss_tests::support::subject::Subject;
use ndarray::{ArrayD, Axis};

use super::EQUAL;

/// Extents that all differ, so that axes are not mixed up.
pub(super) fn extent(dim: &str) -> usize {
    match dim {
        "N" => 6,
        "C" => 5,
        "D" => 4,
        "K" => 3,
        _ => 2,
    }
}

const SEEDS: u64 = 4;

/// The samples at `places` of a batch, on its dimension `batch`.
fn selected(spec: &Spec, arrays: &Arrays, batch: usize, places: &[usize]) -> Arrays {
    let pick = |(p, array): (&ParameterSpec, &Array)| {
        let along = p.axes.iter().position(|&dim| dim == batch);
        along.map_or_else(|| array.clone(), |at| select(array, at, places))
    };
    Arrays::new(spec.arrays().zip(&arrays.list).map(pick).collect())
}

/// The positions `places` along an array axis.
pub(super) fn select(array: &Array, axis: usize, places: &[usize]) -> Array {
    match array {
        Array::Real(array) => Array::Real(array.select(Axis(axis), places)),
        Array::Labels(array) => Array::Labels(array.select(Axis(axis), places)),
        Array::Mask(array) => Array::Mask(array.select(Axis(axis), places)),
    }
}

fn with_ones(subject: &Subject, loss: &AnyLoss, arrays: &Arrays) -> Outcome {
    let ones = subject.cotangent(arrays, 1).mapv(|_| 1.0);
    generated::<f64>(loss, arrays, &ones)
}

/// How far a batch is from its first and its other samples on the dimension `batch`, each on their own.
fn off_when_split(subject: &Subject, batch: usize, seed: u64) -> f64 {
    let spec = subject.loss.spec();
    let arrays = subject.sample(extent, seed);
    let samples: Vec<usize> = (0..extent(spec.dims[batch].name)).collect();
    let part = |places: &[usize]| {
        let arrays = selected(spec, &arrays, batch, places);
        with_ones(subject, &subject.loss, &arrays)
    };
    let (first, second) = (part(&samples[..1]), part(&samples[1..]));
    let joined = join(spec, batch, &first, &second);
    let mut whole = part(&samples);
    let compared = |name: &str| joined.arrays.iter().any(|(own, _)| own == name);
    whole.arrays.retain(|(name, _)| compared(name));
    whole.error(&joined).0
}

/// Losses and gradients of samples one after the other, gradients of what all samples share added up.
fn join(spec: &Spec, batch: usize, first: &Outcome, second: &Outcome) -> Outcome {
    let join = |name: String, axes: &[usize]| {
        let parts = [first.get(&name), second.get(&name)];
        let along = axes.iter().position(|&dim| dim == batch);
        let joined = along.map_or_else(
            || parts[0] + parts[1],
            |at| {
                let views = parts.map(|part| part.view());
                ndarray::concatenate(Axis(at), &views).expect("parts of one array")
            },
        );
        (name, joined)
    };
    let mut arrays = vec![join("value".to_owned(), spec.value_axes)];
    for p in spec.differentiable().chain(spec.learned()) {
        arrays.push(join(format!("d{}", p.name), p.axes));
    }
    Outcome { arrays }
}

/// [`Spec::coupled`] says whether the samples of a batch see each other; the engine relies on it.
fn splits_unless_coupled(subject: &Subject) {
    let spec = subject.loss.spec();
    if spec.value_axes.is_empty() {
        return;
    }
    let along = |&batch: &usize| (1..=SEEDS).map(move |seed| off_when_split(subject, batch, seed));
    let off = spec.value_axes.iter().flat_map(along).fold(0.0, f64::max);
    if spec.coupled {
        assert!(off > 1e-6, "{} is coupled but splits", spec.name);
    } else {
        assert!(off <= EQUAL, "{}: {off:.1e}", spec.name);
    }
}

/// A sample of weight 2 is a sample twice.
fn weights_count_samples(subject: &Subject) {
    let spec = subject.loss.spec();
    if spec.value_axes.is_empty() || spec.coupled {
        return;
    }
    let loss = subject.loss.clone().with_reduction(Reduction::Sum);
    for seed in 1..=SEEDS {
        let arrays = subject.sample(extent, seed);
        let batch = spec.value_axes[0];
        let samples: Vec<usize> = (0..extent(spec.dims[batch].name)).collect();
        let mut weights = subject.cotangent(&arrays, 1).mapv(|_| 1.0);
        weights.index_axis_mut(Axis(0), 0).fill(2.0);
        let weighted = loss.clone().with_sample_weights(weights);
        let twice: Vec<usize> = [0].into_iter().chain(samples).collect();
        let twice = selected(spec, &arrays, batch, &twice);
        let (left, right) = (arrays.inputs::<f64>(), twice.inputs::<f64>());
        let (value, slopes) = weighted.differentiate(&left).expect("a correct call");
        let (expected, doubled) = loss.differentiate(&right).expect("a correct call");
        assert!(
            (value.total() - expected.total()).abs() <= EQUAL * expected.total().abs().max(1e-300)
        );
        for (p, slope) in spec.differentiable().zip(&slopes.tensors) {
            let along = p.axes.iter().position(|&dim| dim == batch);
            let folded = folded(&doubled[p.name], along);
            let scale = folded.fold(1e-300_f64, |scale, e| scale.max(e.abs()));
            let off = (slope - &folded).fold(0.0_f64, |off, e| off.max(e.abs()));
            assert!(
                off <= EQUAL * scale,
                "{}: d{} off by {off:e}",
                spec.name,
                p.name
            );
        }
    }
}

/// The gradient of the first sample, given twice, added up.
fn folded(slopes: &ArrayD<f64>, batch: Option<usize>) -> ArrayD<f64> {
    let Some(axis) = batch else {
        return slopes.clone();
    };
    let mut rest = slopes.clone();
    rest.slice_axis_inplace(Axis(axis), (1..).into());
    let mut first = rest.index_axis_mut(Axis(axis), 0);
    first += &slopes.index_axis(Axis(axis), 0);
    rest
}

mod split {
    use super::splits_unless_coupled;

    loss_tests::for_each_built_in!(splits_unless_coupled);
    crate::written::for_each_written!(splits_unless_coupled);
}

mod weights {
    use super::weights_count_samples;

    loss_tests::for_each_built_in!(weights_count_samples);
    crate::written::for_each_written!(weights_count_samples);
}
