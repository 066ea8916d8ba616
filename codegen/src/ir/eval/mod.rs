//! The reference interpreter: what an expression means, slowly and obviously.
//!
//! It is the oracle of every later stage, so it shares nothing with them. A node is a
//! function of its free axes; its value is the full array of that function, made
//! element by element from the arrays of its children. A reduction at the point p of its free
//! axes runs over every point that agrees with p outside of the axes it binds:
//! `Σ_axes body (p) = Σ_q body(p with axes := q)`.
//!
//! Numbers are generic ([`Number`]): `f64` as the oracle, `f32` as the naive program, [`Dual`] numbers for slopes in
//! forward mode, arbitrary precision (feature `exact`) where errors are measured. Invariant: the element of a branch that is not taken, however it came out,
//! has no effect on a [`Node::Select`].

mod dual;
mod environment;
#[cfg(any(test, feature = "exact"))]
pub mod exact;
mod float;
mod held;
mod number;
pub mod point;
mod reduce;
mod rows;
mod tensor;

pub use dual::{Dual, Slope, Slopes};
pub use environment::{Environment, Value};
#[cfg(any(test, feature = "exact"))]
pub use exact::Exact;
pub use held::{Held, eval_adjusted, eval_holding, eval_seeded};
pub use number::Number;
pub(crate) use reduce::reduce;
pub use tensor::{Elements, Tensor};

use reduce::angle;
use std::collections::BTreeMap;

use super::ties::Tie;

use super::{AxisId, AxisSet, CompareOp, Graph, Index, Kind, MAX_AXES, Node, NodeId, ParamId};

/// A position per axis; those that nothing looks at are 0.
type Point = [usize; MAX_AXES];

/// The value of a node, with parameters and extents as `env` has them.
///
/// # Panics
/// If `env` lacks a parameter that the node needs, or its array has not the extents of its axes.
pub fn eval<T: Number>(graph: &Graph, env: &Environment, node: NodeId) -> Tensor<T> {
    eval_all(graph, env, &[node]).remove(0)
}

/// The values of several nodes; what they share is evaluated once.
///
/// # Panics
/// As [`eval`].
pub fn eval_all<T: Number>(graph: &Graph, env: &Environment, nodes: &[NodeId]) -> Vec<Tensor<T>> {
    eval_holding(graph, env, nodes, &Held(Vec::new()))
}

/// The number that a real parameter's element stands for, from its value in the environment.
type Seed<'a, T> = &'a dyn Fn(ParamId, usize, f64) -> T;

/// What is made of a node's value before others see it.
type Adjust<'a, T> = &'a mut dyn FnMut(NodeId, &mut Tensor<T>);

/// The values of nodes, where some are given.
fn evaluate<T: Number>(
    graph: &Graph,
    env: &Environment,
    nodes: &[NodeId],
    held: &Held<T>,
    seed: Seed<'_, T>,
    adjust: Adjust<'_, T>,
) -> Vec<Tensor<T>> {
    env.check(graph);
    let mut interpreter = Interpreter {
        graph,
        env,
        seed,
        known: vec![None; graph.len()],
        ties: graph.ties(nodes),
    };
    for (id, tensor) in &held.0 {
        interpreter.known[id.0 as usize] = Some(tensor.clone());
    }
    for id in graph.reachable(nodes) {
        if interpreter.known[id.0 as usize].is_none() {
            let mut tensor = interpreter.array(id);
            adjust(id, &mut tensor);
            interpreter.known[id.0 as usize] = Some(tensor);
        }
    }
    nodes
        .iter()
        .map(|&id| interpreter.tensor(id).clone())
        .collect()
}

/// The central difference of a scalar node in one element of a real parameter:
/// `(f(x + h) − f(x − h)) / 2h`, whose error is of order h² plus rounding over h. What is detached is held.
///
/// # Panics
/// If the node has free axes or the parameter is not real in `env`.
pub fn central_difference(
    graph: &Graph,
    env: &Environment,
    node: NodeId,
    param: ParamId,
    element: usize,
    step: f64,
) -> f64 {
    let x = env.real(param)[element];
    let (up, down) = (x + step, x - step);
    let held = Held::below(graph, env, &[node]);
    let at = |x: f64| {
        let mut env = env.clone();
        env.real_mut(param)[element] = x;
        eval_holding::<f64>(graph, &env, &[node], &held)[0].scalar()
    };
    // Divided by the step that was taken after rounding, not by the one that was asked for.
    (at(up) - at(down)) / (up - down)
}

struct Interpreter<'a, T> {
    graph: &'a Graph,
    env: &'a Environment,
    seed: Seed<'a, T>,
    known: Vec<Option<Tensor<T>>>,
    ties: BTreeMap<NodeId, Tie>,
}

fn for_each_point(
    graph: &Graph,
    env: &Environment,
    axes: &[AxisId],
    mut point: Point,
    visit: &mut dyn FnMut(&Point),
) {
    match axes.split_first() {
        None => visit(&point),
        Some((axis, rest)) => {
            for position in 0..env.extent(graph, *axis) {
                point[usize::from(axis.0)] = position;
                for_each_point(graph, env, rest, point, visit);
            }
        }
    }
}

impl<T: Number> Interpreter<'_, T> {
    fn tensor(&self, id: NodeId) -> &Tensor<T> {
        self.known[id.0 as usize]
            .as_ref()
            .expect("children come before their parents")
    }

    fn real(&self, id: NodeId, point: &Point) -> T {
        let tensor = self.tensor(id);
        tensor.reals()[tensor.offset(point)].clone()
    }

    fn truth(&self, id: NodeId, point: &Point) -> bool {
        let tensor = self.tensor(id);
        tensor.truths()[tensor.offset(point)]
    }

    fn place(&self, id: NodeId, point: &Point) -> usize {
        let tensor = self.tensor(id);
        tensor.places()[tensor.offset(point)]
    }

    fn array(&self, id: NodeId) -> Tensor<T> {
        let axes: Vec<_> = self.graph.free(id).iter().collect();
        let shape = axes
            .iter()
            .map(|&axis| self.env.extent(self.graph, axis))
            .collect();
        let node = self.graph.node(id);
        let elements = match self.graph.kind(id) {
            Kind::Real => Elements::Real(match node {
                Node::Softmax(softmax) => self.softmax(softmax, &axes),
                Node::Unit {
                    axes: along,
                    value,
                    body,
                } => self.unit(*along, *value, *body, &axes),
                _ => self.at_points(&axes, |point| self.real_element(node, point)),
            }),
            Kind::Bool => {
                Elements::Truth(self.at_points(&axes, |point| self.truth_element(id, point)))
            }
            Kind::Index(_) | Kind::Identity => {
                Elements::Place(self.at_points(&axes, |point| self.place_element(node, point)))
            }
        };
        Tensor {
            axes,
            shape,
            elements,
        }
    }

    fn at_points<U>(&self, axes: &[AxisId], mut element: impl FnMut(&Point) -> U) -> Vec<U> {
        let mut elements = Vec::new();
        for_each_point(self.graph, self.env, axes, [0; MAX_AXES], &mut |point| {
            elements.push(element(point));
        });
        elements
    }

    /// The points that agree with `point` outside of `axes`.
    fn bound_points(&self, axes: AxisSet, point: &Point) -> Vec<Point> {
        let axes: Vec<_> = axes.iter().collect();
        let mut points = Vec::new();
        for_each_point(self.graph, self.env, &axes, *point, &mut |inner| {
            points.push(*inner);
        });
        points
    }

    fn vector(&self, axes: AxisSet, body: NodeId, point: &Point) -> Vec<T> {
        self.bound_points(axes, point)
            .iter()
            .map(|inner| self.real(body, inner))
            .collect()
    }

    /// Where a load reads in its parameter's array; `None` outside of it.
    fn load_offset(&self, param: ParamId, index: &[Index], point: &Point) -> Option<usize> {
        let axes = &self.graph.param(param).axes;
        axes.iter()
            .zip(index)
            .try_fold(0, |offset, (&axis, index)| {
                let extent = self.env.extent(self.graph, axis);
                let position = match *index {
                    Index::Axis(axis) => point[usize::from(axis.0)],
                    Index::At(place) => self.place(place, point),
                };
                (position < extent).then(|| offset * extent + position)
            })
    }

    fn real_element(&self, node: &Node, point: &Point) -> T {
        match node {
            Node::Rational(value) => T::from_rational(*value),
            Node::Pi => T::pi(),
            Node::NegInfinity => T::neg_infinity(),
            Node::Scalar(param) => (self.seed)(*param, 0, self.env.scalar(*param)),
            Node::Size(dim) => T::from_f64(self.env.dims[usize::from(dim.0)] as f64),
            Node::Number(place) => T::from_f64(self.place(*place, point) as f64),
            Node::Load(param, index) => match self.load_offset(*param, index, point) {
                Some(offset) => (self.seed)(*param, offset, self.env.real(*param)[offset]),
                // Only a branch that is not taken may look there.
                None => T::from_f64(f64::NAN),
            },
            Node::Sum(constant, terms) => {
                terms
                    .iter()
                    .fold(T::from_rational(*constant), |sum, &(id, coefficient)| {
                        sum.add(&self.real(id, point).mul(&T::from_rational(coefficient)))
                    })
            }
            Node::Product(factors) => factors.iter().fold(T::one(), |product, &(id, exponent)| {
                product.mul(&self.real(id, point).power(exponent))
            }),
            Node::Unary(op, a) => self.real(*a, point).unary(*op),
            Node::Binary(op, a, b) => self.real(*a, point).binary(*op, &self.real(*b, point)),
            Node::Select(condition, a, b) => {
                if self.truth(*condition, point) {
                    self.real(*a, point)
                } else {
                    self.real(*b, point)
                }
            }
            Node::Reduce(reducer, axes, body) => {
                reduce(*reducer, &self.vector(*axes, *body, point))
            }
            Node::Angle { axes, a, b } => angle(
                &self.vector(*axes, *a, point),
                &self.vector(*axes, *b, point),
            ),
            Node::Detach(a) => self.real(*a, point),
            Node::Softmax(_) | Node::Unit { .. } => unreachable!("made row by row"),
            Node::Bool(_)
            | Node::Place(..)
            | Node::Flag(_)
            | Node::Position(_)
            | Node::Compare(..)
            | Node::Not(_)
            | Node::And(..) => unreachable!("not a real node"),
        }
    }

    fn truth_element(&self, id: NodeId, point: &Point) -> bool {
        if let Some(tie) = self.ties.get(&id) {
            let mut there = *point;
            for (from, to) in &tie.renamed {
                there[usize::from(from.0)] = point[usize::from(to.0)];
            }
            let largest = self.real(tie.largest, point);
            return compare(CompareOp::Eq, &self.real(tie.body, &there), &largest);
        }
        match self.graph.node(id) {
            Node::Bool(value) => *value,
            Node::Flag(param) => self.env.flag(*param),
            Node::Load(param, index) => self
                .load_offset(*param, index, point)
                .is_some_and(|offset| self.env.mask(*param)[offset]),
            Node::Compare(op, a, b) => match self.graph.kind(*a) {
                Kind::Index(_) | Kind::Identity => {
                    compare(*op, &self.place(*a, point), &self.place(*b, point))
                }
                Kind::Bool => compare(*op, &self.truth(*a, point), &self.truth(*b, point)),
                Kind::Real => compare(*op, &self.real(*a, point), &self.real(*b, point)),
            },
            Node::Not(a) => !self.truth(*a, point),
            Node::And(a, b) => self.truth(*a, point) && self.truth(*b, point),
            Node::Select(condition, a, b) => {
                let taken = if self.truth(*condition, point) { a } else { b };
                self.truth(*taken, point)
            }
            Node::Detach(a) => self.truth(*a, point),
            _ => unreachable!("not a truth value"),
        }
    }

    fn place_element(&self, node: &Node, point: &Point) -> usize {
        match node {
            Node::Place(_, position) => *position as usize,
            Node::Position(axis) => point[usize::from(axis.0)],
            Node::Load(param, index) => self
                .load_offset(*param, index, point)
                .map_or(usize::MAX, |offset| self.env.label(*param)[offset]),
            Node::Select(condition, a, b) => {
                let taken = if self.truth(*condition, point) { a } else { b };
                self.place(*taken, point)
            }
            Node::Detach(a) => self.place(*a, point),
            _ => unreachable!("not a position"),
        }
    }
}

fn compare<U: PartialOrd>(op: CompareOp, a: &U, b: &U) -> bool {
    match op {
        CompareOp::Eq => a == b,
        CompareOp::Lt => a < b,
        CompareOp::Le => a <= b,
    }
}

#[cfg(test)]
mod tests;
