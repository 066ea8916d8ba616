//! What must hold of every program.
//!
//! It compiles, the same each time; its rules do not contradict each other, and nothing falls back. At a random point, in arbitrary
//! precision: the simplified graphs have the values of the literal one ([`same`]), and the literal gradients have the
//! slopes that dual numbers and differences find ([`slope`]). What differs at a *degenerate* point, where rounding makes up a number or
//! a vector is 0, is counted and not held against anything.

mod same;
mod slope;
mod tally;

use loss_codegen::compile::{Compiled, compile};
use loss_codegen::emit;
use loss_codegen::ir::eval::exact::at_precision;
use loss_codegen::ir::eval::{Environment, Exact, Number, Value, eval_all};
use loss_codegen::ir::{AxisId, AxisSet, Gradient, Kind, Node, NodeId, ParamId, Reducer, UnaryOp};
use loss_codegen::simplify::Stop;

pub use tally::Tally;

use crate::point::{direction, environment};

/// Checks one program at the point of a seed.
///
/// # Errors
/// What does not hold.
pub fn check(source: &str, seed: u64, tally: &mut Tally) -> Result<(), String> {
    let compiled = match compiled(source) {
        Err(message) if message.lines().all(is_refusal) => {
            tally.refused += 1;
            return Ok(());
        }
        result => result?,
    };
    compiles(source, &compiled, seed, tally)?;
    let point = Point {
        env: environment(&compiled.literal.loss, seed),
        seed,
    };
    let literal = &compiled.literal;
    let near = || {
        let neighbours = point.neighbours();
        is_unsettled(literal, &point) || neighbours.iter().any(|p| is_unsettled(literal, p))
    };
    let values = match same::check(&compiled, &point, tally) {
        // The angle of a zero vector has no sine of its own: see the simplifier's invariants.
        Err(_) if near() || has_zero_vector(literal, &point) => {
            tally.degenerate += 1;
            None
        }
        found => found?,
    };
    match slope::check(literal, &values, &point, tally) {
        Err(_) if near() || has_zero_vector(literal, &point) => {
            tally.degenerate += 1;
            Ok(())
        }
        found => found,
    }
}

/// What is divided by may come out as 0, as `x / norm[N](x)` of x = v − v; and a loss within a loss within a loss has many axes.
fn is_refusal(message: &str) -> bool {
    message == "division by zero" || message.contains("a definition has at most")
}

/// Whether rounding makes up some number of the literal graph: one that is 0 but for rounding, of which the sign, the direction or
/// the quotient by it means nothing. Such a number is another one with more bits.
fn is_unsettled(literal: &Gradient, point: &Point) -> bool {
    let all = || parts(literal, point);
    let (few, many) = (at_precision(192, all), at_precision(640, all));
    let made_up = |(a, b): (&Exact, &Exact)| {
        is_finite(a) && is_finite(b) && !close(a, b, &Exact::power_of_two(-40), &size(b))
    };
    few.iter().flatten().zip(many.iter().flatten()).any(made_up)
}

/// Whether a vector is 0 whose norm the literal graph takes: its slope there is a convention.
fn has_zero_vector(literal: &Gradient, point: &Point) -> bool {
    let graph = &literal.loss.graph;
    let all: Vec<NodeId> = roots(literal).iter().map(|root| root.node).collect();
    let mut norms: Vec<(AxisSet, NodeId)> = vec![];
    for id in graph.reachable(&all) {
        match *graph.node(id) {
            Node::Reduce(Reducer::Norm, axes, body) | Node::Unit { axes, body, .. } => {
                norms.push((axes, body));
            }
            Node::Angle { axes, a, b } => norms.extend([(axes, a), (axes, b)]),
            _ => {}
        }
    }
    let mut graph = graph.clone();
    let lengths: Vec<NodeId> = norms
        .into_iter()
        .map(|(axes, body)| graph.reduce(Reducer::Norm, axes, body))
        .collect();
    let lengths = eval_all::<Exact>(&graph, &point.env, &lengths);
    lengths.iter().flat_map(|l| l.reals()).any(Number::is_zero)
}

/// The elements of every real part of the literal graph.
fn parts(literal: &Gradient, point: &Point) -> Vec<Vec<Exact>> {
    let graph = &literal.loss.graph;
    let all: Vec<NodeId> = roots(literal).iter().map(|root| root.node).collect();
    let mut parts = graph.reachable(&all);
    parts.retain(|&part| graph.kind(part) == Kind::Real);
    let parts = eval_all::<Exact>(graph, &point.env, &parts);
    parts.iter().map(|part| part.reals().to_vec()).collect()
}

/// The last loss of a program.
///
/// # Errors
/// The messages, if there are any.
pub fn compiled(source: &str) -> Result<Compiled, String> {
    let tokens = source.parse().map_err(|_| "no tokens".to_owned())?;
    match compile(tokens) {
        Ok(losses) => losses
            .into_iter()
            .last()
            .ok_or_else(|| "no loss".to_owned()),
        Err(messages) => {
            let texts: Vec<String> = messages.iter().map(|message| message.text()).collect();
            Err(texts.join("\n"))
        }
    }
}

/// The account of the simplification; every 32nd program is compiled twice.
fn compiles(source: &str, first: &Compiled, seed: u64, tally: &mut Tally) -> Result<(), String> {
    let report = &first.report;
    if report.stop == Stop::Contradiction || report.fell_back {
        return Err(format!("simplification gave up: {report:?}"));
    }
    tally.count(report);
    let emitted = |loss: &Compiled| {
        emit::emit(
            &loss.header,
            &loss.simplified.kernel,
            &loss.plans,
            loss.account(),
        )
        .to_string()
    };
    let once = emitted(first);
    if seed.is_multiple_of(32) {
        let again = compiled(source)?;
        if emitted(&again) != once || again.report != *report {
            return Err("compiled twice, it is not the same".to_owned());
        }
    }
    Ok(())
}

/// Where a program is evaluated.
struct Point {
    env: Environment,
    seed: u64,
}

impl Point {
    /// Points close by, on either side.
    fn neighbours(&self) -> [Point; 2] {
        [1e-9, -1e-9].map(|step| {
            let mut env = self.env.clone();
            for (param, value) in (0..).map(ParamId).zip(&mut env.values) {
                let moved = |at, x: &mut f64| *x += step * direction(self.seed, param, at);
                match value {
                    Value::Real(elements) => {
                        elements
                            .iter_mut()
                            .enumerate()
                            .for_each(|(at, x)| moved(at, x));
                    }
                    Value::Scalar(x) => moved(0, x),
                    Value::Absent | Value::Label(_) | Value::Mask(_) | Value::Flag(_) => {}
                }
            }
            Point {
                env,
                seed: self.seed,
            }
        })
    }
}

/// A named array of a loss.
struct Root {
    name: String,
    node: NodeId,
    axes: Vec<AxisId>,
}

/// The value, the weight, further outputs and the gradients.
fn roots(gradient: &Gradient) -> Vec<Root> {
    let loss = &gradient.loss;
    let root = |name: &str, node, axes: &[AxisId]| Root {
        name: name.to_owned(),
        node,
        axes: axes.to_vec(),
    };
    let mut list = vec![root("value", loss.value, &loss.batch)];
    list.extend(loss.weight.map(|node| root("weight", node, &loss.batch)));
    let outputs = loss.auxiliary.iter();
    list.extend(outputs.map(|output| root(&output.name, output.node, &output.axes)));
    for &(param, node) in &gradient.gradients {
        let param = loss.graph.param(param);
        list.push(root(&format!("∂/∂{}", param.name), node, &param.axes));
    }
    list
}

/// The elements of all roots.
fn values(gradient: &Gradient, point: &Point) -> Vec<Vec<Exact>> {
    let graph = &gradient.loss.graph;
    let roots = roots(gradient);
    let nodes: Vec<NodeId> = roots.iter().map(|root| root.node).collect();
    let tensors = eval_all::<Exact>(graph, &point.env, &nodes);
    let laid_out = tensors.iter().zip(&roots);
    laid_out
        .map(|(tensor, root)| tensor.laid_out(graph, &point.env, &root.axes))
        .collect()
}

/// Whether a number is neither NaN nor infinite.
fn is_finite(x: &Exact) -> bool {
    !x.is_nan() && x.sub(x).is_zero()
}

/// The absolute value.
fn size(x: &Exact) -> Exact {
    x.unary(UnaryOp::Abs)
}

/// Whether nothing changes by much from one point to another close by.
fn continuous<'x>(
    here: impl IntoIterator<Item = &'x Exact>,
    there: impl IntoIterator<Item = &'x Exact>,
) -> bool {
    let share = Exact::power_of_two(-20);
    let mut pairs = here.into_iter().zip(there);
    pairs.all(|(a, b)| !is_finite(a) || close(a, b, &share, &Exact::one().add(&size(a))))
}

/// Whether two numbers differ by no more than `share` of a scale.
fn close(a: &Exact, b: &Exact, share: &Exact, scale: &Exact) -> bool {
    size(&a.sub(b)) <= share.mul(scale)
}
