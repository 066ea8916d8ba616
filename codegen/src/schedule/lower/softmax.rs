//! Shares: softmax, log-softmax and their complements from the log-odds, and powers of shares.
//!
//! With one maximum taken out of the sum, `ln s = log1p(s − 1)` keeps its relative accuracy where all but one share vanish, and
//! with it `ln p` of the largest share does.

use super::Lowering;
use crate::ir::{AxisSet, BinaryOp, CompareOp, Node, NodeId, Softmax, SoftmaxForm, UnaryOp};
use crate::schedule::low::{Fold, Low, LowId, Op};
use crate::support::rational::Rational;

/// The exponentials of logits less their maximum.
pub(super) struct Shifted {
    pub(super) maximum: LowId,
    pub(super) difference: LowId,
    pub(super) exponential: LowId,
}

impl Lowering<'_> {
    pub(super) fn shifted_exponential(&mut self, axes: AxisSet, body: NodeId) -> Shifted {
        let logits = self.lower(body);
        self.shifted(axes, logits)
    }

    fn shifted(&mut self, axes: AxisSet, logits: LowId) -> Shifted {
        let maximum = self.fold(Fold::Max, axes, logits);
        let lowest = self.low.push(Op::Lowest);
        let maximum = self.low.push(Op::Binary(BinaryOp::Max, maximum, lowest));
        let difference = self.low.push(Op::Sub(logits, maximum));
        let exponential = self.low.push(Op::Unary(UnaryOp::Exp, difference));
        Shifted {
            maximum,
            difference,
            exponential,
        }
    }

    pub(super) fn lower_softmax(&mut self, s: &Softmax) -> LowId {
        let Some(hit) = s.hit else {
            let shifted = self.shifted_exponential(s.axes, s.body);
            return match s.form {
                SoftmaxForm::Log => {
                    let log = self.log_of_total(s.axes, &shifted);
                    let log = self.low.push(Op::Sub(shifted.difference, log));
                    if self.graph.may_be_left_out(s.value) {
                        return log;
                    }
                    // Finite, so that a share of 0 times its logarithm is 0.
                    let lowest = self.low.push(Op::Lowest);
                    self.low.push(Op::Binary(BinaryOp::Max, log, lowest))
                }
                SoftmaxForm::Prob => {
                    let total = self.total(s.axes, &shifted);
                    let inverse = self.low.push(Op::Unary(UnaryOp::RecipOrZero, total));
                    self.low.push(Op::Mul(shifted.exponential, inverse))
                }
                SoftmaxForm::Complement
                | SoftmaxForm::LogComplement
                | SoftmaxForm::LogOverComplement => {
                    unreachable!("the complement of a softmax is only built at one position")
                }
            };
        };
        let hit = self.lower(hit);
        let odds = self.log_odds(s, hit, s.form == SoftmaxForm::LogComplement);
        self.of_log_odds(s.form, odds)
    }

    /// The sum of the exponentials. Where there is one without the exponential at a hit already, that is added to it; but not
    /// where the hit is one of a sample and the logits are not: such a sum may stand outside of loops over samples.
    fn total(&mut self, axes: AxisSet, shifted: &Shifted) -> LowId {
        let own = self.low.free(shifted.exponential).minus(axes);
        let others = self.others.get(&(axes, shifted.exponential)).copied();
        let others = others.filter(|&(others, value)| {
            let free = self.low.free(others).union(self.low.free(value));
            free.is_subset(own)
        });
        let Some((others, value)) = others else {
            return self.fold(Fold::Sum, axes, shifted.exponential);
        };
        let difference = self.low.push(Op::Sub(value, shifted.maximum));
        let exponential = self.low.push(Op::Unary(UnaryOp::Exp, difference));
        self.low.push(Op::Add(others, exponential))
    }

    /// The logarithm of the odds against the logit of a hit. From the maximum of the others it is finite, and not −∞, where their
    /// exponentials, less the maximum of all, are too small for a float.
    fn log_odds(&mut self, s: &Softmax, hit: LowId, from_others: bool) -> LowId {
        let value = self.lower(s.value);
        let (maximum, others, all) = if from_others {
            let nothing = self.low.push(Op::NegInfinity);
            let logits = self.lower(s.body);
            let logits = self.low.push(Op::Select(hit, nothing, logits));
            let shifted = self.shifted(s.axes, logits);
            (shifted.maximum, shifted.exponential, None)
        } else {
            let shifted = self.shifted_exponential(s.axes, s.body);
            let zero = self.low.constant(Rational::ZERO);
            let others = Op::Select(hit, zero, shifted.exponential);
            let others = self.low.push(others);
            (shifted.maximum, others, Some(shifted.exponential))
        };
        let others = self.fold(Fold::Sum, s.axes, others);
        if let Some(exponential) = all {
            let split = self.others.entry((s.axes, exponential));
            split.or_insert((others, value));
        }
        let log = self.low.push(Op::Unary(UnaryOp::Ln, others));
        let gap = self.low.push(Op::Sub(maximum, value));
        let mut odds = self.low.push(Op::Add(gap, log));
        if self.graph.may_be_left_out(s.value) {
            // A logit that is filtered out has no share, even if all are.
            let nothing = self.low.push(Op::NegInfinity);
            let is_out = self.low.push(Op::Compare(CompareOp::Eq, value, nothing));
            let all = self.low.push(Op::Neg(nothing));
            odds = self.low.push(Op::Select(is_out, all, odds));
        }
        odds
    }

    fn of_log_odds(&mut self, form: SoftmaxForm, odds: LowId) -> LowId {
        let unary = |low: &mut Low, op, x| low.push(Op::Unary(op, x));
        match form {
            SoftmaxForm::Log => {
                let x = unary(&mut self.low, UnaryOp::Softplus, odds);
                self.low.push(Op::Neg(x))
            }
            SoftmaxForm::Prob => {
                let x = self.low.push(Op::Neg(odds));
                unary(&mut self.low, UnaryOp::Sigmoid, x)
            }
            SoftmaxForm::Complement => unary(&mut self.low, UnaryOp::Sigmoid, odds),
            SoftmaxForm::LogComplement => {
                let x = self.low.push(Op::Neg(odds));
                let x = unary(&mut self.low, UnaryOp::Softplus, x);
                self.low.push(Op::Neg(x))
            }
            SoftmaxForm::LogOverComplement => {
                let x = unary(&mut self.low, UnaryOp::SoftplusOverSigmoid, odds);
                self.low.push(Op::Neg(x))
            }
        }
    }

    /// `ln s = log1p(r + (k − 1))`, r the sum over what is below the maximum and k how often the maximum occurs.
    fn log_of_total(&mut self, axes: AxisSet, shifted: &Shifted) -> LowId {
        let [zero, one] = [Rational::ZERO, Rational::ONE].map(|value| self.low.constant(value));
        let is_maximum = Op::Compare(CompareOp::Eq, shifted.difference, zero);
        let is_maximum = self.low.push(is_maximum);
        let below = Op::Select(is_maximum, zero, shifted.exponential);
        let below = self.low.push(below);
        let below = self.fold(Fold::Sum, axes, below);
        let times = self.low.push(Op::Select(is_maximum, one, zero));
        let times = self.fold(Fold::Sum, axes, times);
        let others = self.low.push(Op::Sub(times, one));
        let rest = self.low.push(Op::Add(below, others));
        self.low.push(Op::Unary(UnaryOp::Log1p, rest))
    }

    /// `p^b` of a share is `e^(b ln p)`: p may be too small for a float where its power is not. ln p is kept finite, so that
    /// `0^0` is 1. Of `(1 − p)^b` there is little left where the others' exponentials, less the maximum of all, vanish: one pass
    /// over them is enough.
    pub(super) fn lower_power(&mut self, base: NodeId, exponent: NodeId) -> LowId {
        let log = self.lower_log_of_share(base);
        let Some(log) = log else {
            let (base, exponent) = (self.lower(base), self.lower(exponent));
            return self.low.push(Op::Binary(BinaryOp::Pow, base, exponent));
        };
        let exponent = self.lower(exponent);
        let lowest = self.low.push(Op::Lowest);
        let log = self.low.push(Op::Binary(BinaryOp::Max, log, lowest));
        let product = self.low.mul(exponent, log);
        self.low.push(Op::Unary(UnaryOp::Exp, product))
    }

    /// `ln p` if p is the share of one logit, or a sigmoid.
    fn lower_log_of_share(&mut self, share: NodeId) -> Option<LowId> {
        match self.graph.node(share).clone() {
            Node::Softmax(s) if s.hit.is_some() => {
                let form = match s.form {
                    SoftmaxForm::Prob => SoftmaxForm::Log,
                    SoftmaxForm::Complement => SoftmaxForm::LogComplement,
                    _ => return None,
                };
                let hit = self.lower(s.hit?);
                let odds = self.log_odds(&s, hit, false);
                Some(self.of_log_odds(form, odds))
            }
            Node::Unary(UnaryOp::Sigmoid, x) => {
                let x = self.lower(x);
                let x = self.low.push(Op::Neg(x));
                let softplus = self.low.push(Op::Unary(UnaryOp::Softplus, x));
                Some(self.low.push(Op::Neg(softplus)))
            }
            _ => None,
        }
    }
}
