//! The arrays of a call, whole or as a rank has them, and how far results differ.

use std::ops::Range;

use loss_dsl::{Float, Gradients, Inputs, Value};
use ndarray::{Array1, ArrayD, Axis, IxDyn, Slice};

/// Extents of the axes N, D and C.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extents {
    pub(crate) samples: usize,
    pub(crate) features: usize,
    pub(crate) classes: usize,
}

/// Real arrays, each with the axis of it that is the classes, and then labels.
#[derive(Clone, Debug)]
pub(crate) struct Arrays<F> {
    pub(crate) real: Vec<(ArrayD<F>, Option<usize>)>,
    pub(crate) labels: Array1<usize>,
}

impl<F: Float> Arrays<F> {
    /// Features [N, D] and centres [C, D].
    pub(crate) fn margin(extents: Extents, seed: u64) -> Self {
        let Extents {
            samples,
            features,
            classes,
        } = extents;
        Self {
            real: vec![
                (numbers(&[samples, features], seed), None),
                (numbers(&[classes, features], seed + 1), Some(0)),
            ],
            labels: labels(extents, seed),
        }
    }

    /// Logits [N, C].
    pub(crate) fn logits(extents: Extents, seed: u64) -> Self {
        let shape = [extents.samples, extents.classes];
        Self {
            real: vec![(numbers(&shape, seed), Some(1))],
            labels: labels(extents, seed),
        }
    }

    /// Another array [C].
    pub(crate) fn with_prior(mut self, classes: usize, seed: u64) -> Self {
        self.real.push((numbers(&[classes], seed), Some(0)));
        self
    }

    /// The arrays of the rank that has these classes.
    pub(crate) fn part(&self, classes: Range<usize>) -> Self {
        let slice = Slice::from(classes);
        let part = |(array, axis): &(ArrayD<F>, Option<usize>)| {
            let part = axis.map(|axis| array.slice_axis(Axis(axis), slice).to_owned());
            (part.unwrap_or_else(|| array.clone()), *axis)
        };
        Self {
            real: self.real.iter().map(part).collect(),
            labels: self.labels.clone(),
        }
    }

    pub(crate) fn inputs(&self) -> Inputs<'_, F> {
        let start = Inputs::new();
        let real = self.real.iter();
        let inputs = real.fold(start, |inputs, (array, _)| inputs.real(array));
        inputs.labels(&self.labels)
    }
}

/// A number in [−1, 1) that follows from `seed` and `at` (the mixing function of splitmix64).
fn number(seed: u64, at: usize) -> f64 {
    let state = (seed << 32) + at as u64 + 1;
    let mixed = state.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (((mixed ^ (mixed >> 31)) >> 11) as f64) / (1u64 << 52) as f64 - 1.0
}

fn numbers<F: Float>(shape: &[usize], seed: u64) -> ArrayD<F> {
    let mut at = 0..;
    ArrayD::from_shape_simple_fn(IxDyn(shape), || {
        F::from_f64(number(seed, at.next().unwrap_or_default()))
    })
}

fn labels(extents: Extents, seed: u64) -> Array1<usize> {
    let label = |n| ((number(seed + 2, n) + 1.0) / 2.0 * extents.classes as f64) as usize;
    Array1::from_shape_fn(extents.samples, label)
}

/// Value and gradients.
pub(crate) type Found<F> = (Value<F>, Gradients<F>);

/// The largest difference of what was found of a part from the same part of what was found of the whole, each array relative to
/// the largest element of the whole one.
pub(crate) fn difference<F: Float>(
    (value, gradients): &Found<F>,
    (whole_value, whole_gradients): &Found<F>,
    arrays: &Arrays<F>,
    classes: Range<usize>,
) -> f64 {
    let value = relative(
        [value.total()].into_iter(),
        [whole_value.total()].into_iter(),
        whole_value.total().to_f64().abs(),
    );
    let of_tensors = gradients.tensors.iter().zip(&whole_gradients.tensors);
    let tensors = of_tensors
        .zip(&arrays.real)
        .map(|((own, whole), (_, axis))| {
            let largest = whole.iter().fold(0.0, |most, x| x.to_f64().abs().max(most));
            let slice = Slice::from(classes.clone());
            let expected = match axis {
                Some(axis) => whole.slice_axis(Axis(*axis), slice),
                None => whole.view(),
            };
            assert_eq!(own.shape(), expected.shape());
            relative(own.iter().copied(), expected.iter().copied(), largest)
        });
    let of_scalars = gradients.scalars.iter().zip(&whole_gradients.scalars);
    let scalars = of_scalars.map(|(&own, &whole)| {
        relative([own].into_iter(), [whole].into_iter(), whole.to_f64().abs())
    });
    tensors.chain(scalars).fold(value, larger)
}

fn relative<F: Float>(
    found: impl Iterator<Item = F>,
    expected: impl Iterator<Item = F>,
    largest: f64,
) -> f64 {
    let pairs = found.zip(expected);
    let differences = pairs.map(
        |(found, expected)| match found.to_f64() - expected.to_f64() {
            0.0 => 0.0,
            difference => difference.abs() / largest,
        },
    );
    differences.fold(0.0, larger)
}

/// The larger number; NaN if one is.
pub(crate) fn larger(a: f64, b: f64) -> f64 {
    if a >= b || a.is_nan() { a } else { b }
}

/// The bits of all that was found, or only of that which all ranks have.
pub(crate) fn bits<F: Float>(
    (value, gradients): &Found<F>,
    arrays: &Arrays<F>,
    common: bool,
) -> Vec<u64> {
    let of_tensors = gradients.tensors.iter().zip(&arrays.real);
    let tensors = of_tensors
        .filter(|(_, (_, axis))| !common || axis.is_none())
        .flat_map(|(gradient, _)| gradient.iter().copied());
    [value.total()]
        .into_iter()
        .chain(tensors)
        .chain(gradients.scalars.iter().copied())
        .map(|number| number.to_f64().to_bits())
        .collect()
}
