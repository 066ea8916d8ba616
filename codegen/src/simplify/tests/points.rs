//! Where definitions are evaluated: random points of the declared ranges, and their boundary.

use crate::ir::eval::{Environment, Value};
use crate::ir::{Graph, Range, Role};

/// Which points a sample is evaluated at.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Points {
    /// All within the declared ranges.
    All,
    /// Away from 0: where a rule takes a limit, or has zero vectors excluded.
    NonZero,
    /// Away from the thresholds of angles, which rounding would decide.
    Generic,
}

impl Points {
    /// Numbers at which something may happen: 0, ±1, what is tiny, what is huge, few enough that there are ties.
    fn special(self) -> &'static [f64] {
        const TINY: f64 = 1e-40;
        const HUGE: f64 = 1e4;
        match self {
            Points::All => &[
                0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -3.0, TINY, -TINY, HUGE, -HUGE,
            ],
            Points::NonZero => &[1.0, -1.0, 0.5, -0.5, 2.0, -3.0, TINY, -TINY, HUGE, -HUGE],
            Points::Generic => &[0.25, -0.25, 0.9, -0.9, TINY, -TINY],
        }
    }
}

/// xorshift64*: the same numbers everywhere.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    /// From ±2, more than 0.25 away from 0 if that is excluded.
    fn uniform(&mut self, points: Points) -> f64 {
        let uniform = self.next() as f64 / (1u64 << 53) as f64 * 4.0 - 2.0;
        match points {
            Points::NonZero => uniform + 0.25f64.copysign(uniform),
            Points::All | Points::Generic => uniform,
        }
    }

    fn inside(&mut self, range: Range, points: Points) -> f64 {
        let tries = (0..64).map(|_| self.uniform(points));
        let found = tries.into_iter().find(|&x| range.contains(x));
        found.unwrap_or(range.lo.max(-1.0) / 2.0 + range.hi.min(1.0) / 2.0)
    }

    /// An end of the range, or what is next to one that is excluded, or a special number within.
    fn boundary(&mut self, range: Range, points: Points) -> f64 {
        const NEXT: f64 = 1e-9;
        let mut all: Vec<f64> = points.special().to_vec();
        if range.lo.is_finite() {
            all.push(range.lo + if range.lo_open { NEXT } else { 0.0 });
        }
        if range.hi.is_finite() {
            all.push(range.hi - if range.hi_open { NEXT } else { 0.0 });
        }
        all.retain(|&x| range.contains(x) && (x != 0.0 || points == Points::All));
        match all.is_empty() {
            true => self.inside(range, points),
            false => all[self.below(all.len())],
        }
    }
}

/// How a point is chosen.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Draw {
    /// Every number at random from the inside of its range.
    Inside,
    /// Every number from the boundary of its range, or special.
    Boundary,
}

/// Inputs within the declared ranges; extents from 1 to 3, as the run time refuses empty axes.
pub(super) fn environment(graph: &Graph, points: Points, draw: Draw, seed: u64) -> Environment {
    let mut random = Random::new(seed);
    let dims: Vec<usize> = (0..graph.dim_count())
        .map(|_| 1 + random.below(3))
        .collect();
    let mut env = Environment::new(graph, &dims);
    for id in graph.param_ids() {
        let param = graph.param(id);
        let len = env.len_of(graph, id);
        let mut real = |range| match draw {
            Draw::Inside => random.inside(range, points),
            Draw::Boundary => random.boundary(range, points),
        };
        let value = match param.role {
            Role::Tensor { .. } => Value::Real((0..len).map(|_| real(param.range)).collect()),
            Role::Cotangent => Value::Real((0..len).map(|_| real(Range::REAL)).collect()),
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
