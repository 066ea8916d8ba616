//! What may be done to the inputs of a loss without changing it, for every loss and every one of its axes.
//!
//! * **Shift**: a constant added along an axis of a tensor, another for each of its other positions. Then the slopes along that
//!   axis add up to 0, too.
//! * **Scale**: a positive factor likewise. Then the gradient is divided by the factor, and at right angles to the tensor along that axis.
//! * **Permutation** of a dimension, in all arrays and labels that have it: losses and gradients are permuted alike.
//!
//! Every loss is tried on all of its tensors and axes, and what holds at all of several random inputs must be exactly what
//! [`super::tables`] says: an invariance that is missing there fails as one that is wrong.

use loss_dsl::{ParameterKind, ParameterSpec};
use loss_tests::support::arrays::{Array, Arrays};
use loss_tests::support::outcome::{Outcome, generated};
use loss_tests::support::random::Random;
use loss_tests::support::subject::Subject;
use ndarray::{ArrayD, Axis};

use super::batches::{extent, select};
use super::{EQUAL, tables};

/// A property that does not hold is off by far more than rounding.
const DIFFERENT: f64 = 1e-6;

const SEEDS: std::ops::RangeInclusive<u64> = 1..=5;

/// A loss at random inputs and its outcome there.
struct Trial<'a> {
    subject: &'a Subject,
    arrays: Arrays,
    cotangent: ArrayD<f64>,
    base: Outcome,
    random: Random,
}

impl<'a> Trial<'a> {
    fn new(subject: &'a Subject, seed: u64) -> Self {
        let arrays = subject.sample(extent, seed);
        let cotangent = subject.cotangent(&arrays, seed + 50);
        Self {
            base: generated::<f64>(&subject.loss, &arrays, &cotangent),
            random: Random::new(seed + 100),
            subject,
            arrays,
            cotangent,
        }
    }

    /// A number for each position outside of an axis of the real array number `at`, repeated along it.
    fn along(&mut self, at: usize, axis: usize, number: impl Fn(f64) -> f64) -> ArrayD<f64> {
        let shape = self.arrays.real(at).raw_dim();
        let mut lanes = shape.clone();
        lanes[axis] = 1;
        let numbers = ArrayD::from_shape_simple_fn(lanes, || number(self.random.normal()));
        numbers.broadcast(shape).expect("along one axis").to_owned()
    }

    fn at(&self, arrays: &Arrays) -> Outcome {
        generated::<f64>(&self.subject.loss, arrays, &self.cotangent)
    }

    fn shift(&mut self, at: usize, axis: usize, p: &ParameterSpec) -> f64 {
        let by = self.along(at, axis, |normal| 3.0 * normal);
        let mut moved = self.arrays.clone();
        *moved.real_mut(at) += &by;
        let unchanged = self.at(&moved).error(&self.base).0;
        unchanged.max(self.sum_of_slopes(p, axis, |_| 1.0))
    }

    fn scale(&mut self, at: usize, axis: usize, p: &ParameterSpec) -> f64 {
        let by = self.along(at, axis, f64::exp);
        let mut moved = self.arrays.clone();
        *moved.real_mut(at) *= &by;
        let mut expected = self.base.clone();
        for (name, slopes) in &mut expected.arrays {
            if *name == format!("d{}", p.name) {
                *slopes /= &by;
            }
        }
        let unchanged = self.at(&moved).error(&expected).0;
        let x = self.arrays.real(at).clone();
        unchanged.max(self.sum_of_slopes(p, axis, |place| x[place]))
    }

    /// The largest sum along an axis of slopes times `weight`, relative to the largest sum of their sizes; 0 for data.
    fn sum_of_slopes(
        &self,
        p: &ParameterSpec,
        axis: usize,
        weight: impl Fn(ndarray::IxDyn) -> f64,
    ) -> f64 {
        let name = format!("d{}", p.name);
        let found = self.base.arrays.iter().find(|(own, _)| *own == name);
        found.map_or(0.0, |(_, slopes)| {
            let weighted =
                ArrayD::from_shape_fn(slopes.raw_dim(), |place| slopes[&place] * weight(place));
            let largest = |array: ArrayD<f64>| array.fold(0.0_f64, |most, e| most.max(e.abs()));
            let sizes = largest(weighted.mapv(f64::abs).sum_axis(Axis(axis)));
            largest(weighted.sum_axis(Axis(axis))) / sizes.max(1e-300)
        })
    }

    fn permute(&mut self, dim: usize) -> f64 {
        let spec = self.subject.loss.spec();
        let order = order(extent(spec.dims[dim].name), &mut self.random);
        let permuted = |p: &ParameterSpec, array: &Array| {
            let axes = p.axes.iter().enumerate().filter(|(_, own)| **own == dim);
            let moved = axes.fold(array.clone(), |array, (axis, _)| {
                select(&array, axis, &order)
            });
            match (p.kind, moved) {
                (ParameterKind::Label { range }, Array::Labels(labels)) if range == dim => {
                    let place = |label: i64| order.iter().position(|&old| old as i64 == label);
                    let place = |label| place(label).map_or(label, |new| new as i64);
                    Array::Labels(labels.mapv(place))
                }
                (_, moved) => moved,
            }
        };
        let arrays = spec.arrays().zip(&self.arrays.list);
        let arrays = arrays.map(|(p, array)| permuted(p, array)).collect();
        let along = |array: &ArrayD<f64>, axes: &[usize]| {
            let axes = axes.iter().enumerate().filter(|(_, own)| **own == dim);
            axes.fold(array.clone(), |array, (axis, _)| {
                array.select(Axis(axis), &order)
            })
        };
        let expected = self
            .base
            .arrays
            .iter()
            .map(|(name, array)| (name.clone(), along(array, axes_of(self.subject, name))));
        let expected = Outcome {
            arrays: expected.collect(),
        };
        let cotangent = along(&self.cotangent, spec.value_axes);
        let found = generated::<f64>(&self.subject.loss, &Arrays::new(arrays), &cotangent);
        found.error(&expected).0
    }
}

/// The dimensions of an array of an outcome.
fn axes_of(subject: &Subject, name: &str) -> &'static [usize] {
    let spec = subject.loss.spec();
    let auxiliary = spec
        .auxiliary
        .iter()
        .map(|output| (output.name, output.axes));
    let slopes = spec.parameters.iter().map(|p| (p.name, p.axes));
    let slope = name.strip_prefix('d');
    match name {
        "value" => spec.value_axes,
        _ => auxiliary
            .filter(|(own, _)| *own == name)
            .chain(slopes.filter(|(own, _)| Some(*own) == slope))
            .map(|(_, axes)| axes)
            .next()
            .expect("an output of the loss"),
    }
}

/// A permutation that moves every position.
fn order(extent: usize, random: &mut Random) -> Vec<usize> {
    let by = 1 + random.below((extent - 1).max(1));
    (0..extent).map(|place| (place + by) % extent).collect()
}

/// Whether a property holds at every seed, by the errors there.
fn holds(what: &str, errors: impl Iterator<Item = f64>) -> bool {
    let worst = errors.fold(0.0, f64::max);
    assert!(
        worst <= EQUAL || worst > DIFFERENT,
        "{what} neither holds nor is broken: {worst:.1e}"
    );
    worst <= EQUAL
}

fn trials(subject: &Subject) -> Vec<Trial<'_>> {
    SEEDS.map(|seed| Trial::new(subject, seed)).collect()
}

fn invariances(subject: &Subject) {
    let spec = subject.loss.spec();
    let mut trials = trials(subject);
    let (mut shifts, mut scales, mut orders) = (Vec::new(), Vec::new(), Vec::new());
    for (at, p) in spec.arrays().enumerate() {
        if !matches!(p.kind, ParameterKind::Tensor { .. }) {
            continue;
        }
        for (axis, &dim) in p.axes.iter().enumerate() {
            let what = format!("{} {} {}", spec.name, p.name, spec.dims[dim].name);
            if holds(
                &what,
                trials.iter_mut().map(|trial| trial.shift(at, axis, p)),
            ) {
                shifts.push(what.clone());
            }
            if holds(
                &what,
                trials.iter_mut().map(|trial| trial.scale(at, axis, p)),
            ) {
                scales.push(what);
            }
        }
    }
    for (dim, own) in spec.dims.iter().enumerate() {
        let what = format!("{} {}", spec.name, own.name);
        if !holds(&what, trials.iter_mut().map(|trial| trial.permute(dim))) {
            orders.push(what);
        }
    }
    let listed = |table: &[&str]| -> Vec<String> {
        let own = |entry: &&&str| entry.split(' ').next() == Some(spec.name);
        table
            .iter()
            .filter(own)
            .map(|entry| (*entry).to_owned())
            .collect()
    };
    shifts.sort();
    scales.sort();
    let found = [("shifts", shifts), ("scales", scales), ("ordered", orders)];
    let expected = [
        ("shifts", listed(tables::SHIFTS)),
        ("scales", listed(tables::SCALES)),
        ("ordered", listed(tables::ORDERED)),
    ];
    assert_eq!(found, expected);
}

loss_tests::for_each_built_in!(invariances);

/// No row of a loss that is gone.
#[test]
fn tables_name_losses() {
    let names = loss_tests::support::library::names();
    for table in [tables::SHIFTS, tables::SCALES, tables::ORDERED] {
        for entry in table {
            let name = entry.split(' ').next().unwrap_or_default();
            assert!(names.iter().any(|own| own == name), "{entry}");
        }
        assert!(table.is_sorted(), "sorted rows merge");
    }
}
