//! Calls of sharded losses, with ranks as threads, and what the ranks have put together.

use loss_dsl::sharding::{ShardedLoss, Traffic, threads};
use loss_dsl::{Error, Float, Loss, Reduction, Spec};
use ndarray::{ArrayD, Axis, IxDyn, Slice, concatenate};

use super::any::AnyLoss;
use super::arrays::{Array, Arrays};
use super::outcome::{Outcome, elements, widened};

/// What the ranks found, and what each of them sent; none if no axis of the loss may be sharded.
pub type Run = fn(&Call<'_>) -> Option<Result<(Outcome, Vec<Traffic>), Error>>;

/// A call to be made by several ranks.
#[derive(Debug, Clone, Copy)]
pub struct Call<'c> {
    /// All arrays, whole.
    pub arrays: &'c Arrays,
    /// The slopes of the total in the losses.
    pub cotangent: &'c ArrayD<f64>,
    /// The extents of the parts.
    pub parts: &'c [usize],
    /// How many positions are taken at once, if that is not left to the kernels.
    pub tile: Option<usize>,
}

macro_rules! table {
    ($($file:ident $loss:ident,)*) => {
        /// The built-in loss `name` at its defaults, sharded, in f64.
        ///
        /// # Panics
        /// If there is none.
        pub fn run(name: &str) -> Run {
            match name {
                $(stringify!($loss) => |call| sharded::<_, f64>(&loss_dsl::losses::$loss::default(), call),)*
                _ => panic!("no built-in loss {name}"),
            }
        }

        /// The axis that may be sharded.
        ///
        /// # Panics
        /// If there is no such loss.
        pub fn axis(name: &str) -> Option<&'static str> {
            match name {
                $(stringify!($loss) => axis_of::<loss_dsl::losses::$loss>(),)*
                _ => panic!("no built-in loss {name}"),
            }
        }
    };
}
crate::built_in_losses!(table);

/// The axis of the loss that may be sharded.
pub fn axis_of<L: ShardedLoss>() -> Option<&'static str> {
    L::SHARDED.map(|dim| L::spec().dims[dim].name)
}

/// Calls the loss with ranks as threads. What is not a part must be the same bits on all of them.
///
/// # Panics
/// If it is not.
pub fn sharded<L: ShardedLoss, F: Float>(
    loss: &L,
    call: &Call<'_>,
) -> Option<Result<(Outcome, Vec<Traffic>), Error>> {
    let dim = L::SHARDED?;
    let spec = L::spec();
    let results = threads(call.parts.len(), |communicator| {
        let first = call.parts[..communicator.rank()].iter().sum();
        let len = call.parts[communicator.rank()];
        let part = part(spec, dim, call.arrays, first, len);
        let mut loss = loss.clone().with_reduction(Reduction::None);
        loss.options_mut().tile = call.tile;
        let loss = loss.sharded(spec.dims[dim].name, communicator)?;
        let outcome = outcome::<_, F>(&loss, &part, call.cotangent)?;
        Ok((outcome, loss.traffic()))
    });
    let results: Result<Vec<_>, Error> = results.into_iter().collect();
    Some(results.map(|ranks| {
        let (outcomes, traffic): (Vec<_>, Vec<_>) = ranks.into_iter().unzip();
        (together(spec, dim, &outcomes), traffic)
    }))
}

/// The arrays as the rank has them whose part begins there and is so long.
pub fn part(spec: &Spec, dim: usize, arrays: &Arrays, first: usize, len: usize) -> Arrays {
    let list = spec.arrays().zip(&arrays.list).map(|(parameter, array)| {
        let Some(axis) = parameter.axes.iter().position(|&own| own == dim) else {
            return array.clone();
        };
        let slice = Slice::from(first..first + len);
        match array {
            Array::Real(array) => Array::Real(array.slice_axis(Axis(axis), slice).to_owned()),
            Array::Labels(array) => Array::Labels(array.slice_axis(Axis(axis), slice).to_owned()),
            Array::Mask(array) => Array::Mask(array.slice_axis(Axis(axis), slice).to_owned()),
        }
    });
    Arrays::new(list.collect())
}

/// Losses, auxiliary outputs and gradients.
fn outcome<L: Loss, F: Float>(
    loss: &L,
    arrays: &Arrays,
    cotangent: &ArrayD<f64>,
) -> Result<Outcome, Error> {
    let inputs = arrays.inputs::<F>();
    let spec = L::spec();
    let (value, auxiliary) = loss.evaluate_auxiliary(&inputs)?;
    let mut list = vec![("value".to_owned(), elements(&value))];
    let names = spec.auxiliary.iter().map(|output| output.name.to_owned());
    list.extend(names.zip(auxiliary.iter().map(widened)));
    let (value, saved) = loss.save::<F, ()>(inputs)?;
    let cotangent = cotangent.mapv(F::from_f64);
    let gradients = saved.pull_back(AnyLoss::upstream(&value, &cotangent))?;
    let names = spec.differentiable().map(|p| format!("d{}", p.name));
    list.extend(names.zip(gradients.tensors.iter().map(widened)));
    for (parameter, slope) in spec.learned().zip(&gradients.scalars) {
        let slope = ArrayD::from_elem(IxDyn(&[]), slope.to_f64());
        list.push((format!("d{}", parameter.name), slope));
    }
    Ok(Outcome { arrays: list })
}

/// What the ranks have, as one: parts put together, everything else that of any rank.
fn together(spec: &Spec, dim: usize, outcomes: &[Outcome]) -> Outcome {
    let axes = |name: &str| {
        let of = |p: &&loss_dsl::ParameterSpec| format!("d{}", p.name) == name;
        let gradient = spec.differentiable().find(of).map(|p| p.axes);
        let auxiliary = spec.auxiliary.iter().find(|output| output.name == name);
        gradient
            .or(auxiliary.map(|output| output.axes))
            .unwrap_or(&[])
    };
    let arrays = outcomes[0].arrays.iter().map(|(name, first)| {
        let each: Vec<_> = outcomes
            .iter()
            .map(|outcome| outcome.get(name).view())
            .collect();
        let whole = match axes(name).iter().position(|&own| own == dim) {
            Some(axis) => concatenate(Axis(axis), &each).expect("parts of one array"),
            None => {
                for (rank, array) in each.iter().enumerate() {
                    let same = array
                        .iter()
                        .zip(first)
                        .all(|(a, b)| a.to_bits() == b.to_bits());
                    assert!(same, "{name} on rank {rank}: {array} instead of {first}");
                }
                first.clone()
            }
        };
        (name.clone(), whole)
    });
    Outcome {
        arrays: arrays.collect(),
    }
}
