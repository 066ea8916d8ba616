//! `cargo loss gradcheck`
//!
//! The value of the definition as it is written, in arbitrary precision, against the gradients as kernels compute them: with the
//! cotangent c, `Σ c·∂L` in one element is `(F(x + h) − F(x − h)) / 2h` for `F = Σ c·L` up to an error of order h², and h is
//! 2⁻⁵⁶. What is detached is held. Where the slopes to the two sides differ there is a kink, and a gradient between them is right.

use comfy_table::{Table, presets};
use loss_codegen::ir::eval::exact::at_precision;
use loss_codegen::ir::eval::point::{Points, Random, inputs};
use loss_codegen::ir::eval::{Environment, Exact, Held, Number, Value, eval_all, eval_seeded};
use loss_codegen::ir::{DimId, Gradient, ParamId, Role};

use super::{Outcome, known_axes};
use crate::book::{Book, Entry};
use crate::cli::Extent;

const BITS: usize = 384;
/// The exponent of the step.
const STEP: i32 = -56;
/// The largest error of a right gradient, to the largest element: above what rounding both sides to `f64` leaves.
const WRONG: f64 = 1e-13;
/// The largest difference of two slopes to the sides of a point that is no kink, to the larger one.
const KINK: f64 = 1e-9;

/// The worst of one parameter.
#[derive(Default)]
struct Worst {
    elements: usize,
    kinks: usize,
    error: f64,
    /// Its index, the gradient and the slope.
    at: Option<(Vec<usize>, f64, f64)>,
}

pub(super) fn run(
    book: &Book,
    entry: Entry<'_>,
    extents: &[Extent],
    seed: u64,
) -> Result<Outcome, String> {
    let loss = book.compile(entry)?;
    known_axes(&loss.literal.loss.graph, extents)?;
    let env = environment(&loss.literal, extents, seed);
    let kernel = &loss.simplified.kernel;
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header([
        "gradient",
        "elements",
        "at kinks",
        "worst error",
        "at",
        "gradient there",
        "slope there",
    ]);
    let mut outcome = Outcome::Good;
    for (at, &(param, _)) in kernel.gradients.iter().enumerate() {
        let worst = at_precision(BITS, || compare(&loss.literal, kernel, at, &env));
        // A NaN is wrong as well.
        if worst.error > WRONG || worst.error.is_nan() {
            outcome = Outcome::Wrong;
        }
        let (place, gradient, slope) = match worst.at {
            Some((index, gradient, slope)) => (
                format!("{index:?}"),
                format!("{gradient:.9e}"),
                format!("{slope:.9e}"),
            ),
            None => Default::default(),
        };
        table.add_row([
            format!("∂/∂{}", kernel.loss.graph.param(param).name),
            worst.elements.to_string(),
            worst.kinks.to_string(),
            format!("{:.1e}", worst.error),
            place,
            gradient,
            slope,
        ]);
    }
    anstream::println!("{table}");
    match outcome {
        Outcome::Good => anstream::println!("all gradients are the slopes of the value"),
        Outcome::Wrong => anstream::println!("a gradient is not the slope of the value"),
    }
    Ok(outcome)
}

/// Random inputs; scalars and flags as the definition has them.
fn environment(gradient: &Gradient, extents: &[Extent], seed: u64) -> Environment {
    let loss = &gradient.loss;
    let graph = &loss.graph;
    let extent = |dim| {
        let given = extents.iter().find(|e| e.axis == graph.dim_name(dim));
        given.map_or(3, |e| e.count as usize)
    };
    let dims: Vec<usize> = (0..graph.dim_count() as u8)
        .map(|dim| extent(DimId(dim)))
        .collect();
    let mut env = inputs(loss, &dims, Points::General, &mut Random::new(seed));
    for id in graph.param_ids() {
        match graph.param(id).role {
            Role::Scalar { default, .. } => env.set(id, Value::Scalar(default)),
            Role::Flag(default) => env.set(id, Value::Flag(default)),
            _ => {}
        }
    }
    env
}

/// Compares every element of the gradient number `at`.
fn compare(literal: &Gradient, kernel: &Gradient, at: usize, env: &Environment) -> Worst {
    let (param, node) = kernel.gradients[at];
    let graph = &kernel.loss.graph;
    let axes = graph.param(param).axes.clone();
    let values = eval_all::<Exact>(graph, env, &[node]);
    let gradient: Vec<f64> = values[0]
        .laid_out(graph, env, &axes)
        .iter()
        .map(Exact::to_f64)
        .collect();
    let extents: Vec<usize> = axes.iter().map(|&axis| env.extent(graph, axis)).collect();
    let largest = gradient.iter().fold(0.0_f64, |most, g| most.max(g.abs()));
    let held = Held::below(&literal.loss.graph, env, &[literal.loss.value]);
    let total = |element, step: &Exact| total(literal, env, &held, (param, element), step);
    let (step, here) = (Exact::power_of_two(STEP), total(0, &Exact::zero()));
    let mut worst = Worst {
        elements: gradient.len(),
        ..Worst::default()
    };
    for (element, &slope) in gradient.iter().enumerate() {
        let (up, down) = (total(element, &step), total(element, &step.neg()));
        let right = up.sub(&here).div(&step).to_f64();
        let left = here.sub(&down).div(&step).to_f64();
        let middle = up.sub(&down).div(&step.add(&step)).to_f64();
        let size = right.abs().max(left.abs());
        let is_kink = (right - left).abs() > KINK * size;
        let gap = if is_kink {
            (left.min(right) - slope)
                .max(slope - left.max(right))
                .max(0.0)
        } else {
            (slope - middle).abs()
        };
        worst.kinks += usize::from(is_kink);
        let scale = largest.max(size);
        let error = if gap == 0.0 { 0.0 } else { gap / scale };
        if worst.at.is_none() || error > worst.error || error.is_nan() {
            worst.error = error;
            worst.at = Some((index(element, &extents), slope, middle));
        }
    }
    worst
}

/// `Σ c·L` with one element of an input moved.
fn total(
    gradient: &Gradient,
    env: &Environment,
    held: &Held<Exact>,
    moved: (ParamId, usize),
    step: &Exact,
) -> Exact {
    let loss = &gradient.loss;
    let seed = |param: ParamId, element: usize, value: f64| {
        let value = Exact::from_f64(value);
        if (param, element) == moved {
            value.add(step)
        } else {
            value
        }
    };
    let value = &eval_seeded(&loss.graph, env, &[loss.value], held, &seed)[0];
    let losses = value.laid_out(&loss.graph, env, &loss.batch);
    let cotangent = env.real(gradient.cotangent).iter();
    let terms = cotangent
        .zip(&losses)
        .map(|(&c, loss)| Exact::from_f64(c).mul(loss));
    terms.fold(Exact::zero(), |sum, term| sum.add(&term))
}

/// The index of an element of a row-major array.
fn index(element: usize, extents: &[usize]) -> Vec<usize> {
    let mut rest = element;
    let mut index: Vec<usize> = extents
        .iter()
        .rev()
        .map(|&extent| {
            let position = rest % extent;
            rest /= extent;
            position
        })
        .collect();
    index.reverse();
    index
}
