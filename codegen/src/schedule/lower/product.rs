//! Products: what has few axes first, quotients last, the inverses of norms after all else.

use super::Lowering;
use crate::ir::{AxisSet, Node, NodeId, Reducer, UnaryOp};
use crate::schedule::contraction;
use crate::schedule::low::{Fold, LowId, Op};
use crate::support::rational::Rational;

impl Lowering<'_> {
    /// Factors of few axes first, so that what can leave a loop does; one division at the end, and the inverses of norms after
    /// that: `x / ‖w‖` may be of moderate size where `1 / ‖w‖` is not.
    pub(in crate::schedule) fn lower_product(&mut self, factors: &[(NodeId, i32)]) -> LowId {
        let mut factors = factors.to_vec();
        factors.sort_by_key(|&(id, e)| (self.graph.free(id).len(), e.abs() > 1, id));
        let (mut lengths, mut others) = (vec![], vec![]);
        for (id, exponent) in factors {
            match self.inverse_norm(id).filter(|_| exponent > 0) {
                Some(vector) => lengths.push((vector, exponent)),
                None => others.push((id, exponent)),
            }
        }
        if lengths.is_empty() {
            return self.lower_quotient(others);
        }
        let mut scales = vec![];
        let mut quotient = (!others.is_empty()).then(|| self.lower_quotient(others));
        for ((axes, body), exponent) in lengths {
            let scaled = self.scaled_norm(axes, body);
            let inverse = self.low.push(Op::Unary(UnaryOp::RecipOrZero, scaled.norm));
            for _ in 0..exponent {
                quotient = Some(match quotient {
                    Some(quotient) => self.low.mul(quotient, inverse),
                    None => inverse,
                });
                scales.push(scaled.scale);
            }
        }
        let quotient = quotient.unwrap_or_else(|| self.low.constant(Rational::ONE));
        scales
            .into_iter()
            .fold(quotient, |rest, scale| self.low.push(Op::Div(rest, scale)))
    }

    /// The vector of `1 / ‖x‖`.
    fn inverse_norm(&self, id: NodeId) -> Option<(AxisSet, NodeId)> {
        let Node::Unary(UnaryOp::RecipOrZero, norm) = *self.graph.node(id) else {
            return None;
        };
        match *self.graph.node(norm) {
            Node::Reduce(Reducer::Norm, axes, body) => Some((axes, body)),
            _ => None,
        }
    }

    fn lower_quotient(&mut self, factors: Vec<(NodeId, i32)>) -> LowId {
        let (above, below): (Vec<_>, Vec<_>) = factors.into_iter().partition(|f| f.1 > 0);
        let above = self.multiply(&above);
        let below: Vec<_> = below
            .into_iter()
            .map(|(id, exponent)| (id, -exponent))
            .collect();
        let below = self.multiply(&below);
        match (above, below) {
            (Some(above), Some(below)) => self.low.push(Op::Div(above, below)),
            (Some(above), None) => above,
            (None, Some(below)) => {
                let one = self.low.constant(Rational::ONE);
                self.low.push(Op::Div(one, below))
            }
            (None, None) => self.low.constant(Rational::ONE),
        }
    }

    /// A square after factors of as many axes is multiplied one by one: `(e^−s · x) · x` is moderate where `x²` is not.
    fn multiply(&mut self, factors: &[(NodeId, i32)]) -> Option<LowId> {
        let mut product: Option<LowId> = None;
        let mut axes = 0;
        for &(id, exponent) in factors {
            let factor = self.lower(id);
            let own = self.graph.free(id).len();
            product = Some(match product {
                Some(before) if exponent == 2 && own == axes => {
                    let once = self.low.mul(before, factor);
                    self.low.mul(once, factor)
                }
                before => {
                    let power = if exponent == 1 {
                        factor
                    } else {
                        self.low.push(Op::Powi(factor, exponent))
                    };
                    before.map_or(power, |before| self.low.mul(before, power))
                }
            });
            axes = own;
        }
        product
    }

    pub(super) fn lower_contraction(
        &mut self,
        axes: AxisSet,
        terms: Vec<contraction::Term>,
    ) -> LowId {
        let mut sum: Option<LowId> = None;
        for term in terms {
            let value = match term.sides {
                contraction::Sides::Matrix(left, right) => {
                    let (left, right) = (self.lower_side(&left), self.lower_side(&right));
                    self.low.push(Op::Contract {
                        over: axes,
                        left,
                        right,
                    })
                }
                contraction::Sides::Other(body) => {
                    let body = self.lower(body);
                    self.fold(Fold::Sum, axes, body)
                }
            };
            let coefficient = self.low.constant(term.coefficient);
            let value = self.low.mul(coefficient, value);
            sum = Some(match sum {
                Some(sum) => self.low.push(Op::Add(sum, value)),
                None => value,
            });
        }
        sum.expect("a sum has at least one term")
    }

    fn lower_side(&mut self, side: &contraction::Side) -> LowId {
        let product = self.lower_product(&side.factors);
        let zero = self.low.constant(Rational::ZERO);
        side.masks.iter().fold(product, |value, mask| {
            let condition = self.lower(mask.condition);
            let op = if mask.keep {
                Op::Select(condition, value, zero)
            } else {
                Op::Select(condition, zero, value)
            };
            self.low.push(op)
        })
    }
}
