//! Where a definition is evaluated: extents and random inputs.

use super::{Environment, Value};
use crate::ir::{DimId, Loss, ParamId, Range, Role};

/// SplitMix64 (Steele, Lea & Flood 2014): numbers that their seed determines.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The stream of a seed.
    pub fn new(seed: u64) -> Self {
        Random(seed)
    }

    /// 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in [0, 1).
    pub fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform below `count`.
    pub fn below(&mut self, count: usize) -> usize {
        (self.bits() % count.max(1) as u64) as usize
    }
}

/// How inputs are chosen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Points {
    /// In general position.
    General,
    /// Zeros, ones, ties, large and small ones among them.
    Special,
}

/// 1 to 3 positions on each axis, 0 only along a batch; and numbers within the declared ranges.
pub fn environment(loss: &Loss, seed: u64) -> Environment {
    let graph = &loss.graph;
    let mut random = Random::new(seed);
    let points = if random.below(10) < 7 {
        Points::General
    } else {
        Points::Special
    };
    let batch: Vec<DimId> = loss
        .batch
        .iter()
        .map(|&axis| graph.axis(axis).dim)
        .collect();
    let mut extent = |dim| match random.below(20) {
        0 if points == Points::Special && batch.contains(&dim) => 0,
        0..8 => 1,
        8..18 => 2,
        _ => 3,
    };
    let dims = (0..graph.dim_count() as u8).map(DimId);
    let dims: Vec<usize> = dims.map(&mut extent).collect();
    inputs(loss, &dims, points, &mut random)
}

/// Numbers within the declared ranges, and labels, masks, scalars and flags, for dimensions of these extents.
pub fn inputs(loss: &Loss, dims: &[usize], points: Points, random: &mut Random) -> Environment {
    let graph = &loss.graph;
    let mut env = Environment::new(graph, dims);
    for id in graph.param_ids() {
        let param = graph.param(id);
        let len = env.len_of(graph, id);
        let mut real = |range| within(range, random, points);
        let value = match param.role {
            Role::Tensor { .. } | Role::Cotangent => {
                Value::Real((0..len).map(|_| real(param.range)).collect())
            }
            Role::Scalar { .. } => Value::Scalar(real(param.range)),
            Role::Label(dim) => {
                let classes = dims[usize::from(dim.0)];
                Value::Label((0..len).map(|_| random.below(classes)).collect())
            }
            Role::Identity => Value::Label((0..len).map(|_| random.below(3)).collect()),
            Role::Mask => Value::Mask((0..len).map(|_| random.below(2) == 0).collect()),
            Role::Flag(_) => Value::Flag(random.below(2) == 0),
            Role::Static(_) => continue,
        };
        env.set(id, value);
    }
    env
}

/// A number of the range.
fn within(range: Range, random: &mut Random, points: Points) -> f64 {
    const SPECIAL: [f64; 12] = [
        0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -3.0, 9.0, -9.0, 1e-4, -1e-4, 0.0,
    ];
    for _ in 0..64 {
        let x = if points == Points::Special && random.below(3) == 0 {
            SPECIAL[random.below(SPECIAL.len())]
        } else {
            4.0 * random.uniform() - 2.0
        };
        let above = x > range.lo || (x == range.lo && !range.lo_open);
        let below = x < range.hi || (x == range.hi && !range.hi_open);
        if above && below {
            return x;
        }
    }
    range.lo.max(-1.0) / 2.0 + range.hi.min(1.0) / 2.0
}

/// A direction for each element of each parameter: a number of moderate size.
pub fn direction(seed: u64, param: ParamId, element: usize) -> f64 {
    let place = (u64::from(param.0) << 32) + element as u64;
    let mut random = Random::new(seed ^ place.wrapping_mul(0xd134_2543_de82_ef95));
    2.0 * random.uniform() - 1.0
}
