//! Removable singularities at probability 1: `ln p / (1 − p)` and `(1 − p)^e · ln p` with an
//! exponent that may be negative.

use crate::ir::{BinaryOp, Graph, Node, NodeId, Softmax, SoftmaxForm, UnaryOp};
use crate::support::rational::Rational;

impl Graph {
    /// Removable singularities at probability 1: `ln p / (1 − p)` and `(1 − p)^e · ln p` with an
    /// exponent that may be negative.
    pub(super) fn recognise_removable(&mut self, powers: &[(NodeId, i32)]) -> Option<NodeId> {
        for (i, &(log, n)) in powers.iter().enumerate() {
            if n < 1 {
                continue;
            }
            let (complement, ratio, sign) = match self.node(log).clone() {
                Node::Softmax(s) if s.form == SoftmaxForm::Log && s.hit.is_some() => {
                    let complement = self.softmax(Softmax {
                        form: SoftmaxForm::Complement,
                        ..s.clone()
                    });
                    (complement, Removable::Softmax(s), 1)
                }
                Node::Unary(UnaryOp::Softplus, t) => {
                    (self.unary(UnaryOp::Sigmoid, t), Removable::Sigmoid(t), 1)
                }
                _ => continue,
            };
            for (j, &(id, m)) in powers.iter().enumerate() {
                let over = match *self.node(id) {
                    _ if id == complement && m < 0 => vec![(complement, m + 1)],
                    Node::Binary(BinaryOp::Pow, base, e)
                        if base == complement && m == 1 && !self.is_nonnegative(e) =>
                    {
                        let e = self.sum(Rational::ONE, &[(e, Rational::ONE)]);
                        vec![(self.pow(base, e), 1)]
                    }
                    _ => continue,
                };
                let ratio = match ratio {
                    Removable::Softmax(s) => self.softmax(Softmax {
                        form: SoftmaxForm::LogOverComplement,
                        ..s
                    }),
                    Removable::Sigmoid(t) => self.unary(UnaryOp::SoftplusOverSigmoid, t),
                };
                let mut new = over;
                new.extend([(log, n - 1), (ratio, sign)]);
                return Some(self.rest_times(powers, &[i, j], &new));
            }
        }
        None
    }
}

enum Removable {
    Softmax(Softmax),
    Sigmoid(NodeId),
}
