//! What ranks agree on before a sharded call: that all of them can make it, and that it is the same call.
//!
//! Each rank sends a digest, of the same length whatever the call, so that even ranks that do different things understand each other.
//! Whoever found something wrong says so, and all ranks fail alike; so they do where digests differ in what must be alike.
//! Only then is anything of the call's own size exchanged.

use ndarray::ArrayViewD;

use crate::error::Error;
use crate::input::{Input, Inputs};
use crate::label::{Label, with_labels};
use crate::loss::Loss;
use crate::options::Options;
use crate::rt::Float;
use crate::sharding::{Axis, Ranks};
use crate::spec::{ParameterSpec, Spec};
use crate::value::Upstream;

/// Dimensions whose extents are in a digest, and arrays; the last stands for those that follow, too.
const DIMS: usize = 8;
const ARRAYS: usize = 8;
/// The places of a digest: the length of the error message, the extent of the shard, then what must be alike.
const FAILURE: usize = 0;
const SHARD: usize = 1;
const ALIKE: [&str; 6] = [
    "which loss is called",
    "which method is called",
    "the number type",
    "its options",
    "its scalars and flags",
    "the upstream gradient",
];
const CALL: usize = 2;
const EXTENTS: usize = CALL + ALIKE.len();
const CONTENTS: usize = EXTENTS + DIMS;
const LEN: usize = CONTENTS + ARRAYS;

/// Where the shards of an axis lie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// The dimension that is sharded.
    pub(super) dim: usize,
    /// The position of the own first.
    pub(super) first: usize,
    /// How many positions all ranks have.
    pub(super) total: usize,
}

/// What a call is, beside its inputs.
#[derive(Debug)]
pub(super) struct Request<'r, 'a, F> {
    /// The method.
    pub(super) method: &'static str,
    /// The gradient of the value.
    pub(super) upstream: Option<&'r Upstream<'a, F>>,
}

/// Where the shards lie, if all ranks can make the call and it is the same; `checked` is what this rank found.
pub(super) fn agree<L: Loss, F: Float>(
    loss: &L,
    axis: &Axis,
    inputs: &Inputs<'_, F>,
    request: &Request<'_, '_, F>,
    checked: Result<&[usize], &Error>,
) -> Result<Place, Error> {
    let spec = L::spec();
    let mut digest = [0; LEN];
    if let Ok(dims) = checked {
        digest[SHARD] = dims[axis.dim] as u64;
        let alike = [
            hash(spec.name.bytes().map(u64::from)),
            hash(request.method.bytes().map(u64::from)),
            size_of::<F>() as u64,
            of_options(loss.options()),
            hash(of_settings(loss)),
            request.upstream.map_or(0, of_upstream),
        ];
        digest[CALL..EXTENTS].copy_from_slice(&alike);
        let others = dims.iter().enumerate().filter(|(dim, _)| *dim != axis.dim);
        for (place, (_, &extent)) in digest[EXTENTS..CONTENTS].iter_mut().zip(others) {
            *place = extent as u64;
        }
        for (at, (array, _)) in common(spec, axis.dim).enumerate() {
            let place = &mut digest[CONTENTS + at.min(ARRAYS - 1)];
            *place = mixed(*place, of_input(&inputs.as_slice()[array]));
        }
    }
    let digests = exchange(&axis.ranks, digest, checked.err())?;
    for (rank, digest) in digests.iter().enumerate() {
        let differs = (CALL..LEN).find(|&place| digest[place] != digests[0][place]);
        if let Some(place) = differs {
            let what = difference(spec, axis.dim, place, &digests[0], digest);
            return Err(Error::Disagreement { rank, what });
        }
    }
    let extents = || digests.iter().map(|digest| digest[SHARD] as usize);
    let total = extents().sum();
    if total == 0 {
        return Err(empty(spec, axis.dim, inputs));
    }
    if let Some(expected) = axis.total
        && expected != total
    {
        return Err(Error::ShardedExtent {
            axis: spec.dims[axis.dim].name,
            found: total,
            expected,
        });
    }
    Ok(Place {
        dim: axis.dim,
        first: extents().take(axis.ranks.rank()).sum(),
        total,
    })
}

/// The same error on all ranks if one of them has one.
pub(super) fn agree_on<T>(ranks: &Ranks, outcome: Result<T, Error>) -> Result<T, Error> {
    let digests = exchange(ranks, [0; LEN], outcome.as_ref().err());
    digests.and(outcome)
}

/// The digests of all ranks, or what the first rank that has an error says.
fn exchange(
    ranks: &Ranks,
    mut digest: [u64; LEN],
    error: Option<&Error>,
) -> Result<Vec<[u64; LEN]>, Error> {
    let message = error.map_or(String::new(), ToString::to_string);
    digest[FAILURE] = message.len() as u64;
    let all = ranks.all_gather(&digest.map(u64::to_le_bytes).concat());
    let number = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().unwrap_or_default());
    let digests: Vec<[u64; LEN]> = all
        .chunks_exact(8 * LEN)
        .map(|bytes| std::array::from_fn(|place| number(&bytes[8 * place..][..8])))
        .collect();
    let lengths = || digests.iter().map(|digest| digest[FAILURE] as usize);
    let longest = lengths().max().unwrap_or(0);
    if longest == 0 {
        return Ok(digests);
    }
    let mut padded = message.into_bytes();
    padded.resize(longest, 0);
    let messages = ranks.all_gather(&padded);
    // What is wrong on all ranks alike is each rank's own error.
    let first = &messages[..longest];
    if let Some(error) = error
        && messages
            .chunks_exact(longest)
            .all(|message| message == first)
    {
        return Err(error.clone());
    }
    let failed = lengths().position(|len| len > 0).unwrap_or(0);
    let message = &messages[failed * longest..][..digests[failed][FAILURE] as usize];
    Err(Error::OnRank {
        rank: failed,
        message: String::from_utf8_lossy(message).into_owned(),
    })
}

/// What is different in a place of two digests.
fn difference(spec: &Spec, sharded: usize, place: usize, first: &[u64], other: &[u64]) -> String {
    if place < EXTENTS {
        return ALIKE[place - CALL].to_owned();
    }
    if place < CONTENTS {
        let mut dims = (0..spec.dims.len()).filter(|dim| *dim != sharded);
        let axis = dims.nth(place - EXTENTS);
        let axis = axis.map_or("", |dim| spec.dims[dim].name);
        let (there, here) = (other[place], first[place]);
        return format!("the extent of axis {axis} ({there} there, {here} on rank 0)");
    }
    let array = common(spec, sharded).nth(place - CONTENTS);
    let name = array.map_or("", |(_, parameter)| parameter.name);
    format!(
        "the elements of `{name}`, which every rank must have alike (`gather_rows` brings samples together)"
    )
}

/// The arrays that are the same on all ranks, each with its place among all.
fn common(spec: &Spec, sharded: usize) -> impl Iterator<Item = (usize, &'static ParameterSpec)> {
    let arrays = spec.arrays().enumerate();
    arrays.filter(move |(_, parameter)| !parameter.axes.contains(&sharded))
}

fn empty<F>(spec: &Spec, dim: usize, inputs: &Inputs<'_, F>) -> Error
where
    F: Float,
{
    let mut having = spec.arrays().zip(inputs.as_slice());
    let (input, shape) = having
        .find(|(parameter, _)| parameter.axes.contains(&dim))
        .map_or(("", vec![]), |(parameter, input)| {
            (parameter.name, input.shape().to_vec())
        });
    Error::EmptyAxis {
        input,
        axis: spec.dims[dim].name,
        shape,
    }
}

/// A number that is most likely another one for other words (a multiplicative hash; nobody is to be kept from making equal ones).
fn hash(words: impl Iterator<Item = u64>) -> u64 {
    words.fold(SEED, mixed)
}

const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

#[inline(always)]
fn mixed(hash: u64, word: u64) -> u64 {
    (hash ^ word)
        .wrapping_mul(0xff51_afd7_ed55_8ccd)
        .rotate_left(29)
}

/// The same of many bytes, in lanes that do not wait for each other.
fn of_bytes(bytes: &[u8]) -> u64 {
    let mut lanes = [SEED; 8];
    let mut take = |block: &[u8; 64]| {
        for (lane, word) in lanes.iter_mut().zip(block.chunks_exact(8)) {
            *lane = mixed(
                *lane,
                u64::from_le_bytes(word.try_into().unwrap_or_default()),
            );
        }
    };
    let (blocks, rest) = bytes.as_chunks::<64>();
    blocks.iter().for_each(&mut take);
    let mut last = [0; 64];
    last[..rest.len()].copy_from_slice(rest);
    take(&last);
    hash(lanes.into_iter().chain([bytes.len() as u64]))
}

fn of_numbers<F: Float>(array: ArrayViewD<'_, F>) -> u64 {
    match array.as_slice() {
        Some(numbers) => of_bytes(F::as_bytes(numbers)),
        None => of_bytes(F::as_bytes(&array.iter().copied().collect::<Vec<_>>())),
    }
}

fn of_options(options: &Options) -> u64 {
    let Options {
        reduction,
        normalizer,
        ignore_index,
        sample_weights,
        tile: _,
    } = options;
    let choices = format!("{reduction:?} {normalizer:?} {ignore_index:?}");
    let weights = sample_weights.iter().flatten().map(|w| w.to_bits());
    hash(choices.bytes().map(u64::from).chain(weights))
}

fn of_settings<L: Loss>(loss: &L) -> impl Iterator<Item = u64> {
    let scalars = loss.scalar_values().into_iter().map(f64::to_bits);
    scalars.chain(loss.flag_values().into_iter().map(u64::from))
}

/// Of an array that all ranks have.
fn of_input<F: Float>(input: &Input<'_, F>) -> u64 {
    match input {
        Input::Real(array) => of_numbers(array.view()),
        Input::F16(array) => hash(array.iter().map(|half| u64::from(half.to_bits()))),
        Input::Bf16(array) => hash(array.iter().map(|half| u64::from(half.to_bits()))),
        Input::Labels(labels) => {
            with_labels!(labels, view => hash(view.iter().map(|label| label.value() as u64)))
        }
        Input::Mask(array) => hash(array.iter().map(|&holds| u64::from(holds))),
    }
}

fn of_upstream<F: Float>(upstream: &Upstream<'_, F>) -> u64 {
    match upstream {
        Upstream::Scalar(scale) => hash([scale.to_f64().to_bits()].into_iter()),
        Upstream::PerSample(gradient) => of_numbers(gradient.view()),
    }
}
