//! From the IR to the e-graph and back.
//!
//! In: every reachable node becomes an e-node, with what the IR proved about its values. `detach`
//! is dropped: differentiation has happened, and a value does not care. Some classes are added that
//! only the IR can compute, because it can substitute (see [`hits`](super::hits)).
//!
//! Out: the chosen e-nodes are built again through the constructors of the IR, children first, in a
//! fresh graph with the same axes, dimensions and parameters under the same ids.

use std::collections::HashMap;

use egg::{Id, Language};

use super::analysis::{Egraph, Facts, Hit, LogHit, TieClass};
use super::hits::{find_hits, find_log_hits, place_hits};
use super::language::{ENode, Op, Slot};
use crate::ir::{
    Annotations, AxisId, AxisSet, CompareOp, Gradient, Graph, Index, Node, NodeId, Reducer, Softmax,
};

/// An e-graph with the class of each root of a definition.
pub(crate) struct Converted {
    pub(crate) egraph: Egraph,
    pub(crate) roots: Vec<Id>,
    /// The class of every node of the definition that the roots need, as it was when the node was added.
    pub(crate) classes: Vec<Option<Id>>,
    /// Selections by a one-hot and the same at its hit, which are equal.
    pub(crate) placed: Vec<(Id, Id)>,
}

/// The expressions that a definition is asked for: value, weight, auxiliaries, gradients.
pub(crate) fn roots(gradient: &Gradient) -> Vec<NodeId> {
    let loss = &gradient.loss;
    let auxiliary = loss.auxiliary.iter().map(|a| a.node);
    let gradients = gradient.gradients.iter().map(|g| g.1);
    [loss.value]
        .into_iter()
        .chain(loss.weight)
        .chain(auxiliary)
        .chain(gradients)
        .collect()
}

/// The definition with other expressions for its roots, in the order of [`roots`].
pub(crate) fn with_roots(gradient: &Gradient, graph: Graph, roots: &[NodeId]) -> Gradient {
    let mut roots = roots.iter().copied();
    let mut next = |old: &mut NodeId| {
        if let Some(new) = roots.next() {
            *old = new;
        }
    };
    let mut result = Gradient {
        loss: crate::ir::Loss {
            graph,
            ..without_graph(&gradient.loss)
        },
        ..gradient_without_loss(gradient)
    };
    next(&mut result.loss.value);
    if let Some(weight) = &mut result.loss.weight {
        next(weight);
    }
    for auxiliary in &mut result.loss.auxiliary {
        next(&mut auxiliary.node);
    }
    for (_, node) in &mut result.gradients {
        next(node);
    }
    result
}

fn without_graph(loss: &crate::ir::Loss) -> crate::ir::Loss {
    crate::ir::Loss {
        name: loss.name.clone(),
        doc: loss.doc.clone(),
        source: loss.source.clone(),
        graph: Graph::new(),
        value: loss.value,
        batch: loss.batch.clone(),
        weight: loss.weight,
        auxiliary: loss.auxiliary.clone(),
        annotations: Annotations::default(),
    }
}

fn gradient_without_loss(gradient: &Gradient) -> Gradient {
    Gradient {
        loss: without_graph(&gradient.loss),
        cotangent: gradient.cotangent,
        gradients: gradient.gradients.clone(),
    }
}

/// Puts expressions of a graph into an e-graph.
pub(crate) fn to_egraph(source: &Graph, roots: &[NodeId]) -> Converted {
    let mut graph = source.clone();
    let placed = place_hits(&mut graph, roots);
    let variants = placed.iter().map(|p| p.1);
    let all: Vec<NodeId> = roots.iter().copied().chain(variants).collect();
    let hits = find_hits(&mut graph, &all);
    let log_hits = find_log_hits(&mut graph, roots);
    let ties = graph.ties(roots);
    let extra = hits.iter().map(|h| h.complement);
    let logs = log_hits.iter().map(|h| h.log);
    let wanted: Vec<NodeId> = all.into_iter().chain(extra).chain(logs).collect();
    let mut egraph = Egraph::new(Facts {
        params: graph.params().to_vec(),
        dims: graph.axes().iter().map(|axis| axis.dim).collect(),
        ..Facts::default()
    });
    let mut classes: Vec<Option<Id>> = vec![None; graph.len()];
    for id in graph.reachable(&wanted) {
        let class = match graph.node(id) {
            Node::Detach(a) => class_of(&classes, *a),
            node => egraph.add(to_enode(node, &|child| class_of(&classes, child))),
        };
        classes[id.0 as usize] = Some(class);
        let known = &egraph[class].data;
        let proven = known.range.intersection(graph.range(id));
        if proven != known.range && !proven.is_empty() {
            let mut known = known.clone();
            known.range = proven;
            egraph.set_analysis_data(class, known);
        }
    }
    let class = |id: NodeId| class_of(&classes, id);
    egraph.analysis.hits = hits
        .iter()
        .map(|h| Hit {
            softmax: class(h.softmax),
            condition: class(h.condition),
            complement: class(h.complement),
        })
        .collect();
    egraph.analysis.log_hits = log_hits
        .iter()
        .map(|h| LogHit {
            lse: class(h.lse),
            value: class(h.value),
            log: class(h.log),
        })
        .collect();
    egraph.analysis.ties = ties
        .into_values()
        .map(|tie| TieClass {
            element: class(tie.element),
            largest: class(tie.largest),
            renamed: tie.renamed,
        })
        .collect();
    let placed: Vec<(Id, Id)> = placed.iter().map(|p| (class(p.0), class(p.1))).collect();
    for &(select, at_hit) in &placed {
        egraph.union(select, at_hit);
    }
    egraph.rebuild();
    Converted {
        roots: roots.iter().map(|&root| class(root)).collect(),
        egraph,
        classes,
        placed,
    }
}

/// Whether an e-graph has every node that some roots need, as they are.
pub(crate) fn holds(egraph: &Egraph, graph: &Graph, roots: &[NodeId]) -> bool {
    let mut classes: Vec<Option<Id>> = vec![None; graph.len()];
    graph.reachable(roots).into_iter().all(|id| {
        let class = match graph.node(id) {
            Node::Detach(a) => classes[a.0 as usize],
            node => egraph.lookup(to_enode(node, &|child| class_of(&classes, child))),
        };
        classes[id.0 as usize] = class;
        class.is_some()
    })
}

fn class_of(classes: &[Option<Id>], id: NodeId) -> Id {
    classes[id.0 as usize].expect("children are converted first")
}

/// A node, but no `detach`, as an e-node over what `id` makes of its children.
pub(crate) fn to_enode(node: &Node, id: &dyn Fn(NodeId) -> Id) -> ENode {
    let mut children: Vec<Id> = node.children().into_iter().map(id).collect();
    let op = match node {
        Node::Rational(value) => Op::Rational(*value),
        Node::Pi => Op::Pi,
        Node::NegInfinity => Op::NegInfinity,
        Node::Bool(value) => Op::Bool(*value),
        Node::Place(dim, position) => Op::Place(*dim, *position),
        Node::Scalar(param) => Op::Scalar(*param),
        Node::Flag(param) => Op::Flag(*param),
        Node::Size(dim) => Op::Size(*dim),
        Node::Load(param, index) => Op::Load(
            *param,
            index
                .iter()
                .map(|i| match i {
                    Index::Axis(axis) => Slot::Axis(*axis),
                    Index::At(_) => Slot::At,
                })
                .collect(),
        ),
        Node::Position(axis) => Op::Position(*axis),
        Node::Number(_) => Op::Number,
        Node::Sum(constant, terms) => {
            let mut pairs: Vec<_> = terms.iter().map(|&(term, c)| (id(term), c)).collect();
            pairs.sort_unstable();
            children = pairs.iter().map(|p| p.0).collect();
            Op::Sum(*constant, pairs.iter().map(|p| p.1).collect())
        }
        Node::Product(factors) => {
            let mut pairs: Vec<_> = factors.iter().map(|&(factor, e)| (id(factor), e)).collect();
            pairs.sort_unstable();
            children = pairs.iter().map(|p| p.0).collect();
            Op::Product(pairs.iter().map(|p| p.1).collect())
        }
        Node::Unary(op, _) => Op::Unary(*op),
        Node::Binary(op, ..) => Op::Binary(*op),
        Node::Compare(op, ..) => Op::Compare(*op),
        Node::Not(_) => Op::Not,
        Node::And(..) => Op::And,
        Node::Select(..) => Op::Select,
        Node::Reduce(reducer, axes, _) => Op::Reduce(*reducer, *axes),
        Node::Softmax(s) => Op::Softmax {
            form: s.form,
            axes: s.axes,
            hit: s.hit.is_some(),
        },
        Node::Unit { axes, .. } => Op::Unit(*axes),
        Node::Angle { axes, .. } => Op::Angle(*axes),
        Node::Detach(_) => unreachable!("dropped before"),
    };
    ENode::new(op, children)
}

/// Builds the chosen e-nodes, which come children first with each class once, and returns the roots.
pub(crate) fn to_graph(
    source: &Graph,
    egraph: &Egraph,
    chosen: &[(Id, &ENode)],
    roots: &[Id],
) -> Option<(Graph, Vec<NodeId>)> {
    let mut graph = same_declarations(source);
    let used = chosen.iter().map(|(_, node)| node.op.axes());
    declare_made(
        &mut graph,
        egraph,
        used.fold(AxisSet::EMPTY, AxisSet::union),
    );
    let mut built: Vec<NodeId> = vec![];
    let mut places: HashMap<Id, usize> = HashMap::new();
    for (i, (class, node)) in chosen.iter().enumerate() {
        let children: Option<Vec<NodeId>> = node
            .children()
            .iter()
            .map(|&child| Some(built[*places.get(&egraph.find(child))?]))
            .collect();
        let mut children = children?;
        if let (Op::Compare(CompareOp::Eq), &[a, b]) = (&node.op, node.children()) {
            let (a, b) = (egraph.find(a), egraph.find(b));
            for (element, largest, at) in [(a, b, 0), (b, a, 1)] {
                let maximum = children[1 - at];
                if let Some(element) = largest_at(&mut graph, egraph, element, largest, maximum) {
                    children[at] = element;
                }
            }
        }
        let node = to_node(node, &children);
        built.push(graph.rebuild(&node, &mut |_, id| id));
        places.insert(*class, i);
    }
    let roots: Option<Vec<NodeId>> = roots
        .iter()
        .map(|&root| Some(built[*places.get(&egraph.find(root))?]))
        .collect();
    if graph.overflowed() {
        return None;
    }
    Some((graph, roots?))
}

/// The element of a test whether it is the largest, made of the chosen body of the maximum.
fn largest_at(
    graph: &mut Graph,
    egraph: &Egraph,
    element: Id,
    largest: Id,
    maximum: NodeId,
) -> Option<NodeId> {
    let is_this = |tie: &&TieClass| {
        (egraph.find(tie.element), egraph.find(tie.largest)) == (element, largest)
    };
    let renamed = &egraph.analysis.ties.iter().find(is_this)?.renamed;
    let Node::Reduce(Reducer::Max, axes, body) = *graph.node(maximum) else {
        return None;
    };
    let over: AxisSet = renamed.iter().map(|pair| pair.0).collect();
    (axes == over).then(|| graph.renamed(body, renamed))
}

/// An e-node over nodes.
pub(crate) fn to_node(node: &ENode, children: &[NodeId]) -> Node {
    let child = |i: usize| children[i];
    match &node.op {
        Op::Rational(value) => Node::Rational(*value),
        Op::Pi => Node::Pi,
        Op::NegInfinity => Node::NegInfinity,
        Op::Bool(value) => Node::Bool(*value),
        Op::Place(dim, position) => Node::Place(*dim, *position),
        Op::Scalar(param) => Node::Scalar(*param),
        Op::Flag(param) => Node::Flag(*param),
        Op::Size(dim) => Node::Size(*dim),
        Op::Position(axis) => Node::Position(*axis),
        Op::Number => Node::Number(child(0)),
        Op::Load(param, slots) => {
            let mut places = children.iter();
            let index = slots.iter().map(|slot| match slot {
                Slot::Axis(axis) => Index::Axis(*axis),
                Slot::At => Index::At(*places.next().expect("a child per place")),
            });
            Node::Load(*param, index.collect())
        }
        Op::Sum(constant, coefficients) => {
            let terms = coefficients.iter().enumerate();
            Node::Sum(*constant, terms.map(|(i, c)| (child(i), *c)).collect())
        }
        Op::Product(exponents) => {
            let factors = exponents.iter().enumerate();
            Node::Product(factors.map(|(i, e)| (child(i), *e)).collect())
        }
        Op::Unary(op) => Node::Unary(*op, child(0)),
        Op::Binary(op) => Node::Binary(*op, child(0), child(1)),
        Op::Compare(op) => Node::Compare(*op, child(0), child(1)),
        Op::Not => Node::Not(child(0)),
        Op::And => Node::And(child(0), child(1)),
        Op::Select => Node::Select(child(0), child(1), child(2)),
        Op::Reduce(reducer, axes) => Node::Reduce(*reducer, *axes, child(0)),
        Op::Softmax { form, axes, hit } => Node::Softmax(Softmax {
            form: *form,
            axes: *axes,
            body: child(0),
            value: child(1),
            hit: hit.then(|| child(2)),
        }),
        Op::Unit(axes) => Node::Unit {
            axes: *axes,
            value: child(0),
            body: child(1),
        },
        Op::Angle(axes) => Node::Angle {
            axes: *axes,
            a: child(0),
            b: child(1),
        },
    }
}

/// A graph without expressions whose axes, dimensions and parameters are those of `source`.
fn same_declarations(source: &Graph) -> Graph {
    let mut graph = Graph::new();
    let mut first = vec![];
    for axis in source.axes() {
        let known = first.iter().find(|(dim, _)| *dim == axis.dim);
        match known {
            Some(&(_, like)) => {
                graph.declare_axis_like(&axis.name, like);
            }
            None => {
                let id = graph.declare_axis(&axis.name);
                first.push((axis.dim, id));
            }
        }
    }
    for param in source.params() {
        graph.declare_param(param.clone());
    }
    graph
}

/// Declares the axes that the substitutions of [`to_egraph`] made for want of a free one, as far as they are used, under the ids that they
/// have in the e-graph.
fn declare_made(graph: &mut Graph, egraph: &Egraph, used: AxisSet) {
    let count = used.iter().last().map_or(0, |axis| usize::from(axis.0) + 1);
    let declared = graph.axes().len();
    for dim in egraph.analysis.dims.iter().take(count).skip(declared) {
        let all = (0..graph.axes().len() as u8).map(AxisId).collect();
        graph.spare_axis(*dim, all);
    }
}

/// The axes of the value: one position per sample.
pub(crate) fn batch_axes(gradient: &Gradient) -> AxisSet {
    gradient.loss.batch.iter().copied().collect()
}
