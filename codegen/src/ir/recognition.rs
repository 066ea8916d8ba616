//! What was recognised while a definition was built.
//!
//! A textbook's `e^x / Σ e^x` never becomes a node: the constructors turn it into a softmax at once. Whoever wrote it
//! wants to read that, so each recognition leaves a note: what was about to be built, and what was
//! built instead. Notes are taken in passing and cost next to nothing; most are about expressions that only
//! constructors tried, so they are asked for by roots.

use std::collections::BTreeSet;

use super::{Graph, Node, NodeId, Reducer, SoftmaxForm, UnaryOp};

/// A textbook spelling and the primitive that it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recognition {
    /// What was recognised.
    pub name: &'static str,
    /// The node that would have been built.
    pub before: Node,
    /// What was built.
    pub after: NodeId,
}

impl Graph {
    /// What was recognised on the way to `roots`, in the order in which it happened.
    pub fn recognitions(&self, roots: &[NodeId]) -> Vec<Recognition> {
        let mut needed: BTreeSet<NodeId> = self.reachable(roots).into_iter().collect();
        let mut found: Vec<Recognition> = vec![];
        for recognition in self.recognised.iter().rev() {
            let mut parts = self.parts(recognition.after);
            if parts.all(|part| needed.contains(&part)) && !found.contains(recognition) {
                needed.extend(self.reachable(&recognition.before.children()));
                found.push(recognition.clone());
            }
        }
        found.reverse();
        found
    }

    /// The factors of the terms of a node: what is left of it when it becomes part of a sum or a product.
    fn parts(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        let terms = self.as_sum(id).1.into_iter();
        let factors: Vec<_> = terms.map(|term| self.as_product(term.0)).collect();
        factors.into_iter().flatten().map(|factor| factor.0)
    }

    /// How many notes there are.
    pub(super) fn recognised_so_far(&self) -> usize {
        self.recognised.len()
    }

    /// Notes that `before` was recognised. What else was found to be `after` since `start` was on the way to it.
    pub(super) fn note_recognition(
        &mut self,
        name: &'static str,
        before: Node,
        after: NodeId,
        start: usize,
    ) {
        let mut at = 0;
        self.recognised.retain(|known| {
            at += 1;
            at <= start || known.after != after
        });
        self.recognised.push(Recognition {
            name,
            before,
            after,
        });
    }

    /// [`note_recognition`](Graph::note_recognition) of a function application, if what it became is a primitive.
    pub(super) fn note_function(&mut self, op: UnaryOp, a: NodeId, after: NodeId, start: usize) {
        let before = Node::Unary(op, a);
        let (_, size) = self.split_coefficient(after);
        if *self.node(after) == before || self.as_rational(a).is_some() {
            return;
        }
        let name = match self.node(size) {
            _ if size == a || self.node(a).children().contains(&size) => "inverse functions",
            Node::Unary(found, _) if *found == op => return,
            Node::Unary(UnaryOp::LnCosh, _) => "log-cosh",
            Node::Unary(UnaryOp::Abs, _) => "absolute value",
            Node::Unary(found, _) => found.name(),
            Node::Reduce(Reducer::Lse, ..) => "log-sum-exp",
            Node::Reduce(Reducer::Norm, ..) => "norm",
            Node::Softmax(s) => match s.form {
                SoftmaxForm::Prob => "softmax",
                SoftmaxForm::Log => "log-softmax",
                SoftmaxForm::Complement => "complement without a difference",
                SoftmaxForm::LogComplement => "logarithm of a complement",
                SoftmaxForm::LogOverComplement => "removable singularity",
            },
            Node::Angle { .. } => "angle",
            _ => return,
        };
        self.note_recognition(name, before, after, start);
    }
}
