//! What a definition gives: in arbitrary precision with the scale of each result, and naively in `f32`.

use std::cell::RefCell;
use std::collections::BTreeMap;

use loss_codegen::compile::{derived, literally};
use loss_codegen::ir::eval::exact::{at_precision, settled};
use loss_codegen::ir::eval::{
    Dual, Elements, Environment, Exact, Held, Number, Slopes, Tensor, eval_adjusted, eval_all,
};
use loss_codegen::ir::{AxisId, Gradient, Graph, Kind, Node, NodeId, ParamId, Reducer, UnaryOp};
use loss_codegen::support::Diagnostics;

use super::inputs::Random;

/// A result, and what it is measured in.
pub(super) struct True {
    pub(super) value: Exact,
    /// The natural scale; `None` if the result moves without bound.
    pub(super) scale: Option<Exact>,
    /// How far the result moves, at worst of a few tries, if everything that is rounded is rounded once: what a step or a kink
    /// nearby adds to the scale.
    pub(super) jump: Exact,
}

/// All results at one input.
pub(super) struct Truth {
    /// By output and element.
    pub(super) outputs: Vec<Vec<True>>,
    /// Whether all that the definition computes on the way to the value is within the range of `f32`.
    pub(super) in_range: bool,
}

/// Tries at rounding everything once.
const TRIES: u64 = 8;

/// How precisely scales and jumps are computed.
const BITS_OF_SCALES: usize = 320;

/// A definition as the compiler derives it, and taken literally.
pub(super) struct Definition {
    derived: Gradient,
    literal: Gradient,
}

/// How large the elements of nodes are as far as rounding goes.
type Sizes = BTreeMap<NodeId, Tensor<Exact>>;

type Several = Dual<Exact, Slopes<Exact>>;

impl Definition {
    /// The loss `name` of the inside of a `loss! { … }`.
    pub(super) fn of(name: &str, source: &str) -> Self {
        let tokens = || source.parse().expect("the macro has read these tokens");
        let one = |gradients: Result<Vec<Gradient>, Diagnostics>| {
            let all = gradients.ok().into_iter().flatten();
            let mut named = all.filter(|gradient| gradient.loss.name == name);
            named.next().expect("the macro has accepted it")
        };
        Definition {
            derived: one(derived(tokens())),
            literal: one(literally(tokens())),
        }
    }

    /// The graph whose parameters the environments are for.
    pub(super) fn graph(&self) -> &Graph {
        &self.derived.loss.graph
    }

    /// `value`, then `d` and the parameter's name for each gradient.
    pub(super) fn outputs(&self) -> Vec<String> {
        let name = |(param, _): &_| format!("d{}", self.graph().param(*param).name);
        let gradients = self.derived.gradients.iter().map(name);
        std::iter::once("value".to_owned())
            .chain(gradients)
            .collect()
    }

    /// All results in `f32`, every operation rounded.
    pub(super) fn naive(&self, env: &Environment) -> Vec<Vec<f32>> {
        let roots = roots(&self.literal);
        let graph = &self.literal.loss.graph;
        let nodes: Vec<NodeId> = roots.iter().map(|root| root.0).collect();
        let values = eval_all::<f32>(graph, env, &nodes);
        let laid_out = values.iter().zip(&roots);
        laid_out
            .map(|(value, (_, axes))| value.laid_out(graph, env, axes))
            .collect()
    }

    /// All results, and what they are measured in but for [jumps](Self::add_jumps).
    pub(super) fn truth(&self, env: &Environment) -> Truth {
        let graph = self.graph();
        let roots = roots(&self.derived);
        let nodes: Vec<NodeId> = roots.iter().map(|root| root.0).collect();
        let values = settled(|| eval_all::<Exact>(graph, env, &nodes));
        // Of a scale few digits matter, but it is a difference wherever its result is.
        let scales = at_precision(BITS_OF_SCALES, || {
            let held = self.held(env, &nodes);
            self.scales(env, &nodes, &held)
        });
        let outputs = roots.iter().enumerate().map(|(i, (_, axes))| {
            let values = values[i].laid_out(graph, env, axes);
            let scales = scales[i].laid_out(graph, env, axes);
            let elements = values.into_iter().zip(scales);
            let element = |(value, scale): (Exact, Several)| True {
                scale: natural_scale(&value, &scale),
                jump: Exact::zero(),
                value,
            };
            elements.map(element).collect()
        });
        Truth {
            outputs: outputs.collect(),
            in_range: self.is_in_range(env),
        }
    }

    /// Finds out how far the results move if everything that is rounded is rounded once.
    pub(super) fn add_jumps(&self, env: &Environment, truth: &mut Truth) {
        let graph = self.graph();
        let roots = roots(&self.derived);
        let nodes: Vec<NodeId> = roots.iter().map(|root| root.0).collect();
        at_precision(BITS_OF_SCALES, || {
            let held = self.held(env, &nodes);
            for seed in 1..=TRIES {
                let rounded = self.rounded(env, &nodes, &held, seed);
                let outputs = truth.outputs.iter_mut().zip(&rounded).zip(&roots);
                for ((output, rounded), (_, axes)) in outputs {
                    let rounded = rounded.laid_out(graph, env, axes);
                    for (element, rounded) in output.iter_mut().zip(&rounded) {
                        let jump = size(&rounded.sub(&element.value));
                        element.jump = element.jump.larger(&jump);
                    }
                }
            }
        });
        for element in truth.outputs.iter_mut().flatten() {
            if element.jump.is_nan() {
                element.jump = Exact::zero();
            }
        }
    }

    /// Whether everything real on the way to the value is a float, or −∞ as the logits are that a filter leaves out, or undefined as in
    /// a branch that is not taken; and no sum over
    /// an axis, a dot product say, is so small that floats have lost its bits.
    fn is_in_range(&self, env: &Environment) -> bool {
        let graph = self.graph();
        let mut nodes = graph.reachable(&[self.derived.loss.value]);
        nodes.retain(|&id| graph.kind(id) == Kind::Real);
        let (least, most) = (Exact::power_of_two(-126), Exact::from_f64(f32::MAX.into()));
        let infinity = Exact::neg_infinity().neg();
        let values = eval_all::<Exact>(graph, env, &nodes);
        nodes.iter().zip(&values).all(|(&id, value)| {
            let is_sum = matches!(graph.node(id), Node::Reduce(Reducer::Sum, ..));
            value.reals().iter().map(size).all(|size| {
                let is_normal = !is_sum || size.is_zero() || size >= least;
                (size <= most && is_normal) || size == infinity || size.is_nan()
            })
        })
    }

    /// The results with their slopes along every real number that a float has to hold, times that number: a direction an input
    /// element, and one for every sum, norm and element of a unit vector.
    fn scales(&self, env: &Environment, nodes: &[NodeId], held: &Sizes) -> Vec<Tensor<Several>> {
        let graph = self.graph();
        let params: Vec<_> = graph.param_ids().collect();
        let mut next = 0;
        let starts: Vec<usize> = params
            .iter()
            .map(|&id| {
                let start = next;
                next += env.len_of(graph, id).max(1);
                start
            })
            .collect();
        let seed = |param: ParamId, element: usize, value: f64| {
            let value = Exact::from_f64(value);
            let direction = starts[usize::from(param.0)] + element;
            Several::moving(value.clone(), Slopes(vec![(direction, value)]))
        };
        self.with_held(env, nodes, held, &seed, |number, size| {
            number.slope.0.push((next, size.clone()));
            next += 1;
        })
    }

    /// The results with every input, sum, norm and element of a unit vector moved by an ulp up, down, or not at all.
    fn rounded(
        &self,
        env: &Environment,
        nodes: &[NodeId],
        held: &Sizes,
        seed: u64,
    ) -> Vec<Tensor<Exact>> {
        let random = RefCell::new(Random::new(seed));
        let moved = |x: &Exact, size: &Exact| {
            let by = random.borrow_mut().below(3) as f64 - 1.0;
            let ulp = Exact::power_of_two(-23).mul(&Exact::from_f64(by));
            x.add(&size.mul(&ulp))
        };
        // One element is asked for more than once and is the same each time.
        let known = RefCell::new(BTreeMap::new());
        let seed = |param: ParamId, element: usize, value: f64| {
            let mut known = known.borrow_mut();
            let entry = known.entry((param, element));
            let value = Exact::from_f64(value);
            entry.or_insert_with(|| moved(&value, &value)).clone()
        };
        self.with_held(env, nodes, held, &seed, |number, size| {
            *number = moved(number, size)
        })
    }

    /// What has to be held in a float on the way to `nodes`, besides the inputs, each number with how large it is as far as
    /// rounding goes: an element of a unit vector or a norm by itself, a sum by the sum of its terms' sizes.
    fn held(&self, env: &Environment, nodes: &[NodeId]) -> Sizes {
        let mut graph = self.graph().clone();
        let reachable = graph.reachable(nodes).into_iter();
        let held: BTreeMap<NodeId, NodeId> = reachable
            .filter_map(|id| match *graph.node(id) {
                Node::Unit { .. } | Node::Reduce(Reducer::Norm, ..) => Some((id, id)),
                Node::Reduce(Reducer::Sum, axes, body) => {
                    let sizes = graph.unary(UnaryOp::Abs, body);
                    Some((id, graph.reduce(Reducer::Sum, axes, sizes)))
                }
                _ => None,
            })
            .collect();
        let sizes: Vec<NodeId> = held.values().copied().collect();
        let sizes = eval_all::<Exact>(&graph, env, &sizes);
        held.into_keys().zip(sizes).collect()
    }

    /// The results for inputs as `seed` has them, with every other number that has to be held changed by `change`, which gets
    /// the number and its size.
    fn with_held<T: Number>(
        &self,
        env: &Environment,
        nodes: &[NodeId],
        held: &Sizes,
        seed: &dyn Fn(ParamId, usize, f64) -> T,
        mut change: impl FnMut(&mut T, &Exact),
    ) -> Vec<Tensor<T>> {
        let graph = self.graph();
        let detached = Held::below(graph, env, nodes);
        eval_adjusted(graph, env, nodes, &detached, seed, &mut |id, tensor| {
            if let (Some(sizes), Elements::Real(elements)) = (held.get(&id), &mut tensor.elements) {
                let own = sizes.laid_out(graph, env, &tensor.axes);
                let pairs = elements.iter_mut().zip(&own);
                pairs.for_each(|(element, size)| change(element, size));
            }
        })
    }
}

fn size(x: &Exact) -> Exact {
    x.unary(UnaryOp::Abs)
}

/// `|o| + Σ |x · ∂o/∂x|`, if that is finite.
fn natural_scale(value: &Exact, moving: &Several) -> Option<Exact> {
    let slopes = moving.slope.0.iter();
    let sum = slopes.fold(size(value), |sum, (_, slope)| sum.add(&size(slope)));
    let infinity = Exact::neg_infinity().neg();
    Some(sum).filter(|sum| *sum < infinity)
}

/// The value and the gradients, each with the axes of its array.
fn roots(gradient: &Gradient) -> Vec<(NodeId, Vec<AxisId>)> {
    let loss = &gradient.loss;
    let value = (loss.value, loss.batch.clone());
    let slopes = gradient.gradients.iter();
    let slopes = slopes.map(|&(param, node)| (node, loss.graph.param(param).axes.clone()));
    std::iter::once(value).chain(slopes).collect()
}
