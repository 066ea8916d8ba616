//! Inputs drawn to hurt.

use loss_codegen::ir::eval::{Environment, Value};
use loss_codegen::ir::{Graph, Range, Role};
use ndarray::{ArrayD, IxDyn};

use crate::input::{Input, Inputs};

/// Draws of each pattern.
pub(super) const DRAWS: u64 = 2;

/// Extent of every axis.
const EXTENT: usize = 3;

/// Values of the run-time settings, in declaration order.
pub(super) struct Settings {
    pub(super) scalars: Vec<f64>,
    pub(super) flags: Vec<bool>,
}

/// xorshift64*: the same numbers everywhere.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11
    }

    pub(super) fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// Uniform in [0, 1).
    fn unit(&mut self) -> f64 {
        self.next() as f64 / (1u64 << 53) as f64
    }

    /// About normal: mean 0, variance 1.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    fn sign(&mut self) -> f64 {
        if self.below(2) == 0 { 1.0 } else { -1.0 }
    }
}

/// Where an element stands in its array: its row and its place in the row, which is a vector.
pub(super) struct Place {
    row: usize,
    column: usize,
}

/// How a pattern draws one element.
pub(super) type Draw = fn(&mut Random, &Place) -> f64;

/// A vector that all rows are multiples of.
const LINE: [f64; EXTENT] = [0.8, -1.7, 0.35];

/// The patterns by name. Elements of bounded inputs are folded into their ranges: large ones to one end, tiny ones to the other.
pub(super) const PATTERNS: &[(&str, Draw)] = &[
    ("ordinary", |random, _| random.normal()),
    ("large", |random, _| 1e4 * random.normal()),
    ("huge", |random, _| {
        random.sign() * 2f64.powf(90.0 + 37.0 * random.unit())
    }),
    ("largest", |random, _| random.sign() * f64::from(f32::MAX)),
    ("tiny", |random, _| 1e-20 * random.normal()),
    ("subnormal", |random, _| {
        random.sign() * 2f64.powi(-149) * (1 + random.below(1 << 20)) as f64
    }),
    ("zero", |_, _| 0.0),
    ("equal", |_, _| 1.375),
    ("nearly equal", |random, _| {
        1.375 + f64::from(f32::EPSILON) * random.below(5) as f64
    }),
    ("of all sizes", |random, _| {
        random.sign() * 2f64.powf(60.0 * random.unit() - 30.0)
    }),
    ("saturated", |random, _| {
        if random.below(3) == 0 {
            60.0 + 30.0 * random.unit()
        } else {
            -random.unit()
        }
    }),
    ("in line", |random, place| {
        LINE[place.column % EXTENT] * (1.0 + random.unit())
    }),
    ("almost in line", |random, place| {
        LINE[place.column % EXTENT]
            * (1.0 + f64::from(f32::EPSILON) * random.below(3) as f64)
            * 2f64.powi(place.row as i32)
    }),
    ("opposed", |random, place| {
        let side = if place.row % 2 == 0 { 1.0 } else { -1.0 };
        side * LINE[place.column % EXTENT]
            * (1.0 + f64::from(f32::EPSILON) * random.below(3) as f64)
    }),
];

/// One call: what the kernels are given, and the same for the interpreter.
pub(super) struct Case {
    arrays: Vec<Array>,
    cotangent: Vec<f32>,
    pub(super) environment: Environment,
}

enum Array {
    Real(ArrayD<f32>),
    Labels(ArrayD<i64>),
    Mask(ArrayD<bool>),
}

impl Case {
    /// Inputs of the signature of a definition (whose graph has the cotangent as a parameter).
    pub(super) fn draw(graph: &Graph, settings: &Settings, draw: Draw, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut environment = Environment::new(graph, &vec![EXTENT; graph.dim_count()]);
        let (mut arrays, mut cotangent) = (vec![], vec![]);
        let (mut scalars, mut flags) = (settings.scalars.iter(), settings.flags.iter());
        for id in graph.param_ids() {
            let param = graph.param(id);
            let shape = vec![EXTENT; param.axes.len()];
            let len = EXTENT.pow(param.axes.len() as u32);
            let value = match param.role {
                Role::Tensor { differentiable } => {
                    // A weight that is the largest float overflows under any cotangent above 1.
                    let most = if differentiable {
                        f32::MAX
                    } else {
                        f32::MAX / 16.0
                    };
                    let element = |at| {
                        let place = Place {
                            row: at / EXTENT,
                            column: at % EXTENT,
                        };
                        folded(param.range, draw(&mut random, &place), most)
                    };
                    let elements: Vec<f32> = (0..len).map(element).collect();
                    let value = widened(&elements);
                    arrays.push(Array::Real(shaped(shape, elements)));
                    value
                }
                Role::Cotangent => {
                    cotangent = (0..len).map(|_| random.normal() as f32).collect();
                    widened(&cotangent)
                }
                Role::Label(_) => labels(&mut arrays, shape, || random.below(EXTENT)),
                Role::Identity => labels(&mut arrays, shape, || random.below(2)),
                Role::Mask => {
                    let elements: Vec<bool> = (0..len).map(|_| random.below(2) == 0).collect();
                    arrays.push(Array::Mask(shaped(shape, elements.clone())));
                    Value::Mask(elements)
                }
                Role::Scalar { .. } => {
                    Value::Scalar(f64::from(*scalars.next().expect("a scalar") as f32))
                }
                Role::Flag(_) => Value::Flag(*flags.next().expect("a flag")),
                Role::Static(_) => continue,
            };
            environment.set(id, value);
        }
        Case {
            arrays,
            cotangent,
            environment,
        }
    }

    /// The arrays of the call.
    pub(super) fn inputs(&self) -> Inputs<'_, f32> {
        self.arrays
            .iter()
            .fold(Inputs::new(), |inputs, array| match array {
                Array::Real(array) => inputs.with(Input::Real(array.view().into())),
                Array::Labels(array) => inputs.labels(array),
                Array::Mask(array) => inputs.mask(array),
            })
    }

    /// A cotangent for each loss.
    pub(super) fn cotangent(&self) -> &[f32] {
        &self.cotangent
    }
}

fn widened(elements: &[f32]) -> Value {
    Value::Real(elements.iter().map(|&x| x.into()).collect())
}

fn shaped<T>(shape: Vec<usize>, elements: Vec<T>) -> ArrayD<T> {
    ArrayD::from_shape_vec(IxDyn(&shape), elements).expect("an element per position")
}

fn labels(arrays: &mut Vec<Array>, shape: Vec<usize>, mut draw: impl FnMut() -> usize) -> Value {
    let len = shape.iter().product();
    let elements: Vec<usize> = (0..len).map(|_| draw()).collect();
    let given = elements.iter().map(|&label| label as i64).collect();
    arrays.push(Array::Labels(shaped(shape, given)));
    Value::Label(elements)
}

/// An element as a float within the declared range, no larger than `most`: |x| from 0 to ∞ runs from one end of a bounded range to the other.
fn folded(range: Range, x: f64, most: f32) -> f32 {
    let size = x.abs();
    let within = match (range.lo.is_finite(), range.hi.is_finite()) {
        (true, true) => range.lo + (range.hi - range.lo) * (size / (1.0 + size)),
        (true, false) => range.lo + size,
        (false, true) => range.hi - size,
        (false, false) => x,
    };
    let mut element = (within as f32).clamp(-most, most);
    let below = |x: f32| f64::from(x) < range.lo || (range.lo_open && f64::from(x) == range.lo);
    let above = |x: f32| f64::from(x) > range.hi || (range.hi_open && f64::from(x) == range.hi);
    if below(element) {
        element = element.next_up();
    }
    if above(element) {
        element = element.next_down();
    }
    element
}
